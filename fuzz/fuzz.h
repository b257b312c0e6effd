/* SPDX-License-Identifier: ISC */
/*
 * The host fuzzer's parts. An input is a sequence of records (step.h); a target says which kinds of
 * calls there are. The world is a small machine with three envs on two CPUs, built from the
 * kernel's own sources with a tiny geometry, put back by a copy before each input. One thread; the
 * kernel takes its locks.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdio.h>

#include "arch/host/host.h"
#include "exo/audit.h"
#include "exo/machine.h"
#include "fuzz/files.h"
#include "fuzz/model/model.h"
#include "fuzz/step.h"
#include "tests/host/lab.h"

#define FUZZ_FRAMES 88u

struct fuzz_world {
	struct lab *lab;
	struct machine *m;      /* the lab's: the one that runs */
	struct machine *start;  /* as every input finds it */
	struct machine *shadow; /* as it was before the last call */
	bool is_shadow_old;     /* the shadow must be made again */
	bool is_over;           /* the machine was powered off */
	bool is_concurrent;     /* the other CPU is in the midst of something */
	bool is_traced;         /* print each step */
	struct fuzz_facts facts;
	uint64_t marks;         /* calls made; each leaves its number in a register */
	bool is_parked[EXO_CPUS]; /* the CPU is idle in the kernel */
	struct model model, model_start;
};

/* targets.c: the targets by name, NULL: there is none; by number, NULL behind the last. */
const struct fuzz_target *fuzz_target_find(const char *name);
const struct fuzz_target *fuzz_target_at(unsigned number);
/* Run one input. What is wrong is said on stderr, and the process aborts. */
void fuzz_run(const struct fuzz_target *target, const uint8_t *data, size_t size, bool is_traced);

/* world.c: made once; put back; the root of everything. */
struct fuzz_world *fuzz_world(void);
void fuzz_reset(struct fuzz_world *w);
/* Make a step, with every check that belongs to it. */
void fuzz_step(struct fuzz_world *w, const struct fuzz_step *step);
/* All that must hold when an input is at its end; then every env but the first ends, and it must
 * hold again. */
void fuzz_finish(struct fuzz_world *w);

/* check.c: a call that failed has changed nothing (fuzz_remember before it; if a CPU's program
 * only wrote to a page since the last one, fuzz_remember_page before that); every invariant holds;
 * memory is what the model says. */
void fuzz_remember(struct fuzz_world *w);
void fuzz_remember_page(struct fuzz_world *w, unsigned cpu, uint64_t address);
void fuzz_check_unchanged(struct fuzz_world *w);
void fuzz_check_audit(struct fuzz_world *w);
void fuzz_check_tlb(struct fuzz_world *w);
void fuzz_check_model(struct fuzz_world *w);
/* The model as the machine is now. */
void fuzz_model_init(struct fuzz_world *w);

/* print.c: a step with where it is made; the step itself; what came of a call. */
void fuzz_print_step(const struct fuzz_world *w, const struct fuzz_step *step);
void fuzz_print_call(const struct fuzz_step *step);
void fuzz_print_result(int64_t error, uint64_t value);

#endif
