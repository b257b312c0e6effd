/* SPDX-License-Identifier: ISC */
/*
 * Who holds a frame and who pays for it are two things, in both directions; CLAIM brings them
 * together, and whatever is left of them when an env ends, everything adds up (I-8).
 */
#include "tests/host/lab.h"

#define A EXO_ROOT_SPAN

static uint32_t frames(struct lab *l, uint64_t env)
{
	return lab_used(l, env, EXO_RESOURCE_FRAMES);
}

static void end(struct lab *l, uint64_t child)
{
	tap_eq(lab_call(l, EXO_CALL_ENV_KILL, child, 0, 0, 0, 0), 0, "the child ends");
	while (lab_call(l, EXO_CALL_ENV_REAP, child, 0, 0, 0, 0) == EXO_E_AGAIN)
		continue;
	lab_sound(l, "and all adds up");
}

static void check(struct lab *l, bool is_claimed_back)
{
	uint64_t child = lab_child(l, 8);
	uint32_t parent = frames(l, 0), own;

	lab_map(l, child, A, 0);
	own = frames(l, child);
	lab_does(l, OP(ALLOC, 1, A, 1, .access = 3), "the parent's page");
	lab_does(l, OP(COPY, 1, A, 1, .target_env = child, .source = A, .rights = 7, .access = 3),
		 "which the child holds too");
	tap_eq(frames(l, child), own, "without paying");
	lab_does(l, OP(CLAIM, 1, A, 1, .target_env = child), "CLAIM for the child");
	tap_eq(frames(l, child), own + 1, "the child pays");
	tap_eq(frames(l, 0), parent, "the parent does not");
	lab_does(l, OP(CLAIM, 1, A, 1, .target_env = child), "CLAIM again: nothing changes");
	tap_eq(frames(l, child), own + 1, "not even twice");
	lab_does(l, OP(CLEAR, 1, A, 1, .target_env = child), "the child lets go");
	tap_eq(frames(l, child), own + 1, "and pays without holding");
	if (is_claimed_back) {
		lab_does(l, OP(CLAIM, 1, A, 1), "CLAIM for the parent");
		tap_eq(frames(l, child), own, "the child does not pay any more");
	}
	end(l, child);
	lab_does(l, OP(CLEAR, 1, A, 1), "the page goes");
}

/* No room in the claimer's account: nothing changes. */
static void check_limit(struct lab *l)
{
	uint64_t child = lab_child(l, 4);

	lab_map(l, child, A, 0);
	lab_does(l, OP(ALLOC, 1, A, 1, .access = 3), "a page");
	lab_does(l, OP(COPY, 1, A, 1, .target_env = child, .source = A, .rights = 5, .access = 1),
		 "held with the right to read");
	lab_refuses(l, OP(CLAIM, 1, A, 1, .target_env = child), EXO_E_RIGHTS,
		    "is not to be claimed");
	lab_does(l, OP(CLEAR, 1, A, 1, .target_env = child), "again");
	lab_does(l, OP(COPY, 1, A, 1, .target_env = child, .source = A, .rights = 7, .access = 1),
		 "with all rights");
	lab_refuses(l, OP(CLAIM, 1, A, 1, .target_env = child), EXO_E_LIMIT,
		    "by an account that is full");
	lab_refuses(l, OP(CLAIM, 1, A + EXO_PAGE_SIZE, 1), EXO_E_EMPTY, "nothing to be claimed");
	lab_refuses(l, OP(CLAIM, 1, LAB_VCPU, 1), EXO_E_TYPE, "nor a vcpu's page");
	end(l, child);
	lab_does(l, OP(CLEAR, 1, A, 1), "the page goes");
}

int main(void)
{
	struct lab *l = lab_open(256, 1);
	uint32_t used;

	lab_map(l, 0, A, 0);
	used = frames(l, 0);
	check(l, true);
	check(l, false);
	check_limit(l);
	tap_eq(frames(l, 0), used, "the first account pays what it did");
	lab_close(l);
	return tap_done("tests/host/charge_follows_claim.tap");
}
