/* SPDX-License-Identifier: ISC */
/*
 * Scope "fork": an env and its child share, unshare, copy, move and drop tables of two levels below
 * the root, each with two slots, in 7 frames, so that memory runs out all the time.
 */
#include "fuzz/explore.h"

const char explore_name[] = "fork";
const unsigned explore_frames = 16, explore_cpus = 1;
const bool explore_is_drained = true;
const bool explore_is_writer_alone = false;
const uint64_t explore_states_least[2] = { 1000000, 1000000 }, explore_states_most = 0;

void explore_scope(struct explore *x)
{
	unsigned env, level;

	for (env = 0; env < 2; env++) {
		explore_leaf(x, env, 0, true);
		explore_leaf(x, env, 1, true);
		for (level = 2; level <= EXO_LEVELS; level++)
			explore_branch(x, env, level);
		explore_branch_beside(x, env, 2);
	}
	explore_child(x, false);
	explore_wild(x);
}
