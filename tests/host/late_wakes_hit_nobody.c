/* SPDX-License-Identifier: ISC */
/*
 * wake-stale, no-resurrection, release-once, release-failed: a wake that has chosen its vcpu and
 * stops meets nobody else when it goes on, nobody who was killed runs again, two wakes at once
 * wake one waiter once, and who does not wait is not woken.
 */
#include "tests/host/sides.h"

#define PAGE (2 * EXO_ROOT_SPAN) /* of the child's vcpu */
#define WORD (3 * EXO_ROOT_SPAN) /* of the child; the first env has the frame, too */

static uint64_t child, waiter;
static uint64_t woken[EXO_CPUS];

static struct vcpu *entry(struct sides *s)
{
	return &s->l->m->vcpus[waiter & 0xffff];
}

/* A child whose vcpu waits for its word, on the CPU of the lab, until `deadline`. */
static void begin(struct lab *l, uint64_t deadline)
{
	child = lab_child(l, 0);
	waiter = lab_vcpu(l, child, PAGE, l->cpu);
	lab_map(l, child, WORD, 1);
	if (!lab_slot(l, 0, WORD, 1)) {
		lab_map(l, 0, WORD, 0);
		lab_op(l, OP(COPY, 1, WORD, 1, .source_env = child, .source = WORD, .rights = 7,
			     .access = 3));
	}
	lab_call(l, EXO_CALL_YIELD, waiter, 0, 0, 0, 0);
	lab_call(l, EXO_CALL_TIMER, deadline, 0, 0, 0, 0);
	lab_call(l, EXO_CALL_WAIT, WORD, 0, EXO_WAIT_SHARED, 0, 0);
}

static void end(struct lab *l)
{
	lab_call(l, EXO_CALL_ENV_KILL, child, 0, 0, 0, 0);
	lab_reap(l, child);
	if (lab_slot(l, 0, WORD, 1))
		lab_op(l, OP(CLEAR, 1, WORD, 1));
	lab_sound(l, "the machine is sound");
}

/* wake-stale: CPU 1's clock has taken the sleeper off its timer, and has yet to wake it. */
static bool is_timer_taken(struct sides *s)
{
	return entry(s)->timer == UINT64_MAX && entry(s)->state == VCPU_WAITING;
}

static void side_tick(struct sides *s, unsigned cpu)
{
	host_advance(s->l->m, 2000);
	kernel_interrupt(s->l->m, &s->l->m->cpus[cpu]);
}

/* Meanwhile the sleeper ends, and its entry is another's, who waits for ever. */
static void side_replace(struct sides *s, unsigned cpu)
{
	uint64_t old = waiter;

	(void)cpu;
	lab_call(s->l, EXO_CALL_ENV_KILL, child, 0, 0, 0, 0);
	lab_reap(s->l, child);
	begin(s->l, 0);
	tap_eq(waiter & 0xffff, old & 0xffff, "its entry is used again");
}

static void check_stale(struct sides *s)
{
	s->side[0].program = side_replace;
	s->side[1].program = side_tick;
	s->held = 1;
	s->hold_at = "lock_release";
	s->is_there = is_timer_taken;
	s->l->cpu = 1;
	begin(s->l, s->l->m->arch.clock + 1000);
	s->l->cpu = 0;
	sides_run(s);
	tap_ok(s->was_held, "a wake has chosen a sleeper, and stops");
	tap_eq(entry(s)->state, VCPU_WAITING, "who has its entry now still waits");
	tap_eq(entry(s)->pending, 0, "and has no event");
	end(s->l);
}

/* no-resurrection: CPU 1 is about to make the waiter RUNNABLE. */
static bool is_waking(struct sides *s)
{
	return entry(s)->state == VCPU_WAITING;
}

static void side_wake(struct sides *s, unsigned cpu)
{
	side_call(s, EXO_CALL_WAKE, WORD, 1, EXO_WAIT_SHARED);
	woken[cpu] = s->side[cpu].value;
}

static void side_kill(struct sides *s, unsigned cpu)
{
	(void)cpu;
	side_call(s, EXO_CALL_ENV_KILL, child, 0, 0);
}

static void check_killed(struct sides *s)
{
	uint64_t refusals;

	s->side[0].program = side_kill;
	s->side[1].program = side_wake;
	s->hold_at = "vcpu_edge";
	s->is_there = is_waking;
	begin(s->l, 0);
	refusals = s->l->m->refusals;
	sides_run(s);
	tap_ok(s->was_held && s->spins, "a waiter is killed while a wake has found it");
	tap_eq(s->l->m->refusals, refusals + 1, "the wake's edge is refused");
	tap_eq(entry(s)->state, VCPU_FREE, "it does not live again");
	tap_eq(s->l->m->cpus[1].current, s->side[1].vcpu & 0xffff, "nobody runs it");
	end(s->l);
}

static void check_once(struct sides *s)
{
	unsigned at, both = 0;

	s->side[0].program = side_wake;
	s->side[1].program = side_wake;
	s->hold_at = NULL;
	s->is_there = NULL;
	for (at = 0, s->was_held = true; s->was_held; at++) {
		s->hold_after = at;
		begin(s->l, 0);
		sides_run(s);
		both += woken[0] + woken[1] != 1 || entry(s)->state != VCPU_RUNNABLE
			|| EXO_REG_RESULT(&entry(s)->regs) != 0;
		lab_call(s->l, EXO_CALL_ENV_KILL, child, 0, 0, 0, 0);
		lab_reap(s->l, child);
		lab_op(s->l, OP(CLEAR, 1, WORD, 1));
	}
	s->hold_after = 0;
	tap_ok(at > 5, "of two wakes one stops at each of %u points", at - 1);
	tap_eq(both, 0, "the waiter is woken by exactly one, each time");
	lab_sound(s->l, "the machine is sound");
}

static void check_failed(struct sides *s)
{
	struct lab *l = s->l;
	uint64_t refusals, old;

	begin(l, 0);
	refusals = l->m->refusals;
	tap_eq(lab_call(l, EXO_CALL_YIELD, waiter, 0, 0, 0, 0), EXO_E_STATE,
	       "who waits cannot be given the CPU");
	tap_ok(l->m->refusals == refusals + 1 && entry(s)->state == VCPU_WAITING,
	       "that is counted, and it still waits");
	lab_call(l, EXO_CALL_WAKE, WORD, 1, EXO_WAIT_SHARED, 0, 0);
	tap_ok(l->value == 1 && entry(s)->state == VCPU_RUNNABLE, "it is woken");
	tap_ok(!lab_call(l, EXO_CALL_WAKE, WORD, 1, EXO_WAIT_SHARED, 0, 0) && l->value == 0,
	       "a second time there is nobody");
	old = waiter;
	end(l);
	refusals = l->m->refusals;
	tap_eq(lab_call(l, EXO_CALL_YIELD, old, 0, 0, 0, 0), EXO_E_VCPU, "who is dead is no name");
	tap_eq(l->m->refusals, refusals, "and nobody's state is tried");
}

/* Two CPUs give themselves to one vcpu: one of them does, the other goes on. */
static void side_yield(struct sides *s, unsigned cpu)
{
	woken[cpu] = side_call(s, EXO_CALL_YIELD, waiter, 0, 0) == EXO_OK;
}

static void check_yields(struct sides *s)
{
	struct cpu *c = s->l->m->cpus;
	unsigned at, both = 0;
	bool is_held = true;

	for (at = 0; is_held; at++) {
		s->side[0].program = s->side[1].program = side_yield;
		child = lab_child(s->l, 0);
		waiter = lab_vcpu(s->l, child, PAGE, 0);
		s->hold_after = at;
		sides_run(s);
		is_held = s->was_held;
		both += woken[0] + woken[1] != 1
			|| (c[0].current == (waiter & 0xffff)) != woken[0]
			|| (c[1].current == (waiter & 0xffff)) != woken[1];
		lab_call(s->l, EXO_CALL_YIELD, s->l->vcpu, 0, 0, 0, 0);
		lab_call(s->l, EXO_CALL_ENV_KILL, child, 0, 0, 0, 0);
		s->side[0].program = s->side[1].program = NULL;
		sides_run(s); /* CPU 1 leaves it */
		lab_reap(s->l, child);
	}
	tap_ok(at > 3, "of two yields to one vcpu one stops at each of %u points", at - 1);
	tap_eq(both, 0, "one CPU runs it, the other is told, each time");
	lab_sound(s->l, "the machine is sound");
}

int main(void)
{
	struct lab *l = lab_open(512, 2);
	struct sides s;

	sides_init(&s, l, 2);
	s.choose = sides_hold;
	check_stale(&s);
	check_killed(&s);
	check_once(&s);
	check_yields(&s);
	check_failed(&s);
	sides_destroy(&s);
	lab_close(l);
	return tap_done("tests/host/late_wakes_hit_nobody.tap");
}
