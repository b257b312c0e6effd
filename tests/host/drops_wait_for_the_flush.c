/* SPDX-License-Identifier: ISC */
/* A frame that a batch dropped is neither free nor counted less before the flush (I-7). */
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
	lab_close(l);
	return tap_done("tests/host/drops_wait_for_the_flush.tap");
}
