/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount
 * kernel-progress: between two asynchronous upcalls the interrupted code executes at least one
 * instruction, however long the handler takes and however close the next deadline is. Under icount,
 * so it is exact. What happens to run with a deadline always in the past (a handler that sets the
 * timer anew before it resumes) still comes to its end.
 */
#include "tests/guest/raw_child.h"

struct shared {
	volatile uint64_t count;           /* what the interrupted loop does */
	uint64_t events, want;
	uint64_t last_count, stuck;        /* stuck: upcalls between which it did nothing */
	uint64_t busy_units;               /* how long a handler takes */
	uint64_t ahead_units;              /* the next deadline, after the handler's begin */
	bool is_late;                      /* the timer is set as the last act of a handler */
	bool is_over;
};

static struct shared shared;

static void on_events(void)
{
	uint64_t now = machine_clock(), until = now + shared.busy_units;

	/* After the last one wanted the loop ends, perhaps without another round. */
	if (shared.events++ < shared.want && shared.count == shared.last_count)
		shared.stuck++;
	shared.last_count = shared.count;
	if (shared.is_over)
		return;
	if (!shared.is_late)
		raw_call(EXO_CALL_TIMER, now + shared.ahead_units, 0, 0);
	while (machine_clock() < until)
		;
	if (shared.is_late)
		raw_call(EXO_CALL_TIMER, 1, 0, 0);
}

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	(void)page;
	if (frame->kind == EXO_UPCALL_EVENTS)
		on_events();
	else
		raw_exit(99);
}

/* Count under a storm of timers until there were `events` upcalls. */
static void storm(const char *name, uint64_t busy, uint64_t ahead, bool is_late, uint64_t events)
{
	shared = (struct shared){ .last_count = UINT64_MAX, .want = events,
				  .busy_units = busy, .ahead_units = ahead, .is_late = is_late };
	raw_call(EXO_CALL_TIMER, 1, 0, 0);
	while (*(volatile uint64_t *)&shared.events < events)
		shared.count++;
	shared.is_over = true;
	raw_call(EXO_CALL_TIMER, 0, 0, 0);
	raw_note("upcalls", shared.events, "");
	raw_note("rounds of the loop", shared.count, "");
	raw_note("upcalls without a round in between", shared.stuck, "");
	raw_ok(shared.stuck == 0, name);
}

/* The same with system calls in between: each leaves the kernel, and none may be starved. */
static void calls(uint64_t busy, uint64_t events)
{
	uint64_t done = 0;

	shared = (struct shared){ .last_count = UINT64_MAX, .want = events,
				  .busy_units = busy, .ahead_units = 1 };
	raw_call(EXO_CALL_TIMER, 1, 0, 0);
	while (shared.events < events) {
		raw_call(EXO_CALL_SELF, 0, 0, 0);
		shared.count++;
		done++;
	}
	shared.is_over = true;
	raw_call(EXO_CALL_TIMER, 0, 0, 0);
	raw_ok(done > 0, "a loop of system calls comes to its end too");
	raw_note("calls", done, "");
}

static void raw_main(void)
{
	uint64_t n = raw_rounds(20000), quantum = raw_info()->quantum_units;

	raw_note("quantum", quantum, "clock units");
	raw_state.page->masked = 0;
	storm("handlers shorter than a quantum", 0, 1, false, n);
	storm("handlers longer than the next deadline", 2 * quantum, 1, false, n);
	storm("handlers much longer", 50 * quantum, 1, false, n / 10 + 1);
	storm("a deadline in the past, set as the last act", 0, 1, true, n);
	storm("the same after long work", 10 * quantum, 1, true, n / 5 + 1);
	storm("deadlines half a handler ahead", 2 * quantum, quantum, false, n);
	calls(5 * quantum, n);
}
