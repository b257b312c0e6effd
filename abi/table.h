/* SPDX-License-Identifier: ISC */
/*
 * The kernel's tables, as programs read them in the info slot and debuggers in physical memory.
 * struct exo_info names each array; of an element just the fields below are the contract, what
 * follows them is the kernel's own and another in each build. A reader on another CPU, or one that
 * is preempted, may find an element half changed. Included by abi/exo.h.
 */
#ifndef ABI_TABLE_H
#define ABI_TABLE_H

#include <stdint.h>

/* An array of the kernel's state. */
struct exo_array {
	uint64_t physical; /* of its first byte */
	uint32_t count;
	uint32_t size;     /* bytes of an element */
};

enum {
	EXO_ARRAY_MACHINE,  /* all: one struct machine, for debuggers of the same build */
	EXO_ARRAY_FRAMES,   /* struct exo_table_frame */
	EXO_ARRAY_ACCOUNTS, /* struct exo_table_account */
	EXO_ARRAY_CPUS,     /* struct exo_table_cpu */
	EXO_ARRAY_ENVS,     /* struct exo_table_env */
	EXO_ARRAY_TRACE,    /* struct exo_trace: each CPU's ring, of equal size; count 0: none */
	EXO_ARRAYS
};

enum exo_frame_type {
#define FRAME(number, NAME, text) EXO_FRAME_##NAME = number,
#include "abi/table.def"
#undef FRAME
	EXO_FRAME_TYPES
};

enum exo_env_state { EXO_ENV_FREE, EXO_ENV_ALIVE, EXO_ENV_ENDING, EXO_ENV_DEAD };

enum exo_account_state { EXO_ACCOUNT_STATE_FREE, EXO_ACCOUNT_STATE_LIVE,
			 EXO_ACCOUNT_STATE_MERGING };

/* The n-th physical page from where RAM begins (0 on x86-64, 0x40000 on AArch64). */
struct exo_table_frame {
	uint32_t refs; /* in a free or dying frame: its list's next */
	uint32_t meta; /* EXO_FRAME_META_... */
};

#define EXO_FRAME_META_TYPE(meta)    ((meta) & 7u)
#define EXO_FRAME_META_LEVEL(meta)   ((meta) >> 3 & 7u)      /* of a table */
#define EXO_FRAME_META_USED(meta)    ((meta) >> 6 & 0x3ffu)  /* slots of a table; waits */
#define EXO_FRAME_META_GROUPS(meta)  ((meta) >> 16 & 0xffu)  /* eighths of a table: not all zero */
#define EXO_FRAME_META_ACCOUNT(meta) ((meta) >> 24)          /* index */

struct exo_table_account {
	uint64_t quota[5]; /* limit << 32 | used, by enum exo_resource */
	uint32_t state;    /* enum exo_account_state */
	uint32_t parent;   /* index, 0xffff: none */
	uint32_t envs;     /* that pay with it */
};

struct exo_table_env {
	uint32_t state;      /* enum exo_env_state */
	uint32_t account;    /* index */
	uint64_t generation; /* handle = index | generation << 16 */
	uint32_t root;       /* frame of the root table, while alive */
	uint32_t parent;     /* index, 0xffff: none */
	uint32_t children;
	uint32_t vcpus;      /* index of the first, 0xffff: none */
	uint64_t status;     /* EXO_STATUS, when dead */
	uint64_t units;      /* clock units that its vcpus have run, up to the last switch */
};

struct exo_table_cpu {
	uint32_t current;    /* index of the vcpu that runs, 0xffff: none */
	uint32_t root_env;   /* index of the env whose tables are loaded, 0xffff: none */
	uint64_t traced;     /* records in all; record n is at n % (count / CPUs) of its ring */
	uint64_t switches;   /* of vcpus */
	uint64_t idle_units; /* clock units without any, up to the last time it ran one */
	uint64_t upcalls[4]; /* delivered, by enum exo_upcall */
	uint64_t since;      /* when it began to run what it runs, or to be idle: clock */
};

enum exo_trace_kind {
#define TRACE(number, NAME, text) EXO_TRACE_##NAME = number,
#include "abi/trace.def"
#undef TRACE
	EXO_TRACES
};

/* One record of a CPU's ring: see abi/trace.def. */
struct exo_trace {
	uint64_t clock;    /* clock units */
	uint64_t env;      /* handle, 0: none */
	uint32_t vcpu;     /* index, 0xffff: none */
	uint16_t kind;     /* EXO_TRACE_... */
	uint16_t what;
	uint64_t value[2];
	uint64_t pc;       /* where the vcpu is in user mode */
	char name[16];     /* from the vcpu page */
};

_Static_assert(sizeof(struct exo_trace) == 64, "struct exo_trace");

#endif
