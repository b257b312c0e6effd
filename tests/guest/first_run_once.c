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

int main(void)
{
	uint64_t tick = process_ms(1), grace = process_ms(1) * 3 / 2, share, end;
	long thread[2];
	int i;

	libos_switch(LIBOS_SWITCH_TICK, tick);
	libos_switch(LIBOS_SWITCH_GRACE, grace);
	for (i = 0; i < 2; i++)
		thread[i] = libos_thread_create(spin, (void *)(uintptr_t)i);
	end = libos_clock() + process_ms(60);
	while (libos_clock() < end)
		libos_sleep(end);
	stop = 1;
	for (i = 0; i < 2; i++)
		libos_thread_join(thread[i], NULL);
	for (i = 0; i < 2; i++) {
		printf("# thread %d: longest turn %lu, in all %lu, tick %lu\n", i, longest[i],
		       total[i], tick);
		tap_ok(longest[i] >= grace * 9 / 10, "thread %d: its first turn is the grace", i);
		tap_ok(longest[i] <= grace + 2 * tick, "thread %d: and ends at a tick after it", i);
	}
	share = (total[0] + total[1]) / 2;
	tap_ok(total[0] < share + 3 * tick && total[1] < share + 3 * tick,
	       "the grace is charged: equal shares");
	return tap_done("tests/guest/first_run_once.guest");
}
