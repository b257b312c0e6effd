/* SPDX-License-Identifier: ISC */
/*
 * Scope "sharers": as "fork", but without what makes shared memory on purpose (COPY, and PROTECT
 * that gives write access back). Then whoever can write a page holds it alone, whatever was
 * shared, unshared and adopted before: the last sharer does not write what the others' copies
 * name.
 */
#include "fuzz/explore.h"

const char explore_name[] = "sharers";
const unsigned explore_frames = 20, explore_cpus = 1;
const bool explore_is_drained = true;
const bool explore_is_writer_alone = true;
const uint64_t explore_states_least[2] = { 75000, 75000 }, explore_states_most = 0;

static void leaf(struct explore *x, unsigned env)
{
	struct explore_call call = { .kind = EXPLORE_SLOTS, .count = 1 };
	struct exo_slot_op *op = &call.ops[0];

	*op = (struct exo_slot_op){ .op = EXO_OP_ALLOC, .level = 1, .count = 1, .target_env = env,
		.access = 3 };
	explore_add(x, call);
	op->op = EXO_OP_DUP;
	op->source_env = env;
	explore_add(x, call);
	*op = (struct exo_slot_op){ .op = EXO_OP_CLEAR, .level = 1, .count = 1,
		.target_env = env };
	explore_add(x, call);
	op->op = EXO_OP_PROTECT;
	op->access = EXO_READ;
	explore_add(x, call);
}

void explore_scope(struct explore *x)
{
	unsigned env, level;

	for (env = 0; env < 2; env++) {
		leaf(x, env);
		for (level = 2; level <= EXO_LEVELS; level++)
			explore_branch(x, env, level);
		explore_branch_beside(x, env, 2);
	}
	explore_child(x, false);
}
