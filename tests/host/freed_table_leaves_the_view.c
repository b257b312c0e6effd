/* SPDX-License-Identifier: ISC */
/*
 * A program that has read a table through the recursive view does not see its frame any more once
 * the table has been dropped, whoever has the frame then (I-7).
 */
#include "tests/host/lab.h"

#define A EXO_ROOT_SPAN

/* Read a slot on the path to A as the program does. 0, or HOST_FAULT if it is not there. */
static int view(struct lab *l, unsigned level, uint64_t *slot)
{
	return host_load(l->m, 0, exo_slot_address(A, level), slot);
}

static void check_cleared(struct lab *l, unsigned level)
{
	struct pfn table;
	uint64_t slot;
	unsigned below;

	lab_map(l, 0, 2 * A, 0);
	lab_map(l, 0, A, 1);
	for (below = EXO_LEVELS; below > 0; below--)
		tap_ok(!view(l, below, &slot) && slot == lab_slot(l, 0, A, below),
		       "level %u is read", below);
	table = lab_frame(l, 0, A, level);
	lab_does(l, OP(CLEAR, level, A, 1), "the branch of level %u goes", level);
	for (below = level - 1; below > 0; below--)
		tap_eq(view(l, below, &slot), HOST_FAULT, "and with it the view of level %u",
		       below);
	while (frame_drain(l->m, 0, 64))
		continue;
	lab_does(l, OP(ALLOC, 1, 2 * A, 1, .access = 3, .argument = table.n),
		 "its frame is memory now");
	lab_poke(l, 0, 2 * A, 0x5eed);
	tap_eq(view(l, level - 1, &slot), HOST_FAULT, "that the view does not show");
	lab_does(l, OP(CLEAR, EXO_LEVELS, 2 * A, 1), "away");
	lab_does(l, OP(CLEAR, EXO_LEVELS, A, 1), "and away");
}

static void check_unshared(struct lab *l)
{
	uint64_t child = lab_child(l, 0), slot;

	lab_map(l, 0, A, 1);
	lab_does(l, OP(SHARE, EXO_LEVELS, A, 1, .target_env = child, .source = A, .rights = 7),
		 "SHARE");
	tap_eq(view(l, EXO_LEVELS - 1, &slot), 0, "the shared table is read");
	lab_does(l, OP(UNSHARE, EXO_LEVELS, A, 1), "UNSHARE by copying");
	tap_ok(!view(l, EXO_LEVELS - 1, &slot) && !slot_is_writable(slot),
	       "the view shows the copy, swept");
	tap_eq(host_store(l->m, 0, exo_slot_address(A, 1), 0),
	       HOST_FAULT | EXO_FAULT_WRITE | EXO_FAULT_PRESENT, "and cannot be written");
}

int main(void)
{
	struct lab *l = lab_open(256, 1);
	unsigned level;

	for (level = EXO_LEVELS; level > 1; level--)
		check_cleared(l, level);
	check_unshared(l);
	lab_close(l);
	return tap_done("tests/host/freed_table_leaves_the_view.tap");
}
