/* SPDX-License-Identifier: ISC */
/*
 * ctx-owner-only: no call names the registers of another vcpu; who wakes one writes its result,
 * and stops at each point on the way, while another CPU takes the vcpu as soon as it may and its
 * program changes every register. What the program put there is there when the waker has gone on.
 */
#include "tests/host/sides.h"

#define WORD SIDES_SHARED

/* Words of a register file that a program may set as it likes. */
enum {
	FIRST = offsetof(struct exo_regs, number) / sizeof(uint64_t),
	END = offsetof(struct exo_regs, flags) / sizeof(uint64_t),
};

static uint64_t child, waiter;
static unsigned changed, taken;

static struct vcpu *entry(struct sides *s)
{
	return &s->l->m->vcpus[waiter & 0xffff];
}

static void side_wake(struct sides *s, unsigned cpu)
{
	(void)cpu;
	side_call(s, EXO_CALL_WAKE, WORD, 1, EXO_WAIT_SHARED);
}

static void side_event(struct sides *s, unsigned cpu)
{
	(void)cpu;
	vcpu_event(s->l->m, waiter & 0xffff, EXO_EVENT_TIMER);
}

/* Take it, and be its program until the waker has done. */
static void side_take(struct sides *s, unsigned cpu)
{
	uint64_t *words = (uint64_t *)&entry(s)->regs;
	unsigned i;

	while (entry(s)->state != VCPU_RUNNABLE)
		side_wait(s);
	side_call(s, EXO_CALL_YIELD, waiter, 0, 0);
	taken += s->l->m->cpus[cpu].current == (waiter & 0xffff);
	for (i = FIRST; i < END; i++)
		words[i] = 0x1111 * (i + 1);
	while (s->side[0].is_running)
		side_wait(s);
	for (i = FIRST; i < END; i++)
		changed += words[i] != 0x1111 * (i + 1);
}

static void begin(struct sides *s)
{
	child = sides_child(s, 0, 1, &waiter);
	vcpu_page(s->l->m, waiter & 0xffff)->masked = 1;
	lab_call(s->l, EXO_CALL_WAIT, WORD, 0, EXO_WAIT_SHARED, 0, 0);
}

static void check_waker(struct sides *s, side_program *waker, const char *what)
{
	unsigned at, unsound = 0;
	bool is_held = true;

	changed = taken = 0;
	for (at = 0; is_held; at++) {
		begin(s);
		s->side[0].program = waker;
		s->side[1].program = side_take;
		s->hold_after = at;
		sides_run(s);
		is_held = s->was_held;
		unsound += !lab_audit(s->l);
		sides_end_child(s, child, 1);
	}
	tap_ok(at > 5, "%s stops at each of %u points", what, at - 1);
	tap_eq(taken, at, "another CPU runs the vcpu each time");
	tap_eq(changed, 0, "no register changes under its program");
	tap_eq(unsound, 0, "and the machine is sound");
}

int main(void)
{
	struct lab *l = lab_open(512, 2);
	struct sides s;

	sides_init(&s, l, 2);
	s.choose = sides_hold;
	check_waker(&s, side_wake, "a wake");
	check_waker(&s, side_event, "an event");
	sides_destroy(&s);
	lab_close(l);
	return tap_done("tests/host/contexts_have_one_owner.tap");
}
