/* SPDX-License-Identifier: ISC */
/*
 * The info page, as any page of the boot archive, can be read by everyone and raised by nobody: not
 * where it lies, not in a copy of the leaf, not after its tables have been unshared (I-5).
 */
#include "tests/host/lab.h"

#define A EXO_ROOT_SPAN
#define INFO EXO_INFO_PAGE

static void check_in_place(struct lab *l)
{
	lab_refuses(l, OP(PROTECT, 1, INFO, 1, .access = 3), EXO_E_FROZEN, "PROTECT in place");
	lab_refuses(l, OP(DUP, 1, INFO, 1, .source = INFO, .access = 3), EXO_E_FROZEN,
		    "DUP in place");
	lab_refuses(l, OP(CLAIM, EXO_LEVELS, INFO, 1), EXO_E_RIGHTS, "CLAIM of its table");
	lab_refuses(l, OP(CLAIM, 1, INFO, 1), EXO_E_TYPE, "CLAIM of it");
	lab_refuses(l, OP(ALLOC, 1, A, 1, .argument = l->m->info.n), EXO_E_FRAME,
		    "ALLOC of its frame");
}

static void check_copy(struct lab *l)
{
	lab_does(l, OP(COPY, 1, A, 1, .source = INFO, .rights = 7, .access = 7), "COPY");
	tap_ok(!(slot_rights(lab_slot(l, 0, A, 1)) & EXO_WRITE), "no right to write");
	lab_refuses(l, OP(PROTECT, 1, A, 1, .access = 3), EXO_E_RIGHTS, "PROTECT of the copy");
	lab_refuses(l, OP(TABLE, 2, A + EXO_SPAN(2), 1, .reserve = A), EXO_E_RESERVE,
		    "the copy as a reserve");
	tap_eq(lab_store(l, 0, A, 1), HOST_FAULT | EXO_FAULT_WRITE | EXO_FAULT_PRESENT, "a store");
	lab_does(l, OP(CLEAR, 1, A, 1), "CLEAR of the copy");
}

static void check_unshared(struct lab *l)
{
	unsigned level;

	for (level = EXO_LEVELS; level > 1; level--)
		lab_does(l, OP(UNSHARE, level, INFO, 1), "UNSHARE of level %u", level);
	lab_refuses(l, OP(PROTECT, 1, INFO, 1, .access = 3), EXO_E_RIGHTS, "PROTECT after that");
	tap_eq(lab_store(l, 0, INFO, 1), HOST_FAULT | EXO_FAULT_WRITE | EXO_FAULT_PRESENT,
	       "a store after that");
	lab_does(l, OP(DUP, 1, INFO, 1, .source = INFO, .access = 3), "DUP makes it one's own");
	tap_eq(lab_store(l, 0, INFO, 99), 0, "to write");
	tap_eq(machine_info(l->m)->abi_version, EXO_ABI_VERSION, "and nobody else sees it");
}

int main(void)
{
	struct lab *l = lab_open(256, 1);

	lab_map(l, 0, A, 0);
	check_in_place(l);
	check_copy(l);
	check_unshared(l);
	lab_close(l);
	return tap_done("tests/host/boot_pages_stay_read_only.tap");
}
