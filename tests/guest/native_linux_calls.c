/* SPDX-License-Identifier: ISC */
/*
 * A native program makes Linux's calls as calls of the library: results and errors are Linux's, a
 * pipe carries bytes within the process and to a child, a call that waits lets others run and ends
 * with -EINTR when a signal comes.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "tests/process.h"

static volatile sig_atomic_t alarms;

static void on_alarm(int number)
{
	(void)number;
	alarms++;
}

static long call(long number, uint64_t a0, uint64_t a1, uint64_t a2)
{
	return libos_linux(number, a0, a1, a2, 0);
}

static void check_pipe(void)
{
	char text[8] = "";
	int ends[2];
	long pid;

	tap_eq(call(SYS_pipe2, (uint64_t)ends, 0, 0), 0, "pipe");
	tap_eq(call(SYS_write, (uint64_t)ends[1], (uint64_t)"abc", 3), 3, "write");
	tap_eq(call(SYS_read, (uint64_t)ends[0], (uint64_t)text, sizeof(text)), 3, "read");
	tap_ok(memcmp(text, "abc", 3) == 0, "the bytes arrive");
	pid = libos_fork();
	if (pid == 0) {
		call(SYS_write, (uint64_t)ends[1], (uint64_t)"xy", 2);
		libos_exit(0);
	}
	tap_eq(call(SYS_read, (uint64_t)ends[0], (uint64_t)text, 2), 2, "waits for a child's");
	tap_ok(memcmp(text, "xy", 2) == 0, "which arrive");
	tap_eq(process_join(pid), 0, "the child ends");
	tap_eq(call(SYS_close, (uint64_t)ends[0], 0, 0), 0, "close");
	tap_eq(call(SYS_close, (uint64_t)ends[0], 0, 0), -EBADF, "close again");
}

static void check_interrupted(void)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	struct sigaction old;
	char byte;
	int ends[2];

	call(SYS_pipe2, (uint64_t)ends, 0, 0);
	sigaction(SIGALRM, &action, &old);
	alarm(1);
	tap_eq(call(SYS_read, (uint64_t)ends[0], (uint64_t)&byte, 1), -EINTR, "a signal ends it");
	tap_eq(alarms, 1, "after its handler");
}

int main(void)
{
	tap_eq(call(SYS_getpid, 0, 0, 0), libos_self(), "getpid");
	tap_eq(call(SYS_read, 99, 0, 0), -EBADF, "a bad descriptor");
	tap_eq(call(SYS_uname, 8, 0, 0), -EFAULT, "a bad pointer");
	tap_eq(call(SYS_acct, 0, 0, 0), -ENOSYS, "a call that is absent");
	check_pipe();
	check_interrupted();
	return tap_done("tests/guest/native_linux_calls.guest");
}
