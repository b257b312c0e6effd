/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount --hz 10000
 * slot-terminated-only: an env can be ended in every state of its vcpus: not started, without a
 * slice, runnable, preempted, running (by itself), waiting (on its own word, on a shared one,
 * with a timer, with a doorbell), in an upcall, masked with events pending, with a second vcpu in
 * another state, with children alive or dead, by its parent or its parent's parent, by its last
 * vcpu's stop. Its status is right, its parent hears of it once, its handles are dead, and every
 * frame, slice, env and vcpu is back (I-8).
 */
#define RAW_APART
#define RAW_CHILDREN 8
#include "tests/guest/raw_child.h"

#define SHARED_PAGE (RAW_AREA + EXO_PAGE_SIZE)
#define SECOND_PAGE (RAW_PAGE - EXO_PAGE_SIZE)

struct shared {
	volatile uint64_t reached;      /* how far the child is */
	volatile uint32_t word;         /* what it waits on, at the same address for all */
	volatile uint64_t in_upcall;
	volatile uint64_t orphan, orphan_vcpu;
	volatile uint64_t child_events; /* of the parent */
	volatile int64_t err;
};

static struct shared shared;
static uint64_t parent;

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	if (page->env == parent) {
		if (frame->kind == EXO_UPCALL_EVENTS && frame->code & EXO_EVENT_CHILD)
			shared.child_events++;
		raw_probe_fault(frame);
		return;
	}
	if (frame->kind == EXO_UPCALL_EVENTS && !(frame->code & EXO_EVENT_TIMER))
		return;
	shared.in_upcall = 1;
	for (;;)
		machine_relax();
}

static _Noreturn void spin(void)
{
	for (;;)
		machine_relax();
}

static void child_spin(uint64_t argument)
{
	shared.reached += argument;
	spin();
}

static void child_exit(uint64_t argument)
{
	raw_exit((uint32_t)argument);
}

static void child_stop(uint64_t argument)
{
	(void)argument;
	shared.err = raw_call(EXO_CALL_VCPU_STOP, 0, 0, 0);
	spin();
}

/* argument: flags of the wait; 16: with a timer; 32: on the shared page. */
static void child_wait(uint64_t argument)
{
	uint64_t word = argument & 32 ? SHARED_PAGE : (uint64_t)&shared.word;

	if (argument & 16)
		raw_call(EXO_CALL_TIMER, machine_clock() + (UINT64_C(1) << 60), 0, 0);
	shared.reached = 1;
	shared.err = raw_call(EXO_CALL_WAIT, word, 0, argument & 3);
	shared.reached = 2;
	spin();
}

/* By itself, with a doorbell still to ring. */
static void child_bell_exit(uint64_t argument)
{
	raw_call(EXO_CALL_WAIT, SHARED_PAGE, 0, EXO_WAIT_DOORBELL | (argument & 1));
	if (argument & 2)
		child_stop(0);
	raw_exit(88);
}

static void child_upcall(uint64_t argument)
{
	(void)argument;
	shared.reached = 1;
	cpu_undefined(0);
	spin();
}

static void child_event_upcall(uint64_t argument)
{
	(void)argument;
	shared.reached = 1;
	raw_call(EXO_CALL_TIMER, 1, 0, 0);
	spin();
}

/* Masked, with a timer and a doorbell pending. */
static void child_pending(uint64_t argument)
{
	struct exo_vcpu_page *page = raw_state.page;

	(void)argument;
	page->masked = 1;
	raw_call(EXO_CALL_TIMER, 1, 0, 0);
	raw_call(EXO_CALL_WAIT, (uint64_t)&shared.word, 0, EXO_WAIT_DOORBELL);
	raw_call(EXO_CALL_WAKE, (uint64_t)&shared.word, 1, 0);
	while (!(page->pending & EXO_EVENT_TIMER) || !(page->pending & EXO_EVENT_DOORBELL))
		machine_relax();
	shared.reached = 1;
	spin();
}

/* A child of its own, then as `argument` says: 0 spin; 1 end at once; 2 the child ends first. */
static void child_parent(uint64_t argument)
{
	struct raw_child c;

	shared.err = raw_child_create(&c, 7, NULL);
	if (!shared.err) {
		struct exo_vcpu_start how = raw_child_how(&c, argument == 2 ? child_exit
							  : child_spin, 9);

		shared.err = raw_child_go(&c, &how);
	}
	shared.orphan = c.env;
	shared.orphan_vcpu = c.vcpu;
	while (argument == 2 && raw_call(EXO_CALL_YIELD, c.vcpu, 0, 0) != EXO_E_VCPU)
		raw_yield();
	shared.reached = 1;
	if (argument == 1)
		raw_exit(44);
	spin();
}

/* A second vcpu: with a slice it spins, without it is never run; the first does `argument`. */
static void child_two(uint64_t argument)
{
	struct raw_child second = { .env = 0, .index = 6 };
	struct exo_vcpu_start how = raw_child_how(&second, child_spin, 1);
	struct exo_result r;

	how.page = SECOND_PAGE;
	r = exo_call(EXO_CALL_VCPU_START, 0, (uint64_t)&how, 0, 0, 0);
	shared.err = r.value;
	if (!shared.err)
		shared.err = raw_call(EXO_CALL_SLICE_ALLOC, r.second, 0, EXO_SLICE_ANY);
	while (!shared.reached)
		raw_yield();
	if (argument == 1)
		raw_exit(66);
	if (argument == 2)
		child_stop(0);
	child_wait(argument & ~(uint64_t)3);
}

/* How one round goes. */
struct state {
	const char *name;
	void (*entry)(uint64_t); /* NULL: no vcpu at all */
	uint64_t argument;
	bool is_sliced;          /* it gets a slice */
	uint64_t reach;          /* let it run until it has reached this */
	bool is_in_upcall;       /* and is in an upcall */
	bool is_own_end;         /* it ends by itself, with `status` */
	uint64_t status;
};

static const struct state states[] = {
	{ "no vcpu", NULL, 0, false, 0, false, false, 0 },
	{ "a vcpu without a slice", child_spin, 1, false, 0, false, false, 0 },
	{ "runnable, never run", child_spin, 1, true, 0, false, false, 0 },
	{ "preempted", child_spin, 1, true, 1, false, false, 0 },
	{ "by itself", child_exit, 33, true, 0, false, true, EXO_STATUS(EXO_DEATH_EXIT, 33) },
	{ "its last vcpu stops", child_stop, 0, true, 0, false, true,
	  EXO_STATUS(EXO_DEATH_LAST_VCPU, 0) },
	{ "waiting", child_wait, 0, true, 1, false, false, 0 },
	{ "waiting, with a timer", child_wait, 16, true, 1, false, false, 0 },
	{ "waiting on a shared word", child_wait, 32 | EXO_WAIT_SHARED, true, 1, false, false, 0 },
	{ "waiting on a shared word, with a timer", child_wait, 48 | EXO_WAIT_SHARED, true, 1,
	  false, false, 0 },
	{ "with a doorbell", child_wait, EXO_WAIT_DOORBELL, true, 2, false, false, 0 },
	{ "with a shared doorbell", child_wait, 32 | EXO_WAIT_DOORBELL | EXO_WAIT_SHARED, true, 2,
	  false, false, 0 },
	{ "by itself, with a doorbell", child_bell_exit, 0, true, 0, false, true,
	  EXO_STATUS(EXO_DEATH_EXIT, 88) },
	{ "by itself, with a shared doorbell", child_bell_exit, 1, true, 0, false, true,
	  EXO_STATUS(EXO_DEATH_EXIT, 88) },
	{ "its last vcpu stops, with a shared doorbell", child_bell_exit, 3, true, 0, false, true,
	  EXO_STATUS(EXO_DEATH_LAST_VCPU, 0) },
	{ "in the upcall of a fault", child_upcall, 0, true, 1, true, false, 0 },
	{ "in the upcall of an event", child_event_upcall, 0, true, 1, true, false, 0 },
	{ "masked, with events pending", child_pending, 0, true, 1, false, false, 0 },
	{ "two vcpus, one waits", child_two, 0, true, 1, false, false, 0 },
	{ "two vcpus, one waits on a shared word", child_two, 32, true, 1, false, false, 0 },
	{ "two vcpus, by itself", child_two, 1, true, 0, false, true,
	  EXO_STATUS(EXO_DEATH_EXIT, 66) },
	{ "two vcpus, one has stopped", child_two, 2, true, 1, false, false, 0 },
	{ "with a child alive", child_parent, 0, true, 1, false, false, 0 },
	{ "by itself, with a child alive", child_parent, 1, true, 0, false, true,
	  EXO_STATUS(EXO_DEATH_EXIT, 44) },
	{ "with a child dead", child_parent, 2, true, 1, false, false, 0 },
};

static bool start(const struct state *s, struct raw_child *c, const struct exo_limits *limits)
{
	struct exo_vcpu_start how;
	struct exo_result r;

	if (raw_child_create(c, 0, limits) || raw_tables(c->env, SHARED_PAGE)
	    || raw_op(RAW_OP(COPY, .level = 1, .count = 1, .target_env = c->env,
			     .target = SHARED_PAGE, .source = SHARED_PAGE, .rights = EXO_RWX,
			     .access = EXO_RWX)))
		return false;
	if (!s->entry)
		return true;
	how = raw_child_how(c, s->entry, s->argument);
	if (s->is_sliced)
		return raw_child_go(c, &how) == EXO_OK;
	r = exo_call(EXO_CALL_VCPU_START, c->env, (uint64_t)&how, 0, 0, 0);
	c->vcpu = r.second;
	return r.value == EXO_OK;
}

/* Its child is now ours: end that too. */
static bool end_orphan(void)
{
	struct raw_child o = { .env = shared.orphan };
	uint64_t status;

	if (!o.env)
		return true;
	raw_child_kill(&o, 55);
	status = raw_child_end(&o);
	return status == EXO_STATUS(EXO_DEATH_EXIT, 55) || status == EXO_STATUS(EXO_DEATH_EXIT, 9);
}

/* One env, from birth to reap. Returns what went wrong, or NULL. */
static const char *live(const struct state *s, const struct exo_limits *limits)
{
	uint64_t events = shared.child_events, want = EXO_STATUS(EXO_DEATH_EXIT, 11);
	struct raw_child c;

	shared = (struct shared){ .child_events = events };
	if (!start(s, &c, limits))
		return "it does not start";
	while (shared.reached < s->reach || (s->is_in_upcall && !shared.in_upcall))
		raw_yield();
	if (shared.err)
		return "a call failed in it";
	if (s->is_own_end)
		want = s->status;
	else if (raw_child_kill(&c, 11))
		return "it cannot be killed";
	if (raw_child_end(&c) != want)
		return "wrong status";
	if (!end_orphan())
		return "wrong status of its child";
	if (shared.child_events == events)
		return "the parent heard nothing";
	if (raw_child_kill(&c, 1) != EXO_E_ENV
	    || raw_call(EXO_CALL_ENV_REAP, c.env, 0, 0) != EXO_E_ENV
	    || (c.vcpu && raw_call(EXO_CALL_YIELD, c.vcpu, 0, 0) != EXO_E_VCPU)
	    || (c.vcpu && raw_call(EXO_CALL_VCPU_STOP, c.vcpu, 0, 0) != EXO_E_VCPU))
		return "a handle outlives it";
	return NULL;
}

static void rounds(const struct state *s, const struct raw_usage *before,
		   const struct exo_limits *limits, uint64_t n)
{
	const char *wrong = NULL;
	uint64_t i;

	for (i = 0; i < n && !wrong; i++)
		wrong = live(s, limits);
	raw_ok(!wrong, s->name);
	if (wrong) {
		raw_text("# ");
		raw_text(wrong);
		raw_text("\n");
	}
	raw_conserved(before, "  everything is back");
}

static void raw_main(void)
{
	static const struct exo_limits limits = { { 200, 4, 4, 4, 0 } };
	struct raw_usage before;
	unsigned i;

	parent = exo_call(EXO_CALL_SELF, 0, 0, 0, 0, 0).second;
	raw_eq((uint64_t)raw_pages(0, SHARED_PAGE, 1, EXO_READ | EXO_WRITE), 0, "memory");
	before = raw_usage(0);
	raw_state.page->masked = 0;
	for (i = 0; i < RAW_COUNT(states); i++)
		rounds(&states[i], &before, NULL, raw_rounds(60));
	raw_text("# the same with accounts of their own\n");
	for (i = 0; i < RAW_COUNT(states); i++)
		rounds(&states[i], &before, &limits, raw_rounds(60));
}
