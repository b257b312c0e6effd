/* SPDX-License-Identifier: ISC */
/*
 * Scope "taken": as "revoke", with tables of two levels, so that branches to what others share are
 * taken too, and a CPU on which the child runs meanwhile.
 */
#include "fuzz/explore.h"

const char explore_name[] = "taken";
const unsigned explore_frames = 20, explore_cpus = 2;
const bool explore_is_drained = true;
const bool explore_is_writer_alone = false;
const uint64_t explore_states_least[2] = { 400000, 4000000 }, explore_states_most = 400000;

void explore_scope(struct explore *x)
{
	unsigned env, level;

	for (env = 0; env < 2; env++) {
		explore_leaf(x, env, 0, false);
		for (level = 2; level <= EXO_LEVELS; level++)
			explore_branch(x, env, level);
	}
	explore_accounts(x);
	explore_add(x, (struct explore_call){ .kind = EXPLORE_ENTER, .number = 1 });
	explore_add(x, (struct explore_call){ .kind = EXPLORE_LEAVE });
	explore_add(x, (struct explore_call){ .kind = EXPLORE_TOUCH, .number = 1,
		.access = EXO_READ });
	explore_child(x, true);
}
