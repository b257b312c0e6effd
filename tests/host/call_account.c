/* SPDX-License-Identifier: ISC */
/* account: limits, use, grants, returns; revocation asked, obeyed, ignored, taken and listed. */
#include "tests/host/lab.h"

#define T EXO_ROOT_SPAN
#define P(n) (2 * T + (n) * EXO_PAGE_SIZE)

static uint64_t child, vcpu;

static int64_t account(struct lab *l, uint64_t op, uint64_t env, uint64_t resource,
		       uint64_t amount, uint64_t deadline)
{
	return lab_call(l, EXO_CALL_ACCOUNT, op, env, resource, amount, deadline);
}

static void refuse(struct lab *l, uint64_t op, uint64_t env, uint64_t resource, uint64_t amount,
		   uint64_t deadline, int64_t error, const char *what)
{
	int64_t err;

	lab_remember(l);
	err = account(l, op, env, resource, amount, deadline);
	tap_ok(err == error && !l->value && lab_is_same(l) && lab_audit(l), "%s", what);
	if (err != error)
		printf("# error %lld, want %lld\n", (long long)err, (long long)error);
}

static void check_limits(struct lab *l)
{
	uint64_t frames = account_limit(l->m, 0, EXO_RESOURCE_FRAMES), sum;

	child = lab_child(l, 60);
	account(l, EXO_ACCOUNT_LIMIT, child, EXO_RESOURCE_FRAMES, 0, 0);
	tap_eq(l->value, 60, "a child's limit");
	account(l, EXO_ACCOUNT_USED, child, EXO_RESOURCE_FRAMES, 0, 0);
	tap_eq(l->value, 1, "and what it uses");
	account(l, EXO_ACCOUNT_LIMIT, 0, EXO_RESOURCE_FRAMES, 0, 0);
	tap_eq(l->value, frames - 60, "our own is less by that");
	tap_eq(account(l, EXO_ACCOUNT_GRANT, child, EXO_RESOURCE_FRAMES, 10, 0), 0, "a grant");
	tap_eq(account(l, EXO_ACCOUNT_RETURN, child, EXO_RESOURCE_FRAMES, 5, 0), 0, "a return");
	sum = account_limit(l->m, 0, 0) + account_limit(l->m, l->m->envs[child & 0xffff].account,
							0);
	tap_eq(sum, frames, "the sum of limits is what it was (I-8)");
	tap_eq(account_limit(l->m, l->m->envs[child & 0xffff].account, 0), 65, "each right");
}

static void check_refusals(struct lab *l)
{
	const uint64_t f = EXO_RESOURCE_FRAMES;
	uint64_t sharer = lab_child(l, 0);

	refuse(l, 6, child, f, 0, 0, EXO_E_ARGUMENT, "an operation that there is not");
	refuse(l, UINT64_MAX, child, f, 0, 0, EXO_E_ARGUMENT, "nor this");
	refuse(l, EXO_ACCOUNT_LIMIT, child, EXO_RESOURCES, 0, 0, EXO_E_ARGUMENT, "no resource");
	refuse(l, EXO_ACCOUNT_GRANT, child, f, UINT64_C(1) << 32, 0, EXO_E_ARGUMENT, "33 bits");
	refuse(l, EXO_ACCOUNT_LIMIT, 999, f, 0, 0, EXO_E_ENV, "no env");
	refuse(l, EXO_ACCOUNT_GRANT, child, f, 100000, 0, EXO_E_LIMIT, "more than we have");
	refuse(l, EXO_ACCOUNT_RETURN, child, f, 65, 0, EXO_E_LIMIT, "more than is unused");
	refuse(l, EXO_ACCOUNT_GRANT, 0, f, 1, 0, EXO_E_STATE, "to the first account");
	refuse(l, EXO_ACCOUNT_RETURN, 0, f, 1, 0, EXO_E_STATE, "from it");
	refuse(l, EXO_ACCOUNT_GRANT, sharer, f, 1, 0, EXO_E_STATE, "to who shares ours");
	refuse(l, EXO_ACCOUNT_REVOKE, sharer, f, 1, 9, EXO_E_STATE, "revoke from oneself");
	refuse(l, EXO_ACCOUNT_REVOKE, child, EXO_RESOURCE_ENVS, 1, 9, EXO_E_ARGUMENT,
	       "revoke of envs");
	refuse(l, EXO_ACCOUNT_REVOKE, child, f, 66, 9, EXO_E_ARGUMENT, "more than the limit");
	refuse(l, EXO_ACCOUNT_REVOKE, child, f, 1, 0, EXO_E_ARGUMENT, "without a deadline");
	refuse(l, EXO_ACCOUNT_REPOSSESS, child, f, 0, 0, EXO_E_STATE, "taking what was not asked");
}

/* What is unused goes at once, nobody is asked. */
static void check_unused(struct lab *l)
{
	vcpu = lab_vcpu(l, child, T, 0);
	tap_eq(account(l, EXO_ACCOUNT_REVOKE, child, 0, 5, l->m->arch.clock + 1000), 0,
	       "revoke of what is unused");
	tap_eq(account_limit(l->m, l->m->envs[child & 0xffff].account, 0), 60, "is had at once");
	tap_eq(vcpu_page(l->m, vcpu & 0xffff)->pending, 0, "and nobody asked");
	l->m->arch.clock += 2000;
	account(l, EXO_ACCOUNT_REPOSSESS, child, 0, 0, 0);
	lab_sound(l, "all is sound");
}

/* Use the account up, then ask for ten frames; the child gives five, five are taken. */
static void check_ignored(struct lab *l)
{
	struct exo_vcpu_page *page = vcpu_page(l->m, vcpu & 0xffff);
	unsigned a = l->m->envs[child & 0xffff].account, pages = 0, i, bad = 0;
	uint64_t deadline = l->m->arch.clock + 1000;
	int64_t err;

	lab_map(l, child, P(0), 0);
	while (!lab_op(l, OP(ALLOC, 1, P(pages), 1, .target_env = child, .access = 3)))
		pages++;
	account(l, EXO_ACCOUNT_REVOKE, child, 0, 10, deadline);
	tap_ok(page->pending & EXO_EVENT_REVOKE && page->revoke_frames == 10
	       && page->revoke_deadline == deadline, "the child is asked for ten by a deadline");
	refuse(l, EXO_ACCOUNT_REPOSSESS, child, 0, 0, 0, EXO_E_EARLY, "before it nothing is taken");
	lab_does(l, OP(CLEAR, 1, P(0), 5, .target_env = child), "it frees five");
	tap_eq(account(l, EXO_ACCOUNT_RETURN, child, 0, 5, 0), 0, "and returns them");
	l->m->arch.clock = deadline;
	do
		err = account(l, EXO_ACCOUNT_REPOSSESS, child, 0, 0, 0);
	while (err == EXO_E_AGAIN);
	tap_eq(err, 0, "five are taken");
	tap_eq(account_limit(l->m, a, 0), 50, "its limit is less by ten in all");
	tap_eq(page->taken, 5, "five slots are listed");
	for (i = 0; i < 5; i++)
		bad += page->taken_list[i].level != 1
			|| slot_is_present(lab_slot(l, child, page->taken_list[i].address, 1));
	tap_eq(bad, 0, "exactly those that are empty now");
	lab_sound(l, "all is sound");
	refuse(l, EXO_ACCOUNT_REPOSSESS, child, 0, 0, 0, EXO_E_STATE, "that is over");
}

/* Frames that hide behind shares: the branches without write access go, then they are free. */
static void check_hidden(struct lab *l)
{
	unsigned a = l->m->envs[child & 0xffff].account;
	uint64_t far = 5 * T, limit = account_limit(l->m, a, 0);
	int64_t err;

	lab_op(l, OP(SHARE, EXO_LEVELS, far, 1, .target_env = child, .source_env = child,
		     .source = P(0), .rights = 7));
	lab_op(l, OP(CLEAR, EXO_LEVELS, P(0), 1, .target_env = child));
	account(l, EXO_ACCOUNT_REVOKE, child, 0, 20, l->m->arch.clock + 1);
	l->m->arch.clock += 2;
	do
		err = account(l, EXO_ACCOUNT_REPOSSESS, child, 0, 0, 0);
	while (err == EXO_E_AGAIN);
	tap_eq(err, 0, "frames below a frozen branch are taken too");
	tap_eq(account_limit(l->m, a, 0), limit - 20, "as many as asked for");
	tap_eq(lab_slot(l, child, far, EXO_LEVELS), 0, "the branch is gone");
	lab_sound(l, "all is sound");
}

/* Asked again and again, never for more than there is. */
static void check_asked_again(struct lab *l)
{
	uint64_t other = lab_child(l, 30), deadline = l->m->arch.clock + 1000, used;
	struct exo_vcpu_page *page = vcpu_page(l->m, lab_vcpu(l, other, T, 0) & 0xffff);
	unsigned a = l->m->envs[other & 0xffff].account;

	used = account_used(l->m, a, 0);
	tap_eq(account(l, EXO_ACCOUNT_REVOKE, other, 0, 30 - used + 1, deadline), 0,
	       "all that is unused and one");
	tap_eq(account_limit(l->m, a, 0), used, "the unused goes");
	tap_eq(page->revoke_frames, 1, "one is asked for");
	refuse(l, EXO_ACCOUNT_REVOKE, other, 0, used, deadline, EXO_E_ARGUMENT,
	       "one more than is left beside that");
	refuse(l, EXO_ACCOUNT_REVOKE, other, 0, UINT32_MAX, deadline, EXO_E_ARGUMENT,
	       "as many as would make it none");
	tap_eq(account(l, EXO_ACCOUNT_REVOKE, other, 0, used - 1, deadline), 0, "all that is left");
	tap_eq(page->revoke_frames, used, "is asked for together");
	refuse(l, EXO_ACCOUNT_REVOKE, other, 0, 1, deadline, EXO_E_ARGUMENT, "and no more");
	tap_eq(account(l, EXO_ACCOUNT_REVOKE, other, 0, 0, deadline + 9), 0, "no more, but later");
	tap_eq(page->revoke_deadline, deadline + 9, "moves the deadline");
	tap_eq(page->revoke_frames, used, "alone");
}

int main(void)
{
	struct lab *l = lab_open(256, 1);

	check_limits(l);
	check_refusals(l);
	check_unused(l);
	check_ignored(l);
	check_hidden(l);
	check_asked_again(l);
	lab_close(l);
	return tap_done("tests/host/call_account.tap");
}
