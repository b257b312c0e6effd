/* SPDX-License-Identifier: ISC */
/* A table shared at any level freezes everything below it, for both sharers: no slot changes, no
 * byte is written, until each has unshared the path from the root down. */
#include "tests/host/lab.h"

#define A EXO_ROOT_SPAN       /* of the parent */
#define B (2 * EXO_ROOT_SPAN) /* of the same env: the other sharer */
#define C (3 * EXO_ROOT_SPAN)

/* Every operation that would change a slot of the page table under `at`. */
static void check_frozen(struct lab *l, uint64_t at, unsigned level)
{
	uint64_t next = at + EXO_PAGE_SIZE;

	lab_refuses(l, OP(ALLOC, 1, next, 1, .access = 1), EXO_E_FROZEN,
		    "shared at level %u: ALLOC below", level);
	lab_refuses(l, OP(DUP, 1, at, 1, .source = at, .access = 3), EXO_E_FROZEN, "DUP");
	lab_refuses(l, OP(COPY, 1, next, 1, .source = at), EXO_E_FROZEN, "COPY into it");
	lab_refuses(l, OP(PROTECT, 1, at, 1, .access = 3), EXO_E_FROZEN, "PROTECT");
	lab_refuses(l, OP(CLEAR, 1, at, 1), EXO_E_FROZEN, "CLEAR");
	lab_refuses(l, OP(CLEAR, 1, next, 1, .argument = 1), EXO_E_FROZEN, "a payload");
	if (level > 2)
		lab_refuses(l, OP(UNSHARE, 2, at, 1), EXO_E_FROZEN,
			    "UNSHARE from the wrong end");
	if (level > 2)
		lab_refuses(l, OP(TABLE, 2, at + EXO_SPAN(2), 1), EXO_E_FROZEN, "TABLE");
	if (level > 2)
		lab_refuses(l, OP(MOVE, 2, C + EXO_SPAN(2), 1, .source = at), EXO_E_FROZEN,
			    "MOVE out");
	tap_eq(lab_store(l, 0, at, 66), HOST_FAULT | EXO_FAULT_WRITE | EXO_FAULT_PRESENT,
	       "the program's store faults");
	lab_does(l, OP(COPY, 1, C, 1, .source = at, .rights = 7, .access = 7), "COPY out");
	lab_does(l, OP(CLEAR, 1, C, 1), "is not a change of it");
}

static void check_level(struct lab *l, unsigned level)
{
	unsigned step;
	uint64_t value;

	lab_map(l, 0, A, 1);
	lab_map(l, 0, C, 0);
	for (step = EXO_LEVELS; step > level; step--)
		lab_does(l, OP(TABLE, step, B, 1), "a table for the other sharer");
	lab_poke(l, 0, A, 55);
	lab_does(l, OP(SHARE, level, B, 1, .source = A, .rights = 7), "SHARE at level %u", level);
	check_frozen(l, A, level);
	check_frozen(l, B, level);
	for (step = level; step > 1; step--)
		lab_does(l, OP(UNSHARE, step, A, 1), "UNSHARE level %u", step);
	tap_eq(lab_store(l, 0, A, 66), HOST_FAULT | EXO_FAULT_WRITE | EXO_FAULT_PRESENT,
	       "an unshared path does not write yet: the leaf is still shared");
	lab_does(l, OP(DUP, 1, A, 1, .source = A, .access = 3), "DUP");
	tap_eq(lab_store(l, 0, A, 66), 0, "now it writes");
	tap_ok(!lab_load(l, 0, B, &value) && value == 55, "the other sees the old content");
	check_frozen(l, B, level);
	for (step = level; step > 1; step--)
		lab_does(l, OP(UNSHARE, step, B, 1), "the other adopts level %u", step);
	lab_does(l, OP(PROTECT, 1, B, 1, .access = 3), "its frame is its own again");
	tap_eq(lab_store(l, 0, B, 77), 0, "it writes too");
	tap_ok(!lab_load(l, 0, A, &value) && value == 66, "where nobody else sees it");
}

int main(void)
{
	struct lab *l;
	unsigned level;

	for (level = EXO_LEVELS; level > 1; level--) {
		l = lab_open(256, 1);
		check_level(l, level);
		lab_close(l);
	}
	return tap_done("tests/host/write_below_shared_table_is_frozen.tap");
}
