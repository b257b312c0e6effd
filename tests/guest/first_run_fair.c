/* SPDX-License-Identifier: ISC */
/*
 * first-run-fair: many short-lived children beside one long runner: the long runner loses no more
 * than its share plus one tick a child.
 *
 * run-guest: --icount
 */
#include "tests/process.h"

static volatile uint64_t runner_units;
static volatile int stop;

/* The long runner adds up the time in which it runs. */
static uint64_t runner(void *argument)
{
	uint64_t last = libos_clock(), gap = process_ms(1) / 50;

	(void)argument;
	while (!stop) {
		uint64_t now = libos_clock();

		if (now - last < gap)
			runner_units += now - last;
		last = now;
	}
	return 0;
}

static uint64_t short_lived(void *argument)
{
	return process_work((uint64_t)argument, 20);
}

int main(void)
{
	unsigned long children = tap_iterations(1000), i;
	uint64_t tick = process_ms(1), start, all, share;
	long thread;

	libos_switch(LIBOS_SWITCH_TICK, tick);
	thread = libos_thread_create(runner, NULL);
	libos_thread_yield();
	start = libos_clock();
	for (i = 0; i < children; i++)
		libos_thread_join(libos_thread_create(short_lived, (void *)i), NULL);
	all = libos_clock() - start;
	share = all / 3;
	stop = 1;
	libos_thread_join(thread, NULL);
	printf("# %lu children in %lu units; the runner had %lu\n", children, all, runner_units);
	tap_ok(runner_units + children * tick >= share && runner_units > 0,
	       "the long runner has its share");
	tap_ok(all <= (children + 2) * 3 * tick, "and the children do not wait for ever");
	return tap_done("tests/guest/first_run_fair.guest");
}
