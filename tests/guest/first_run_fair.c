/* SPDX-License-Identifier: ISC */
/*
 * first-run-fair: many short-lived children beside one long runner: the long runner loses no more
 * than its share plus one tick a child. Half of the children end within their grace's first tick,
 * half live longer than the whole grace, which is GRACE ticks: what they ran ahead they pay back.
 *
 * run-guest: --icount
 */
#include "tests/process.h"

enum { GRACE = 8, LONG = 10 }; /* ticks */

static uint64_t tick, runner_units;
static volatile int stop;

/* Run until one has had `units` of the CPU, or stop is set: a gap in the clock is a turn of others.
 * Returns what one had. */
static uint64_t run(uint64_t units)
{
	uint64_t last = libos_clock(), gap = tick / 5, had = 0;

	while (had < units && !stop) {
		uint64_t now = libos_clock();

		if (now - last < gap)
			had += now - last;
		last = now;
	}
	return had;
}

static uint64_t runner(void *argument)
{
	(void)argument;
	runner_units = run(UINT64_MAX);
	return 0;
}

static uint64_t child(void *argument)
{
	return run((uint64_t)argument);
}

int main(void)
{
	unsigned long children = tap_iterations(1000), i;
	uint64_t start, all;
	long thread;

	tick = process_ms(1) / 10;
	libos_switch(LIBOS_SWITCH_TICK, tick);
	libos_switch(LIBOS_SWITCH_GRACE, GRACE * tick);
	start = libos_clock();
	thread = libos_thread_create(runner, NULL);
	for (i = 0; i < children; i++)
		libos_thread_join(libos_thread_create(child, (void *)(i % 2 ? LONG * tick
								     : tick / 2)), NULL);
	all = libos_clock() - start;
	stop = 1;
	libos_thread_join(thread, NULL);
	printf("# %lu children in %lu ticks; the runner had %lu\n", children, all / tick,
	       runner_units / tick);
	tap_ok(runner_units + children * tick >= all / 2, "the long runner has its share");
	/* With several CPUs QEMU may let each run for a slice before the next. */
	tap_ok(all <= (children + 2) * process_ms(20), "and the children do not wait for ever");
	return tap_done("tests/guest/first_run_fair.guest");
}
