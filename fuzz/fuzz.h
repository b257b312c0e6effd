/* SPDX-License-Identifier: ISC */
/*
 * The fuzzer's parts. An input is a sequence of records of 16 bytes, each a call with arguments
 * that are mostly sensible and sometimes hostile; a target says which kinds of calls there are. The
 * world is a small machine with three envs on two CPUs, built from the kernel's own sources with
 * a tiny geometry, put back by a copy before each input. One thread; the kernel takes its locks.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdio.h>

#include "arch/host/host.h"
#include "exo/audit.h"
#include "exo/machine.h"
#include "fuzz/files.h"
#include "fuzz/model/model.h"
#include "tests/host/lab.h"

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
#define FUZZ_PROBE       (EXO_CPUS - 1) /* a CPU that runs nothing: the oracle looks through it */
#define FUZZ_FRAMES      88u

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

struct fuzz_world {
	struct lab *lab;
	struct machine *m;      /* the lab's: the one that runs */
	struct machine *start;  /* as every input finds it */
	struct machine *shadow; /* as it was before the last call */
	bool is_shadow_old;     /* the shadow must be made again */
	bool is_over;           /* the machine was powered off */
	bool is_concurrent;     /* the other CPU is in the midst of something */
	bool is_traced;         /* print each step */
	uint64_t marks;         /* calls made; each leaves its number in a register */
	bool is_parked[EXO_CPUS]; /* the CPU is idle in the kernel */
	struct model model, model_start;
};

/* targets.c: the targets by name, NULL: there is none; by number, NULL behind the last. */
const struct fuzz_target *fuzz_target_find(const char *name);
const struct fuzz_target *fuzz_target_at(unsigned number);
/* Run one input. What is wrong is said on stderr, and the process aborts. */
void fuzz_run(const struct fuzz_target *target, const uint8_t *data, size_t size, bool is_traced);

/* decode.c: the step that the records from *at on mean; *at moves behind them. */
void fuzz_decode(struct fuzz_world *w, const struct fuzz_target *target,
		 const struct fuzz_record *records, unsigned count, unsigned *at,
		 struct fuzz_step *step);
/* The address that a byte stands for, page-aligned. */
uint64_t fuzz_address(uint8_t byte);

/* world.c: made once; put back; the root of everything. */
struct fuzz_world *fuzz_world(void);
void fuzz_reset(struct fuzz_world *w);
/* Make a step, with every check that belongs to it. */
void fuzz_step(struct fuzz_world *w, const struct fuzz_step *step);
/* All that must hold when an input is at its end; then every env but the first ends, and it must
 * hold again. */
void fuzz_finish(struct fuzz_world *w);

/* check.c: a call that failed has changed nothing (fuzz_remember before it); every invariant holds;
 * memory is what the model says. */
void fuzz_remember(struct fuzz_world *w);
void fuzz_check_unchanged(struct fuzz_world *w);
void fuzz_check_audit(struct fuzz_world *w);
void fuzz_check_tlb(struct fuzz_world *w);
void fuzz_check_model(struct fuzz_world *w);
/* The model as the machine is now. */
void fuzz_model_init(struct fuzz_world *w);
/* Copy memory that the address sanitizer may hold for poisoned. bytes: a multiple of 64. */
void fuzz_copy(void *to, const void *from, size_t bytes);

/* print.c */
void fuzz_print_step(const struct fuzz_world *w, const struct fuzz_step *step);
void fuzz_print_result(int64_t error, uint64_t value);

#endif
