/* SPDX-License-Identifier: ISC */
/*
 * Exit statuses: every code, death by fault, waiting for one among several, for any, for a
 * stranger, from several threads; children of a dead child become ours and go away; an orphan's
 * status is not handed to anyone.
 */
#include <signal.h>

#include "tests/process.h"

static void check_codes(void)
{
	int code, bad = 0;

	for (code = 0; code < 256; code += 15) {
		long pid = libos_fork();

		if (pid == 0)
			libos_exit(code);
		bad += process_join(pid) != code;
	}
	tap_eq(bad, 0, "every exit code");
}

static void check_fault(void)
{
	int status = 0;
	long pid = libos_fork();

	if (pid == 0) {
		*(volatile int *)16 = 1;
		libos_exit(0);
	}
	libos_wait(pid, &status);
	tap_ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "a fault is SIGSEGV");
	pid = libos_fork();
	if (pid == 0)
		__asm__(".byte 0x0f, 0x0b, 0, 0"); /* undefined on every CPU of ours */
	libos_wait(pid, &status);
	tap_ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGILL, "a bad instruction is SIGILL");
}

static void check_any(void)
{
	int status, i, sum = 0;
	long pid[4];

	for (i = 0; i < 4; i++) {
		pid[i] = libos_fork();
		if (pid[i] == 0) {
			libos_sleep(libos_clock() + process_ms((uint64_t)(4 - i) * 10));
			libos_exit(1 << i);
		}
	}
	tap_eq(libos_wait(pid[1], &status), pid[1], "the one asked for");
	tap_eq(WEXITSTATUS(status), 2, "its status");
	tap_eq(libos_wait(pid[1], &status), EXO_E_EMPTY, "again: it is gone");
	for (i = 0; i < 3; i++) {
		libos_wait(0, &status);
		sum += WEXITSTATUS(status);
	}
	tap_eq(sum, 1 + 4 + 8, "the others, in any order");
	tap_eq(libos_wait(0, &status), EXO_E_EMPTY, "nobody is left");
	tap_eq(libos_wait(libos_self(), &status), EXO_E_EMPTY, "not oneself");
}

static uint64_t waiter(void *argument)
{
	int status;

	return libos_wait((long)argument, &status) == (long)argument ? (uint64_t)WEXITSTATUS(status)
		: 99;
}

static void check_threads(void)
{
	uint64_t value[2];
	long pid[2], thread[2];
	int i;

	for (i = 0; i < 2; i++) {
		pid[i] = libos_fork();
		if (pid[i] == 0) {
			libos_sleep(libos_clock() + process_ms(20));
			libos_exit(50 + i);
		}
	}
	for (i = 0; i < 2; i++)
		thread[i] = libos_thread_create(waiter, (void *)pid[i]);
	for (i = 0; i < 2; i++)
		libos_thread_join(thread[i], &value[i]);
	tap_ok(value[0] == 50 && value[1] == 51, "two threads wait for two children");
}

/* Parents that die before their children do: how many said how they end. */
static int make_orphans(void)
{
	int i;

	for (i = 0; i < 20; i++) {
		long pid = libos_fork();

		if (pid == 0) {
			if (libos_fork() == 0) {
				libos_sleep(libos_clock() + process_ms(5));
				libos_exit(77);
			}
			libos_exit(3);
		}
		if (process_join(pid) != 3)
			break;
	}
	return i;
}

static void check_orphans(void)
{
	uint64_t frames;
	int status, i;

	/* Room for so many processes at once stays with the family. */
	make_orphans();
	libos_sleep(libos_clock() + process_ms(100));
	frames = process_frames();
	i = make_orphans();
	tap_eq(i, 20, "parents that die first");
	tap_eq(libos_wait(0, &status), EXO_E_EMPTY, "a grandchild is not a child");
	for (i = 0; i < 100 && process_frames() > frames + 8; i++)
		libos_sleep(libos_clock() + process_ms(10));
	tap_ok(i < 100, "what orphans held is back");
}

int main(void)
{
	check_codes();
	check_fault();
	check_any();
	check_threads();
	check_orphans();
	return tap_done("tests/guest/wait_statuses.guest");
}
