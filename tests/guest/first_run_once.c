/* SPDX-License-Identifier: ISC */
/*
 * first-run-once: a newborn thread that spins is preempted at the first tick after its grace, not
 * later, and the time is charged to it: its turns are no longer than its share.
 *
 * run-guest: --icount --hz 100
 */
#include "tests/process.h"

static volatile uint64_t last[2], longest[2], total[2], turn_start[2];
static volatile int stop;

/* Spin, noting one's own uninterrupted turns: a gap in the clock is a turn of others. */
static uint64_t spin(void *argument)
{
	unsigned me = (unsigned)(uintptr_t)argument;
	uint64_t gap = process_ms(1) / 20;

	turn_start[me] = last[me] = libos_clock();
	while (!stop) {
		uint64_t now = libos_clock();

		if (now - last[me] > gap) {
			turn_start[me] = now;
		} else {
			total[me] += now - last[me];
			if (now - turn_start[me] > longest[me])
				longest[me] = now - turn_start[me];
		}
		last[me] = now;
	}
	return 0;
}

static void sleep_ms(unsigned ms)
{
	uint64_t end = libos_clock() + process_ms(ms);

	while (libos_clock() < end)
		libos_sleep(end);
}

int main(void)
{
	uint64_t tick = process_ms(1), grace = 10 * tick, before;
	long thread[2];
	int64_t lead;

	libos_switch(LIBOS_SWITCH_TICK, tick);
	thread[0] = libos_thread_create(spin, (void *)0);
	sleep_ms(10);
	libos_switch(LIBOS_SWITCH_GRACE, grace);
	before = total[0];
	thread[1] = libos_thread_create(spin, (void *)1);
	sleep_ms(60);
	stop = 1;
	libos_thread_join(thread[0], NULL);
	libos_thread_join(thread[1], NULL);
	lead = (int64_t)(total[1] - (total[0] - before));
	printf("# its longest turn %lu, its lead %ld, tick %lu\n", longest[1], lead, tick);
	tap_ok(longest[1] >= grace * 9 / 10, "a newborn's first turn is the grace");
	tap_ok(longest[1] <= grace + 2 * tick, "and ends at a tick after it");
	tap_ok(lead < 3 * (int64_t)tick, "which is charged: it has no more than the other since");
	tap_ok(lead > -3 * (int64_t)tick, "nor less");
	return tap_done("tests/guest/first_run_once.guest");
}
