/* SPDX-License-Identifier: ISC */
/*
 * wake-before-block: a vcpu that is about to block stops at each point on its way, and meanwhile
 * another CPU changes its word and wakes, or pends an event. Either it does not block, or it is
 * made RUNNABLE again: it never waits for what has happened. queue-while-stopped: a CPU that has
 * found nothing to run, and stops before it sleeps, looks again when something is queued.
 */
#include "tests/host/sides.h"

#define WORD SIDES_SHARED

static uint64_t child, sleeper;
static uint64_t queued_clock, found_clock;

static struct vcpu *entry(struct sides *s)
{
	return &s->l->m->vcpus[sleeper & 0xffff];
}

/* A child whose vcpu has a slice on CPU 1, and that CPU runs it. */
static void begin(struct sides *s)
{
	child = sides_child(s, 1, 1, &sleeper);
	vcpu_page(s->l->m, sleeper & 0xffff)->masked = 1;
}

static void side_block(struct sides *s, unsigned cpu)
{
	(void)cpu;
	side_call(s, EXO_CALL_WAIT, WORD, 0, EXO_WAIT_SHARED);
}

static void side_wake(struct sides *s, unsigned cpu)
{
	lab_poke(s->l, 0, WORD, 1);
	side_call(s, EXO_CALL_WAKE, WORD, 1, EXO_WAIT_SHARED);
	(void)cpu;
}

static void side_event(struct sides *s, unsigned cpu)
{
	(void)cpu;
	vcpu_event(s->l->m, sleeper & 0xffff, EXO_EVENT_TIMER);
}

static void check_block(struct sides *s, side_program *other, const char *what)
{
	unsigned at, lost = 0, unsound = 0;
	bool is_held = true;

	s->held = 1;
	for (at = 0; is_held; at++) {
		begin(s);
		s->side[0].program = other;
		s->side[1].program = side_block;
		s->hold_after = at;
		sides_run(s);
		is_held = s->was_held;
		lost += entry(s)->state == VCPU_WAITING;
		unsound += !lab_audit(s->l);
		sides_end_child(s, child, 1);
	}
	tap_ok(at > 5, "%s while another stops at each of %u points before it blocks", what,
	       at - 1);
	tap_eq(lost, 0, "it never sleeps on");
	tap_eq(unsound, 0, "and the machine is sound each time");
}

/* CPU 1 has nothing but its own vcpu, which waits: the CPU idles. */
static void side_idle(struct sides *s, unsigned cpu)
{
	side_call(s, EXO_CALL_WAIT, s->side[cpu].arguments, 0, 0);
	found_clock = s->l->m->arch.clock;
}

static bool is_idle(struct sides *s)
{
	return s->l->m->cpus[1].current == VCPU_NONE && entry(s)->state == VCPU_WAITING
		&& s->l->m->vcpus[s->side[1].vcpu & 0xffff].state == VCPU_WAITING;
}

static void side_queue(struct sides *s, unsigned cpu)
{
	while (!is_idle(s))
		side_wait(s);
	queued_clock = s->l->m->arch.clock;
	side_wake(s, cpu);
}

static void check_idle(struct sides *s)
{
	unsigned at, late = 0;
	bool is_held = true;

	for (at = 0; is_held; at++) {
		begin(s);
		/* It has heard of the children that died. */
		s->l->m->vcpus[s->side[1].vcpu & 0xffff].pending = 0;
		s->l->cpu = 1;
		lab_call(s->l, EXO_CALL_WAIT, WORD, 0, EXO_WAIT_SHARED, 0, 0);
		s->l->cpu = 0;
		s->side[0].program = side_queue;
		s->side[1].program = side_idle;
		s->is_there = is_idle;
		s->hold_after = at;
		sides_run(s);
		is_held = s->was_held;
		s->is_there = NULL;
		late += s->l->m->cpus[1].current != (sleeper & 0xffff)
			|| found_clock - queued_clock > s->l->m->slice_units;
		sides_end_child(s, child, 1);
		vcpu_event(s->l->m, s->side[1].vcpu & 0xffff, EXO_EVENT_TIMER);
		sides_run(s);
	}
	tap_ok(at > 3, "a CPU stops at each of %u points before it sleeps", at - 1);
	tap_eq(late, 0, "and runs what was queued meanwhile within a tick");
	lab_sound(s->l, "the machine is sound");
}

int main(void)
{
	struct lab *l = lab_open(512, 2);
	struct sides s;

	sides_init(&s, l, 2);
	s.choose = sides_hold;
	check_block(&s, side_wake, "a wake");
	check_block(&s, side_event, "an event");
	check_idle(&s);
	sides_destroy(&s);
	lab_destroy(l);
	return tap_done("tests/host/no_wake_is_lost.tap");
}
