/* SPDX-License-Identifier: ISC */
/* TABLE: fresh empty tables at every level, from the account or from a reserve. */
#include "tests/host/lab.h"

#define T EXO_ROOT_SPAN

static void check_levels(struct lab *l)
{
	unsigned level;
	uint64_t slot;

	for (level = EXO_LEVELS; level > 1; level--) {
		uint32_t used = lab_used(l, 0, EXO_RESOURCE_FRAMES);

		lab_does(l, OP(TABLE, level, T, 1), "a table below level %u", level);
		slot = lab_slot(l, 0, T, level);
		tap_ok(slot_is_present(slot) && slot_is_writable(slot), "with write access");
		tap_eq(slot_rights(slot), EXO_RWX, "and all rights");
		tap_eq(frame_level(frame_meta(l->m, lab_frame(l, 0, T, level))), level - 1,
		       "of the level below");
		tap_eq(lab_used(l, 0, EXO_RESOURCE_FRAMES), used + 1, "paid for");
		lab_refuses(l, OP(TABLE, level, T, 1), EXO_E_USED, "a used slot");
	}
	lab_refuses(l, OP(TABLE, 1, T, 1), EXO_E_TYPE, "none below level 1");
	lab_does(l, OP(TABLE, 2, T + EXO_SPAN(2), 3), "a run");
	lab_does(l, OP(TABLE, 2, T + 511 * EXO_SPAN(2), 1), "the last slot");
	lab_refuses(l, OP(TABLE, 2, T + 511 * EXO_SPAN(2), 2), EXO_E_RANGE, "and one more");
	lab_does(l, OP(TABLE, 4, 252 * T, 1), "a root slot");
	lab_refuses(l, OP(TABLE, 4, 253 * T, 1), EXO_E_USED, "the info slot");
	lab_refuses(l, OP(TABLE, 4, 254 * T, 1), EXO_E_USED, "the library slot");
	lab_refuses(l, OP(TABLE, 4, 255 * T, 1), EXO_E_RANGE, "the recursive slot (I-3)");
	lab_refuses(l, OP(TABLE, 4, 252 * T, 4), EXO_E_RANGE, "a run over it");
}

static void check_over_payload(struct lab *l)
{
	lab_does(l, OP(CLEAR, 2, T + 9 * EXO_SPAN(2), 1, .argument = 5), "a payload in a branch");
	tap_eq(slot_payload(lab_slot(l, 0, T + 9 * EXO_SPAN(2), 2)), 5, "is there");
	lab_does(l, OP(TABLE, 2, T + 9 * EXO_SPAN(2), 1), "a table takes its place");
}

/* A run that goes down: each table in the one before. */
static void check_down(struct lab *l)
{
	const uint64_t at = 7 * T + 511 * EXO_SPAN(3) + 510 * EXO_SPAN(2) + 5 * EXO_PAGE_SIZE;
	uint32_t used = lab_used(l, 0, EXO_RESOURCE_FRAMES);

	lab_refuses(l, OP(TABLE, 4, at, 4, .flags = EXO_OP_DOWN), EXO_E_RANGE,
		    "down below level 1");
	lab_refuses(l, OP(TABLE, 2, T, 2, .flags = EXO_OP_DOWN), EXO_E_RANGE, "or from level 2");
	lab_refuses(l, OP(TABLE, 4, at, 0, .flags = EXO_OP_DOWN), EXO_E_RANGE, "none");
	lab_refuses(l, OP(TABLE, 3, at, 2, .flags = EXO_OP_DOWN | EXO_OP_COMMON), EXO_E_TYPE,
		    "common ones on the way");
	lab_refuses(l, OP(TABLE, 4, 255 * T, 3, .flags = EXO_OP_DOWN), EXO_E_RANGE,
		    "in the recursive slot (I-3)");
	lab_does(l, OP(TABLE, 4, at, 3, .flags = EXO_OP_DOWN), "a whole path at once");
	tap_eq(lab_used(l, 0, EXO_RESOURCE_FRAMES), used + 3, "three tables, paid for");
	lab_does(l, OP(ALLOC, 1, at, 1, .access = 3), "a page there");
	lab_poke(l, 0, at, 1);
	lab_refuses(l, OP(TABLE, 3, at, 2, .flags = EXO_OP_DOWN), EXO_E_USED, "what is there");
	lab_does(l, OP(CLEAR, 4, at, 1), "goes");
	lab_does(l, OP(TABLE, 4, at, 1, .flags = EXO_OP_DOWN), "one");
	lab_does(l, OP(TABLE, 3, at, 2, .flags = EXO_OP_DOWN), "and the rest, as after AGAIN");
	lab_does(l, OP(ALLOC, 1, at, 1, .access = 3), "a page there");
}

/* Memory that was used for something else is empty as a table (I-6). */
static void check_zero(struct lab *l)
{
	uint64_t i, set = 0;

	lab_does(l, OP(ALLOC, 1, T, 1, .access = 3), "a page");
	for (i = 0; i < EXO_PAGE_SIZE; i += 8)
		lab_poke(l, 0, T + i, slot_leaf(1, 7, 7, 0));
	lab_does(l, OP(TABLE, 2, T + 20 * EXO_SPAN(2), 1, .reserve = T),
		 "full of slots that look good, becomes a table");
	for (i = 0; i < EXO_TABLE_SLOTS; i++)
		set += lab_slot(l, 0, T + 20 * EXO_SPAN(2) + i * EXO_PAGE_SIZE, 1);
	tap_eq(set, 0, "which is empty (I-6)");
}

int main(void)
{
	struct lab *l = lab_open(256, 1);

	check_levels(l);
	check_over_payload(l);
	check_down(l);
	check_zero(l);
	lab_close(l);
	return tap_done("tests/host/slot_table.tap");
}
