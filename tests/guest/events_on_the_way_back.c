/* SPDX-License-Identifier: ISC */
/*
 * Upcalls and library calls return in user mode, instruction by instruction; ticks that come at
 * any of these instructions lose nothing: every register and flag of two threads, which the ticks
 * switch between, is as it was. Under icount the period walks over all offsets.
 *
 * run-guest: --icount
 */
#include <stdint.h>

#include <way.h>

#include "libos/libos.h"
#include "tests/tap.h"

enum { ROUNDS = 40, PERIOD = 4000 };

struct worker {
	uint64_t wrong_calls, wrong_faults, rounds;
	long thread;
};

static char page[4096] __attribute__((aligned(4096)));
static volatile int is_done;

/* Steps over the store. */
static bool skip(struct exo_frame *frame, void *argument)
{
	(void)argument;
	EXO_REG_PC(&frame->regs) += CPU_STORE_BYTES;
	return true;
}

/* A library call keeps what a C function keeps, and gives its result. */
static bool call_keeps(uint64_t seed, const void *call, long expected)
{
	long result;

	return cpu_call_keeps(seed, call, &result) && result == expected;
}

static void work(struct worker *w, uint64_t seed)
{
	w->wrong_calls += !call_keeps(seed * 77, libos_thread_self, w->thread);
	w->wrong_calls += !call_keeps(seed * 77, libos_protect, EXO_E_ARGUMENT);
	w->wrong_faults += !cpu_store_keeps(seed * 13, page);
	w->rounds++;
}

static uint64_t other(void *argument)
{
	struct worker *w = argument;

	w->thread = libos_thread_self();
	while (!is_done)
		work(w, w->rounds + 1000000);
	return 0;
}

int main(void)
{
	static struct worker mine, its;
	unsigned long periods = tap_iterations(2000), i, n;
	struct libos_statistics s;
	long thread;

	mine.thread = libos_thread_self();
	page[0] = 1;
	libos_protect(page, sizeof(page), EXO_READ);
	libos_set_fault_handler(skip, NULL, page, page + sizeof(page));
	thread = libos_thread_create(other, &its);
	for (i = 0; i < periods; i++) {
		libos_switch(LIBOS_SWITCH_TICK, PERIOD + i);
		for (n = 0; n < ROUNDS; n++)
			work(&mine, i * ROUNDS + n);
	}
	is_done = 1;
	libos_switch(LIBOS_SWITCH_TICK, 0);
	libos_thread_join(thread, NULL);
	libos_statistics(&s);
	printf("# %llu ticks, %llu switches, %llu and %llu rounds\n", (unsigned long long)s.ticks,
	       (unsigned long long)s.thread_switches, (unsigned long long)mine.rounds,
	       (unsigned long long)its.rounds);
	tap_ok(s.ticks > periods / 2, "there were ticks, in every other period at least");
	tap_ok(its.rounds > 0, "the other thread ran");
	tap_eq(mine.wrong_calls + its.wrong_calls, 0, "library calls keep what a function keeps");
	tap_eq(mine.wrong_faults + its.wrong_faults, 0, "faults keep every register and flag");
	return tap_done("tests/guest/events_on_the_way_back.guest");
}
