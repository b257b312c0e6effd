/* SPDX-License-Identifier: ISC */
/*
 * A process lives (memory, files, a pipe, a child that copies and executes a program), and its env
 * is ended by the kernel, without a word to it, later and later in that life; then the same to its
 * child. However far it had come, even in the middle of a call of the library: its parent is told
 * that it was killed, those who wait for its pipe see its end, so does who reads from one that all
 * of them had open, files and pipes work, what it was making is gone, and of the memory no more is
 * lost than it had in hand (counts-after-a-death).
 * run-guest: --icount --hz 10000
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/sysinfo.h>

#include <machine/call.h>

#include "tests/process.h"

enum {
	PAGES = 12, MEMBERS = 32, SECONDS_MOST = 20,
	STEPS = 20000, WHOLE = 20, /* so many lives in turn that were not ended are enough */
	IN_HAND = 2,               /* pages that a call may have when its process is ended */
};

static unsigned alone;

/* ---- The life ---- */

static _Noreturn void live_child(volatile char *memory, int to)
{
	char *argv[] = { (char *)"small", NULL, NULL }, number[2] = { (char)('0' + to), 0 };
	unsigned i;

	for (i = 0; i < PAGES; i += 3)
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
	volatile char *memory = process_map(PAGES * 4096, false);
	int ends[2], status = 0;
	char text[2];
	unsigned i;
	pid_t pid;

	for (i = 0; i < PAGES; i++)
		memory[i * 4096] = 1;
	if (!uses_files("/tmp/life") || pipe(ends))
		_exit(92);
	pid = fork();
	if (pid == 0)
		live_child(memory, ends[1]);
	close(ends[1]);
	for (i = 0; i < PAGES; i += 2)
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

/* End the env of the process whose parent that is. False: there is none. */
static bool end_child(pid_t parent)
{
	static struct libos_process list[MEMBERS];
	long n = libos_processes(list, MEMBERS), i;

	for (i = 0; i < n && i < MEMBERS; i++)
		if (list[i].parent == (uint32_t)parent && list[i].state != 'Z' && list[i].env)
			return exo_call(EXO_CALL_ENV_KILL, list[i].env, 9u << 8 | 137u, 0, 0, 0)
				.value == EXO_OK;
	return false;
}

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

/* One life; after so many clock units its first, or that one's child, is ended. 1: it had ended
 * before, 0: not, -1: something is wrong. */
static int try(uint64_t units, bool is_grandchild)
{
	uint64_t end = libos_clock() + SECONDS_MOST * libos_clock_hz();
	bool is_ended, is_right;
	int status = 0, ends[2];
	pid_t pid;

	if (pipe2(ends, O_NONBLOCK))
		return -1;
	pid = fork();
	if (pid == 0)
		live();
	close(ends[1]);
	libos_sleep(libos_clock() + units);
	is_ended = end_child(is_grandchild ? pid : getpid());
	while (waitpid(pid, &status, WNOHANG) != pid)
		if (libos_clock() > end) {
			tap_ok(false, "after %lu: it hangs", units);
			return -1;
		} else {
			libos_sleep(libos_clock() + process_ms(1));
		}
	/* Who has said how it ends, and is then ended, has ended so. */
	is_right = status == 0 || (is_ended && (is_grandchild ? WEXITSTATUS(status) == 9
		: WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
	if (!is_right)
		tap_ok(false, "after %lu: the status is 0x%x", units, status);
	if (!is_alone(end)) {
		tap_ok(false, "after %lu: somebody is left", units);
		return -1;
	}
	if (!has_ended(ends[0])) {
		tap_ok(false, "after %lu: the pipe has not ended", units);
		return -1;
	}
	return is_right ? !is_ended : -1;
}

/* Later and later: till it has always ended before, or so many steps. How many there were. */
static unsigned check(uint64_t step, bool is_grandchild, unsigned steps)
{
	const char *who = is_grandchild ? "child" : "first";
	uint64_t before = process_frames(), after, last = before, most = 0;
	unsigned n, ended = 0, wrong = 0, whole = 0;

	for (n = 1; n < steps && whole < WHOLE; n++) {
		int end = try(n * step, is_grandchild);

		ended += end == 0;
		wrong += end < 0;
		whole = end == 1 && steps == STEPS ? whole + 1 : 0;
		after = process_frames();
		if (after > last)
			most = after - last > most ? after - last : most;
		last = after;
	}
	printf("# %s: %u times ended, frames %lu, then %lu\n", who, ended, before, last);
	tap_eq(wrong, 0, "%s: each end is what it should be", who);
	/* With one CPU it may live between two looks. */
	tap_ok(ended > 0 || is_grandchild, "%s: it was ended", who);
	tap_ok(uses_files("/tmp/look"), "%s: files work", who);
	tap_ok(most <= IN_HAND, "%s: none takes more along than it had in hand", who);
	return n;
}

int main(int argc, char **argv)
{
	struct sysinfo info = { 0 };
	uint64_t step;
	unsigned i;

	if (argc == 2)
		return small(argv[1]);
	sysinfo(&info);
	alone = info.procs;
	for (i = 0; i < WHOLE; i++)
		tap_eq(try(libos_clock_hz() / 10, false), 1, "a whole life");
	step = libos_clock_hz() / tap_knob("RATE", 5000000);
	i = check(step, false, STEPS);
	check(step, true, i);
	return tap_done("tests/guest/killed_at_any_time.guest");
}
