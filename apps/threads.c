/* SPDX-License-Identifier: ISC */
/*
 * Threads of the library OS: some spin and count, none ever yields, and the main thread sleeps a
 * second. That each gets its share is the library's scheduler, a page of C in this very process.
 */
#include <stdio.h>
#include <stdlib.h>

#include "libos/libos.h"

enum { THREADS_MOST = 16 };

static volatile bool is_over;

static uint64_t threads_spin(void *argument)
{
	uint64_t count = 0;

	(void)argument;
	while (!is_over)
		count++;
	return count;
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 4, i;
	long handles[THREADS_MOST];
	struct libos_statistics statistics;
	uint64_t value, all = 0, values[THREADS_MOST];

	if (count < 1 || count > THREADS_MOST)
		count = THREADS_MOST;
	for (i = 0; i < count; i++) {
		handles[i] = libos_thread_create(threads_spin, NULL);
		if (handles[i] < 0) {
			printf("thread %d: error %ld\n", i, handles[i]);
			return 1;
		}
	}
	libos_sleep(libos_clock() + libos_clock_hz());
	is_over = true;
	for (i = 0; i < count; i++) {
		if (libos_thread_join(handles[i], &value) < 0)
			return 1;
		values[i] = value;
		all += value;
	}
	for (i = 0; i < count; i++)
		printf("thread %d: %llu rounds, %.1f %%\n", i, (unsigned long long)values[i],
			100.0 * (double)values[i] / (double)all);
	if (libos_statistics(&statistics) == 0)
		printf("%llu ticks, %llu switches\n", (unsigned long long)statistics.ticks,
			(unsigned long long)statistics.thread_switches);
	return 0;
}
