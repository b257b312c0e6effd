/* SPDX-License-Identifier: ISC */
/*
 * Scope "account": a child with an account of its own, frames that one pays for and the other
 * holds, CLAIM both ways, reserves, and dying tables drained one at a time.
 */
#include "fuzz/explore.h"

const char explore_name[] = "account";
const unsigned explore_frames = 13, explore_cpus = 1;
const bool explore_is_drained = false;
const bool explore_is_writer_alone = false;
const uint64_t explore_states_least[2] = { 100000, 100000 }, explore_states_most = 0;

static void claims(struct explore *x, unsigned env)
{
	struct explore_call call = { .kind = EXPLORE_SLOTS, .count = 1 };
	unsigned level;

	for (level = 1; level <= EXO_LEVELS; level++) {
		call.ops[0] = (struct exo_slot_op){ .op = EXO_OP_CLAIM, .level = (uint8_t)level,
			.count = 1, .target_env = env };
		explore_add(x, call);
	}
}

/* The caller's second page goes into what its first slot gets. */
static void reserves(struct explore *x)
{
	struct explore_call call = { .kind = EXPLORE_SLOTS, .count = 1 };

	call.ops[0] = (struct exo_slot_op){ .op = EXO_OP_ALLOC, .level = 1, .count = 1,
		.target = EXO_PAGE_SIZE, .access = 3 };
	explore_add(x, call);
	call.ops[0] = (struct exo_slot_op){ .op = EXO_OP_DUP, .level = 1, .count = 1, .access = 3,
		.reserve = EXO_PAGE_SIZE };
	explore_add(x, call);
	call.ops[0] = (struct exo_slot_op){ .op = EXO_OP_TABLE, .level = EXO_LEVELS, .count = 1,
		.target_env = 1, .reserve = EXO_PAGE_SIZE };
	explore_add(x, call);
	call.ops[0] = (struct exo_slot_op){ .op = EXO_OP_UNSHARE, .level = EXO_LEVELS, .count = 1,
		.target_env = 1, .reserve = EXO_PAGE_SIZE };
	explore_add(x, call);
}

void explore_scope(struct explore *x)
{
	unsigned env;

	for (env = 0; env < 2; env++) {
		explore_leaf(x, env, 0, false);
		explore_branch(x, env, EXO_LEVELS);
		claims(x, env);
	}
	reserves(x);
	explore_child(x, true);
	explore_add(x, (struct explore_call){ .kind = EXPLORE_CREATE });
	explore_add(x, (struct explore_call){ .kind = EXPLORE_DRAIN });
	explore_add(x, (struct explore_call){ .kind = EXPLORE_DRAIN, .number = 1 });
}
