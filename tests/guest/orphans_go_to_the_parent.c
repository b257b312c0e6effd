/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount --hz 10000
 * When an env dies its children become its parent's: the living run on, in the account of the
 * dead one while that has members; the dead wait to be reaped by whoever has inherited them, who
 * hears of it and can ask for their handles. Down a chain of generations, whichever dies first.
 */
#define RAW_CHILDREN 8
#include "tests/guest/raw_child.h"

enum { GENERATIONS = 5 };

struct shared {
	volatile uint64_t env[RAW_CHILDREN];    /* by generation */
	volatile uint64_t alive[RAW_CHILDREN];  /* counts while it runs */
	volatile uint64_t order[RAW_CHILDREN];  /* 1: allocate, 2: end */
	volatile int64_t err[RAW_CHILDREN];
	volatile uint64_t child_events;
};

static struct shared shared;
static uint64_t parent;

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	if (frame->kind != EXO_UPCALL_EVENTS)
		raw_exit(99);
	if (page->env == parent && frame->code & EXO_EVENT_CHILD)
		shared.child_events++;
}

/* One generation: begets the next, then does as it is told. */
static void generation(uint64_t me)
{
	struct raw_child c;

	shared.env[me] = raw_state.page->env;
	if (me + 1 < GENERATIONS)
		shared.err[me] = raw_child_run(&c, (unsigned)me + 1, generation, me + 1);
	for (;;) {
		shared.alive[me]++;
		if (shared.order[me] == 1) {
			shared.err[me] = raw_pages(0, RAW_AREA, 3, EXO_READ | EXO_WRITE);
			shared.order[me] = 0;
		}
		if (shared.order[me] == 2)
			raw_exit((uint32_t)me + 20);
		raw_yield();
	}
}

static void tell(unsigned me, uint64_t order)
{
	shared.order[me] = order;
	while (order == 1 && shared.order[me])
		raw_yield();
}

static bool is_running(unsigned me)
{
	uint64_t seen = shared.alive[me];
	unsigned i;

	for (i = 0; i < 20 && shared.alive[me] == seen; i++)
		raw_yield();
	return shared.alive[me] != seen;
}

static void begin(struct raw_child *first)
{
	static const struct exo_limits limits = { { 200, 8, 8, 8, 0 } };
	struct exo_vcpu_start how;

	shared = (struct shared){ .child_events = shared.child_events };
	raw_eq((uint64_t)raw_child_create(first, 0, &limits), 0, "the first of a line");
	how = raw_child_how(first, generation, 0);
	raw_child_go(first, &how);
	while (!shared.alive[GENERATIONS - 1])
		raw_yield();
}

/* Dead ones that we have inherited: how many. */
static unsigned reap_all(void)
{
	struct exo_result r;
	unsigned n = 0;

	while ((r = exo_call(EXO_CALL_ENV_REAP, 0, 0, 0, 0, 0)).value == EXO_OK) {
		struct raw_child c = { .env = r.second };

		raw_ok(raw_child_end(&c) >= EXO_STATUS(EXO_DEATH_EXIT, 20),
		       "  a dead one we inherit is named and reaped");
		n++;
	}
	return n;
}

static void check_alive(unsigned me)
{
	raw_ok(is_running(me), "  one that lives runs on");
	tell(me, 1);
	raw_eq((uint64_t)shared.err[me], 0, "  and can still allocate");
	raw_op(RAW_OP(CLEAR, .level = 4, .count = 1, .target_env = shared.env[me],
		      .target = RAW_AREA));
}

/* Told to end, in that order; each becomes ours when all its forebears are dead, and is reaped. */
static void end_in_order(const unsigned *order, const char *name)
{
	struct raw_usage before = raw_usage(0);
	struct raw_child first;
	uint64_t events, reaped = 0;
	unsigned i;

	raw_text(name);
	begin(&first);
	for (i = 0; i < GENERATIONS; i++) {
		unsigned me = order[i], other;
		struct raw_child c = { .env = shared.env[me] };
		bool is_ours = true;

		/* Ours, as all whose forebears have all died. */
		for (other = 0; other < me; other++)
			is_ours &= shared.order[other] == 2;
		events = shared.child_events;
		tell(me, 2);
		if (!is_ours) {
			while (is_running(me))
				;
			continue;
		}
		raw_eq(raw_child_end(&c), EXO_STATUS(EXO_DEATH_EXIT, me + 20), "it ends");
		raw_ok(shared.child_events > events, "  and we hear of it");
		reaped += 1 + reap_all();
		for (other = me + 1; other < GENERATIONS; other++)
			if (shared.order[other] != 2)
				check_alive(other);
	}
	raw_eq(reaped, GENERATIONS, "all are reaped");
	raw_eq((uint64_t)exo_call(EXO_CALL_ENV_REAP, 0, 0, 0, 0, 0).value, (uint64_t)EXO_E_EMPTY,
	       "nobody is left to reap");
	raw_conserved(&before, "everything is back");
}

/* The parent can end any of them, of any generation, while those between live. */
static void kill_from_above(void)
{
	struct raw_usage before = raw_usage(0);
	struct raw_child first;
	unsigned i;

	begin(&first);
	for (i = GENERATIONS; i-- > 0;) {
		struct raw_child c = { .env = shared.env[i] };

		raw_eq((uint64_t)raw_child_kill(&c, i), 0, "killed from above");
		raw_eq((uint64_t)raw_child_kill(&c, i), (uint64_t)EXO_E_ENV, "  once");
		raw_eq(raw_child_end(&c), i, "  and reaped, past its own parent");
		raw_ok(!is_running(i), "  it is gone");
	}
	raw_conserved(&before, "everything is back");
}

static void raw_main(void)
{
	static const unsigned down[] = { 0, 1, 2, 3, 4 }, up[] = { 4, 3, 2, 1, 0 };
	static const unsigned middle[] = { 2, 0, 1, 3, 4 }, mixed[] = { 3, 1, 4, 0, 2 };

	parent = raw_state.page->env;
	raw_state.page->masked = 0;
	end_in_order(down, "# eldest first\n");
	end_in_order(up, "# youngest first\n");
	end_in_order(middle, "# the middle first\n");
	end_in_order(mixed, "# mixed\n");
	kill_from_above();
}
