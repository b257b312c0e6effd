/* SPDX-License-Identifier: ISC */
/* ALLOC: fresh zero frames, one asked for by number, every refusal. */
#include "tests/host/lab.h"

#define T EXO_ROOT_SPAN
#define P(n) (T + (n) * EXO_PAGE_SIZE)

static void check_success(struct lab *l)
{
	uint32_t used = lab_used(l, 0, EXO_RESOURCE_FRAMES);
	uint64_t slot, value = 1;

	lab_does(l, OP(ALLOC, 1, P(0), 1, .access = EXO_READ, .soft = 5, .soft_mask = 15),
		 "one page");
	slot = lab_slot(l, 0, P(0), 1);
	tap_eq(slot_rights(slot), EXO_RWX, "it has all rights");
	tap_eq(slot_access(slot), EXO_READ, "and the access asked for");
	tap_eq(slot_soft(slot), 5, "and the soft bits");
	tap_eq(lab_refs(l, 0, P(0), 1), 1, "one holder");
	tap_eq(lab_used(l, 0, EXO_RESOURCE_FRAMES), used + 1, "the account pays for it");
	tap_eq(lab_load(l, 0, P(0), &value), 0, "it can be read");
	tap_eq(value, 0, "it is zero");
	tap_eq(lab_store(l, 0, P(0), 1), HOST_FAULT | EXO_FAULT_WRITE | EXO_FAULT_PRESENT,
	       "it cannot be written");
	lab_does(l, OP(ALLOC, 1, P(1), 1, .access = 0), "a page with no access");
	tap_eq(lab_load(l, 0, P(1), &value), HOST_FAULT | EXO_FAULT_PRESENT,
	       "present for the kernel, absent for the program");
	lab_does(l, OP(ALLOC, 1, P(2), 8, .access = EXO_RWX), "a run");
	tap_eq(lab_store(l, 0, P(9), 7), 0, "its last page can be written");
	tap_eq(host_fetch(l->m, 0, P(9)), 0, "and executed");
	tap_eq(host_fetch(l->m, 0, P(0)), HOST_FAULT | EXO_FAULT_EXEC | EXO_FAULT_PRESENT,
	       "one without that access cannot");
}

static void check_boundary(struct lab *l)
{
	lab_does(l, OP(ALLOC, 1, P(EXO_TABLE_SLOTS - 1), 1, .access = EXO_READ), "the last slot");
	lab_refuses(l, OP(ALLOC, 1, P(EXO_TABLE_SLOTS - 1), 2, .access = EXO_READ), EXO_E_RANGE,
		    "a run that leaves the table");
	lab_refuses(l, OP(ALLOC, 1, P(0), 1, .access = EXO_READ), EXO_E_USED, "a used slot");
	lab_refuses(l, OP(ALLOC, 1, 8 * T, 1, .access = EXO_READ), EXO_E_NO_TABLE, "no table");
	lab_refuses(l, OP(ALLOC, 1, LAB_VCPU, 1, .access = EXO_READ), EXO_E_USED,
		    "the slot of a vcpu page");
}

static void check_asked_for(struct lab *l)
{
	struct pfn freed;
	uint64_t last = l->m->frame_count - 1;

	freed = lab_frame(l, 0, P(2), 1);
	lab_poke(l, 0, P(2), 0x5eed);
	lab_does(l, OP(CLEAR, 1, P(2), 2), "two pages are given back");
	lab_does(l, OP(ALLOC, 1, P(12), 1, .access = EXO_READ, .argument = freed.n),
		 "the frame asked for");
	tap_eq(lab_frame(l, 0, P(12), 1).n, freed.n, "is the one that comes");
	tap_eq(lab_peek(l, 0, P(12)), 0, "without a byte of its former content");
	lab_refuses(l, OP(ALLOC, 1, P(2), 1, .access = EXO_READ, .argument = freed.n),
		    EXO_E_FRAME, "a frame that is not free");
	lab_refuses(l, OP(ALLOC, 1, P(2), 1, .argument = last + 1), EXO_E_FRAME,
		    "the frame after the last");
	lab_refuses(l, OP(ALLOC, 1, P(2), 1, .argument = UINT64_MAX), EXO_E_FRAME,
		    "the frame of the greatest number");
	lab_refuses(l, OP(ALLOC, 1, P(2), 1, .argument = UINT64_C(1) << 32 | freed.n),
		    EXO_E_FRAME, "a frame of more than 32 bits");
	lab_refuses(l, OP(ALLOC, 1, P(2), 1,
			  .argument = lab_frame(l, 0, T, EXO_LEVELS).n), EXO_E_FRAME,
		    "a table's frame");
	lab_refuses(l, OP(ALLOC, 1, P(2), 1, .argument = l->m->envs[0].root.n), EXO_E_FRAME,
		    "a root");
}

static void check_partial(struct lab *l)
{
	uint64_t at = 2 * T;

	lab_map(l, 0, at, 0);
	lab_does(l, OP(ALLOC, 1, at + 3 * EXO_PAGE_SIZE, 1, .access = EXO_READ), "slot 3");
	tap_eq(lab_op(l, OP(ALLOC, 1, at, 8, .access = EXO_READ)), EXO_E_USED,
	       "a run that meets a used slot stops there");
	tap_eq(EXO_DONE_OPS(l->value), 0, "no operation is done");
	tap_eq(EXO_DONE_SLOTS(l->value), 3, "but three of its slots");
	tap_ok(slot_is_present(lab_slot(l, 0, at + 2 * EXO_PAGE_SIZE, 1)), "which are there");
	tap_eq(lab_slot(l, 0, at + 4 * EXO_PAGE_SIZE, 1), 0, "and none after it");
	lab_sound(l, "a partial run leaves a sound machine");
}

int main(void)
{
	struct lab *l = lab_open(256, 1);

	lab_map(l, 0, T, 0);
	check_success(l);
	check_boundary(l);
	check_asked_for(l);
	check_partial(l);
	lab_close(l);
	return tap_done("tests/host/slot_alloc.tap");
}
