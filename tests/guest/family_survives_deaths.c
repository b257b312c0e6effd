/* SPDX-License-Identifier: ISC */
/*
 * A family outlives its members: one that dies with a lock held, with files open, with children;
 * many that live shortly; what they had comes back.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

#include "tests/process.h"

enum { LOCKS = 2, CHILDREN = 200, WAITERS = 4, LONG = 1024 * 4096 };

static void die_locked(long lock)
{
	libos_switch(LIBOS_SWITCH_DIE_LOCKED, (uint64_t)lock);
	libos_exit(1);
}

/* Files, pipes and memory of the family work. (A file of one's own: siblings do it at once.) */
static int uses_family(void)
{
	char text[16] = "", name[32];
	int fd, ends[2], good = 1;

	snprintf(name, sizeof(name), "/tmp/family.%d", getpid());
	fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	good &= fd >= 0 && write(fd, "file", 4) == 4 && pread(fd, text, 16, 0) == 4
		&& !memcmp(text, "file", 4);
	close(fd);
	good &= pipe(ends) == 0 && write(ends[1], "pipe", 4) == 4 && read(ends[0], text, 16) == 4
		&& !memcmp(text, "pipe", 4);
	close(ends[0]);
	close(ends[1]);
	return good && unlink(name) == 0;
}

/* A pipe with something in it, and a file whose last page is the 1025th. */
static void begin_long(int ends[2], int *fd)
{
	*fd = open("/tmp/long", O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (pipe(ends) || write(ends[1], "pipe", 4) != 4 || pwrite(*fd, "file", 4, LONG) != 4)
		exit(1);
}

static int is_kept(int ends[2], int fd)
{
	char text[16] = "";
	int good = read(ends[0], text, 16) == 4 && !memcmp(text, "pipe", 4)
		&& pread(fd, text, 16, LONG) == 4 && !memcmp(text, "file", 4);

	close(ends[0]);
	close(ends[1]);
	close(fd);
	return good && unlink("/tmp/long") == 0;
}

/* The dead one's parent comes first. */
static void check_locks(void)
{
	int ends[2], fd;
	long lock;

	begin_long(ends, &fd);
	for (lock = 0; lock < LOCKS; lock++) {
		long pid = libos_fork();
		int status;

		if (pid == 0)
			die_locked(lock);
		tap_ok(uses_family(), "lock %ld: its parent goes on", lock);
		libos_wait(pid, &status);
		tap_ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "and is told");
	}
	tap_ok(is_kept(ends, fd), "what others have in runs of pages stays theirs");
}

/* Others come first, and must wait until the parent has looked. */
static void check_waiters(void)
{
	long lock, i, pid[WAITERS];
	struct {
		_Atomic int is_open, waiters;
	} *gate = process_map(4096, true);

	for (lock = 0; lock < LOCKS; lock++) {
		int good = 0;

		gate->is_open = gate->waiters = 0;
		for (i = 0; i < WAITERS; i++) {
			pid[i] = libos_fork();
			if (pid[i] != 0)
				continue;
			while (!gate->is_open)
				libos_sleep(libos_clock() + process_ms(1));
			gate->waiters++;
			libos_exit(uses_family() ? 0 : 1);
		}
		i = libos_fork();
		if (i == 0) {
			gate->is_open = 1;
			die_locked(lock);
		}
		while (gate->waiters < WAITERS)
			libos_sleep(libos_clock() + process_ms(1));
		process_join(i);
		for (i = 0; i < WAITERS; i++)
			good += process_join(pid[i]) == 0;
		tap_eq(good, WAITERS, "lock %ld: its siblings go on", lock);
	}
	munmap(gate, 4096);
}

/* The writer dies without a chance to close its end. */
static void check_pipe(void)
{
	int ends[2];
	char byte;
	long pid;

	tap_ok(pipe(ends) == 0, "a pipe");
	pid = libos_fork();
	if (pid == 0)
		die_locked(0);
	close(ends[1]);
	tap_eq(read(ends[0], &byte, 1), 0, "a dead writer's pipe ends");
	close(ends[0]);
	process_join(pid);
}

static void check_many(void)
{
	int i, good = 0;

	for (i = 0; i < CHILDREN; i++) {
		long pid = libos_fork();

		if (pid == 0)
			libos_exit(i & 127);
		good += pid > 0 && process_join(pid) == (i & 127);
	}
	tap_eq(good, CHILDREN, "children one after another");
}

/* Grandchildren whose parent has gone: pid 1 is their parent, and nobody need wait for them. */
static void check_orphans(void)
{
	int ends[2], i;
	pid_t parent;
	long pid;

	tap_ok(pipe(ends) == 0, "a pipe");
	for (i = 0; i < 20; i++) {
		pid = libos_fork();
		if (pid == 0) {
			if (libos_fork() == 0) {
				while (getppid() != 1)
					libos_sleep(libos_clock() + process_ms(1));
				parent = getppid();
				write(ends[1], &parent, sizeof(parent));
			}
			libos_exit(0);
		}
		process_join(pid);
	}
	for (i = 0; i < 20 && read(ends[0], &parent, sizeof(parent)) == sizeof(parent)
	     && parent == 1; i++)
		;
	tap_eq(i, 20, "orphans are pid 1's");
	tap_eq(libos_wait(0, NULL), EXO_E_EMPTY, "not their grandparent's");
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	uint64_t before = 0, after = 0;
	int round, i;

	for (round = 0; round < 3; round++) {
		check_locks();
		check_waiters();
		check_pipe();
		check_many();
		check_orphans();
		if (round == 0)
			before = process_frames();
	}
	for (i = 0; i < 200; i++) {
		after = process_frames();
		if (after <= before + 16)
			break;
		libos_sleep(libos_clock() + process_ms(10));
	}
	tap_ok(after <= before + 16, "frames are back (%lu, then %lu)", before, after);
	return tap_done("tests/guest/family_survives_deaths.guest");
}
