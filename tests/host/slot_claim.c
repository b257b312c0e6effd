/* SPDX-License-Identifier: ISC */
/* CLAIM: the charge for a frame goes to who claims it, only for what one holds and may own, and no
 * account ever pays for nothing or holds for free. */
#include "tests/host/lab.h"

#define A EXO_ROOT_SPAN
#define P(n) (A + (n) * EXO_PAGE_SIZE)

static uint64_t child, poor;

static unsigned payer(struct lab *l, uint64_t env, uint64_t address, unsigned level)
{
	return frame_account(frame_meta(l->m, lab_frame(l, env, address, level)));
}

static unsigned account_of(struct lab *l, uint64_t env)
{
	return l->m->envs[env & 0xffff].account;
}

static void prepare(struct lab *l)
{
	unsigned level;

	lab_map(l, 0, A, 4);
	child = lab_child(l, 20);
	for (level = EXO_LEVELS; level > 1; level--)
		lab_op(l, OP(TABLE, level, A, 1, .target_env = child));
	lab_op(l, OP(COPY, 1, P(0), 1, .target_env = child, .source = P(0), .rights = 7,
		     .access = 3));
	lab_op(l, OP(COPY, 1, P(1), 1, .target_env = child, .source = P(1), .rights = 1,
		     .access = 1));
	lab_op(l, OP(ALLOC, 1, P(2), 1, .target_env = child, .access = 3));
	tap_ok(account_of(l, child) != account_of(l, l->env), "two accounts");
}

static void check_claim(struct lab *l)
{
	uint32_t of_parent = lab_used(l, 0, EXO_RESOURCE_FRAMES);
	uint32_t of_child = lab_used(l, child, EXO_RESOURCE_FRAMES);

	tap_eq(payer(l, child, P(0), 1), account_of(l, l->env), "the parent pays for its frame");
	tap_eq(payer(l, child, P(2), 1), account_of(l, child), "the child for its own");
	lab_does(l, OP(CLAIM, 1, P(0), 1, .target_env = child), "CLAIM for the child");
	tap_eq(payer(l, 0, P(0), 1), account_of(l, child), "the child pays");
	tap_eq(lab_used(l, 0, EXO_RESOURCE_FRAMES), of_parent - 1, "the parent less");
	tap_eq(lab_used(l, child, EXO_RESOURCE_FRAMES), of_child + 1, "the child more");
	lab_does(l, OP(CLAIM, 1, P(0), 1, .target_env = child), "once more");
	tap_eq(lab_used(l, child, EXO_RESOURCE_FRAMES), of_child + 1, "is not once more to pay");
	lab_does(l, OP(CLAIM, 1, P(0), 1), "and back");
	tap_eq(lab_used(l, child, EXO_RESOURCE_FRAMES), of_child, "both as before");
}

static void check_refusals(struct lab *l)
{
	lab_refuses(l, OP(CLAIM, 1, P(3), 1, .target_env = child), EXO_E_EMPTY,
		    "what it does not hold: no charge without hold");
	lab_refuses(l, OP(CLAIM, 1, P(1), 1, .target_env = child), EXO_E_RIGHTS,
		    "what it may never write");
	lab_refuses(l, OP(CLAIM, 1, LAB_VCPU, 1), EXO_E_TYPE, "a vcpu page");
	lab_refuses(l, OP(CLAIM, 1, EXO_INFO_PAGE, 1), EXO_E_TYPE, "the info page");
	lab_refuses(l, OP(CLAIM, EXO_LEVELS, EXO_INFO_BASE, 1), EXO_E_RIGHTS, "the info tables");
	lab_refuses(l, OP(CLAIM, EXO_LEVELS, EXO_ROOT_RECURSIVE * A, 1), EXO_E_RANGE,
		    "the root through the recursive slot");
	poor = lab_child(l, 4);
	lab_map(l, poor, A, 0);
	lab_op(l, OP(COPY, 1, P(0), 1, .target_env = poor, .source = P(0), .rights = 7));
	lab_refuses(l, OP(CLAIM, 1, P(0), 1, .target_env = poor), EXO_E_LIMIT,
		    "more than the account can pay");
}

/* The child dies: what it paid for and the parent still holds stays paid for, and comes back. */
static void check_death(struct lab *l)
{
	uint32_t before;

	lab_op(l, OP(CLAIM, 1, P(0), 1, .target_env = child));
	lab_does(l, OP(CLAIM, 2, A, 1, .target_env = child), "a table is claimed like a page");
	lab_call(l, EXO_CALL_ENV_KILL, child, 0, 0, 0, 0);
	lab_call(l, EXO_CALL_ENV_KILL, poor, 0, 0, 0, 0);
	while (lab_call(l, EXO_CALL_ENV_REAP, child, 0, 0, 0, 0) == EXO_E_AGAIN)
		;
	while (lab_call(l, EXO_CALL_ENV_REAP, poor, 0, 0, 0, 0) == EXO_E_AGAIN)
		;
	lab_sound(l, "both are gone");
	tap_eq(l->m->accounts[payer(l, 0, P(0), 1)].quota[EXO_RESOURCE_FRAMES],
	       UINT64_C(1) << 32 | 1, "the dead account keeps one frame and pays for it");
	before = lab_used(l, 0, EXO_RESOURCE_FRAMES);
	lab_does(l, OP(CLAIM, 1, P(0), 1), "the holder claims it");
	tap_eq(lab_used(l, 0, EXO_RESOURCE_FRAMES), before + 1, "and pays");
	lab_call(l, EXO_CALL_ENV_KILL, lab_child(l, 0), 0, 0, 0, 0);
	lab_call(l, EXO_CALL_ENV_REAP, 0, 0, 0, 0, 0);
	while (lab_call(l, EXO_CALL_ENV_REAP, l->value, 0, 0, 0, 0) == EXO_E_AGAIN)
		;
	tap_eq(account_limit(l->m, 0, EXO_RESOURCE_FRAMES), l->m->frame_count - 2,
	       "all limits are the first account's again");
}

int main(void)
{
	struct lab *l = lab_open(256, 1);

	prepare(l);
	check_claim(l);
	check_refusals(l);
	check_death(l);
	lab_close(l);
	return tap_done("tests/host/slot_claim.tap");
}
