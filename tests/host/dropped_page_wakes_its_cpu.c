/* SPDX-License-Identifier: ISC */
/*
 * idle-drop-wakes: a vcpu waits for a word on a page that a dead env holds, too; the CPU that would
 * run it has nothing else to do, takes the dead env's tables apart and so drops the page, which
 * ends the wait. It runs the vcpu at once, and does not sleep till an interrupt comes: wherever
 * among the tables the page is, and wherever the CPU has got to, on its way to sleep, when the env
 * dies.
 */
#include "tests/host/sides.h"

#define WORD (3 * EXO_ROOT_SPAN) /* in the first env */
#define HEIR (WORD + EXO_PAGE_SIZE) /* page of a vcpu that hears of deaths, and never runs */
#define SPAN (EXO_TABLE_SLOTS * EXO_PAGE_SIZE) /* of a table of level 1 */

enum { TABLES = 12 };

static unsigned lost;

/* A child with a page in each of its tables; the first env has that of table `i`, too. */
static uint64_t begin(struct lab *l, unsigned i)
{
	uint64_t child = lab_child(l, 0);
	unsigned table;

	for (table = 0; table < TABLES; table++)
		lab_map(l, child, WORD + table * SPAN, 1);
	lab_op(l, OP(COPY, 1, WORD, 1, .source_env = child, .source = WORD + i * SPAN, .rights = 7,
		     .access = 3));
	return child;
}

static void end(struct lab *l, uint64_t child)
{
	lab_reap(l, child);
	lab_op(l, OP(CLEAR, 1, WORD, 1));
}

/* The only CPU, its only vcpu. */
static void check_tables(struct lab *l)
{
	unsigned i;

	for (i = 0; i < TABLES; i++) {
		uint64_t child = begin(l, i);

		lab_call(l, EXO_CALL_ENV_KILL, child, 0, 0, 0, 0);
		l->m->vcpus[l->vcpu & 0xffff].pending = 0; /* it has heard of the death */
		if (HOST_TRY(lab_call(l, EXO_CALL_WAIT, WORD, 0, EXO_WAIT_SHARED, 0, 0))) {
			lost++;
			l->next = cpu_leave(l->m, &l->m->cpus[0]); /* an interrupt, at last */
		}
		end(l, child);
	}
	tap_eq(lost, 0, "who waits on a page of one of %u tables runs when it is dropped", i);
}

static uint64_t dead;

static bool is_idle(struct sides *s)
{
	return s->l->m->cpus[1].current == VCPU_NONE;
}

static void side_idle(struct sides *s, unsigned cpu)
{
	(void)cpu;
	side_call(s, EXO_CALL_WAIT, WORD, 0, EXO_WAIT_SHARED);
}

/* Kills, and leaves the rest to CPU 1, if that is still at it. */
static void side_kill(struct sides *s, unsigned cpu)
{
	const struct vcpu *v = &s->l->m->vcpus[s->side[1].vcpu & 0xffff];

	while (!is_idle(s))
		side_wait(s);
	side_call(s, EXO_CALL_ENV_KILL, dead, 0, 0);
	while (!s->side[1].is_resting || s->l->m->arch.cpus[1].is_interrupted)
		side_wait(s);
	lost += is_idle(s) && v->state == VCPU_RUNNABLE;
	while (side_call(s, EXO_CALL_ENV_REAP, dead, 0, 0) == EXO_E_AGAIN)
		;
	arch_cpu_interrupt(s->l->m, 1);
	(void)cpu;
}

static void check_points(struct sides *s)
{
	unsigned at, unsound = 0;
	struct exo_vcpu_start start = { .page = HEIR, .entry = LAB_ENTRY, .stack = HEIR };
	bool is_held = true;

	lab_call_with(s->l, EXO_CALL_VCPU_START, &start, sizeof(start), 1, 0, 0);
	lost = 0;
	s->choose = sides_hold;
	s->held = 1;
	s->is_there = is_idle;
	s->side[0].program = side_kill;
	s->side[1].program = side_idle;
	for (at = 0; is_held; at++) {
		dead = begin(s->l, 0);
		s->hold_after = at;
		sides_run(s);
		is_held = s->was_held;
		end(s->l, dead);
		unsound += !lab_audit(s->l);
	}
	tap_ok(at > 3, "an env dies while a CPU is at each of %u points before it sleeps", at - 1);
	tap_eq(lost, 0, "the CPU never sleeps while one of its vcpus can run");
	tap_eq(unsound, 0, "and the machine is sound each time");
}

int main(void)
{
	struct lab *l = lab_open(512, 2);
	struct sides s;

	vcpu_page(l->m, l->vcpu & 0xffff)->masked = 1;
	lab_map(l, 0, WORD, 0);
	check_tables(l);
	sides_init(&s, l, 2);
	check_points(&s);
	sides_destroy(&s);
	lab_close(l);
	return tap_done("tests/host/dropped_page_wakes_its_cpu.tap");
}
