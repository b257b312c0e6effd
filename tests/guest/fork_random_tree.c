/* SPDX-License-Identifier: ISC */
/*
 * A random tree of processes, each writing pages of its own, ending in any order; every page of
 * every process always holds what that process or its last writing ancestor put there, and in the
 * end every frame is back.
 */
#include "tests/process.h"

enum { PAGES = 600, DEPTH = 4, MOST = 3 + 9 + 27 + 81 /* processes in a tree */ };

static uint64_t model[PAGES];
static volatile uint64_t (*pages)[512];
static uint64_t state;

static unsigned random_below(unsigned n)
{
	state = process_work(state, 3);
	return (unsigned)((state >> 33) % n);
}

static unsigned wrong(void)
{
	unsigned i, n = 0;

	for (i = 0; i < PAGES; i++)
		n += pages[i][i % 512] != model[i];
	return n;
}

static void write_some(unsigned n)
{
	while (n--) {
		unsigned i = random_below(PAGES);

		model[i] = state;
		pages[i][i % 512] = state;
	}
}

/* 0: all was right here and below. */
static int node(unsigned depth)
{
	long child[3];
	unsigned n = depth ? random_below(4) : 0, i;
	int bad = 0;

	for (i = 0; i < n; i++) {
		write_some(random_below(80));
		child[i] = libos_fork();
		if (child[i] == 0) {
			state ^= i + 1;
			write_some(random_below(80));
			bad = wrong() != 0;
			bad |= node(depth - 1);
			libos_exit(bad);
		}
		if (child[i] < 0)
			return 1;
	}
	write_some(random_below(40));
	if (random_below(3) == 0)
		libos_thread_yield();
	bad |= wrong() != 0;
	for (i = n; i-- > 0;)
		if (depth == DEPTH || random_below(4)) /* else they become the grandparent's */
			bad |= process_join(child[i]) != 0;
	return bad | (wrong() != 0);
}

/* Each makes the next and waits for it: so many are there at once, and the library keeps what it
 * needs for so many. */
static int chain(unsigned n)
{
	long child = n ? libos_fork() : -1;

	if (child == 0)
		libos_exit(chain(n - 1));
	return n ? process_join(child) : 0;
}

int main(void)
{
	unsigned long rounds = tap_iterations(100), i;
	uint64_t before, after = 0;
	int bad = 0, tries;

	state = tap_seed(1);
	pages = process_map(PAGES * 4096, false);
	for (i = 0; i < PAGES; i++)
		pages[i][i % 512] = model[i] = i;
	bad |= chain(MOST) != 0;
	before = process_frames();
	for (i = 0; i < rounds && !bad; i++)
		bad |= node(DEPTH);
	tap_eq(bad, 0, "%lu trees: every page of every process", rounds);
	for (tries = 0; tries < 200; tries++) {
		libos_sleep(libos_clock() + process_ms(10));
		after = process_frames();
		if (after <= before + 16)
			break;
	}
	tap_ok(after <= before + 16, "frames are back (%lu, then %lu)", before, after);
	return tap_done("tests/guest/fork_random_tree.guest");
}
