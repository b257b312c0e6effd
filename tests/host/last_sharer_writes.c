/* SPDX-License-Identifier: ISC */
/*
 * The last sharer of a table writes: after the others have unshared it by copying, its leaves and
 * branches still name what their copies name. Adopting must take write access off those, at every
 * level, or the last sharer's store is seen by the others.
 */
#include "tests/host/lab.h"

#define A EXO_ROOT_SPAN

/* The child shares the parent's tree at one level; the parent copies the path down to `depth`. */
static void check(struct lab *l, unsigned level, unsigned depth, bool is_child_first)
{
	uint64_t child, first, last, value;
	unsigned step;

	lab_map(l, 0, A, 2);
	lab_poke(l, 0, A, 11);
	child = lab_child(l, 0);
	for (step = EXO_LEVELS; step > level; step--)
		lab_does(l, OP(TABLE, step, A, 1, .target_env = child), "the child's tables");
	lab_does(l, OP(SHARE, level, A, 1, .target_env = child, .source = A, .rights = 7),
		 "SHARE at level %u", level);
	first = is_child_first ? child : 0;
	last = is_child_first ? 0 : child;
	for (step = level; step > depth; step--)
		lab_does(l, OP(UNSHARE, step, A, 1, .target_env = first), "the first copies %u",
			 step);
	lab_does(l, OP(UNSHARE, level, A, 1, .target_env = last), "the last adopts %u", level);
	tap_eq(lab_store(l, last, A, 22), HOST_FAULT | EXO_FAULT_WRITE | EXO_FAULT_PRESENT,
	       "and cannot store yet");
	if (level > 2)
		lab_refuses(l, OP(PROTECT, 1, A, 1, .target_env = last, .access = 3),
			    EXO_E_FROZEN, "nor raise the leaf");
	tap_ok(!lab_load(l, first, A, &value) && value == 11, "the first sees what was");
	for (step = level - 1; step > 1; step--)
		lab_does(l, OP(UNSHARE, step, A, 1, .target_env = last), "the last goes on: %u",
			 step);
	lab_does(l, OP(DUP, 1, A, 1, .target_env = last, .source_env = last, .source = A,
		       .access = 3), "DUP");
	tap_eq(lab_store(l, last, A, 22), 0, "then it can");
	tap_ok(!lab_load(l, first, A, &value) && value == 11, "and still the first sees nothing");
}

int main(void)
{
	unsigned level, depth, who;
	struct lab *l;

	for (level = EXO_LEVELS; level > 1; level--) {
		for (depth = level - 1; depth >= 1; depth--) {
			for (who = 0; who < 2; who++) {
				l = lab_open(128, 1);
				check(l, level, depth, who);
				lab_close(l);
			}
		}
	}
	return tap_done("tests/host/last_sharer_writes.tap");
}
