/* SPDX-License-Identifier: ISC */
/*
 * no-frame-for-copy and its like: on a machine with little memory, fork and map until there is no
 * frame left. Calls say so; a process that touches memory that cannot be had dies alone, with one
 * line; when all are gone every frame is back and everything works again.
 *
 * run-guest: --memory 24M
 */
#include <signal.h>

#include "tests/process.h"

enum { CHILDREN = 50, PAGES = 256 };

static volatile char *memory;

/* Forks children that each copy all pages, until one cannot. */
static void check_copies(void)
{
	volatile uint32_t *gate = process_map(4096, true);
	long pid[CHILDREN], failed = 0;
	int i, n, exited = 0, killed = 0, status;

	for (n = 0; n < CHILDREN; n++) {
		pid[n] = libos_fork();
		if (pid[n] == 0) {
			for (i = 0; i < PAGES; i++)
				memory[i * 4096] = (char)n;
			__atomic_fetch_add(gate, 1, __ATOMIC_SEQ_CST);
			while (!gate[1])
				libos_sleep(libos_clock() + process_ms(50));
			libos_exit(1);
		}
		if (pid[n] < 0) {
			failed = pid[n];
			break;
		}
		for (i = 0; i < 50 && gate[0] <= (uint32_t)n; i++)
			libos_sleep(libos_clock() + process_ms(1));
	}
	gate[1] = 1;
	for (i = 0; i < n; i++) {
		libos_wait(pid[i], &status);
		exited += WIFEXITED(status);
		killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	}
	printf("# %d children, %d exited, %d killed, fork said %ld\n", n, exited, killed, failed);
	tap_ok(exited > 2, "some had enough");
	tap_ok(killed > 0 || failed, "others did not, and were told");
	tap_ok(failed == 0 || failed == EXO_E_LIMIT, "fork says LIMIT");
	tap_eq(exited + killed, n, "every child has one of the two ends");
	munmap((void *)gate, 4096);
}

/*
 * Forks that only wait, until fork itself fails or the child finds no frame for its first steps.
 * One begins after the other has: who is short of a frame is then always the last. What the parent
 * writes meanwhile is shared, so that it needs no copies.
 */
static void check_forks(void)
{
	struct {
		uint32_t begun, gate;
		long pid[CHILDREN * 12];
	} volatile *crowd = process_map(sizeof(*crowd), true);
	int i, n, right = 0, status = 0;
	bool is_ended = false;
	long failed = 0;

	for (n = 0; n < CHILDREN * 12; n++) {
		long pid = libos_fork();

		if (pid == 0) {
			libos_sleep(libos_clock() + process_ms(1));
			__atomic_fetch_add(&crowd->begun, 1, __ATOMIC_SEQ_CST);
			while (!crowd->gate)
				libos_sleep(libos_clock() + process_ms(50));
			libos_exit(5);
		}
		if (pid < 0) {
			failed = pid;
			break;
		}
		crowd->pid[n] = pid;
		while (crowd->begun <= (uint32_t)n && !is_ended) {
			libos_sleep(libos_clock() + process_ms(1));
			is_ended = waitpid((pid_t)pid, &status, WNOHANG) != 0;
		}
		if (is_ended)
			break;
	}
	crowd->gate = 1;
	for (i = 0; i < n; i++)
		right += process_join(crowd->pid[i]) == 5;
	printf("# %d children, then fork said %ld\n", n, failed);
	tap_ok(is_ended ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL
	       : failed == EXO_E_LIMIT || failed == EXO_E_FULL,
	       "fork fails with LIMIT or FULL, or the child with SIGKILL");
	tap_ok(n > CHILDREN && right >= n * 9 / 10, "those that began end (%d of %d)", right, n);
	munmap((void *)crowd, sizeof(*crowd));
}

static void check_touch(void)
{
	int status;
	long pid = libos_fork();

	if (pid == 0) {
		volatile char *all = process_map(64 << 20, false);
		size_t i;

		for (i = 0; i < 64 << 20; i += 4096)
			all[i] = 1;
		libos_exit(0);
	}
	libos_wait(pid, &status);
	tap_ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "touching more than there is");
}

static void check_shared(void)
{
	void *all = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);

	tap_ok(all == MAP_FAILED, "shared memory is had at once or refused");
}

int main(void)
{
	uint64_t before, after = 0;
	int i, round;

	memory = process_map(PAGES * 4096, false);
	for (i = 0; i < PAGES; i++)
		memory[i * 4096] = 77;
	process_join(libos_fork() ?: (libos_exit(0), 0L));
	/* Room for so many processes at once stays with the family. */
	check_forks();
	before = process_frames();
	for (round = 0; round < 2; round++) {
		check_copies();
		check_touch();
		check_shared();
		check_forks();
		for (i = 0; i < PAGES && memory[i * 4096] == 77; i++)
			;
		tap_eq(i, PAGES, "the parent's pages are its own");
	}
	for (i = 0; i < 200; i++) {
		libos_sleep(libos_clock() + process_ms(10));
		after = process_frames();
		if (after <= before + 24)
			break;
	}
	tap_ok(after <= before + 24, "frames are back (%lu, then %lu)", before, after);
	return tap_done("tests/guest/out_of_memory_is_told.guest");
}
