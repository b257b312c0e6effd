/* SPDX-License-Identifier: ISC */
/*
 * Scope "common": tables that stay shared, with write access on all sides, beside ordinary ones in
 * the same upper tables, which are shared and unshared over them; programs look on two CPUs.
 */
#include "fuzz/explore.h"

const char explore_name[] = "common";
const unsigned explore_frames = 16, explore_cpus = 2;
const bool explore_is_drained = true;
const bool explore_is_writer_alone = false;
const uint64_t explore_states_least[2] = { 100000, 100000 }, explore_states_most = 0;

static void commons(struct explore *x, unsigned env)
{
	struct explore_call call = { .kind = EXPLORE_SLOTS, .count = 1 };

	call.ops[0] = (struct exo_slot_op){ .op = EXO_OP_TABLE, .level = 2, .count = 1,
		.target_env = env, .flags = EXO_OP_COMMON };
	explore_add(x, call);
}

void explore_scope(struct explore *x)
{
	unsigned env, cpu, level;

	for (env = 0; env < 2; env++) {
		explore_leaf(x, env, 0, false);
		for (level = 2; level <= EXO_LEVELS; level++)
			explore_branch(x, env, level);
		commons(x, env);
		explore_add(x, (struct explore_call){ .kind = EXPLORE_ENTER, .number = env });
	}
	for (cpu = 0; cpu < 2; cpu++)
		explore_add(x, (struct explore_call){ .kind = EXPLORE_TOUCH, .number = cpu,
			.access = EXO_WRITE });
	explore_child(x, false);
}
