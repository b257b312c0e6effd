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
#include <machine/call.h>

#include "tests/life_ended.h"

enum {
	MEMBERS = 32,
	STEPS = 20000, WHOLE = 20, /* so many lives in turn that were not ended are enough */
};

/* ---- Who looks on ---- */

/* End the env of the process whose parent that is. False: there is none. */
static bool end_child(pid_t parent)
{
	static struct libos_process list[MEMBERS];
	long n = libos_processes(list, MEMBERS), i;

	for (i = 0; i < n && i < MEMBERS; i++)
		if (list[i].parent == (uint32_t)parent && list[i].state != 'Z' && list[i].env)
			return exo_call(EXO_CALL_ENV_KILL, list[i].env, KILLED, 0, 0, 0)
				.value == EXO_OK;
	return false;
}

/* One life; after so many clock units its first, or that one's child, is ended. 1: it had ended
 * before, 0: not, -1: something is wrong. */
static int try(uint64_t units, bool is_grandchild)
{
	struct life l;
	bool is_ended;

	if (!life_begin(&l, NULL))
		return -1;
	libos_sleep(libos_clock() + units);
	is_ended = end_child(is_grandchild ? l.pid : getpid());
	if (!life_end(&l, !is_ended ? NOBODY : is_grandchild ? CHILD : FIRST, "after", units))
		return -1;
	return !is_ended;
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
	life_pages = 12;
	for (i = 0; i < WHOLE; i++)
		tap_eq(try(libos_clock_hz() / 10, false), 1, "a whole life");
	step = libos_clock_hz() / tap_knob("RATE", 5000000);
	i = check(step, false, STEPS);
	check(step, true, i);
	return tap_done("tests/guest/killed_at_any_time.guest");
}
