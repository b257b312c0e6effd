/* SPDX-License-Identifier: ISC */
/*
 * The calendar is what the launcher says and the time since: clocks, files' times, sleeps and waits
 * until a moment of the calendar.
 * run-guest: --append epoch=1700000000
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/tap.h"

#define EPOCH 1700000000

static int64_t now_ns(clockid_t clock)
{
	struct timespec time = { 0, 0 };

	tap_eq(clock_gettime(clock, &time), 0, "clock %d", (int)clock);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static bool is_now(int64_t s)
{
	return s >= EPOCH && s < EPOCH + 1000;
}

static struct timespec moment(clockid_t clock, long after_ns)
{
	int64_t ns = now_ns(clock) + after_ns;

	return (struct timespec){ ns / 1000000000, ns % 1000000000 };
}

static void check_clocks(void)
{
	int64_t before = now_ns(CLOCK_MONOTONIC);
	int64_t calendar = now_ns(CLOCK_REALTIME);
	int64_t after = now_ns(CLOCK_MONOTONIC);
	struct timeval day;

	tap_ok(is_now(calendar / 1000000000), "the calendar's year");
	tap_ok(before < 1000 * INT64_C(1000000000), "the other clock begins at the boot");
	calendar -= EPOCH * INT64_C(1000000000);
	tap_ok(before <= calendar && calendar <= after, "both go on together");
	tap_ok(is_now(now_ns(CLOCK_REALTIME_COARSE) / 1000000000), "the coarse one");
	tap_ok(is_now(time(NULL)), "time");
	tap_ok(gettimeofday(&day, NULL) == 0 && is_now(day.tv_sec), "gettimeofday");
}

static void check_files(void)
{
	FILE *file = fopen("/tmp/new", "w");
	struct stat info;

	tap_ok(file && fputs("text", file) >= 0 && fclose(file) == 0, "a new file");
	tap_ok(stat("/tmp/new", &info) == 0 && is_now(info.st_mtime), "its time");
	tap_ok(stat("/proc/self/exe", &info) == 0 && info.st_mtime > EPOCH,
	       "the program's is that of the host's file");
}

static void check_waits(void)
{
	struct timespec until = moment(CLOCK_REALTIME, 5000000);
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
	int64_t start = now_ns(CLOCK_MONOTONIC), end;

	tap_eq(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL), 0, "a sleep");
	end = now_ns(CLOCK_MONOTONIC);
	tap_ok(end - start > 4000000 && end - start < 1000000000, "lasts until then");
	tap_eq(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL), 0, "a past moment");
	until.tv_sec = 1000000000;
	tap_eq(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL), 0, "before the boot");
	until = moment(CLOCK_REALTIME, 5000000);
	start = now_ns(CLOCK_MONOTONIC);
	pthread_mutex_lock(&mutex);
	tap_eq(pthread_cond_timedwait(&cond, &mutex, &until), ETIMEDOUT, "a wait");
	end = now_ns(CLOCK_MONOTONIC);
	tap_ok(end - start > 4000000 && end - start < 1000000000, "lasts until then");
}

int main(void)
{
	check_clocks();
	check_files();
	check_waits();
	return tap_done("tests/guest/calendar_begins_where_told.guest");
}
