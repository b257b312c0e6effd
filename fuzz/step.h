/* SPDX-License-Identifier: ISC */
/*
 * Inputs, as all fuzzers of the ABI read them, on the host and in the guest: a sequence of records
 * of 16 bytes, each a call with arguments that are mostly sensible and sometimes hostile, and what
 * it becomes: a step. Whoever makes steps answers the decoder's questions (fuzz_ask_...). No state,
 * no locks.
 */
#ifndef FUZZ_STEP_H
#define FUZZ_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/exo.h"

/* Kinds of steps: the exokernel's calls by their numbers, then what else a CPU can do. */
enum fuzz_kind {
	FUZZ_LOAD = EXO_CALLS, /* the program on a CPU reads, writes, executes memory */
	FUZZ_STORE,
	FUZZ_FETCH,
	FUZZ_TRAP,      /* an exception of the running program */
	FUZZ_FOREIGN,   /* a call that is not the exokernel's */
	FUZZ_ANY_CALL,  /* a call of any number with any arguments */
	FUZZ_ADVANCE,   /* time passes, the clock interrupts */
	FUZZ_INTERRUPT, /* another CPU's interrupt arrives */
	FUZZ_TYPE,      /* a key is pressed */
	FUZZ_MEMORY,    /* the program writes into its vcpu page */
	FUZZ_KINDS
};

struct fuzz_record {
	uint8_t kind;  /* index into the target's list */
	uint8_t where; /* FUZZ_CPU... */
	uint8_t byte[6];
	uint64_t wild; /* a number that the fuzzer may choose freely */
};

enum {
	FUZZ_CPU = 1u,       /* bit 0 of where: the CPU */
	FUZZ_JOINED = 2u,    /* a slot operation in one batch with the one before */
	FUZZ_REGISTERS = 4u, /* a slot operation in registers, if its form allows that */
	FUZZ_RAW = 8u,       /* unused fields as they come */
	FUZZ_FAR = 16u,      /* pointers to wherever `wild` says */
};

#define FUZZ_RECORDS_MAX 64u
#define FUZZ_BATCH       8u

/* A step as it will be made. */
struct fuzz_step {
	enum fuzz_kind kind;
	unsigned cpu;
	uint64_t number;
	uint64_t argument[5];
	unsigned memory_bytes; /* of a structure that the call wants in memory ... */
	uint64_t memory_at;    /* ... at that address of the caller's */
	unsigned ops_count;    /* slot operations, in memory or (1) in registers */
	bool is_in_registers;
	union {
		struct exo_slot_op ops[FUZZ_BATCH];
		struct exo_limits limits;
		struct exo_vcpu_start start;
		struct exo_frame frame;
		uint64_t word;
	} memory;
};

struct fuzz_target {
	const char *name;
	const uint8_t *kinds; /* enum fuzz_kind; the more often, the likelier */
	unsigned kinds_count;
	/* NULL: an input is records. Else what is done with its bytes. */
	void (*run)(const uint8_t *data, size_t size, bool is_traced);
	bool is_concurrent; /* by both CPUs at once: schedule.c */
};

struct fuzz_world;

/* Where structures lie that calls want in memory. */
#define FUZZ_MEMORY_AT (EXO_LIBRARY_BASE + EXO_PAGE_SIZE)

/* The step that the records from *at on mean, written to what is zero; *at moves behind them. */
void fuzz_decode(struct fuzz_world *w, const struct fuzz_target *target,
		 const struct fuzz_record *records, unsigned count, unsigned *at,
		 struct fuzz_step *step);
/* The address that a byte stands for, page-aligned. */
uint64_t fuzz_address(uint8_t byte);

/* What does not change while an input runs. */
struct fuzz_facts {
	unsigned cpus;
	uint64_t quantum_units, slice_units;
	uint64_t entry, upcall_entry; /* where programs and upcalls begin */
};

/* What the decoder wants to know. The world's n-th env and vcpu, from 0 on, by handle, whether
 * there is one or not; a physical frame; the clock; whether a CPU is idle, and of the program that
 * runs on it the registers and the frame of its last upcall. */
const struct fuzz_facts *fuzz_ask_facts(struct fuzz_world *w);
uint64_t fuzz_ask_env(struct fuzz_world *w, unsigned n);
uint64_t fuzz_ask_vcpu(struct fuzz_world *w, unsigned n);
uint64_t fuzz_ask_frame(struct fuzz_world *w, uint64_t n);
uint64_t fuzz_ask_clock(struct fuzz_world *w);
bool fuzz_ask_parked(struct fuzz_world *w, unsigned cpu);
const struct exo_regs *fuzz_ask_regs(struct fuzz_world *w, unsigned cpu);
uint64_t fuzz_ask_upcall(struct fuzz_world *w, unsigned cpu);

#endif
