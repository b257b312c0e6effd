/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount --hz 10000
 * Frames are asked back by a deadline: given back in time nothing is taken; late, or never, the
 * kernel takes what is missing, no more and not before the deadline, and lists each slot it took;
 * what was taken is gone at once, the rest is as it was. Frames below shared tables are taken by
 * the branch. Whoever asks has the frames then.
 */
#define RAW_APART
#include "tests/guest/raw_child.h"

#define RW    (EXO_READ | EXO_WRITE)
#define P     EXO_PAGE_SIZE
#define PAGES 40u
#define ASKED 30u

enum manner { GIVES, IS_LATE, NEVER, FROZEN };

struct shared {
	volatile uint64_t manner, ready, asked, deadline, given, go, checked;
	volatile uint64_t taken, taken_pages, gone, wrong, twice;
	volatile struct exo_taken list[PAGES];
};

static struct shared shared;
static uint64_t parent;

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	if (frame->kind == EXO_UPCALL_EVENTS) {
		if (page->env != parent && frame->code & EXO_EVENT_REVOKE) {
			shared.asked = page->revoke_frames;
			shared.deadline = page->revoke_deadline;
		}
		return;
	}
	if (!raw_probe_fault(frame))
		raw_exit(99);
}

/* Clear n pages from the end, and return that much. */
static void give(uint64_t n)
{
	raw_op(RAW_OP(CLEAR, .level = 1, .count = (uint16_t)n,
		      .target = RAW_AREA + (PAGES - n) * P));
	shared.given = exo_call(EXO_CALL_ACCOUNT, EXO_ACCOUNT_RETURN, 0, EXO_RESOURCE_FRAMES, n, 0)
		.value == EXO_OK ? n : 0;
}

/* What the list says is gone, and nothing else. */
static void child_check(const struct exo_vcpu_page *page)
{
	uint64_t i, j;

	shared.taken = page->taken;
	for (i = 0; i < page->taken && i < PAGES; i++) {
		uint64_t at = page->taken_list[i].address, level = page->taken_list[i].level;

		shared.taken_pages += level == 1;
		for (j = 0; j < i; j++)
			shared.twice += page->taken_list[j].address == at;
		shared.wrong += level == 1 && !raw_probe_read(at).value;
	}
	for (i = 0; i < PAGES; i++) {
		struct exo_result r = raw_probe_read(RAW_AREA + i * P);

		shared.gone += r.value != 0;
		if (!r.value && r.second != i + 1)
			shared.wrong++;
	}
}

static void child(uint64_t argument)
{
	uint64_t i;

	(void)argument;
	if (raw_pages(0, RAW_AREA, PAGES, RW))
		raw_exit(90);
	for (i = 0; i < PAGES; i++)
		*(volatile uint64_t *)(RAW_AREA + i * P) = i + 1;
	if (shared.manner == FROZEN
	    && raw_op(RAW_OP(SHARE, .level = 4, .count = 1, .target = 2 * RAW_AREA,
			     .source = RAW_AREA, .rights = EXO_RWX)))
		raw_exit(91);
	shared.ready = 1;
	while (!shared.asked)
		raw_yield();
	if (shared.manner == GIVES)
		give(ASKED);
	if (shared.manner == IS_LATE)
		give(ASKED / 3);
	while (!shared.go)
		raw_yield();
	child_check(raw_state.page);
	shared.checked = 1;
	while (shared.go != 2)
		raw_yield();
	raw_exit(0);
}

static int64_t account(unsigned operation, const struct raw_child *c, uint64_t n, uint64_t deadline)
{
	return exo_call(EXO_CALL_ACCOUNT, operation, c->env, EXO_RESOURCE_FRAMES, n, deadline)
		.value;
}

static int64_t repossess(const struct raw_child *c)
{
	int64_t err;

	do
		err = account(EXO_ACCOUNT_REPOSSESS, c, 0, 0);
	while (err == EXO_E_AGAIN);
	return err;
}

static void run(struct raw_child *c, enum manner manner)
{
	static const struct exo_limits limits = { { 64, 1, 1, 1, 0 } };
	struct exo_vcpu_start how;

	shared = (struct shared){ .manner = manner };
	raw_eq((uint64_t)raw_child_create(c, 0, &limits), 0, "a child with an account");
	how = raw_child_how(c, child, 0);
	raw_child_go(c, &how);
	while (!shared.ready)
		raw_yield();
}

static void finish(struct raw_child *c)
{
	shared.go = 2;
	raw_eq(raw_child_end(c), 0, "the child ends well");
}

/* All of one revocation but who gives what. */
static void revoke(enum manner manner, uint64_t taken, const char *name)
{
	struct raw_child c;
	struct raw_usage before, now;
	uint64_t deadline, limit, slack, gone;

	raw_text(name);
	run(&c, manner);
	before = raw_usage(0);
	now = raw_usage(c.env);
	limit = now.limit[EXO_RESOURCE_FRAMES];
	slack = limit - now.used[EXO_RESOURCE_FRAMES];
	deadline = machine_clock() + 20 * raw_info()->slice_units;
	raw_eq((uint64_t)account(EXO_ACCOUNT_REVOKE, &c, ASKED + slack, deadline), 0, "revoke");
	raw_eq(raw_usage(c.env).limit[EXO_RESOURCE_FRAMES], limit - slack,
	       "what was unused comes at once");
	raw_eq((uint64_t)account(EXO_ACCOUNT_REPOSSESS, &c, 0, 0), (uint64_t)EXO_E_EARLY,
	       "nothing is taken before the deadline");
	while (machine_clock() < deadline)
		raw_yield();
	raw_eq(shared.asked, ASKED, "the child was asked for the rest");
	raw_eq(shared.deadline, deadline, "by then");
	raw_eq((uint64_t)repossess(&c), 0, "after the deadline");
	raw_settle();
	now = raw_usage(c.env);
	raw_eq(now.limit[EXO_RESOURCE_FRAMES], limit - slack - ASKED, "its limit is lower by all");
	now = raw_usage(0);
	raw_eq(now.limit[EXO_RESOURCE_FRAMES],
	       before.limit[EXO_RESOURCE_FRAMES] + slack + ASKED, "and ours is higher");
	shared.go = 1;
	while (!shared.checked)
		raw_yield();
	raw_eq(shared.wrong + shared.twice, 0, "what is listed is gone, the rest is untouched");
	gone = taken + shared.given;
	if (manner != FROZEN) {
		raw_eq(shared.taken, taken, "slots taken and listed");
		raw_eq(shared.taken_pages, taken, "all of them pages");
		raw_eq(shared.gone, gone, "and no other is gone");
	} else {
		raw_ok(shared.taken > 0 && shared.taken_pages < shared.taken,
		       "branches taken and listed");
		raw_note("slots taken", shared.taken, "");
	}
	raw_eq((uint64_t)repossess(&c), (uint64_t)EXO_E_STATE, "then the revocation is over");
	finish(&c);
}

static void test_errors(void)
{
	struct raw_child c, shares;

	run(&c, NEVER);
	raw_eq((uint64_t)account(EXO_ACCOUNT_REPOSSESS, &c, 0, 0), (uint64_t)EXO_E_STATE,
	       "nothing is taken that was not asked back");
	raw_eq((uint64_t)account(EXO_ACCOUNT_REVOKE, &c, 1000000, 1), (uint64_t)EXO_E_ARGUMENT,
	       "nor asked back that is not there");
	raw_eq((uint64_t)account(EXO_ACCOUNT_REVOKE, &c, 1, 0), (uint64_t)EXO_E_ARGUMENT,
	       "nor by no time");
	raw_eq((uint64_t)exo_call(EXO_CALL_ACCOUNT, EXO_ACCOUNT_REVOKE, c.env, EXO_RESOURCE_ENVS,
				  1, 1).value, (uint64_t)EXO_E_ARGUMENT, "frames only");
	raw_eq((uint64_t)raw_child_create(&shares, 1, NULL), 0, "a child in our own account");
	raw_eq((uint64_t)account(EXO_ACCOUNT_REVOKE, &shares, 1, 1), (uint64_t)EXO_E_STATE,
	       "nobody revokes from himself");
	raw_child_kill(&shares, 0);
	raw_child_end(&shares);
	shared.asked = shared.go = 1;
	finish(&c);
}

static void raw_main(void)
{
	struct raw_usage before = raw_usage(0);

	parent = exo_call(EXO_CALL_SELF, 0, 0, 0, 0, 0).second;
	test_errors();
	revoke(GIVES, 0, "# given back in time\n");
	revoke(IS_LATE, ASKED - ASKED / 3, "# a third in time\n");
	revoke(NEVER, ASKED, "# never\n");
	revoke(FROZEN, 0, "# never, and all is below shared tables\n");
	raw_conserved(&before, "everything is back");
}
