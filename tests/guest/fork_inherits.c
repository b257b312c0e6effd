/* SPDX-License-Identifier: ISC */
/*
 * fork-inherits: a forked child has its parent's handlers, blocked signals, process group and
 * shared file offsets; what is pending for the parent and its alarm are not the child's.
 */
#include <fcntl.h>
#include <signal.h>

#include "tests/process.h"

/* What the child found: a bit each. */
enum { HANDLER = 1, BLOCKED = 2, GROUP = 4, OFFSET = 8, PENDING = 16, ALARM = 32 };

static volatile sig_atomic_t handled;

static void on_signal(int number)
{
	handled += number == SIGUSR1;
}

static int child(int file, pid_t group)
{
	char text[2] = "";
	sigset_t set;
	int found = 0;

	raise(SIGUSR1);
	found |= handled == 1 ? HANDLER : 0;
	sigprocmask(SIG_BLOCK, NULL, &set);
	found |= sigismember(&set, SIGUSR2) ? BLOCKED : 0;
	found |= getpgrp() == group ? GROUP : 0;
	found |= read(file, text, 2) == 2 && !memcmp(text, "de", 2) ? OFFSET : 0;
	sigpending(&set);
	found |= sigismember(&set, SIGUSR2) || sigismember(&set, SIGTERM) ? PENDING : 0;
	found |= alarm(0) ? ALARM : 0;
	return found;
}

int main(void)
{
	int file = open("/fork_inherits", O_RDWR | O_CREAT | O_TRUNC, 0600), found;
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t set;
	long pid;

	tap_ok(write(file, "abcdefgh", 8) == 8 && lseek(file, 3, SEEK_SET) == 3, "a file");
	setpgid(0, 0);
	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR2);          /* pending for the thread, */
	kill(getpid(), SIGTERM); /* and for the process */
	alarm(1000);
	pid = fork();
	if (pid == 0)
		_exit(child(file, getpgid(getppid())));
	found = process_join(pid);
	tap_ok(found & HANDLER, "the child has the handlers");
	tap_ok(found & BLOCKED, "and the blocked signals");
	tap_ok(found & GROUP, "and the process group");
	tap_ok(found & OFFSET && lseek(file, 0, SEEK_CUR) == 5, "both move one offset");
	tap_ok(!(found & PENDING), "what was pending is not the child's");
	tap_ok(!(found & ALARM), "nor is the alarm");
	tap_eq(handled, 0, "nothing was delivered to the parent");
	sigpending(&set);
	tap_ok(sigismember(&set, SIGUSR2) && sigismember(&set, SIGTERM),
	       "for whom both are pending still");
	tap_ok(alarm(0) > 0, "as its alarm is set");
	return tap_done("tests/guest/fork_inherits.guest");
}
