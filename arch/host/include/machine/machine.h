/* SPDX-License-Identifier: ISC */
/*
 * The simulated machine's own state. Its RAM lies behind the frame table in one allocation, found
 * by an offset: a snapshot of everything is one memcpy. The translation caches of a CPU belong to
 * that CPU alone; what one has typed, to the thread that types.
 */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Frame 0 exists but is never given out: ALLOC's 0 means any. */
#define MACHINE_FIRST_FRAME 0u

/* ELF files of x86-64 are taken for programs of this machine (nobody runs their code). */
#define MACHINE_ELF 62u

#ifndef HOST_TLB_ENTRIES
#define HOST_TLB_ENTRIES   256u  /* a power of two */
#define HOST_WALK_ENTRIES  32u   /* a power of two */
#define HOST_CONSOLE_BYTES 1024u /* a power of two */
#endif

/* A cached translation of one page. */
struct host_tlb {
	bool is_valid;
	bool is_dirty;   /* the leaf's dirty bit is known to be set */
	uint8_t access;  /* of all slots on the path together */
	uint32_t env;    /* whose */
	uint32_t frame;  /* it leads to */
	uint64_t page;   /* address */
};

/* A cached walk down to the last level: a reader of freed tables if it is not dropped in time. */
struct host_walk {
	bool is_valid;
	uint8_t access;  /* of the branches on the path together */
	uint32_t env;
	uint32_t table;  /* frame of the level 1 table */
	uint64_t prefix; /* first address that the table covers */
};

struct host_cpu {
	uint32_t env;       /* whose root is loaded; the kernel's own: ENV_NONE */
	_Atomic bool is_interrupted; /* by another CPU; seq_cst, as a wire would be */
	uint64_t deadline;  /* of the clock interrupt; UINT64_MAX: none */
	struct host_tlb tlb[HOST_TLB_ENTRIES];
	struct host_walk walks[HOST_WALK_ENTRIES];
};

struct machine_arch {
	uint64_t memory;        /* bytes from struct machine to frame 0 */
	uint64_t bytes;         /* of the whole allocation */
	/* now; moved by tests and by idling; relaxed: it orders nothing */
	_Atomic uint64_t clock;
	uint64_t clock_hz;
	uint64_t boot_clock;
	uint64_t machine_physical; /* of struct machine: none here, 0 */
	bool is_tlb_shared;     /* one thread simulates all CPUs, which see all flushes */
	uint64_t power_status;  /* what the machine was ended with ... */
	bool is_off;            /* ... if it was */
	char cmdline[64];
	uint32_t console_out_count; /* bytes written in all; byte n is at n % HOST_CONSOLE_BYTES */
	uint32_t console_in_head;   /* bytes typed */
	uint32_t console_in_tail;   /* of which the kernel has taken */
	uint8_t console_out[HOST_CONSOLE_BYTES];
	uint8_t console_in[HOST_CONSOLE_BYTES];
	struct host_cpu cpus[EXO_CPUS];
};

#endif
