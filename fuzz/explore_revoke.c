/* SPDX-License-Identifier: ISC */
/*
 * Scope "revoke": a child with an account of its own, whose pages and tables are asked back and
 * taken, while it and its parent share, claim and drop them, and frames move between the accounts.
 */
#include "fuzz/explore.h"

const char explore_name[] = "revoke";
const unsigned explore_frames = 16, explore_cpus = 1;
const bool explore_is_drained = false;
const bool explore_is_writer_alone = false;
const uint64_t explore_states_least[2] = { 400000, 14600000 }, explore_states_most = 400000;

void explore_scope(struct explore *x)
{
	unsigned env;

	for (env = 0; env < 2; env++) {
		explore_leaf(x, env, 0, false);
		explore_branch(x, env, EXO_LEVELS);
	}
	explore_leaf(x, 1, 1, false);
	explore_accounts(x);
	explore_child(x, true);
	explore_add(x, (struct explore_call){ .kind = EXPLORE_DRAIN });
	explore_add(x, (struct explore_call){ .kind = EXPLORE_DRAIN, .number = 1 });
}
