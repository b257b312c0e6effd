/* SPDX-License-Identifier: ISC */
/*
 * runqueue-self-check: who ends a wait, by an event, has read which bucket it is in, and stops at
 * each point; meanwhile another CPU wakes the vcpu, and it waits in another bucket. At every point
 * each queue that nobody has locked holds exactly those who wait there, each once, and the wait
 * that the event meets ends.
 */
#include "tests/host/sides.h"

#define WORD SIDES_SHARED
#define OTHER (WORD + EXO_PAGE_SIZE)

static uint64_t child, waiter;
static unsigned broken, moved;

static struct vcpu *entry(struct sides *s)
{
	return &s->l->m->vcpus[waiter & 0xffff];
}

/* Members of the buckets that nobody changes; each must wait, and be met once. */
static UNCHECKED unsigned count_buckets(struct machine *m, bool *is_locked)
{
	unsigned i, at, in = 0;

	for (i = 0; i < EXO_BUCKETS; i++) {
		*is_locked |= m->buckets[i].lock.held;
		for (at = m->buckets[i].head; !m->buckets[i].lock.held && at != VCPU_NONE;
		     at = m->vcpus[at].wait_next) {
			broken += m->vcpus[at].wait_mode == WAIT_NONE || ++in > EXO_VCPUS;
			if (in > EXO_VCPUS)
				return in;
		}
	}
	return in;
}

static UNCHECKED void watch(struct sides *s, unsigned cpu, const char *name)
{
	struct machine *m = s->l->m;
	bool is_locked = false;
	unsigned i, in = count_buckets(m, &is_locked), waits = 0;

	(void)cpu;
	(void)name;
	for (i = 0; i < EXO_VCPUS; i++)
		waits += m->vcpus[i].state == VCPU_WAITING;
	broken += !is_locked && in != waits;
}

static void side_event(struct sides *s, unsigned cpu)
{
	(void)cpu;
	vcpu_event(s->l->m, waiter & 0xffff, EXO_EVENT_TIMER);
}

/* Wake it where it waits first; then the CPU is free to run it. */
static void side_wake(struct sides *s, unsigned cpu)
{
	side_call(s, EXO_CALL_WAKE, WORD, 1, EXO_WAIT_SHARED);
	if (entry(s)->state == VCPU_RUNNABLE) { /* it hears of the event, and waits again */
		side_call(s, EXO_CALL_YIELD, waiter, 0, 0);
		moved += s->l->m->cpus[cpu].current == (waiter & 0xffff);
		side_call(s, EXO_CALL_WAIT, OTHER, 0, EXO_WAIT_SHARED);
	}
}

static void begin(struct sides *s)
{
	child = sides_child(s, 0, 2, &waiter);
	lab_call(s->l, EXO_CALL_WAIT, WORD, 0, EXO_WAIT_SHARED, 0, 0);
}

int main(void)
{
	struct lab *l = lab_open(512, 2);
	unsigned at, asleep = 0, unsound = 0;
	bool is_held = true;
	struct sides s;

	sides_init(&s, l, 2);
	s.choose = sides_hold;
	s.watch = watch;
	for (at = 0; is_held; at++) {
		begin(&s);
		s.side[0].program = side_event;
		s.side[1].program = side_wake;
		s.hold_after = at;
		sides_run(&s);
		is_held = s.was_held;
		asleep += entry(&s)->state == VCPU_WAITING && entry(&s)->pending;
		unsound += !lab_audit(l);
		sides_end_child(&s, child, 2);
	}
	tap_ok(at > 3 && moved, "an event stops at each of %u points, at %u of them the vcpu moves",
	       at - 1, moved);
	tap_eq(broken, 0, "every queue holds who waits there, and each once");
	tap_eq(asleep, 0, "and nobody sleeps on with the event");
	tap_eq(unsound, 0, "the machine is sound each time");
	sides_destroy(&s);
	lab_close(l);
	return tap_done("tests/host/queues_hold_who_waits.tap");
}
