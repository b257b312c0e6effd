/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount --hz 1000
 * preempt-watchdog: at the end of its slice a vcpu that has company gets an upcall; it may yield
 * within the allowance; past that, or masked, or without an upcall entry, it is preempted by
 * force and what it ran too long is counted and taken off its next slice. Alone it is not asked.
 * Nothing puts the end of a slice off: no loop of short calls, of faults, of doorbells, of
 * timers, no two that yield to each other.
 */
#include "tests/guest/raw_child.h"

/* Instructions that a way into the kernel and to another vcpu may take, generously. */
#define SLACK 6000u

enum manner { YIELDS, IGNORES, MASKED, NO_ENTRY, CALLS, FAULTS, BELLS, TIMERS, PARTNER };

struct shared {
	volatile uint64_t manner;
	volatile uint64_t asked_at, ends, over; /* SLICE_END: when, how many; how late */
	volatile uint64_t excess, switches, slice_end; /* of the child's page */
	volatile uint64_t begun, runs, ran;     /* the child's turns, as it sees them */
	volatile uint64_t last;                 /* when the child ran last */
	volatile uint64_t partner[2];           /* vcpus that yield to each other */
	volatile uint32_t word;
	volatile bool is_over;
};

static struct shared shared;
static uint64_t parent;

static void on_slice_end(struct exo_vcpu_page *page)
{
	shared.asked_at = machine_clock();
	shared.over = shared.asked_at - page->slice_end;
	shared.ends++;
	if (shared.manner == YIELDS)
		raw_yield();
	while (shared.manner == IGNORES) {
		shared.last = machine_clock();
		shared.excess = page->excess;
		shared.switches = page->switches;
	}
}

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	if (frame->kind != EXO_UPCALL_EVENTS) {
		EXO_REG_PC(&frame->regs) += CPU_UNDEFINED_BYTES;
		return;
	}
	if (page->env != parent && frame->code & EXO_EVENT_SLICE_END)
		on_slice_end(page);
	if (page->env != parent && frame->code & EXO_EVENT_TIMER && shared.manner == TIMERS)
		raw_call(EXO_CALL_TIMER, 1, 0, 0);
}

/* One step of what the child is busy with. */
static void child_step(void)
{
	switch (shared.manner) {
	case CALLS:
		raw_call(EXO_CALL_SELF, 0, 0, 0);
		break;
	case FAULTS:
		cpu_undefined(0);
		break;
	case BELLS:
		raw_call(EXO_CALL_WAIT, (uint64_t)&shared.word, 0, EXO_WAIT_DOORBELL);
		raw_call(EXO_CALL_WAKE, (uint64_t)&shared.word, 1, 0);
		break;
	case PARTNER:
		raw_call(EXO_CALL_YIELD, shared.partner[1], 0, 0);
		break;
	default:
		break;
	}
}

static void child(uint64_t argument)
{
	struct exo_vcpu_page *page = raw_state.page;

	(void)argument;
	shared.last = machine_clock();
	if (shared.manner == TIMERS)
		raw_call(EXO_CALL_TIMER, 1, 0, 0);
	while (!shared.is_over) {
		uint64_t now = machine_clock();

		if (now - shared.last > SLACK) {
			shared.ran = shared.last - shared.begun;
			shared.begun = now;
			shared.runs++;
		}
		child_step();
		shared.last = machine_clock();
		shared.excess = page->excess;
		shared.switches = page->switches;
		shared.slice_end = page->slice_end;
	}
	raw_exit(3);
}

/* The second of two that yield to each other. */
static void partner(uint64_t argument)
{
	(void)argument;
	while (!shared.is_over)
		raw_call(EXO_CALL_YIELD, shared.partner[0], 0, 0);
	raw_exit(3);
}

static void begin(struct raw_child *c, enum manner manner)
{
	struct exo_vcpu_start how;

	shared = (struct shared){ .manner = manner };
	raw_child_create(c, 0, NULL);
	how = raw_child_how(c, child, 0);
	how.masked = manner == MASKED;
	if (manner == NO_ENTRY)
		how.upcall_entry = 0;
	raw_child_go(c, &how);
	shared.partner[0] = c->vcpu;
}

static void finish(const struct raw_child *c)
{
	shared.is_over = true;
	shared.manner = CALLS;
	raw_eq(raw_child_end(c), EXO_STATUS(EXO_DEATH_EXIT, 3), "  the child ends");
}

static void at_most(uint64_t got, uint64_t bound, const char *name)
{
	if (!raw_ok(got <= bound, name))
		raw_note("bound", bound, "clock units");
	raw_note("it was", got, "clock units");
}

/* Let the child run once; how long the parent was away. */
static uint64_t turn(void)
{
	uint64_t before = machine_clock();

	raw_yield();
	return machine_clock() - before;
}

static void test_yields(void)
{
	const struct exo_info *info = raw_info();
	struct raw_child c;
	uint64_t away;

	begin(&c, YIELDS);
	turn();
	away = turn();
	raw_eq(shared.ends, 2, "each turn ends with an upcall");
	at_most(away, info->slice_units + SLACK, "who yields then has had a slice");
	raw_ok(away + SLACK >= info->slice_units, "and not less");
	at_most(shared.over, SLACK, "the upcall comes at the slice's end");
	raw_eq(shared.switches, 0, "it was never preempted by force");
	turn();
	at_most(shared.excess, 3 * SLACK, "and hardly ran too long");
	finish(&c);
}

static void test_taken(enum manner manner, uint64_t extra, const char *name)
{
	const struct exo_info *info = raw_info();
	uint64_t away[3], i, bound = info->slice_units + extra + SLACK;
	struct raw_child c;

	begin(&c, manner);
	for (i = 0; i < 3; i++)
		away[i] = turn();
	at_most(away[0], bound, name);
	raw_ok(away[0] + SLACK >= info->slice_units + extra, "  and not before");
	at_most(away[1] + extra, bound, "  what was too long is taken off the next");
	at_most(away[2] + extra, bound, "  and of the one after");
	raw_ok(shared.switches >= 2, "  forced preemptions are counted");
	if (extra)
		raw_ok(shared.excess + SLACK >= 2 * extra && shared.excess <= 3 * (extra + SLACK),
		       "  so is the excess");
	raw_note("excess of two turns", shared.excess, "clock units");
	finish(&c);
}

/* Whatever it does, it gets its slice and the allowance, no more. */
static void test_busy(enum manner manner, const char *name)
{
	const struct exo_info *info = raw_info();
	uint64_t bound = info->slice_units + info->allowance_units + SLACK, most = 0, i;
	struct raw_child c, second;

	begin(&c, manner);
	if (manner == PARTNER) {
		struct exo_vcpu_start how;

		raw_child_create(&second, 1, NULL);
		how = raw_child_how(&second, partner, 0);
		raw_child_go(&second, &how);
		shared.partner[1] = second.vcpu;
		bound *= 2; /* they have two slices */
	}
	for (i = 0; i < 5; i++) {
		uint64_t away = turn();

		most = away > most ? away : most;
	}
	at_most(most, bound, name);
	finish(&c);
	if (manner == PARTNER)
		finish(&second);
}

/* Alone: the child runs while the parent waits for its end; no upcall, no switch. */
static void test_alone(void)
{
	struct raw_child c;
	uint64_t until;

	begin(&c, YIELDS);
	raw_state.page->masked = 0;
	raw_call(EXO_CALL_TIMER, until = machine_clock() + 21 * raw_info()->slice_units / 2,
		 0, 0);
	/* What is pending of the child before, and comes a quantum late, ends the wait too. */
	while (raw_call(EXO_CALL_WAIT, (uint64_t)&shared.word, 0, 0) != EXO_E_PENDING
	       || machine_clock() < until)
		;
	raw_eq(shared.ends, 1, "alone it is not asked to yield until the parent wants to run");
	raw_eq(shared.switches, 0, "nor preempted");
	raw_ok(shared.last + SLACK > until, "though it runs on, slice after slice");
	at_most(machine_clock() - until, raw_info()->slice_units + SLACK,
		"who waited runs within a slice of its timer");
	raw_ok(shared.slice_end > until - raw_info()->slice_units,
	       "and its page knows when the slice ends");
	raw_state.page->masked = 1;
	finish(&c);
}

static void raw_main(void)
{
	uint64_t allowance = raw_info()->allowance_units;

	parent = exo_call(EXO_CALL_SELF, 0, 0, 0, 0, 0).second;
	raw_note("slice", raw_info()->slice_units, "clock units");
	raw_note("allowance", allowance, "clock units");
	test_yields();
	test_taken(IGNORES, allowance, "who ignores it has the allowance");
	test_taken(MASKED, allowance, "masked, it cannot hear");
	test_taken(NO_ENTRY, 0, "without an entry it is not asked");
	test_busy(CALLS, "a loop of short calls");
	test_busy(FAULTS, "a loop of faults");
	test_busy(BELLS, "a loop of doorbells");
	test_busy(TIMERS, "a loop of timers in the past");
	test_busy(PARTNER, "two that yield to each other");
	test_alone();
}
