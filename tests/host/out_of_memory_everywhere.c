/* SPDX-License-Identifier: ISC */
/* A program of every call that allocates runs with 0, 1, 2, ... frames left, until it ends: at each
 * point where memory is gone there is an error and not a panic, and nothing is leaked. */
#include "tests/host/lab.h"

#define T EXO_ROOT_SPAN

static struct machine *whole;

/* The program; false where it was refused. */
static bool program(struct lab *l)
{
	struct exo_vcpu_start start = { .page = T + 4 * EXO_PAGE_SIZE, .entry = LAB_ENTRY };
	struct exo_limits limits = { { 2, 1, 1, 1, 0 } };
	uint64_t child;
	unsigned level;

	for (level = EXO_LEVELS; level > 1; level--)
		if (lab_op(l, OP(TABLE, level, T, 1)))
			return false;
	if (lab_op(l, OP(ALLOC, 1, T, 2, .access = 3))
	    || lab_op(l, OP(COPY, 1, T + 2 * EXO_PAGE_SIZE, 1, .source = T, .rights = 7))
	    || lab_op(l, OP(DUP, 1, T, 1, .source = T, .access = 3))
	    || lab_op(l, OP(DUP, 1, T + 3 * EXO_PAGE_SIZE, 1, .source = T, .access = 3))
	    || lab_call(l, EXO_CALL_ENV_CREATE, 0, 0, 0, 0, 0))
		return false;
	child = l->value;
	if (lab_op(l, OP(SHARE, EXO_LEVELS, T, 1, .target_env = child, .source = T, .rights = 7)))
		return false;
	for (level = EXO_LEVELS; level > 1; level--)
		if (lab_op(l, OP(UNSHARE, level, T, 1)))
			return false;
	for (level = EXO_LEVELS; level > 1; level--)
		if (lab_op(l, OP(UNSHARE, level, T, 1, .target_env = child)))
			return false;
	if (lab_call_with(l, EXO_CALL_VCPU_START, &start, sizeof(start), 1, 0, 0)
	    || lab_call_with(l, EXO_CALL_VCPU_START, &start, sizeof(start), 1, child, 0)
	    || lab_call_with(l, EXO_CALL_ENV_CREATE, &limits, sizeof(limits), 0, 0, 0))
		return false;
	return true;
}

/* Leave `frames` to the program; false if it did not get through. */
static bool run(struct lab *l, uint32_t frames, bool *is_sound)
{
	uint32_t used, limit;
	bool is_through;

	host_restore(l->m, whole);
	used = lab_used(l, 0, EXO_RESOURCE_FRAMES);
	limit = account_limit(l->m, 0, EXO_RESOURCE_FRAMES);
	l->m->accounts[0].quota[EXO_RESOURCE_FRAMES] -= (uint64_t)(limit - used - frames) << 32;
	is_through = program(l);
	l->m->accounts[0].quota[EXO_RESOURCE_FRAMES] += (uint64_t)(limit - used - frames) << 32;
	*is_sound = lab_audit(l);
	return is_through;
}

/* The same with the frames themselves gone, which no account should let happen. */
static void check_free_list(struct lab *l)
{
	struct pfn pfn;
	unsigned taken = 0;

	host_restore(l->m, whole);
	while (!frame_alloc(l->m, 0, FRAME_DATA, 0, 0, &pfn))
		taken++;
	tap_ok(taken > 0 && !program(l), "with no frame free the program is refused, not more");
}

int main(void)
{
	struct lab *l = lab_open(256, 1);
	bool is_sound = true, is_through = false;
	uint32_t frames;

	whole = host_snapshot(l->m);
	for (frames = 0; frames < 100 && !is_through && is_sound; frames++) {
		is_through = run(l, frames, &is_sound);
		if (!is_through)
			tap_ok(is_sound, "with %u frames left an error, and a sound machine",
			       frames);
	}
	tap_ok(is_through, "with %u it gets through", frames - 1);
	check_free_list(l);
	host_restore(l->m, whole);
	free(whole);
	lab_close(l);
	return tap_done("tests/host/out_of_memory_everywhere.tap");
}
