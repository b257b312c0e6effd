/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount --cpus 2
 *
 * group-kill-atomic: a group of processes that do nothing but fork and end, so that who is there is
 * never the same for long, is killed by one signal: nobody is left who goes on forking.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>

#include "tests/process.h"

enum { LINES = 3, FORKS = 12, MORE = 200 };

/* One line of descendants: each leaves all to its child. */
static _Noreturn void line(volatile uint32_t *forks)
{
	for (;;) {
		pid_t pid = fork();

		if (pid > 0)
			_exit(0);
		if (pid == 0)
			__atomic_fetch_add(forks, 1, __ATOMIC_SEQ_CST);
	}
}

/* A group that has begun. */
static pid_t group_start(volatile uint32_t *forks)
{
	pid_t group = fork();
	int i;

	if (group > 0) {
		setpgid(group, group);
		return group;
	}
	setpgid(0, 0);
	for (i = 1; i < LINES; i++)
		if (fork() == 0)
			line(forks);
	line(forks);
}

/* Did it end by one signal? */
static bool group_is_killed(pid_t group, volatile uint32_t *forks)
{
	uint32_t last;

	if (kill(-group, SIGKILL))
		return false;
	last = *forks;
	while (kill(-group, 0) == 0) {
		if (*forks - last > MORE) {
			while (kill(-group, SIGKILL) == 0)
				sched_yield();
			return false;
		}
		waitpid(group, NULL, WNOHANG);
		sched_yield();
	}
	return errno == ESRCH;
}

int main(void)
{
	volatile uint32_t *forks = process_map(4096, true);
	unsigned long rounds = tap_iterations(200), i, escaped = 0;

	for (i = 0; i < rounds; i++) {
		uint32_t first = *forks;
		pid_t group = group_start(forks);

		while (*forks - first < FORKS + i % 7)
			sched_yield();
		escaped += !group_is_killed(group, forks);
	}
	tap_eq(escaped, 0, "groups of which somebody went on");
	return tap_done("tests/guest/group_ends_while_it_forks.guest");
}
