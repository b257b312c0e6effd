/* SPDX-License-Identifier: ISC */
/* slots(): batches from none to the most, across pages, unreadable, unaligned; how far they
 * came. */
#include <string.h>

#include "tests/host/lab.h"

#define T EXO_ROOT_SPAN
#define P(n) (T + (n) * EXO_PAGE_SIZE)

static void check_length(struct lab *l)
{
	struct exo_slot_op ops[EXO_BATCH_MAX];
	unsigned i;

	for (i = 0; i < EXO_BATCH_MAX; i++)
		ops[i] = OP(ALLOC, 1, P(i), 1, .access = 1);
	lab_denies(l, EXO_CALL_SLOTS, LAB_BATCH, EXO_BATCH_MAX + 1, 0, EXO_E_TOO_LONG,
		   "one operation too many");
	lab_denies(l, EXO_CALL_SLOTS, LAB_BATCH, UINT64_MAX, 0, EXO_E_TOO_LONG,
		   "as many as there can be");
	lab_denies(l, EXO_CALL_SLOTS, LAB_BATCH, 0, 0, 0, "none");
	lab_denies(l, EXO_CALL_SLOTS, 1, 0, 0, 0, "none, nowhere");
	tap_eq(lab_run(l, ops, EXO_BATCH_MAX), 0, "the most");
	tap_eq(EXO_DONE_OPS(l->value), EXO_BATCH_MAX, "all are done");
	tap_ok(slot_is_present(lab_slot(l, 0, P(EXO_BATCH_MAX - 1), 1)), "to the last");
	lab_sound(l, "and sound");
}

static void check_pointer(struct lab *l)
{
	struct exo_slot_op op = OP(CLEAR, 1, P(0), 1);
	uint64_t last = LAB_BASE + LAB_PAGES * EXO_PAGE_SIZE;

	lab_denies(l, EXO_CALL_SLOTS, 0, 1, 0, EXO_E_POINTER, "a batch at 0");
	lab_denies(l, EXO_CALL_SLOTS, UINT64_MAX - 63, 1, 0, EXO_E_POINTER, "at the end of all");
	lab_denies(l, EXO_CALL_SLOTS, UINT64_MAX - 3, 1, 0, EXO_E_POINTER, "around it");
	lab_denies(l, EXO_CALL_SLOTS, UINT64_C(1) << 47, 1, 0, EXO_E_POINTER, "at no address");
	lab_denies(l, EXO_CALL_SLOTS, EXO_ROOT_RECURSIVE * T, 1, 0, EXO_E_POINTER,
		   "in the recursive view");
	host_write(l->m, 0, last - 32, &op, 32); /* so that its accessed bit is set already */
	lab_denies(l, EXO_CALL_SLOTS, last - 32, 1, 0, EXO_E_POINTER, "half unmapped");
	host_write(l->m, 0, last - 64, &op, sizeof(op));
	lab_denies(l, EXO_CALL_SLOTS, last - 64, 2, 0, EXO_E_POINTER, "the second unmapped");
	op = OP(CLEAR, 1, P(1), 1);
	host_write(l->m, 0, LAB_BATCH + EXO_PAGE_SIZE - 17, &op, sizeof(op));
	tap_eq(lab_call(l, EXO_CALL_SLOTS, LAB_BATCH + EXO_PAGE_SIZE - 17, 1, 0, 0, 0), 0,
	       "across pages, at an odd address");
	tap_eq(lab_slot(l, 0, P(1), 1), 0, "is done");
	op = OP(CLEAR, 1, P(2), 1);
	host_write(l->m, 0, LAB_BATCH + 13, &op, sizeof(op));
	tap_eq(lab_call(l, EXO_CALL_SLOTS, LAB_BATCH + 13, 1, 0, 0, 0), 0, "at an odd address");
	lab_op(l, OP(ALLOC, 1, P(1), 1, .access = 0));
	lab_denies(l, EXO_CALL_SLOTS, P(1), 1, 0, EXO_E_POINTER, "in a page without access");
}

static void check_order(struct lab *l)
{
	struct exo_slot_op ops[] = {
		OP(CLEAR, 1, P(10), 1), OP(ALLOC, 1, P(10), 1, .access = 3),
		OP(ALLOC, 1, P(10), 1, .access = 3), OP(CLEAR, 1, P(10), 1),
	};

	tap_eq(lab_run(l, ops, 4), EXO_E_USED, "a batch whose third fails");
	tap_eq(EXO_DONE_OPS(l->value), 2, "has two done");
	tap_eq(EXO_DONE_SLOTS(l->value), 0, "and no slot of the third");
	tap_ok(slot_is_present(lab_slot(l, 0, P(10), 1)), "nor the fourth");
}

/* Preemption: past the next event's time a long batch stops, at a slot, and can go on. */
static void check_again(struct lab *l)
{
	unsigned calls = 0, done = 0;
	int64_t err;

	lab_map(l, 0, 2 * T, 0);
	do {
		l->m->arch.clock = l->m->cpus[0].deadline;
		l->m->cpus[0].slice_end = UINT64_MAX;
		err = lab_op(l, OP(ALLOC, 1, 2 * T + done * EXO_PAGE_SIZE,
				   (uint16_t)(200 - done), .access = 1));
		done += err ? EXO_DONE_SLOTS(l->value) : 200 - done;
		calls++;
		l->m->cpus[0].deadline = l->m->arch.clock;
	} while (err == EXO_E_AGAIN && calls < 1000);
	tap_eq(err, 0, "200 pages come to be");
	tap_ok(calls > 1, "in more than one call: %u", calls);
	tap_ok(slot_is_present(lab_slot(l, 0, 2 * T + 199 * EXO_PAGE_SIZE, 1)), "all of them");
	lab_sound(l, "soundly");
}

int main(void)
{
	struct lab *l = lab_open(512, 1);

	lab_map(l, 0, T, 0);
	check_length(l);
	check_pointer(l);
	check_order(l);
	check_again(l);
	lab_close(l);
	return tap_done("tests/host/slots_batch.tap");
}
