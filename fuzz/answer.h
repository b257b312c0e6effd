/* SPDX-License-Identifier: ISC */
/*
 * What calls must not answer: a success for an env that the caller may not name, for an operation
 * with a field that it has no use for, for a wait on a word with another value; a wake of somebody
 * who waits elsewhere. Written from doc/abi.md, not from the kernel. Reads a quiet machine; takes
 * no locks.
 */
#ifndef FUZZ_ANSWER_H
#define FUZZ_ANSWER_H

#include "exo/machine.h"
#include "fuzz/step.h"

/* What was so before a call. */
struct fuzz_answer {
	const char *refused;     /* why it must not succeed; NULL: it may */
	unsigned ops_done_most;  /* as many operations of a batch, or the call must fail */
	bool is_wake;
	struct { uint64_t key, offset; bool is_waiting; } wait[EXO_VCPUS], woken;
	uint64_t woken_most;
};

/* Before a call of `env`; ops: its slot operations. After it: what is wrong with its answer, or
 * NULL. */
void fuzz_answer_before(struct fuzz_answer *a, struct machine *m, unsigned env,
			const struct fuzz_step *step, const struct exo_slot_op *ops,
			unsigned count);
const char *fuzz_answer_after(const struct fuzz_answer *a, const struct machine *m, int64_t error,
			      uint64_t value);

#endif
