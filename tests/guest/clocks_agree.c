/* SPDX-License-Identifier: ISC */
/*
 * Whoever tells the time, the kernel by a call or the shared object that it shows every program,
 * tells the same: asked in turn, a clock never goes back; a clock that is not there is refused.
 * What this prints is the same here and on Linux (tests/tools/processes_match_linux.sh).
 */
#define _GNU_SOURCE
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "tests/same.h"

enum { ROUNDS = 20000 };

static long long ns_of(const struct timespec *time)
{
	return time->tv_sec * 1000000000ll + time->tv_nsec;
}

static long long by_call(int clock)
{
	struct timespec time = { -1, -1 };

	syscall(SYS_clock_gettime, clock, &time);
	return ns_of(&time);
}

static long long by_libc(int clock)
{
	struct timespec time = { -1, -1 };

	clock_gettime(clock, &time);
	return time.tv_nsec < 0 || time.tv_nsec >= 1000000000 ? -1 : ns_of(&time);
}

/* How often one of the two was behind what the other had said. */
static long backwards(int clock)
{
	long long last = by_call(clock), now;
	long count = last < 0;
	int i;

	for (i = 0; i < ROUNDS; i++, last = now) {
		now = i % 2 ? by_call(clock) : by_libc(clock);
		count += now < last;
	}
	return count;
}

/* The same of gettimeofday and time, which round down. */
static long calendar_backwards(void)
{
	long count = 0;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		long long before = by_call(CLOCK_REALTIME) / 1000, after;
		struct timeval now = { -1, -1 };
		time_t s;

		gettimeofday(&now, NULL);
		s = time(NULL);
		after = by_call(CLOCK_REALTIME) / 1000;
		count += now.tv_sec * 1000000ll + now.tv_usec < before
			|| now.tv_sec * 1000000ll + now.tv_usec > after
			|| s < now.tv_sec - 1 || s > after / 1000000;
	}
	return count;
}

int main(void)
{
	unsigned long image = getauxval(AT_SYSINFO_EHDR);
	struct timespec now;

	same_begin();
	say("an image is an ELF file", image == 0 || memcmp((void *)image, "\177ELF", 4) == 0);
	say("CLOCK_MONOTONIC goes back", backwards(CLOCK_MONOTONIC));
	say("CLOCK_REALTIME goes back", backwards(CLOCK_REALTIME));
	say("CLOCK_BOOTTIME goes back", backwards(CLOCK_BOOTTIME));
	say("CLOCK_PROCESS_CPUTIME_ID goes back", backwards(CLOCK_PROCESS_CPUTIME_ID));
	say("gettimeofday or time differ", calendar_backwards());
	say("clock 31", clock_gettime(31, &now));
	say("clock 32", clock_gettime(32, &now));
	return 0;
}
