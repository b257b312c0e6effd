/* SPDX-License-Identifier: ISC */
/*
 * first-run-storm: ticks at absolute times, with half the measured cost of handling one as their
 * period. With the grace off a newborn whose whole work is less than the grace is still at 0 after
 * 1 000 ticks; with it on it ends. Under icount, so exact.
 *
 * run-guest: --icount
 * run-guest-aarch64: --cpu max,cntfrq=1000000000
 */
#include "tests/process.h"

static volatile uint64_t progress, ticks_seen;

static uint64_t ticks(void)
{
	struct libos_statistics s;

	libos_statistics(&s);
	return s.ticks;
}

/* Work of a few hundred instructions. */
static uint64_t newborn(void *argument)
{
	int i;

	(void)argument;
	for (i = 0; i < 100; i++)
		progress++;
	ticks_seen = ticks();
	return progress;
}

/* What handling one tick costs: two threads alternate by ticks alone. */
static uint64_t measure(void)
{
	uint64_t start, end, period = 1, before;

	before = ticks();
	libos_switch(LIBOS_SWITCH_TICKS_MAX, before + 1000);
	libos_switch(LIBOS_SWITCH_GRACE, 0);
	libos_switch(LIBOS_SWITCH_TICK, period);
	start = libos_clock();
	progress = 0;
	libos_thread_join(libos_thread_create(newborn, NULL), NULL);
	end = libos_clock();
	return (end - start) / 1000;
}

static uint64_t storm(uint64_t period, uint64_t grace)
{
	uint64_t before = ticks(), value = 0;
	long thread;

	progress = 0;
	libos_switch(LIBOS_SWITCH_TICK, 0);
	libos_switch(LIBOS_SWITCH_GRACE, grace);
	libos_switch(LIBOS_SWITCH_TICKS_MAX, before + 1000);
	thread = libos_thread_create(newborn, NULL);
	libos_switch(LIBOS_SWITCH_TICK, period);
	libos_thread_join(thread, &value);
	tap_eq(value, 100, "grace %lu: the newborn's work is done in the end", grace);
	return ticks_seen - before;
}

static volatile int stop;

static uint64_t other(void *argument)
{
	(void)argument;
	while (!stop)
		libos_thread_yield();
	return 0;
}

int main(void)
{
	uint64_t period, with, without;
	long thread[2];
	int i;

	libos_switch(LIBOS_SWITCH_TICK, 0);
	period = measure() / 2;
	libos_switch(LIBOS_SWITCH_TICK, 0);
	printf("# period %lu clock units\n", period);
	for (i = 0; i < 2; i++)
		thread[i] = libos_thread_create(other, NULL);
	without = storm(period, 0);
	with = storm(period, 20000);
	stop = 1;
	for (i = 0; i < 2; i++)
		libos_thread_join(thread[i], NULL);
	tap_ok(without >= 1000, "without grace it had not run after %lu ticks", without);
	tap_ok(with < 100, "with grace it ended after %lu ticks", with);
	return tap_done("tests/guest/first_run_storm.guest");
}
