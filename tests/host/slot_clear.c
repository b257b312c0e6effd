/* SPDX-License-Identifier: ISC */
/* CLEAR: leaves and branches go, payloads stay, memory comes back when the last holder has gone. */
#include "tests/host/lab.h"

#define T EXO_ROOT_SPAN
#define P(n) (T + (n) * EXO_PAGE_SIZE)

static void check_leaves(struct lab *l)
{
	uint32_t used = lab_used(l, 0, EXO_RESOURCE_FRAMES);
	uint64_t value;

	host_load(l->m, 0, P(0), &value);
	lab_does(l, OP(CLEAR, 1, P(0), 1), "a leaf");
	tap_eq(lab_slot(l, 0, P(0), 1), 0, "leaves nothing");
	tap_eq(host_load(l->m, 0, P(0), &value), HOST_FAULT, "and faults at once (I-7)");
	tap_eq(lab_used(l, 0, EXO_RESOURCE_FRAMES), used - 1, "a frame less");
	lab_does(l, OP(CLEAR, 1, P(1), 1, .argument = EXO_PAYLOAD_MASK), "with a payload");
	tap_eq(slot_payload(lab_slot(l, 0, P(1), 1)), EXO_PAYLOAD_MASK, "that stays");
	lab_does(l, OP(CLEAR, 1, P(1), 1, .argument = 1), "a payload by another");
	tap_eq(slot_payload(lab_slot(l, 0, P(1), 1)), 1, "which stays");
	lab_does(l, OP(CLEAR, 1, P(1), 1), "by none");
	tap_eq(lab_slot(l, 0, P(1), 1), 0, "leaves nothing");
	lab_refuses(l, OP(CLEAR, 1, P(1), 1, .argument = EXO_PAYLOAD_MASK + 1), EXO_E_ARGUMENT,
		    "a payload of 49 bits");
	lab_refuses(l, OP(CLEAR, 1, LAB_VCPU, 1), EXO_E_TYPE, "a vcpu page");
	lab_does(l, OP(CLEAR, 1, P(0), 512, .argument = 7), "a whole table");
	tap_eq(slot_payload(lab_slot(l, 0, P(511), 1)), 7, "to its last slot");
}

static void check_branches(struct lab *l)
{
	uint32_t used = lab_used(l, 0, EXO_RESOURCE_FRAMES);
	uint64_t value;
	unsigned level;

	for (level = 2; level <= EXO_LEVELS; level++) {
		lab_map(l, 0, 2 * T, 3);
		host_load(l->m, 0, 2 * T, &value);
		lab_does(l, OP(CLEAR, level, 2 * T, 1, .argument = level), "a branch of level %u",
			 level);
		tap_eq(slot_payload(lab_slot(l, 0, 2 * T, level)), level, "leaves a payload");
		tap_eq(host_load(l->m, 0, 2 * T, &value), HOST_FAULT, "and faults at once (I-7)");
		while (frame_drain(l->m, 0, 1))
			if (!lab_audit(l))
				break;
		lab_sound(l, "its tables are drained slot by slot, sound at each step");
		lab_op(l, OP(CLEAR, EXO_LEVELS, 2 * T, 1));
		frame_drain(l->m, 0, 4000);
		tap_eq(lab_used(l, 0, EXO_RESOURCE_FRAMES), used, "every frame is back");
	}
	lab_does(l, OP(CLEAR, EXO_LEVELS, EXO_INFO_BASE, 1), "the info slot can go");
	lab_refuses(l, OP(CLEAR, EXO_LEVELS, EXO_ROOT_RECURSIVE * T, 1), EXO_E_RANGE,
		    "the recursive one cannot (I-3)");
}

int main(void)
{
	struct lab *l = lab_open(256, 1);

	lab_map(l, 0, T, 8);
	check_leaves(l);
	check_branches(l);
	lab_close(l);
	return tap_done("tests/host/slot_clear.tap");
}
