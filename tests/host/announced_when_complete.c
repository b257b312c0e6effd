/* SPDX-License-Identifier: ISC */
/*
 * release-barrier: CPU 1 idles; CPU 0 releases a vcpu that it is to run, by a wake or by an event,
 * and stops at each point on the way. When the interrupt that announces it is seen, its state and
 * its registers are as they are to be; CPU 1 looks at once, and runs it.
 */
#include "tests/host/sides.h"

#define WORD SIDES_SHARED

static uint64_t child, sleeper, result;
static unsigned announced, early;
static bool was_interrupted;

static struct vcpu *entry(struct sides *s)
{
	return &s->l->m->vcpus[sleeper & 0xffff];
}

static bool is_idle(struct sides *s)
{
	return s->l->m->cpus[1].current == VCPU_NONE && entry(s)->state == VCPU_WAITING
		&& s->l->m->vcpus[s->side[1].vcpu & 0xffff].state == VCPU_WAITING;
}

/* The litmus: whoever sees the interrupt sees what was written before it. */
static void watch(struct sides *s, unsigned cpu, const char *name)
{
	bool is_interrupted = s->l->m->arch.cpus[1].is_interrupted;

	(void)cpu;
	(void)name;
	if (s->side[0].is_running && is_interrupted && !was_interrupted) {
		announced++;
		early += entry(s)->state == VCPU_WAITING
			|| EXO_REG_RESULT(&entry(s)->regs) != result;
	}
	was_interrupted = is_interrupted;
}

static void side_idle(struct sides *s, unsigned cpu)
{
	side_call(s, EXO_CALL_WAIT, s->side[cpu].arguments, 0, 0);
}

static void side_wake(struct sides *s, unsigned cpu)
{
	(void)cpu;
	while (!is_idle(s))
		side_wait(s);
	result = EXO_OK;
	side_call(s, EXO_CALL_WAKE, WORD, 1, EXO_WAIT_SHARED);
}

static void side_event(struct sides *s, unsigned cpu)
{
	(void)cpu;
	while (!is_idle(s))
		side_wait(s);
	result = (uint64_t)(int64_t)EXO_E_PENDING;
	vcpu_event(s->l->m, sleeper & 0xffff, EXO_EVENT_TIMER);
}

/* A child whose vcpu, with a slice on CPU 1 alone, waits, as does that CPU's own. */
static void begin(struct sides *s)
{
	struct lab *l = s->l;

	l->m->vcpus[s->side[1].vcpu & 0xffff].pending = 0; /* it has heard of who died */
	child = sides_child(s, 1, 1, &sleeper);
	vcpu_page(l->m, sleeper & 0xffff)->masked = 1;
	l->cpu = 1;
	lab_call(l, EXO_CALL_WAIT, WORD, 0, EXO_WAIT_SHARED, 0, 0);
	l->cpu = 0;
	host_self.index = 0;
	EXO_REG_RESULT(&entry(s)->regs) = 0x5ec4e7;
}

static void end(struct sides *s)
{
	sides_end_child(s, child, 1);
	vcpu_event(s->l->m, s->side[1].vcpu & 0xffff, EXO_EVENT_TIMER);
	sides_run(s);
}

static void check_release(struct sides *s, side_program *release, const char *what)
{
	unsigned at, forgotten = 0;
	bool is_held = true;

	announced = early = 0;
	for (at = 0; is_held; at++) {
		begin(s);
		s->side[0].program = release;
		s->side[1].program = side_idle;
		s->is_there = is_idle;
		s->hold_after = at;
		was_interrupted = false;
		sides_run(s);
		is_held = s->was_held;
		s->is_there = NULL;
		forgotten += s->l->m->cpus[1].current != (sleeper & 0xffff);
		end(s);
	}
	tap_ok(at > 3 && announced >= at, "%s stops at each of %u points, and announces it", what,
	       at - 1);
	tap_eq(early, 0, "never before state and registers are written");
	tap_eq(forgotten, 0, "and the CPU that is told runs it");
}

int main(void)
{
	struct lab *l = lab_open(512, 2);
	struct sides s;

	sides_init(&s, l, 2);
	s.choose = sides_hold;
	s.watch = watch;
	check_release(&s, side_wake, "a wake");
	check_release(&s, side_event, "an event");
	sides_destroy(&s);
	lab_close(l);
	return tap_done("tests/host/announced_when_complete.tap");
}
