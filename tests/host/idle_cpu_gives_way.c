/* SPDX-License-Identifier: ISC */
/*
 * idle-waits-for-drain: a CPU stops with a dead env's table in hand, and another has nothing to do
 * but to wait until that table is gone. The other gives way each time it has looked, as one that
 * waits for a lock does: where CPUs take turns, the first would never get on.
 */
#include "tests/host/sides.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define PAGES (2 * EXO_ROOT_SPAN) /* of the env that dies */
#define WORD  (3 * EXO_ROOT_SPAN) /* what CPU 1 waits for in the first env */

enum { TURNS = 100, SECONDS_MAX = 5 }; /* of computing: the test needs a few thousandths of one */

static uint64_t dead;
static int64_t reaped = -1;
static unsigned given; /* how often CPU 1 has given way */

/* CPU 0 is stopped with the table in hand until CPU 1 has given way so many times. */
static unsigned choose(struct sides *s, unsigned cpu, const char *name)
{
	if (cpu == 0 && !strcmp(name, "frame_drain_step") && !s->was_held) {
		s->was_held = true;
		return 1;
	}
	if (cpu == 1 && !strcmp(name, "idle_drain"))
		return ++given == TURNS ? 0 : 1;
	return cpu;
}

static void on_time_over(int number)
{
	static const char text[] = "Bail out! an idle CPU does not give way to one that drains\n";

	(void)number;
	_exit(write(1, text, sizeof(text) - 1) < 0 ? 99 : 1);
}

static void side_reap(struct sides *s, unsigned cpu)
{
	(void)cpu;
	while ((reaped = side_call(s, EXO_CALL_ENV_REAP, dead, 0, 0)) == EXO_E_AGAIN)
		;
	side_call(s, EXO_CALL_WAKE, WORD, 1, 0);
}

static void side_idle(struct sides *s, unsigned cpu)
{
	(void)cpu;
	side_call(s, EXO_CALL_WAIT, WORD, 0, 0);
}

int main(void)
{
	const struct itimerval bound = { .it_value = { .tv_sec = SECONDS_MAX } };
	struct lab *l = lab_open(256, 2);
	struct sides s;

	signal(SIGVTALRM, on_time_over);
	setitimer(ITIMER_VIRTUAL, &bound, NULL);
	sides_init(&s, l, 2);
	lab_map(l, 0, WORD, 1);
	dead = lab_child(l, 0);
	lab_map(l, dead, PAGES, 1);
	lab_call(l, EXO_CALL_ENV_KILL, dead, 0, 0, 0, 0);
	l->m->vcpus[s.side[1].vcpu & 0xffff].pending = 0; /* it has heard of the death */
	s.choose = choose;
	s.side[0].program = side_reap;
	s.side[1].program = side_idle;
	sides_run(&s);
	tap_ok(s.was_held, "a CPU stops with a table in hand");
	tap_eq(given, TURNS, "another that idles gives way each time it has looked");
	tap_eq(reaped, 0, "the first comes to its end");
	tap_eq(l->m->cpus[1].current, s.side[1].vcpu & 0xffff, "the other runs again when woken");
	sides_destroy(&s);
	lab_close(l);
	return tap_done("tests/host/idle_cpu_gives_way.tap");
}
