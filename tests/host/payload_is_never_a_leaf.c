/* SPDX-License-Identifier: ISC */
/* Whatever a program puts into an empty slot, it comes back as a payload and is no leaf or branch
 * (I-1). */
#include "tests/host/lab.h"

#define A EXO_ROOT_SPAN

static bool stays_empty(struct lab *l, unsigned level, uint64_t payload)
{
	uint64_t value, slot;

	if (lab_op(l, OP(CLEAR, level, A, 1, .argument = payload)))
		return false;
	slot = lab_slot(l, 0, A, level);
	return !slot_is_present(slot) && slot_payload(slot) == payload && lab_audit(l)
		&& lab_load(l, 0, A, &value) == HOST_FAULT;
}

static void check(struct lab *l, unsigned level)
{
	uint64_t leaf = slot_leaf(l->m->envs[0].root.n, EXO_RWX, EXO_RWX, 15);
	unsigned bit, shift, right = 0;

	for (bit = 0; bit < 48; bit++)
		right += stays_empty(l, level, UINT64_C(1) << bit)
			+ stays_empty(l, level, EXO_PAYLOAD_MASK >> bit);
	tap_eq(right, 96, "level %u: each bit, each run of ones", level);
	right = 0;
	for (shift = 0; shift < 16; shift++)
		right += stays_empty(l, level, leaf >> shift & EXO_PAYLOAD_MASK)
			+ stays_empty(l, level, ~(leaf >> shift) & EXO_PAYLOAD_MASK);
	tap_eq(right, 32, "level %u: a leaf on one's own root, as it is and inverted", level);
	lab_refuses(l, OP(CLEAR, level, A, 1, .argument = leaf), EXO_E_ARGUMENT,
		    "level %u: more than 48 bits", level);
	if (level > 1)
		lab_refuses(l, OP(ALLOC, 1, A, 1, .access = 1), EXO_E_NO_TABLE,
			    "level %u: nothing is below", level);
}

int main(void)
{
	struct lab *l = lab_open(256, 1);
	unsigned level;

	lab_map(l, 0, A, 1);
	for (level = 1; level <= EXO_LEVELS; level++)
		check(l, level);
	lab_close(l);
	return tap_done("tests/host/payload_is_never_a_leaf.tap");
}
