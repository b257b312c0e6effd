/* SPDX-License-Identifier: ISC */
/* DUP: the whole of a copy-on-write fault: a fresh filled frame, or in place what is held alone. */
#include "tests/host/lab.h"

#define T EXO_ROOT_SPAN
#define P(n) (T + (n) * EXO_PAGE_SIZE)
#define DUP(to, from, number, ...) \
	OP(DUP, 1, to, number, .source = (from), .access = EXO_READ | EXO_WRITE, ##__VA_ARGS__)

static void check_beside(struct lab *l)
{
	uint32_t used = lab_used(l, 0, EXO_RESOURCE_FRAMES);

	lab_poke(l, 0, P(0), 11);
	lab_does(l, OP(PROTECT, 1, P(0), 1, .access = 0, .soft = 3, .soft_mask = 15),
		 "a source without access");
	lab_does(l, DUP(P(8), P(0), 1), "is duplicated all the same");
	tap_ok(lab_frame(l, 0, P(8), 1).n != lab_frame(l, 0, P(0), 1).n, "in another frame");
	tap_eq(lab_peek(l, 0, P(8)), 11, "with the same content");
	tap_eq(lab_used(l, 0, EXO_RESOURCE_FRAMES), used + 1, "which is paid for");
	tap_eq(slot_rights(lab_slot(l, 0, P(8), 1)), EXO_RWX, "with all rights");
	tap_eq(slot_soft(lab_slot(l, 0, P(8), 1)), 3, "and its soft bits");
	lab_does(l, DUP(P(9), P(0), 1, .soft = 8, .soft_mask = 9), "with soft bits changed");
	tap_eq(slot_soft(lab_slot(l, 0, P(9), 1)), 10, "just those");
	tap_eq(lab_store(l, 0, P(8), 12), 0, "it can be written");
	tap_eq(lab_peek(l, 0, P(0)), 11, "and the source does not change");
	lab_does(l, OP(CLEAR, 1, P(10), 1, .argument = 99), "a payload");
	lab_does(l, DUP(P(10), P(8), 1), "gives way to a duplicate");
}

static void check_in_place(struct lab *l)
{
	struct pfn before = lab_frame(l, 0, P(1), 1);
	uint32_t used;

	lab_does(l, OP(COPY, 1, P(16), 1, .source = P(1), .rights = 1, .access = 1),
		 "a copy that only reads");
	lab_poke(l, 0, P(1), 21);
	used = lab_used(l, 0, EXO_RESOURCE_FRAMES);
	lab_does(l, DUP(P(16), P(16), 1), "DUP in place of what two hold");
	tap_ok(lab_frame(l, 0, P(16), 1).n != before.n, "takes another frame");
	tap_eq(lab_peek(l, 0, P(16)), 21, "with the content");
	tap_eq(lab_refs(l, 0, P(1), 1), 1, "the old one has a holder less");
	tap_eq(lab_used(l, 0, EXO_RESOURCE_FRAMES), used + 1, "one frame more");
	lab_does(l, OP(PROTECT, 1, P(1), 1, .access = EXO_READ), "write access goes off");
	lab_does(l, DUP(P(1), P(1), 1), "DUP in place of what one holds");
	tap_eq(lab_frame(l, 0, P(1), 1).n, before.n, "keeps the frame (I-5)");
	tap_eq(slot_access(lab_slot(l, 0, P(1), 1)), EXO_READ | EXO_WRITE, "and raises the leaf");
	tap_eq(lab_used(l, 0, EXO_RESOURCE_FRAMES), used + 1, "without another");
	lab_does(l, DUP(P(20), P(0), 2), "a run");
	tap_eq(lab_peek(l, 0, P(21)), 21, "with its contents");
}

static void check_refusals(struct lab *l)
{
	lab_refuses(l, DUP(P(40), P(41), 1), EXO_E_EMPTY, "an empty source");
	lab_refuses(l, DUP(P(40), LAB_VCPU, 1), EXO_E_TYPE, "a vcpu page");
	lab_refuses(l, DUP(LAB_VCPU, LAB_VCPU, 1), EXO_E_TYPE, "a vcpu page in place");
	lab_refuses(l, DUP(P(0), P(1), 1), EXO_E_USED, "a used target");
	lab_refuses(l, DUP(P(511), P(0), 2), EXO_E_RANGE, "a run beyond the table");
	lab_refuses(l, DUP(P(40), P(0), 1, .reserve = P(50)), EXO_E_RESERVE, "an empty reserve");
	lab_does(l, DUP(P(511), P(1), 1), "the last slot");
	lab_does(l, DUP(P(44), EXO_INFO_PAGE, 1), "the info page can be duplicated");
	tap_eq(lab_store(l, 0, P(44), 1), 0, "and the duplicate written");
}

int main(void)
{
	struct lab *l = lab_open(256, 1);

	lab_map(l, 0, T, 2);
	check_beside(l);
	check_in_place(l);
	check_refusals(l);
	lab_close(l);
	return tap_done("tests/host/slot_dup.tap");
}
