/* SPDX-License-Identifier: ISC */
/*
 * A vcpu that waits without blocking ends itself, or its env: its wait must leave its bucket and
 * give the frame back before the entry is used again.
 */
#include "tests/host/lab.h"

#define WORD EXO_ROOT_SPAN

/* A child with a page, a vcpu and a slice, which now runs. */
static uint64_t run_child(struct lab *l)
{
	uint64_t child = lab_child(l, 0);
	struct exo_vcpu_start start = { .page = WORD + EXO_PAGE_SIZE, .entry = LAB_ENTRY,
		.upcall_entry = LAB_ENTRY, .masked = 1 };
	int64_t err;

	lab_map(l, child, WORD, 1);
	err = lab_call_with(l, EXO_CALL_VCPU_START, &start, sizeof(start), 1, child, 0);
	tap_eq(err, 0, "a child's vcpu starts");
	err = lab_call(l, EXO_CALL_SLICE_ALLOC, l->value, 0, EXO_SLICE_ANY, 0, 0);
	tap_eq(err, 0, "and has a slice");
	lab_call(l, EXO_CALL_YIELD, 0, 0, 0, 0, 0);
	return child;
}

static void check(struct lab *l, enum exo_call end, uint64_t flags)
{
	uint64_t child = run_child(l);

	tap_eq(lab_call(l, EXO_CALL_WAIT, WORD, 0, EXO_WAIT_DOORBELL | flags, 0, 0), 0,
	       "it hangs up a doorbell");
	tap_eq(lab_refs(l, child, WORD, 1), flags & EXO_WAIT_SHARED ? 2 : 1,
	       "which holds the frame if it is shared");
	lab_sound(l, "a machine with a doorbell is sound");
	lab_call(l, end, 0, 0, 0, 0, 0);
	lab_sound(l, "so it is when the vcpu has ended itself");
	while (lab_call(l, EXO_CALL_ENV_REAP, child, 0, 0, 0, 0) == EXO_E_AGAIN)
		continue;
	lab_sound(l, "and when its env is gone");
}

int main(void)
{
	struct lab *l = lab_open(256, 1);
	uint32_t used = lab_used(l, 0, EXO_RESOURCE_FRAMES);

	check(l, EXO_CALL_VCPU_STOP, 0);
	check(l, EXO_CALL_VCPU_STOP, EXO_WAIT_SHARED);
	check(l, EXO_CALL_ENV_KILL, 0);
	check(l, EXO_CALL_ENV_KILL, EXO_WAIT_SHARED);
	tap_eq(lab_used(l, 0, EXO_RESOURCE_FRAMES), used, "every frame is back");
	lab_close(l);
	return tap_done("tests/host/exit_with_a_doorbell.tap");
}
