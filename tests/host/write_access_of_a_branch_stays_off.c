/* SPDX-License-Identifier: ISC */
/* Once SHARE has taken write access off a branch, no operation but UNSHARE gives it back: not
 * sharing again, moving there and back, or asking for full rights. */
#include "tests/host/lab.h"

#define A EXO_ROOT_SPAN
#define B (2 * EXO_ROOT_SPAN)
#define C (3 * EXO_ROOT_SPAN)

static void check_off(struct lab *l, uint64_t at, unsigned level, const char *how)
{
	tap_ok(!slot_is_writable(lab_slot(l, 0, at, level)), "level %u: still off %s", level, how);
	tap_eq(lab_store(l, 0, at, 1), HOST_FAULT | EXO_FAULT_WRITE | EXO_FAULT_PRESENT,
	       "and a store faults");
}

static void check(struct lab *l, unsigned level)
{
	unsigned step;

	lab_map(l, 0, A, 1);
	for (step = EXO_LEVELS; step > level; step--) {
		lab_does(l, OP(TABLE, step, B, 1), "tables");
		lab_does(l, OP(TABLE, step, C, 1), "for the others");
	}
	lab_does(l, OP(SHARE, level, B, 1, .source = A, .rights = 7), "SHARE");
	check_off(l, A, level, "in the source");
	check_off(l, B, level, "in the target");
	lab_does(l, OP(SHARE, level, C, 1, .source = B, .rights = 7), "SHARE again");
	check_off(l, C, level, "in the second target");
	lab_does(l, OP(CLEAR, level, C, 1), "the second target goes");
	lab_does(l, OP(MOVE, level, C, 1, .source = B), "MOVE");
	check_off(l, C, level, "where it was moved");
	lab_does(l, OP(MOVE, level, B, 1, .source = C), "MOVE back");
	check_off(l, B, level, "and back");
	lab_does(l, OP(CLEAR, level, A, 1), "the source goes");
	check_off(l, B, level, "with the other holder gone");
	lab_refuses(l, OP(PROTECT, level, B, 1, .access = 3), EXO_E_TYPE, "PROTECT of a branch");
	lab_refuses(l, OP(TABLE, level, B, 1), EXO_E_USED, "TABLE over it");
	lab_does(l, OP(UNSHARE, level, B, 1), "UNSHARE by the only holder");
	tap_ok(slot_is_writable(lab_slot(l, 0, B, level)), "gives it back");
	tap_eq(slot_rights(lab_slot(l, 0, B, level)), EXO_RWX, "with full rights");
}

int main(void)
{
	struct lab *l;
	unsigned level;

	for (level = EXO_LEVELS; level > 1; level--) {
		l = lab_open(128, 1);
		check(l, level);
		lab_close(l);
	}
	return tap_done("tests/host/write_access_of_a_branch_stays_off.tap");
}
