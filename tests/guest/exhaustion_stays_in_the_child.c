/* SPDX-License-Identifier: ISC */
/*
 * A process that takes all memory, all processes, all descriptors or all pipes gets errors or dies,
 * and nobody else does: its parent goes on, and when it is gone all of that is there again.
 * run-guest: --memory 64M
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <time.h>

#include "tests/process.h"

enum { PATTERN_BYTES = 2 << 20, ROUNDS = 2, MOST = 40 };

static unsigned char *pattern;
static unsigned alone; /* processes there are without children */

static void fill(void)
{
	unsigned i;

	pattern = process_map(PATTERN_BYTES, false);
	for (i = 0; i < PATTERN_BYTES; i++)
		pattern[i] = (unsigned char)(i * 31 + (i >> 12));
}

static bool is_whole(void)
{
	unsigned i, wrong = 0;

	for (i = 0; i < PATTERN_BYTES; i++)
		wrong += pattern[i] != (unsigned char)(i * 31 + (i >> 12));
	return wrong == 0;
}

/* Files, pipes and children work. */
static bool is_well(void)
{
	int fd = open("/tmp/well", O_RDWR | O_CREAT | O_TRUNC, 0600), ends[2], good;
	char byte = 0;
	pid_t pid;

	good = fd >= 0 && write(fd, "x", 1) == 1 && pread(fd, &byte, 1, 0) == 1 && byte == 'x';
	close(fd);
	good = good && unlink("/tmp/well") == 0 && pipe(ends) == 0;
	if (!good)
		return false;
	pid = fork();
	if (pid == 0)
		_exit(write(ends[1], "y", 1) == 1 && is_whole() ? 7 : 8);
	good = pid > 0 && read(ends[0], &byte, 1) == 1 && byte == 'y' && process_join(pid) == 7;
	close(ends[0]);
	close(ends[1]);
	return good;
}

/* How a child that runs `part` ends: its code, or 1000 + signal. */
static int runs(void (*part)(void))
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		part();
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* ---- Memory ---- */

/* Touches more than there is. */
static void touches(void)
{
	unsigned char *p = mmap(NULL, 256 << 20, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	if (p == MAP_FAILED)
		_exit(1);
	for (i = 0; i < 256 << 20; i += 4096)
		p[i] = 1;
	_exit(2);
}

/* Gets an error instead, and can say so. */
static void asks(void)
{
	errno = 0;
	if (mmap(NULL, 256 << 20, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) == MAP_FAILED)
		_exit(errno == ENOMEM ? 3 : 4);
	_exit(5);
}

static void wait_until_alone(void)
{
	struct sysinfo info;

	while (sysinfo(&info) == 0 && info.procs > alone)
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
}

/* The child and its own child together take all. */
static void grows_with_child(void)
{
	if (fork() == 0)
		touches();
	touches();
}

static void fills_files(void)
{
	static char block[65536];
	int fd = open("/tmp/all", O_WRONLY | O_CREAT, 0600);
	long n, sum = 0;

	while ((n = write(fd, block, sizeof(block))) > 0)
		sum += n;
	n = errno;
	close(fd);
	_exit(unlink("/tmp/all") == 0 && n == ENOMEM && sum > 4 << 20 ? 6 : 7);
}

static void check_memory(void)
{
	tap_eq(runs(touches), 1000 + SIGKILL, "memory: it is killed");
	tap_ok(is_whole() && is_well(), "its parent is well");
	tap_eq(runs(asks), 3, "memory: it is told");
	tap_eq(runs(grows_with_child), 1000 + SIGKILL, "two of them");
	wait_until_alone(); /* the child's child has what it had till it is killed, too */
	tap_ok(is_whole() && is_well(), "its parent is well");
	tap_eq(runs(fills_files), 6, "files: it is told");
	tap_ok(is_whole() && is_well(), "its parent is well");
}

/* ---- Processes ---- */

/* As many as there can be, each waiting; then all end. */
static void wide(void)
{
	int ends[2], count = 0, good = 0, error;
	char byte;
	pid_t pid;

	if (pipe(ends) < 0)
		_exit(1);
	while ((pid = fork()) > 0)
		count++;
	error = errno;
	if (pid == 0) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) == 0 ? 9 : 10);
	}
	close(ends[1]);
	for (;;) {
		int status;

		if (wait(&status) < 0)
			break;
		good += WIFEXITED(status) && WEXITSTATUS(status) == 9;
	}
	_exit((error == EAGAIN || error == ENOMEM) && count > 20 && good == count ? 11 : 12);
}

static const struct timespec moment = { 0, 1000000 };

/* Everybody forks, for ever, up to a limit. Who may not pauses: of CPUs that take turns the one
 * whose clock is due first loses its turn, and those who always ask for the family's lock could
 * keep the one who has it from running for ever. */
static void bomb(void)
{
	struct rlimit few = { MOST, MOST };

	setrlimit(RLIMIT_NPROC, &few);
	for (;;) {
		if (fork() >= 0)
			continue;
		if (errno != EAGAIN)
			_exit(1);
		nanosleep(&moment, NULL);
	}
}

static void check_bomb(void)
{
	const struct timespec little = { 0, 300000000 };
	pid_t pid = fork();
	struct sysinfo info;
	int status;

	if (pid == 0) {
		setpgid(0, 0);
		bomb();
	}
	setpgid(pid, pid);
	nanosleep(&little, NULL);
	sysinfo(&info);
	tap_ok(info.procs > 5 && info.procs <= MOST + 1, "a fork bomb has a limit: %d",
		info.procs);
	/* Who is being made while the others are killed is killed the next time, after a pause as
	 * in the bomb. */
	while (kill(-pid, SIGKILL) == 0) {
		waitpid(pid, &status, WNOHANG);
		nanosleep(&moment, NULL);
	}
	tap_ok(is_whole() && is_well(), "a fork bomb is over");
}

static void check_processes(void)
{
	tap_eq(runs(wide), 11, "processes: it is told");
	tap_ok(is_whole() && is_well(), "its parent is well");
	check_bomb();
}

/* ---- Descriptors ---- */

static void opens(void)
{
	int fd, last = -1, ends[2];

	while ((fd = open("/dev/null", O_RDONLY)) >= 0)
		last = fd;
	if (errno != EMFILE || pipe(ends) != -1 || errno != EMFILE || dup(0) != -1
			|| errno != EMFILE)
		_exit(1);
	close(last);
	/* One is not enough for a pipe, and is not lost by trying. */
	_exit(pipe(ends) == -1 && errno == EMFILE && dup(0) == last ? 13 : 14);
}

static void pipes(void)
{
	static char block[65536];
	int ends[2];

	while (pipe(ends) == 0) {
		fcntl(ends[1], F_SETFL, O_NONBLOCK);
		while (write(ends[1], block, sizeof(block)) > 0)
			;
	}
	_exit(errno == EMFILE || errno == ENOMEM || errno == ENFILE ? 15 : 16);
}

static void check_descriptors(void)
{
	tap_eq(runs(opens), 13, "descriptors: it is told");
	tap_eq(runs(pipes), 15, "pipes: it is told");
	tap_ok(is_whole() && is_well(), "its parent is well");
}

int main(void)
{
	uint64_t before = 0, after = 0;
	struct sysinfo info = { 0 };
	int i, round;

	sysinfo(&info);
	alone = info.procs;
	fill();
	tap_ok(is_well(), "well before");
	for (round = 0; round < ROUNDS; round++) {
		check_memory();
		check_processes();
		check_descriptors();
		/* What the family has once used it keeps for the next time. */
		if (round == 0)
			before = process_frames();
	}
	for (i = 0; i < 300; i++) {
		after = process_frames();
		if (after <= before + 64)
			break;
		libos_sleep(libos_clock() + process_ms(10));
	}
	tap_ok(after <= before + 64, "frames are back (%lu, then %lu)", before, after);
	return tap_done("tests/guest/exhaustion_stays_in_the_child.guest");
}
