/* SPDX-License-Identifier: ISC */
/*
 * What the programs share that are compared with Linux (tests/tools/same.sh): they print what they
 * see, and see nothing of where they were started from. Standard C library only.
 */
#ifndef TESTS_SAME_H
#define TESTS_SAME_H

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A number that no process has. */
#define SAME_NOBODY 0x3ffffff

/* To be called first: forget descriptors, masks and signals that came from outside. */
static inline void same_begin(void)
{
	sigset_t none;
	int i;

	for (i = 3; i < 256; i++)
		close(i);
	for (i = 1; i < 32; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(022);
	alarm(0);
}

/* A line with a result, and what went wrong if it is negative. */
static inline void say(const char *what, long result)
{
	printf("%s: %ld", what, result);
	if (result < 0)
		printf(" %s", strerror(errno));
	printf("\n");
	fflush(stdout);
}

/* How a status of wait says that a process ended: its code, or 1000 + the signal. */
static inline int status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static inline int ended(pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return status_of(status);
}

/* For loops that look again. */
static inline void nap(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* A gate, over which processes wait for each other: both ends of a pipe. */
struct gate {
	int ends[2];
};

static inline void gate_make(struct gate *g)
{
	if (pipe(g->ends) < 0)
		say("a gate", -1);
}

/* Wait for somebody to open it. */
static inline void gate_wait(struct gate *g)
{
	char byte;

	while (read(g->ends[0], &byte, 1) < 0 && errno == EINTR)
		;
}

/* Let one through. */
static inline void gate_open(struct gate *g)
{
	if (write(g->ends[1], "", 1) != 1)
		say("a gate opened", -1);
}

static inline void gate_end(struct gate *g)
{
	close(g->ends[0]);
	close(g->ends[1]);
}

#endif
