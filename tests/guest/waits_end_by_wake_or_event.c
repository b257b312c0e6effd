/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount --hz 10000
 * Wait and wake: private words are keyed by env and address, shared ones by frame; a wake ends as
 * many waits as asked and says how many; a wrong value, a pending event, a bad word or flag is an
 * error; an event ends a wait; the doorbell is a wait that does not block; dropping a slot on a
 * frame wakes all who wait on the frame. Directed yield runs who has no slice, and refuses who
 * cannot run.
 */
#define RAW_CHILDREN 8
#include "tests/guest/raw_child.h"

#define PAGE_A RAW_AREA                          /* the shared page, in the parent */
#define PAGE_B (RAW_AREA + 7 * EXO_PAGE_SIZE)    /* the same frame, in the children */

struct shared {
	volatile uint32_t word, other;
	volatile uint32_t state[RAW_CHILDREN];    /* 1: waits, 2: woken */
	volatile int64_t result[RAW_CHILDREN];
	volatile uint64_t events;                 /* of children, as upcalls say */
	volatile uint64_t parents_events;
};

static struct shared shared;
static uint64_t parent;

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	if (frame->kind == EXO_UPCALL_EVENTS && page->env == parent)
		shared.parents_events |= frame->code & ~(uint64_t)EXO_EVENT_SLICE_END;
	else if (frame->kind == EXO_UPCALL_EVENTS)
		shared.events |= frame->code & ~(uint64_t)EXO_EVENT_SLICE_END;
	else
		raw_exit(99);
}

/* argument: number | flags << 8 | where << 16 (0: its own view of `word`; 1: the shared page). */
static void child(uint64_t argument)
{
	unsigned me = argument & 0xff;
	uint64_t at = argument >> 16 ? PAGE_B + 8 : (uint64_t)&shared.word;

	shared.state[me] = 1;
	do
		shared.result[me] = raw_call(EXO_CALL_WAIT, at, 0, argument >> 8 & 3);
	while (shared.result[me] == EXO_E_PENDING && !shared.events);
	shared.state[me] = 2;
	for (;;)
		raw_yield();
}

static void run(struct raw_child *c, unsigned me, unsigned flags, unsigned where)
{
	shared.state[me] = 0;
	raw_child_create(c, me, NULL);
	if (where) {
		raw_tables(c->env, PAGE_B);
		raw_op(RAW_OP(COPY, .level = 1, .count = 1, .target_env = c->env,
			      .target = PAGE_B, .source = PAGE_A, .rights = EXO_RWX,
			      .access = EXO_READ | EXO_WRITE));
	}
	{
		struct exo_vcpu_start how = raw_child_how(c, child, me | flags << 8 | where << 16);

		raw_child_go(c, &how);
	}
	while (!shared.state[me])
		raw_yield();
	raw_yield();
	raw_yield();
}

static void stop(struct raw_child *c)
{
	shared.state[c->index] = 0;
	raw_child_kill(c, 0);
	raw_child_end(c);
}

static struct exo_result wake(uint64_t at, uint64_t n, uint64_t flags)
{
	return exo_call(EXO_CALL_WAKE, at, n, flags, 0, 0);
}

static unsigned count(uint32_t state)
{
	unsigned i, n = 0;

	for (i = 0; i < 4; i++) {
		raw_yield();
		n += shared.state[i] == state;
	}
	return n;
}

static void test_errors(void)
{
	uint64_t word = (uint64_t)&shared.word;

	raw_eq((uint64_t)raw_call(EXO_CALL_WAIT, word, 1, 0), (uint64_t)EXO_E_VALUE,
	       "a word with another value");
	raw_eq((uint64_t)raw_call(EXO_CALL_WAIT, word + 2, 0, 0), (uint64_t)EXO_E_ARGUMENT,
	       "a misaligned word");
	raw_eq((uint64_t)raw_call(EXO_CALL_WAIT, word, 0, 4), (uint64_t)EXO_E_ARGUMENT,
	       "an unknown flag");
	raw_eq((uint64_t)raw_call(EXO_CALL_WAIT, 4, 0, 0), (uint64_t)EXO_E_POINTER,
	       "a word that is not there");
	raw_eq((uint64_t)wake(word, 1, EXO_WAIT_DOORBELL).value, (uint64_t)EXO_E_ARGUMENT,
	       "wake knows no doorbell");
	raw_eq((uint64_t)wake(4, 1, 0).value, (uint64_t)EXO_E_POINTER, "wake of no word");
	raw_ok(wake(word, 1, 0).value == 0 && wake(word, 1, 0).second == 0, "nobody to wake");
}

/* Who waits on a private word of another env cannot be woken through one's own. */
static void test_private(void)
{
	struct raw_child c[2];

	run(&c[0], 0, 0, 0);
	run(&c[1], 1, EXO_WAIT_SHARED, 0);
	raw_eq(wake((uint64_t)&shared.word, 9, 0).second, 0, "private words of two envs differ");
	raw_eq(count(2), 0, "nobody woke");
	raw_eq(wake((uint64_t)&shared.other, 9, EXO_WAIT_SHARED).second, 0,
	       "a shared word beside it is another");
	raw_eq(wake((uint64_t)&shared.word, 9, EXO_WAIT_SHARED).second, 1,
	       "the shared name of the same word wakes who waits by it");
	raw_eq(shared.state[0], 1, "and not who waits by the private one");
	raw_eq(count(2), 1, "one woke");
	stop(&c[0]);
	stop(&c[1]);
}

static void test_shared(void)
{
	struct raw_child c[4];
	unsigned i;

	for (i = 0; i < 4; i++)
		run(&c[i], i, EXO_WAIT_SHARED, 1);
	raw_eq(count(1), 4, "four wait on one frame, at another address than ours");
	raw_eq(wake(PAGE_A + 8, 0, EXO_WAIT_SHARED).second, 0, "wake none");
	raw_eq(wake(PAGE_A + 8, 1, EXO_WAIT_SHARED).second, 1, "wake one");
	raw_eq(count(2), 1, "it runs");
	raw_eq(wake(PAGE_A + 8, 2, EXO_WAIT_SHARED).second, 2, "wake two");
	raw_eq(count(2), 3, "they run");
	raw_eq(wake(PAGE_A + 8, UINT64_MAX, EXO_WAIT_SHARED).second, 1, "wake all");
	raw_eq(count(2), 4, "all run");
	raw_eq((uint64_t)shared.result[3], 0, "with 0 as their result");
	for (i = 0; i < 4; i++)
		stop(&c[i]);
}

/* A slot on the frame is dropped: all who wait on it look again. */
static void test_dropped(void)
{
	struct raw_child c[3];

	run(&c[0], 0, EXO_WAIT_SHARED, 1);
	run(&c[1], 1, EXO_WAIT_SHARED | EXO_WAIT_DOORBELL, 1);
	run(&c[2], 2, 0, 1);
	raw_eq(shared.state[0], 1, "one waits on the frame");
	raw_op(RAW_OP(CLEAR, .level = 1, .count = 1, .target = PAGE_A));
	raw_yield();
	raw_eq(count(2), 2, "it wakes when a slot on the frame is dropped");
	raw_ok(shared.events & EXO_EVENT_DOORBELL, "and a doorbell rings");
	raw_eq(shared.state[2], 1, "a private wait in that page is not meant");
	shared.events = 0;
	stop(&c[0]);
	stop(&c[1]);
	stop(&c[2]);
	raw_op(RAW_OP(ALLOC, .level = 1, .count = 1, .target = PAGE_A,
		      .access = EXO_READ | EXO_WRITE));
	run(&c[0], 0, EXO_WAIT_SHARED, 1);
	run(&c[1], 1, 0, 1);
	raw_eq(shared.state[0], 1, "one waits");
	stop(&c[1]);
	raw_eq(count(2), 1, "another with the frame ends: that drops a slot too");
	stop(&c[0]);
}

/* The parent's own waits: by timer, by a child's death, by a doorbell. */
static void test_events(void)
{
	uint64_t word = (uint64_t)&shared.word, deadline;
	struct raw_child c;

	raw_state.page->masked = 0;
	raw_call(EXO_CALL_SELF, 0, 0, 0);
	shared.parents_events = 0;
	deadline = machine_clock() + 3 * raw_info()->slice_units;
	raw_call(EXO_CALL_TIMER, deadline, 0, 0);
	raw_eq((uint64_t)raw_call(EXO_CALL_WAIT, word, 0, 0), (uint64_t)EXO_E_PENDING,
	       "a wait ends by the timer");
	raw_ok(machine_clock() >= deadline, "not before its time");
	raw_eq(shared.parents_events, EXO_EVENT_TIMER, "which is an event");
	raw_state.page->masked = 1;
	raw_call(EXO_CALL_TIMER, 1, 0, 0);
	while (!raw_state.page->pending)
		machine_relax();
	raw_eq((uint64_t)raw_call(EXO_CALL_WAIT, word, 0, 0), (uint64_t)EXO_E_PENDING,
	       "masked: a wait does not begin while one is pending");
	raw_state.page->masked = 0;
	raw_call(EXO_CALL_SELF, 0, 0, 0);
	shared.parents_events = 0;
	raw_eq((uint64_t)raw_call(EXO_CALL_WAIT, word, 0, EXO_WAIT_DOORBELL), 0,
	       "a doorbell does not block");
	raw_eq(shared.parents_events, 0, "nor ring by itself");
	raw_eq(wake(word, 5, 0).second, 1, "it counts as one who waits");
	raw_eq(shared.parents_events, EXO_EVENT_DOORBELL, "it rings");
	raw_eq(wake(word, 5, 0).second, 0, "once");
	raw_eq((uint64_t)raw_call(EXO_CALL_WAIT, word, 7, EXO_WAIT_DOORBELL),
	       (uint64_t)EXO_E_VALUE, "and not for a word that has changed already");
	raw_call(EXO_CALL_WAIT, word, 0, EXO_WAIT_DOORBELL);
	raw_call(EXO_CALL_WAIT, (uint64_t)&shared.other, 0, EXO_WAIT_DOORBELL);
	raw_eq(wake(word, 5, 0).second, 0, "a vcpu has one doorbell: the last");
	raw_eq(wake((uint64_t)&shared.other, 5, 0).second, 1, "which rings");
	shared.parents_events = 0;
	run(&c, 0, 0, 0);
	raw_child_kill(&c, 0);
	raw_call(EXO_CALL_SELF, 0, 0, 0);
	raw_eq(shared.parents_events, EXO_EVENT_CHILD, "a child's death is an event");
	raw_child_end(&c);
	raw_state.page->masked = 1;
}

static void runner(uint64_t argument)
{
	for (;;) {
		shared.state[argument]++;
		raw_yield();
	}
}

static void test_yield(void)
{
	struct raw_child c, waiter;
	struct exo_vcpu_start how;
	struct exo_result r;
	unsigned i;

	raw_child_create(&c, 5, NULL);
	how = raw_child_how(&c, runner, 5);
	r = exo_call(EXO_CALL_VCPU_START, c.env, (uint64_t)&how, 0, 0, 0);
	for (i = 0; i < 10; i++)
		raw_yield();
	raw_eq(shared.state[5], 0, "without a slice it does not run");
	/* A slice's end may come before it has done its step. */
	for (i = 0; i < 1000 && shared.state[5] < 10; i++)
		if (raw_call(EXO_CALL_YIELD, r.second, 0, 0))
			break;
	raw_eq(shared.state[5], 10, "a directed yield runs it in our slice");
	run(&waiter, 0, 0, 0);
	raw_eq((uint64_t)raw_call(EXO_CALL_YIELD, waiter.vcpu, 0, 0), (uint64_t)EXO_E_STATE,
	       "no yield to who waits");
	raw_eq((uint64_t)raw_call(EXO_CALL_YIELD, raw_state.page->vcpu, 0, 0),
	       (uint64_t)EXO_E_STATE, "nor to oneself");
	stop(&c);
	raw_eq((uint64_t)raw_call(EXO_CALL_YIELD, r.second, 0, 0), (uint64_t)EXO_E_VCPU,
	       "nor to the dead");
	raw_eq((uint64_t)raw_call(EXO_CALL_YIELD, UINT64_MAX, 0, 0), (uint64_t)EXO_E_VCPU,
	       "nor to nobody");
	stop(&waiter);
}

static void raw_main(void)
{
	struct raw_usage before;

	parent = exo_call(EXO_CALL_SELF, 0, 0, 0, 0, 0).second;
	raw_pages(0, PAGE_A, 1, EXO_READ | EXO_WRITE);
	before = raw_usage(0);
	test_errors();
	test_private();
	test_shared();
	test_dropped();
	test_events();
	test_yield();
	raw_conserved(&before, "everything is back");
}
