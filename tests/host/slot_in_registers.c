/* SPDX-License-Identifier: ISC */
/* slot() does what slots() does with a batch of one: the same checks, the same effect. */
#include "tests/host/lab.h"

#define T EXO_ROOT_SPAN
#define P(n) (T + (n) * EXO_PAGE_SIZE)

static uint64_t word(unsigned op, unsigned count, unsigned access)
{
	return exo_slot_word(op, 1, count, 0, 0, access);
}

int main(void)
{
	struct lab *l = lab_open(256, 1);
	const unsigned rw = EXO_READ | EXO_WRITE;

	lab_map(l, 0, T, 2);
	tap_eq(lab_call(l, EXO_CALL_SLOT, word(EXO_OP_ALLOC, 3, rw), P(8), 0, 0, 0), EXO_OK,
	       "ALLOC of three");
	tap_eq(EXO_DONE_OPS(l->value), 1, "one operation is done");
	tap_eq(slot_access(lab_slot(l, 0, P(10), 1)), rw, "the third has the access asked for");
	lab_sound(l, "and all holds");
	tap_eq(lab_call(l, EXO_CALL_SLOT, word(EXO_OP_ALLOC, 4, rw), P(7), 0, 0, 0), EXO_E_USED,
	       "ALLOC that meets a leaf");
	tap_eq(EXO_DONE_OPS(l->value), 0, "is not done");
	tap_eq(EXO_DONE_SLOTS(l->value), 1, "but for the slots before");
	lab_poke(l, 0, P(0), 5);
	tap_eq(lab_call(l, EXO_CALL_SLOT, word(EXO_OP_DUP, 1, rw), P(20), P(0), 0, 0), EXO_OK,
	       "DUP has a source");
	tap_eq(lab_peek(l, 0, P(20)), 5, "which it duplicates");
	tap_eq(lab_call(l, EXO_CALL_SLOT, word(EXO_OP_CLEAR, 1, 0), P(20), 0, 9, 0), EXO_OK,
	       "CLEAR has a payload");
	tap_eq(slot_payload(lab_slot(l, 0, P(20), 1)), 9, "which it leaves");
	lab_sound(l, "and all holds");
	lab_denies(l, EXO_CALL_SLOT, word(EXO_OPS, 1, 0), P(8), 0, EXO_E_ARGUMENT,
		   "no such operation");
	lab_denies(l, EXO_CALL_SLOT, word(EXO_OP_PROTECT, 1, 8), P(8), 0, EXO_E_ARGUMENT,
		   "access out of range");
	lab_denies(l, EXO_CALL_SLOT, word(EXO_OP_PROTECT, 1, 1), P(8), P(0), EXO_E_ARGUMENT,
		   "a source that is not used");
	lab_denies(l, EXO_CALL_SLOT, word(EXO_OP_PROTECT, 0, 1), P(8), 0, EXO_E_RANGE,
		   "no slots");
	lab_close(l);
	return tap_done("tests/host/slot_in_registers.tap");
}
