/* SPDX-License-Identifier: ISC */
/* MOVE: a branch changes its place, within an env or between two, without a count changing. */
#include "tests/host/lab.h"

#define A EXO_ROOT_SPAN
#define B (2 * EXO_ROOT_SPAN)

static void check_within(struct lab *l, unsigned level)
{
	uint64_t to = level == EXO_LEVELS ? B : A + EXO_SPAN(level);
	struct pfn table = lab_frame(l, 0, A, level);
	uint64_t value = 0;

	lab_poke(l, 0, A, 5);
	lab_load(l, 0, A, &value);
	lab_does(l, OP(MOVE, level, to, 1, .source = A), "MOVE at level %u", level);
	tap_eq(lab_slot(l, 0, A, level), 0, "the source is empty");
	tap_eq(lab_frame(l, 0, to, level).n, table.n, "the target names the table");
	tap_eq(frame_refs(l->m, table), 1, "which has one holder still");
	tap_ok(slot_is_writable(lab_slot(l, 0, to, level)), "write access moved too");
	tap_eq(host_load(l->m, 0, A, &value), HOST_FAULT, "the old address faults at once (I-7)");
	tap_ok(!host_load(l->m, 0, to, &value) && value == 5, "the new one has the content");
	lab_refuses(l, OP(MOVE, level, to, 1, .source = A), EXO_E_EMPTY, "an empty source");
	lab_map(l, 0, A, 0);
	lab_refuses(l, OP(MOVE, level, A, 1, .source = to), EXO_E_USED, "a used target");
	lab_refuses(l, OP(MOVE, level, A, 1, .source = A), EXO_E_USED, "onto itself");
	lab_refuses(l, OP(MOVE, level, EXO_ROOT_RECURSIVE * A, 1, .source = to), EXO_E_RANGE,
		    "into the recursive slot");
	lab_refuses(l, OP(MOVE, level, A, 1, .source = EXO_ROOT_RECURSIVE * A), EXO_E_RANGE,
		    "out of it (I-3)");
}

static void check_between(struct lab *l, unsigned level)
{
	uint64_t child = lab_child(l, 0);
	unsigned up;

	for (up = EXO_LEVELS; up > level; up--)
		lab_op(l, OP(TABLE, up, B, 1, .target_env = child));
	lab_does(l, OP(MOVE, level, B, 1, .target_env = child, .source = A),
		 "into a child at level %u", level);
	lab_does(l, OP(MOVE, level, A, 1, .source_env = child, .source = B), "and back");
	lab_op(l, OP(SHARE, level, B, 1, .target_env = child, .source = A, .rights = 7));
	lab_does(l, OP(CLEAR, level, A, 1, .argument = 8), "the parent's own goes");
	lab_does(l, OP(MOVE, level, A, 1, .source_env = child, .source = B),
		 "a branch without write access moves over a payload");
	tap_ok(!slot_is_writable(lab_slot(l, 0, A, level)), "and stays without");
}

/* A read-only share's inner branches stay where they are. */
static void check_frozen(struct lab *l, unsigned level)
{
	lab_op(l, OP(UNSHARE, level, A, 1));
	lab_op(l, OP(SHARE, level, level == EXO_LEVELS ? 4 * A : A + 4 * EXO_SPAN(level), 1,
		     .source = A, .rights = 7));
	if (level == 2)
		return;
	lab_refuses(l, OP(MOVE, level - 1, A + 9 * EXO_SPAN(level - 1), 1, .source = A),
		    EXO_E_FROZEN, "inside a shared table of level %u", level - 1);
	lab_map(l, 0, 5 * A, 0);
	lab_refuses(l, OP(MOVE, level - 1, 5 * A + EXO_SPAN(level - 1), 1, .source = A),
		    EXO_E_FROZEN, "out of it");
	lab_refuses(l, OP(MOVE, level - 1, A + 9 * EXO_SPAN(level - 1), 1, .source = 5 * A),
		    EXO_E_FROZEN, "into it");
}

int main(void)
{
	struct lab *l;
	unsigned level;

	for (level = EXO_LEVELS; level > 1; level--) {
		l = lab_open(128, 1);
		lab_map(l, 0, A, 1);
		check_within(l, level);
		lab_close(l);
		l = lab_open(128, 1);
		lab_map(l, 0, A, 1);
		check_between(l, level);
		check_frozen(l, level);
		lab_close(l);
	}
	return tap_done("tests/host/slot_move.tap");
}
