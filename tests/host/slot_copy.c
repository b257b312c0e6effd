/* SPDX-License-Identifier: ISC */
/* COPY: leaves and payloads, rights and access masked by the source, its path and the operation. */
#include "tests/host/lab.h"

#define T EXO_ROOT_SPAN
#define P(n) (T + (n) * EXO_PAGE_SIZE)

#define COPY(to, from, number, rights_, access_)					\
	OP(COPY, 1, to, number, .source = (from), .rights = (rights_), .access = (access_))

static void check_success(struct lab *l)
{
	uint32_t used = lab_used(l, 0, EXO_RESOURCE_FRAMES);
	uint64_t value;

	lab_poke(l, 0, P(0), 77);
	lab_does(l, COPY(P(8), P(0), 1, EXO_RWX, EXO_READ), "a leaf");
	tap_eq(lab_frame(l, 0, P(8), 1).n, lab_frame(l, 0, P(0), 1).n, "names the same frame");
	tap_eq(lab_refs(l, 0, P(0), 1), 2, "which has two holders");
	tap_eq(lab_used(l, 0, EXO_RESOURCE_FRAMES), used, "and is paid for once");
	tap_eq(slot_rights(lab_slot(l, 0, P(8), 1)), EXO_RWX, "rights are the source's");
	tap_eq(slot_access(lab_slot(l, 0, P(8), 1)), EXO_READ, "access is masked");
	tap_ok(!lab_load(l, 0, P(8), &value) && value == 77, "it shows the same content");
	lab_does(l, COPY(P(9), P(0), 1, EXO_READ, EXO_RWX), "with fewer rights");
	tap_eq(slot_rights(lab_slot(l, 0, P(9), 1)), EXO_READ, "rights are masked");
	tap_eq(slot_access(lab_slot(l, 0, P(9), 1)), EXO_READ, "and access with them");
	lab_does(l, COPY(P(10), P(9), 1, EXO_RWX, EXO_RWX), "a copy of that asking for all");
	tap_eq(slot_rights(lab_slot(l, 0, P(10), 1)), EXO_READ, "gets no more (I-2)");
	lab_does(l, COPY(P(11), P(0), 1, 0, 0), "with no rights named");
	tap_eq(slot_rights(lab_slot(l, 0, P(11), 1)), EXO_READ, "still reads: that is the least");
	tap_eq(slot_access(lab_slot(l, 0, P(11), 1)), 0, "but has no access");
	lab_refuses(l, OP(PROTECT, 1, P(9), 1, .access = EXO_READ | EXO_WRITE), EXO_E_RIGHTS,
		    "a masked copy cannot be raised");
}

/* MASK: the source cannot be written any more either, not even by a translation it had. */
static void check_mask(struct lab *l)
{
	lab_does(l, OP(ALLOC, 1, P(34), 2, .access = EXO_RWX), "two pages");
	lab_poke(l, 0, P(34), 5);
	lab_poke(l, 0, P(35), 5);
	lab_does(l, OP(COPY, 1, P(32), 2, .source = P(34), .rights = EXO_RWX, .access = EXO_READ,
		       .flags = EXO_OP_MASK), "COPY with MASK");
	tap_eq(slot_access(lab_slot(l, 0, P(34), 1)) & EXO_WRITE, 0, "write access goes off");
	tap_eq(slot_access(lab_slot(l, 0, P(35), 1)) & EXO_WRITE, 0, "and off the next");
	tap_eq(slot_rights(lab_slot(l, 0, P(34), 1)), EXO_RWX, "its rights stay");
	tap_eq(host_store(l->m, 0, P(34), 6), HOST_FAULT | EXO_FAULT_WRITE | EXO_FAULT_PRESENT,
	       "a write to it faults");
	lab_refuses(l, OP(COPY, 1, P(32), 1, .source = P(34), .rights = EXO_RWX, .access = EXO_READ,
			  .flags = EXO_OP_MASK), EXO_E_USED, "a used target, with MASK");
	lab_does(l, OP(CLEAR, 1, P(32), 4), "away");
}

static void check_payload(struct lab *l)
{
	lab_does(l, OP(CLEAR, 1, P(16), 1, .argument = EXO_PAYLOAD_MASK), "a full payload");
	lab_does(l, COPY(P(24), P(15), 3, EXO_RWX, EXO_RWX), "a run of empty slots is copied");
	tap_eq(slot_payload(lab_slot(l, 0, P(25), 1)), EXO_PAYLOAD_MASK, "payload and all");
	lab_does(l, COPY(P(25), P(0), 1, EXO_RWX, EXO_RWX), "a leaf over a payload");
	tap_eq(lab_frame(l, 0, P(25), 1).n, lab_frame(l, 0, P(0), 1).n, "takes its place");
}

static void check_soft(struct lab *l)
{
	lab_does(l, OP(PROTECT, 1, P(1), 1, .access = EXO_RWX, .soft = 10, .soft_mask = 15),
		 "soft bits are set");
	lab_does(l, COPY(P(28), P(1), 1, EXO_RWX, EXO_RWX), "a copy");
	tap_eq(slot_soft(lab_slot(l, 0, P(28), 1)), 10, "keeps them");
	lab_does(l, OP(COPY, 1, P(29), 1, .source = P(1), .rights = 7, .access = 7, .soft = 1,
		       .soft_mask = 3), "a copy with some changed");
	tap_eq(slot_soft(lab_slot(l, 0, P(29), 1)), 9, "changes just those");
}

static void check_refusals(struct lab *l)
{
	lab_refuses(l, COPY(P(8), P(0), 1, 7, 7), EXO_E_USED, "a used target");
	lab_refuses(l, COPY(P(40), LAB_VCPU, 1, 7, 7), EXO_E_TYPE, "a vcpu page");
	lab_refuses(l, COPY(P(40), 9 * T, 1, 7, 7), EXO_E_NO_TABLE, "a source without a table");
	lab_refuses(l, COPY(9 * T, P(0), 1, 7, 7), EXO_E_NO_TABLE, "a target without a table");
	lab_refuses(l, COPY(P(511), P(0), 2, 7, 7), EXO_E_RANGE, "a target run too long");
	lab_refuses(l, COPY(P(40), P(511), 2, 7, 7), EXO_E_RANGE, "a source run too long");
}

static void check_count(struct lab *l)
{
	_Atomic uint32_t *refs = &frame_of(l->m, lab_frame(l, 0, P(0), 1))->refs;
	uint32_t before = *refs;

	*refs = FRAME_REFS_MAX;
	tap_eq(lab_op(l, COPY(P(40), P(0), 1, 7, 7)), EXO_E_COUNT, "a count at its limit");
	lab_remember(l);
	tap_eq(lab_op(l, COPY(P(40), P(0), 1, 7, 7)), EXO_E_COUNT, "stays there");
	tap_ok(lab_is_same(l), "changes nothing");
	*refs = FRAME_REFS_MAX - 1;
	tap_eq(lab_op(l, COPY(P(40), P(0), 1, 7, 7)), 0, "one below it is not too many");
	tap_eq(lab_op(l, OP(CLEAR, 1, P(40), 1)), 0, "and can be dropped");
	*refs = before;
}

int main(void)
{
	struct lab *l = lab_open(256, 1);

	lab_map(l, 0, T, 2);
	check_success(l);
	check_mask(l);
	check_payload(l);
	check_soft(l);
	check_refusals(l);
	check_count(l);
	lab_close(l);
	return tap_done("tests/host/slot_copy.tap");
}
