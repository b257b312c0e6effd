/* SPDX-License-Identifier: ISC */
/*
 * exit-releases-waiters: a process ends on CPU 0, and two go on: its parent, which sleeps until it
 * hears of a child, and one that waits for a word which the end of the process wakes, as a reader
 * at a pipe does. CPU 1 takes each as soon as it can run, while CPU 0 stops at each point of the
 * end in turn, and then at points by chance, again and again. Both run from where they were, with
 * their registers, each in its own address space; the parent is told who has ended, and how.
 */
#include "tests/host/sides.h"

#define PROGRAM 0x2000
#define PAGE  (2 * EXO_ROOT_SPAN)          /* of each one's vcpu; its stack is the next 3 pages */
#define WORD  (PAGE + 8 * EXO_PAGE_SIZE)   /* one frame, in all three spaces */
#define OWN   (PAGE + 9 * EXO_PAGE_SIZE)   /* a page that says whose space it is */
#define STACK (PAGE + 4 * EXO_PAGE_SIZE)

enum { PARENT, READER, WAITERS, LAST };
enum { ROUNDS = 10000 };
enum { TURNS_MAX = 100000 }; /* who has not gone on by then has been forgotten */

static struct waiter {
	uint64_t env, vcpu, rounds;
	uint64_t seen; /* in the word that it waits for */
} waiter[WAITERS];

static uint64_t last, last_vcpu; /* who is to end */
static unsigned long rounds, released, lost, torn, strangers, untold, unsound;

static uint64_t canary(unsigned i, unsigned n)
{
	return (waiter[i].rounds * WAITERS + i + 1) * UINT64_C(0x9e3779b97f4a7c15) + n;
}

/* Set all that the program may set as it likes, or count it if something has changed. */
static void registers(struct exo_regs *regs, unsigned i, bool is_set)
{
	bool is_own = true;
	unsigned n;

	if (is_set) {
		regs->pc = PROGRAM + 16 * waiter[i].rounds;
		regs->sp = STACK - 16 * (1 + waiter[i].rounds % 8);
	}
	for (n = 0; n < 10; n++) {
		uint64_t *at = n < 6 ? &regs->general[n] : &host_self.fpu.word[n - 6];

		if (is_set)
			*at = canary(i, n);
		is_own &= *at == canary(i, n);
	}
	torn += !is_own || regs->pc != PROGRAM + 16 * waiter[i].rounds
		|| regs->sp != STACK - 16 * (1 + waiter[i].rounds % 8);
}

static struct vcpu *entry(struct sides *s, unsigned i)
{
	return &s->l->m->vcpus[waiter[i].vcpu & 0xffff];
}

/* It runs here, and waits (again): the parent for an event, the reader for the word to change. */
static void side_sleep(struct sides *s, unsigned i)
{
	waiter[i].rounds++;
	registers(&entry(s, i)->regs, i, true);
	side_call(s, EXO_CALL_WAIT, i == PARENT ? OWN + 8 : WORD, waiter[i].seen,
		  i == PARENT ? 0 : EXO_WAIT_SHARED);
}

static void side_first_sleep(struct sides *s, unsigned cpu)
{
	unsigned i;

	(void)cpu;
	for (i = 0; i < WAITERS; i++) {
		side_call(s, EXO_CALL_YIELD, waiter[i].vcpu, 0, 0);
		side_sleep(s, i);
	}
}

/* What wait() does after the event. */
static void side_reap(struct sides *s, unsigned cpu)
{
	untold += side_call(s, EXO_CALL_ENV_REAP, 0, 0, 0) || s->side[cpu].value != last;
	while (side_call(s, EXO_CALL_ENV_REAP, last, 0, 0) == EXO_E_AGAIN)
		;
	untold += s->side[cpu].value != EXO_STATUS(EXO_DEATH_EXIT, rounds);
}

static bool is_here(struct sides *s, unsigned cpu, unsigned i)
{
	return s->l->m->cpus[cpu].current == (waiter[i].vcpu & 0xffff);
}

/* Run it, if the CPU has not chosen it by itself. Has it been released? A reader may be woken for
 * nothing: a slot on its word's frame is gone. */
static bool side_go_on(struct sides *s, unsigned cpu, unsigned i)
{
	struct vcpu *v = entry(s, i);
	uint64_t value = 0;
	int64_t result;

	if (!is_here(s, cpu, i))
		side_call(s, EXO_CALL_YIELD, waiter[i].vcpu, 0, 0);
	if (!is_here(s, cpu, i)) {
		strangers++;
		return false;
	}
	registers(&v->regs, i, false);
	strangers += host_load(s->l->m, cpu, OWN, &value) || value != i
		|| s->l->m->cpus[cpu].root_env != v->env;
	result = (int64_t)EXO_REG_RESULT(&v->regs);
	if (i == PARENT) {
		lost += result != EXO_E_PENDING;
		untold += atomic_exchange(&v->pending, 0) != EXO_EVENT_CHILD;
		side_reap(s, cpu);
		value = rounds;
	} else {
		strangers += host_load(s->l->m, cpu, WORD, &value) != 0;
		lost += result && (result != EXO_E_VALUE || value == waiter[i].seen);
		waiter[i].seen = value;
	}
	side_sleep(s, i);
	return value == rounds;
}

static void side_pick_up(struct sides *s, unsigned cpu)
{
	bool is_done[WAITERS] = { false };
	unsigned i, turns = 0;

	while (!(is_done[PARENT] && is_done[READER]) && turns < TURNS_MAX) {
		for (i = 0; i < WAITERS && !is_here(s, cpu, i); i++)
			;
		if (i == WAITERS)
			for (i = 0; i < WAITERS && entry(s, i)->state != VCPU_RUNNABLE; i++)
				;
		if (i < WAITERS) {
			is_done[i] |= side_go_on(s, cpu, i);
		} else {
			side_wait(s);
			turns++;
		}
	}
	released += is_done[PARENT] + is_done[READER];
}

/* The last acts of a process. */
static void side_end(struct sides *s, unsigned cpu)
{
	uint64_t value = 0;

	side_call(s, EXO_CALL_YIELD, last_vcpu, 0, 0);
	strangers += host_load(s->l->m, cpu, OWN, &value) || value != LAST;
	host_store(s->l->m, cpu, WORD, rounds);
	side_call(s, EXO_CALL_WAKE, WORD, 1, EXO_WAIT_SHARED);
	side_call(s, EXO_CALL_ENV_KILL, 0, rounds, 0);
}

/* An env's pages, and its vcpu with a slice on that CPU. */
static uint64_t place(struct lab *l, uint64_t env, unsigned number, unsigned cpu)
{
	uint64_t vcpu;

	lab_map(l, env, OWN, 1);
	lab_poke(l, env, OWN, number);
	if (env)
		lab_op(l, OP(COPY, 1, WORD, 1, .target_env = env, .source = WORD, .rights = 7,
			     .access = 3));
	vcpu = lab_vcpu(l, env, PAGE, cpu);
	vcpu_page(l->m, vcpu & 0xffff)->masked = 1;
	return vcpu;
}

static void one_round(struct sides *s)
{
	rounds++;
	last = lab_child(s->l, 0);
	last_vcpu = place(s->l, last, LAST, 0);
	s->side[0].program = side_end;
	s->side[1].program = side_pick_up;
	sides_run(s);
	unsound += !lab_audit(s->l);
}

/* Of all rounds till now. */
static void check_rounds(const char *what)
{
	tap_eq(released, 2 * rounds, "%s: both go on, %lu times", what, rounds);
	tap_eq(lost, 0, "their waits end as they should");
	tap_eq(torn, 0, "they run from where they were, with their registers");
	tap_eq(strangers, 0, "in their own spaces");
	tap_eq(untold, 0, "and the parent finds who has ended, and how");
	tap_eq(unsound, 0, "the machine is sound each time");
}

int main(void)
{
	struct lab *l = lab_open(512, 2);
	unsigned long wanted;
	struct sides s;
	unsigned at;

	sides_init(&s, l, 2);
	lab_map(l, 0, WORD, 1);
	waiter[READER].env = lab_child(l, 0);
	waiter[READER].vcpu = place(l, waiter[READER].env, READER, 1);
	waiter[PARENT].vcpu = place(l, 0, PARENT, 1); /* its env's newest vcpu has the events */
	s.side[1].program = side_first_sleep;
	sides_run(&s);
	s.choose = sides_hold;
	for (at = 0, s.was_held = true; s.was_held; at++) {
		s.hold_after = at;
		one_round(&s);
	}
	tap_ok(at > 20, "a process that ends stops at each of %u points", at - 1);
	check_rounds("held");
	s.choose = sides_shuffle;
	s.random = tap_seed(1);
	for (wanted = rounds + ROUNDS; rounds < wanted && released == 2 * rounds;)
		one_round(&s);
	tap_eq(rounds, wanted, "and at points by chance, again and again");
	check_rounds("by chance");
	sides_destroy(&s);
	lab_close(l);
	return tap_done("tests/host/exit_releases_who_waits.tap");
}
