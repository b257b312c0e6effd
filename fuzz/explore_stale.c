/* SPDX-License-Identifier: ISC */
/*
 * Scope "stale": two CPUs with caches of translations and walks, on which an env and its child
 * run, reading and writing pages and looking at their tables, while slots and branches change
 * under them.
 */
#include "fuzz/explore.h"

const char explore_name[] = "stale";
const unsigned explore_frames = 13, explore_cpus = 2;
const bool explore_is_drained = true;
const bool explore_is_writer_alone = false;
const uint64_t explore_states_least[2] = { 500000, 500000 }, explore_states_most = 0;

static void touches(struct explore *x, unsigned cpu)
{
	struct explore_call call = { .kind = EXPLORE_TOUCH, .number = cpu, .access = EXO_READ };

	explore_add(x, call);
	call.access = EXO_WRITE;
	explore_add(x, call);
	call.access = EXO_READ;
	call.address = exo_slot_address(0, 1);
	explore_add(x, call);
	call.address = exo_slot_address(0, EXO_LEVELS);
	explore_add(x, call);
}

void explore_scope(struct explore *x)
{
	struct explore_call clean = { .kind = EXPLORE_SLOTS, .count = 1 };
	unsigned env;

	clean.ops[0] = (struct exo_slot_op){ .op = EXO_OP_PROTECT, .level = 1, .count = 1,
		.access = 3, .flags = EXO_OP_CLEAN };
	explore_add(x, clean);
	for (env = 0; env < 2; env++) {
		explore_leaf(x, env, 0, false);
		explore_branch(x, env, EXO_LEVELS);
		touches(x, env);
		explore_add(x, (struct explore_call){ .kind = EXPLORE_ENTER, .number = env });
	}
	explore_child(x, false);
	explore_add(x, (struct explore_call){ .kind = EXPLORE_LEAVE });
}
