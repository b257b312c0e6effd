/* SPDX-License-Identifier: ISC */
/*
 * What calls must not answer: a success for an env, vcpu or slice that the caller may not name, for
 * an operation with a field that it has no use for, for a wait on a word with another value; a wake
 * of somebody who waits elsewhere, or not of who waits there; a handle given before; limits
 * moved elsewhere. Of one slot operation answer_slot.h asks more. Written from doc/abi.md, not from
 * the kernel. Reads a quiet machine; takes no locks.
 */
#ifndef FUZZ_ANSWER_H
#define FUZZ_ANSWER_H

#include "exo/machine.h"
#include "fuzz/answer_slot.h"
#include "fuzz/step.h"

/* What was so before a call. */
struct fuzz_answer {
	const char *refused;     /* why it must not succeed; NULL: it may */
	unsigned ops_done_most;  /* as many operations of a batch, or the call must fail */
	bool is_wake;
	struct { uint64_t key, offset; bool is_waiting, is_bell; } wait[EXO_VCPUS], woken;
	uint64_t woken_most;
	struct answer_slot slot;
	const struct fuzz_step *step;
	unsigned env, account;       /* who calls; the account that an ACCOUNT names */
	struct account account_was, parent_was;
	uint64_t env_generation[EXO_ENVS], vcpu_generation[EXO_VCPUS];
	uint64_t status;             /* of the env that is named */
};

/* Before a call of `env`; ops: its slot operations. After it: what is wrong with its answer, or
 * NULL. */
void fuzz_answer_before(struct fuzz_answer *a, struct machine *m, unsigned env,
			const struct fuzz_step *step, const struct exo_slot_op *ops,
			unsigned count);
const char *fuzz_answer_after(const struct fuzz_answer *a, const struct machine *m, int64_t error,
			      uint64_t value);

#endif
