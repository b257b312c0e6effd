/* SPDX-License-Identifier: ISC */
/* A frame that a batch dropped is neither free nor counted less before the flush (I-7), and no more
 * wait for it than there is room for. */
#include "tests/host/lab.h"

#include <string.h>

#define A EXO_ROOT_SPAN
#define B (A + EXO_PAGE_SIZE)

static struct pfn frame;
static unsigned seen, right;

/* Just after the flush, before the drops. */
static void at_point(void *context, const char *name)
{
	struct lab *l = context;

	if (strcmp(name, "flush_done") != 0)
		return;
	seen++;
	right += frame_refs(l->m, frame) == 1 && frame_type(frame_meta(l->m, frame)) == FRAME_DATA;
}

/* Drops one after another: the list is emptied when it is full, so there is always room for one. */
static void check_bound(struct lab *l)
{
	struct cpu *c = &l->m->cpus[0];
	unsigned i, refused = 0, full = 0;

	lab_map(l, 0, A, 1);
	frame = lab_frame(l, 0, A, 1);
	for (i = 0; i <= EXO_DROPS; i++)
		refused += !!frame_ref(l->m, frame);
	tap_eq(refused, 0, "one holder more than the list has room for, beside the slot");
	for (i = 0; i <= EXO_DROPS; i++) {
		flush_pages(l->m, c, 0, A, 1);
		flush_drop(l->m, c, frame);
		full += c->flush.drops_count >= EXO_DROPS;
	}
	tap_eq(full, 0, "as they go one by one there is always room for the next");
	tap_eq(frame_refs(l->m, frame), 2, "those that were too many are gone already");
	flush_finish(l->m, c);
	tap_eq(frame_refs(l->m, frame), 1, "and the last with the flush");
}

int main(void)
{
	struct lab *l = lab_open(256, 1);
	struct exo_slot_op ops[2];
	uint64_t value = 0;

	lab_map(l, 0, A, 1);
	tap_eq(host_store(l->m, 0, A, 0x5eed), 0, "the page is written, so its translation cached");
	frame = lab_frame(l, 0, A, 1);
	ops[0] = OP(CLEAR, 1, A, 1);
	ops[1] = OP(ALLOC, 1, B, 1, .access = 3, .argument = frame.n);
	host_self.at_point = at_point;
	host_self.context = l;
	tap_eq(lab_run(l, ops, 2), EXO_E_FRAME, "dropped and asked for in one batch: not free");
	host_self.at_point = NULL;
	tap_eq(EXO_DONE_OPS(l->value), 1, "the first was done");
	tap_ok(seen > 0 && seen == right, "at the flush the frame was still held");
	lab_sound(l, "the machine is sound");
	lab_does(l, ops[1], "after it the frame is free");
	tap_eq(host_load(l->m, 0, A, &value), HOST_FAULT, "where it was it is not seen");
	tap_ok(!host_load(l->m, 0, B, &value) && value == 0, "and where it is it is zero");
	check_bound(l);
	lab_close(l);
	return tap_done("tests/host/drops_wait_for_the_flush.tap");
}
