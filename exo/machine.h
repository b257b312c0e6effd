/* SPDX-License-Identifier: ISC */
/*
 * The whole state of the kernel: one structure of arrays indexed by small integers, without
 * pointers, so that a snapshot is a memcpy and the audit reads it in the kernel, on the host and
 * from outside a running guest. Sizes can be set at compile time.
 */
#ifndef EXO_MACHINE_H
#define EXO_MACHINE_H

#include "arch/arch.h"
#include "exo/account.h"
#include "exo/base.h"
#include "exo/cpu.h"
#include "exo/env.h"
#include "exo/flush.h"
#include "exo/frame.h"
#include "exo/lock.h"
#include "exo/vcpu.h"
#include "exo/wait.h"

#include <machine/machine.h>

struct machine {
	struct machine_arch arch;
	uint32_t frame_count;       /* const after boot */
	uint32_t cpu_count;         /* const after boot */
	struct pfn info;            /* const after boot: frame of struct exo_info */
	/* const after boot: table under EXO_ROOT_INFO; the kernel holds it */
	struct pfn info_table;
	uint64_t slice_units;       /* const after boot */
	uint64_t allowance_units;   /* const after boot */
	uint64_t quantum_units;     /* const after boot */
	uint32_t trace_records;     /* const after boot: of a CPU's ring, 0: no trace */
	uint64_t trace_offset;      /* const after boot: of the first ring, in bytes */
	_Atomic uint64_t refusals;  /* state edges refused; relaxed: a statistic */
	_Atomic uint32_t joined;    /* CPUs that take part; seq_cst, pairs with: cpu_park */
	_Atomic uint32_t parked;    /* of these, those that have come to rest; the same */
	struct lock tree_lock;
	struct lock console_lock;
	struct lock common_locks[16];
	uint32_t merging GUARDED_BY(tree_class); /* accounts that are */
	uint32_t console_head GUARDED_BY(console_class); /* bytes put; the info page shows it too */
	uint32_t console_tail GUARDED_BY(console_class); /* bytes taken */
	uint8_t console_ring[256] GUARDED_BY(console_class);
	struct wait_bucket buckets[EXO_BUCKETS];
	struct vcpu vcpus[EXO_VCPUS];
	/* From here on programs may read: EXO_INFO_TABLES. */
	struct account accounts[EXO_ACCOUNTS] __attribute__((aligned(EXO_PAGE_SIZE)));
	struct cpu cpus[EXO_CPUS];
	struct env envs[EXO_ENVS];
	struct frame frames[];
};

#include <machine/inline.h>

#include "exo/inline.h"

#endif
