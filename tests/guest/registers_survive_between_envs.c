/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount --hz 10000
 * Three envs hold patterns of their own in every register: one is preempted by force, one takes an
 * upcall and yields in each round, one is interrupted by upcalls of its timer; the parent runs in
 * between, and so do children that are born and die. Nothing of one is ever seen in another.
 */
#include <hold.h>

#include "tests/guest/raw_child.h"

enum { HOLDERS = 3, TIMED = 2 };

static struct pattern patterns[HOLDERS] __attribute__((aligned(64)));
static volatile uint64_t upcalls, timers, timed_env, period;

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	if (frame->kind == EXO_UPCALL_EXCEPTION) {
		upcalls++;
		EXO_REG_PC(&frame->regs) += CPU_UNDEFINED_BYTES;
	} else if (frame->kind != EXO_UPCALL_EVENTS) {
		raw_exit(99);
	} else if (frame->code & EXO_EVENT_TIMER && page->env == timed_env) {
		timers++;
		raw_call(EXO_CALL_TIMER, machine_clock() + period, 0, 0);
	}
}

static void holder(uint64_t number)
{
	if (number == TIMED) {
		timed_env = raw_state.page->env;
		raw_call(EXO_CALL_TIMER, 1, 0, 0);
	}
	if (number == 1)
		hold_busy(&patterns[number]);
	else
		hold(&patterns[number]);
	*(volatile uint64_t *)&patterns[number].done = 1;
	raw_exit((uint32_t)number + 1);
}

/* A newborn starts with clean registers, whatever those before it held. */
static void newborn(uint64_t argument)
{
	uint64_t left = pattern_of_newborn();

	(void)argument;
	raw_exit(left != 0);
}

static bool are_done(void)
{
	unsigned i;

	for (i = 0; i < HOLDERS; i++)
		if (!*(volatile uint64_t *)&patterns[i].done)
			return false;
	return true;
}

static void raw_main(void)
{
	static const char *const names[HOLDERS] = { "preempted", "upcalls and yields", "timers" };
	uint64_t rounds = raw_rounds(400000), births = 0, unclean = 0;
	struct raw_usage before = raw_usage(0);
	struct raw_child c[HOLDERS], born;
	unsigned i;

	period = 20 * raw_info()->quantum_units;
	for (i = 0; i < HOLDERS; i++) {
		pattern_fill(&patterns[i], i * 3 + 1, i == 1 ? rounds / 50 + 1 : rounds);
		raw_eq((uint64_t)raw_child_run(&c[i], i, holder, i), 0, names[i]);
	}
	while (!are_done()) {
		raw_yield();
		if (raw_child_run(&born, HOLDERS, newborn, 0))
			break;
		unclean += raw_child_end(&born) != 0;
		births++;
	}
	raw_note("upcalls", upcalls, "");
	raw_note("timers", timers, "");
	raw_note("births", births, "");
	raw_ok(upcalls > 0 && timers > 0 && births > 0, "all of that happened");
	raw_eq(unclean, 0, "a newborn's registers are clean");
	for (i = 0; i < HOLDERS; i++) {
		raw_eq(raw_child_end(&c[i]), i + 1, names[i]);
		pattern_check(&patterns[i], "its registers");
	}
	raw_conserved(&before, "everything is back");
}
