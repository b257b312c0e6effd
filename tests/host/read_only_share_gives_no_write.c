/* SPDX-License-Identifier: ISC */
/* A table shared with read rights alone: whatever is moved, copied, shared on or unshared out of
 * it can never be written. */
#include "tests/host/lab.h"

#define A EXO_ROOT_SPAN
#define B (2 * EXO_ROOT_SPAN)

static uint64_t child;

/* A leaf of the child's cannot be written, whatever it tries. */
static void check_leaf(struct lab *l, uint64_t at, const char *what)
{
	tap_eq(slot_rights(lab_slot(l, child, at, 1)), EXO_READ, "%s: read rights", what);
	lab_refuses(l, OP(PROTECT, 1, at, 1, .target_env = child, .access = 3), EXO_E_RIGHTS,
		    "%s: no PROTECT", what);
	tap_eq(lab_store(l, child, at, 1), HOST_FAULT | EXO_FAULT_WRITE | EXO_FAULT_PRESENT,
	       "%s: no store", what);
}

static void prepare(struct lab *l, unsigned level)
{
	unsigned step;

	lab_map(l, 0, A, 1);
	lab_poke(l, 0, A, 42);
	child = lab_child(l, 0);
	lab_map(l, child, B, 0);
	for (step = EXO_LEVELS; step > level; step--)
		lab_op(l, OP(TABLE, step, A, 1, .target_env = child));
	lab_does(l, OP(SHARE, level, A, 1, .target_env = child, .source = A, .rights = EXO_READ),
		 "SHARE at level %u with read rights", level);
	tap_eq(slot_rights(lab_slot(l, child, A, level)), EXO_READ, "the branch has no more");
}

static void check(struct lab *l, unsigned level)
{
	unsigned step;

	lab_does(l, OP(COPY, 1, B, 1, .target_env = child, .source_env = child, .source = A,
		       .rights = 7, .access = 7), "COPY out of it");
	check_leaf(l, B, "a copied leaf");
	if (level < EXO_LEVELS)
		lab_does(l, OP(MOVE, level, B + EXO_SPAN(level), 1, .target_env = child,
			       .source_env = child, .source = A), "MOVE of the branch");
	else
		lab_does(l, OP(MOVE, level, 3 * A, 1, .target_env = child, .source_env = child,
			       .source = A), "MOVE of the branch");
	lab_op(l, OP(MOVE, level, A, 1, .target_env = child, .source_env = child,
		     .source = level < EXO_LEVELS ? B + EXO_SPAN(level) : 3 * A));
	tap_eq(slot_rights(lab_slot(l, child, A, level)), EXO_READ, "leaves its rights");
	if (level > 2) {
		lab_does(l, OP(SHARE, level - 1, B + EXO_SPAN(level - 1), 1, .target_env = child,
			       .source_env = child, .source = A, .rights = 7),
			 "SHARE of a branch inside");
		tap_eq(slot_rights(lab_slot(l, child, B + EXO_SPAN(level - 1), level - 1)),
		       EXO_READ, "with no more rights than the path");
		lab_refuses(l, OP(MOVE, level - 1, B + 2 * EXO_SPAN(level - 1), 1,
				  .target_env = child, .source_env = child, .source = A),
			    EXO_E_FROZEN, "MOVE of a branch inside");
	}
	for (step = level; step > 1; step--)
		lab_does(l, OP(UNSHARE, step, A, 1, .target_env = child), "UNSHARE level %u",
			 step);
	check_leaf(l, A, "an unshared leaf");
	lab_does(l, OP(CLEAR, EXO_LEVELS, A, 1), "the parent's own goes");
	tap_ok(lab_refs(l, child, A, 1) > 1, "copies are left");
	check_leaf(l, A, "with the parent gone");
}

int main(void)
{
	struct lab *l;
	unsigned level;

	for (level = EXO_LEVELS; level > 1; level--) {
		l = lab_open(256, 1);
		prepare(l, level);
		check(l, level);
		lab_close(l);
	}
	return tap_done("tests/host/read_only_share_gives_no_write.tap");
}
