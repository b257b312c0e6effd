/* SPDX-License-Identifier: ISC */
/* A reference count at 2^31: whoever would add one more is refused with COUNT and changes nothing;
 * one below the limit it succeeds; what UNSHARE had counted before the refusal is undone. */
#include "tests/host/lab.h"

#define A EXO_ROOT_SPAN
#define B (2 * EXO_ROOT_SPAN)

/* Run an operation with the count of a frame set to `refs`; put back what that makes of the true
 * count. The change of the count, or the error. */
static int64_t with_count(struct lab *l, struct pfn pfn, uint32_t refs, struct exo_slot_op op)
{
	_Atomic uint32_t *count = &frame_of(l->m, pfn)->refs;
	uint32_t before = *count;
	int64_t err, change;

	*count = refs;
	err = lab_op(l, op);
	change = (int64_t)*count - refs;
	*count = (uint32_t)(before + change);
	return err ? err : change;
}

static void check_op(struct lab *l, struct pfn pfn, struct exo_slot_op op, const char *what)
{
	tap_eq(with_count(l, pfn, FRAME_REFS_MAX, op), EXO_E_COUNT, "%s: one too many", what);
	lab_sound(l, "%s: nothing was counted", what);
	tap_eq(with_count(l, pfn, FRAME_REFS_MAX - 1, op), 1, "%s: one below it can be", what);
	lab_sound(l, "%s: and is counted", what);
}

static void check_wait(struct lab *l)
{
	_Atomic uint32_t *count = &frame_of(l->m, lab_frame(l, 0, A, 1))->refs;
	uint32_t before = *count;

	*count = FRAME_REFS_MAX;
	tap_eq(lab_call(l, EXO_CALL_WAIT, A, 0, EXO_WAIT_SHARED | EXO_WAIT_DOORBELL, 0, 0),
	       EXO_E_COUNT, "a shared wait: one too many");
	*count = before;
	lab_sound(l, "it does not wait");
	tap_eq(lab_call(l, EXO_CALL_WAIT, A, 0, EXO_WAIT_SHARED | EXO_WAIT_DOORBELL, 0, 0), 0,
	       "below the limit it does");
	lab_sound(l, "soundly");
}

int main(void)
{
	struct lab *l = lab_open(128, 1);
	unsigned level;
	uint64_t to;

	lab_map(l, 0, A, 3);
	lab_map(l, 0, B, 0);
	check_op(l, lab_frame(l, 0, A, 1), OP(COPY, 1, B, 1, .source = A, .rights = 7), "COPY");
	for (level = EXO_LEVELS; level > 1; level--) {
		to = level == EXO_LEVELS ? 3 * A : A + EXO_SPAN(level);
		check_op(l, lab_frame(l, 0, A, level),
			 OP(SHARE, level, to, 1, .source = A, .rights = 7), "SHARE");
		if (level == 2)
			break;
		lab_op(l, OP(CLEAR, level, to, 1));
		lab_op(l, OP(UNSHARE, level, A, 1));
	}
	check_op(l, lab_frame(l, 0, A + 2 * EXO_PAGE_SIZE, 1), OP(UNSHARE, 2, A, 1),
		 "UNSHARE, the third of three leaves");
	check_wait(l);
	lab_close(l);
	return tap_done("tests/host/counts_at_their_limit.tap");
}
