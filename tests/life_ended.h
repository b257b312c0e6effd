/* SPDX-License-Identifier: ISC */
/*
 * A process's life (memory, files, a pipe, a child that copies and executes a program),
 * for tests in which its env, or its child's, is ended by the kernel without a word to it; and how
 * all must be after that: its parent is told that it was killed, those who wait for its pipe see
 * its end, so does who reads from one that all of them had open, and nobody is left.
 */
#ifndef TESTS_LIFE_ENDED_H
#define TESTS_LIFE_ENDED_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/sysinfo.h>

#include "tests/process.h"

enum {
	SECONDS_MOST = 20,
	IN_HAND = 2,            /* pages that a call may have when its process is ended */
	KILLED = 9u << 8 | 137u, /* the env's status */
};

/* Who was ended: the first, its child, or one of them. */
enum { NOBODY, FIRST, CHILD };

struct life {
	pid_t pid;
	int pipe, status;
	bool is_over;
	uint64_t until; /* then it hangs */
};

static unsigned alone;      /* processes that there are without a life */
static unsigned life_pages; /* of memory that a life uses */

/* ---- The life ---- */

static _Noreturn void live_child(volatile char *memory, int to)
{
	char *argv[] = { (char *)"small", NULL, NULL }, number[2] = { (char)('0' + to), 0 };
	unsigned i;

	for (i = 0; i < life_pages; i += 3)
		memory[i * 4096] = 2;
	argv[1] = number;
	execv("/proc/self/exe", argv);
	_exit(90);
}

/* The program that it executes. */
static int small(const char *to)
{
	return write(*to - '0', "s", 1) == 1 ? 0 : 91;
}

/* A file that is there and gone. */
static bool uses_files(const char *name)
{
	char text[8] = "";
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	bool good = fd >= 0 && write(fd, "file", 4) == 4 && pread(fd, text, 8, 0) == 4
		&& !memcmp(text, "file", 4);
	int same = dup(fd);

	close(fd);
	return close(same) == 0 && unlink(name) == 0 && good;
}

/* 0: whole; 9: its child was killed. */
static _Noreturn void live(void)
{
	volatile char *memory = process_map(life_pages * 4096, false);
	int ends[2], status = 0;
	char text[2];
	unsigned i;
	pid_t pid;

	for (i = 0; i < life_pages; i++)
		memory[i * 4096] = 1;
	if (!uses_files("/tmp/life") || pipe(ends))
		_exit(92);
	pid = fork();
	if (pid == 0)
		live_child(memory, ends[1]);
	close(ends[1]);
	for (i = 0; i < life_pages; i += 2)
		memory[i * 4096] = 3;
	i = read(ends[0], text, 1) == 1;
	if (pid < 0) /* it was killed before it began */
		_exit(errno == EAGAIN ? 9 : 93);
	if (waitpid(pid, &status, 0) != pid)
		_exit(93);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		_exit(9);
	_exit(status || !i || !uses_files("/tmp/life") ? 94 : 0);
}

/* ---- Who looks on ---- */

static bool is_alone(uint64_t end)
{
	struct sysinfo info;

	while (sysinfo(&info) == 0 && info.procs > alone && libos_clock() < end)
		libos_sleep(libos_clock() + process_ms(1));
	return info.procs <= alone;
}

/* A pipe that nobody has open to write to any more has ended. */
static bool has_ended(int fd)
{
	char text[2];
	bool is_end = read(fd, text, 1) == 0;

	close(fd);
	return is_end;
}

/* It begins when *gate is not 0, and runs till then; NULL: at once. */
static bool life_begin(struct life *l, const volatile uint32_t *gate)
{
	int ends[2];

	*l = (struct life){ .until = libos_clock() + SECONDS_MOST * libos_clock_hz() };
	if (pipe2(ends, O_NONBLOCK))
		return false;
	l->pid = fork();
	while (l->pid == 0 && gate && !*gate)
		;
	if (l->pid == 0)
		live();
	close(ends[1]);
	l->pipe = ends[0];
	return l->pid > 0;
}

/* Is it over? */
static bool life_look(struct life *l)
{
	l->is_over = l->is_over || waitpid(l->pid, &l->status, WNOHANG) == l->pid;
	return l->is_over;
}

/* Its end, awaited; `ended` is who was ended, a mask. False, said as a failed check: something is
 * wrong. */
static bool life_end(struct life *l, unsigned ended, const char *what, uint64_t n)
{
	bool is_right;

	while (!life_look(l) && libos_clock() <= l->until)
		libos_sleep(libos_clock() + process_ms(1));
	if (!l->is_over)
		return tap_ok(false, "%s %lu: it hangs", what, n);
	/* Who has said how it ends, and is then ended, has ended so. */
	is_right = l->status == 0 || (ended & CHILD && WEXITSTATUS(l->status) == 9)
		|| (ended & FIRST && WIFSIGNALED(l->status) && WTERMSIG(l->status) == SIGKILL);
	if (!is_right)
		tap_ok(false, "%s %lu: the status is 0x%x", what, n, (unsigned)l->status);
	if (!is_alone(l->until))
		return tap_ok(false, "%s %lu: somebody is left", what, n);
	if (!has_ended(l->pipe))
		return tap_ok(false, "%s %lu: the pipe has not ended", what, n);
	return is_right;
}

#endif
