/* SPDX-License-Identifier: ISC */
/* Rows of single system calls, of signals and of the counter itself. No locks. */
#include "bench/linux/costs.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

static void body_getppid(void)
{
	bench_linux(SYS_getppid, 0, 0, 0);
}

static void body_clock_libc(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
}

static void body_clock_bare(void)
{
	struct timespec now;

	bench_linux(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0);
}

static void body_yield(void)
{
	sched_yield();
}

/* FUTEX_WAKE of one, private. */
static void body_futex(void)
{
	bench_linux(SYS_futex, (long)&costs.turn, 1 | 128, 1);
}

static void run_calls(void)
{
	static const struct bench_row rows[] = {
		{ "null_getppid", NULL, body_getppid, NULL, 0, 0, 0 },
		{ "clock_gettime_libc", NULL, body_clock_libc, NULL, 0, 0, 0 },
		{ "clock_gettime_syscall", NULL, body_clock_bare, NULL, 0, 0, 0 },
		{ "sched_yield_alone", NULL, body_yield, NULL, 0, 0, 0 },
		{ "futex_wake_nobody", NULL, body_futex, NULL, 0, 0, 0 },
	};
	struct timespec now;
	unsigned i;

	os_must(bench_linux(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0), "clock_gettime");
	os_must(bench_linux(SYS_futex, (long)&costs.turn, 1 | 128, 1), "futex");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		costs_run(&rows[i]);
}

static void on_signal(int number)
{
	(void)number;
	costs.calls++;
}

static void set_signal(void)
{
	static const struct sigaction action = { .sa_handler = on_signal };

	os_must(sigaction(SIGUSR1, &action, NULL), "sigaction");
}

static void body_signal(void)
{
	kill(costs.pid, SIGUSR1);
}

static void run_signals(void)
{
	static const struct bench_row set = { "sigaction", NULL, set_signal, NULL, 0, 0, 0 };
	static const struct bench_row send = { "signal_self", NULL, body_signal, NULL, 0, 0, 0 };

	costs_run(&set);
	costs.calls = 0;
	costs.pid = getpid();
	os_must(kill(costs.pid, SIGUSR1), "kill");
	if (costs.calls != 1) {
		costs_na("signal_self", "the handler is not run");
		return;
	}
	costs_run(&send);
}

static void body_clear(void)
{
	memset(costs.area, 0, PAGE);
}

static void body_copy(void)
{
	memcpy(costs.area, costs.area + PAGE, PAGE);
}

static void body_clear_rep(void)
{
	bench_clear(costs.area, PAGE);
}

static void body_copy_rep(void)
{
	bench_copy(costs.area, costs.area + PAGE, PAGE);
}

static void body_loop(void)
{
	bench_loop(1000000);
}

/* By how many millionths the system's clock and the counter differ, over 100 000 000. */
static void run_clock(void)
{
	struct timespec before, after;
	uint64_t start, ns;

	os_must(clock_gettime(CLOCK_MONOTONIC, &before), "clock_gettime");
	start = machine_clock();
	bench_loop(50000000);
	start = machine_clock() - start;
	os_must(clock_gettime(CLOCK_MONOTONIC, &after), "clock_gettime");
	ns = (uint64_t)(after.tv_sec - before.tv_sec) * 1000000000 + (uint64_t)after.tv_nsec
		- (uint64_t)before.tv_nsec;
	costs_value("calib_loop_100000000", start);
	costs_value("calib_clock_ppm", (ns > start ? ns - start : start - ns) * 1000000 / start);
}

static void run_calib(void)
{
	static const struct bench_row rows[] = {
		{ "calib_loop_2000000", NULL, body_loop, NULL, 5, 0, 0 },
		{ "calib_clear_page_libc", NULL, body_clear, NULL, 0, 0, 0 },
		{ "calib_copy_page_libc", NULL, body_copy, NULL, 0, 0, 0 },
		{ "calib_clear_page_rep", NULL, body_clear_rep, NULL, 0, 0, 0 },
		{ "calib_copy_page_rep", NULL, body_copy_rep, NULL, 0, 0, 0 },
	};
	unsigned i;

	costs.area = os_map(2 * PAGE, false);
	os_touch(costs.area, 2 * PAGE);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		costs_run(&rows[i]);
	run_clock();
	os_unmap(costs.area, 2 * PAGE);
}

const struct costs_group costs_call_groups[] = {
	{ "calib", run_calib, { "calib_loop_2000000", "calib_loop_100000000", "calib_clock_ppm",
		"calib_clear_page_libc", "calib_copy_page_libc", "calib_clear_page_rep",
		"calib_copy_page_rep" } },
	{ "calls", run_calls, { "null_getppid", "clock_gettime_libc", "clock_gettime_syscall",
		"sched_yield_alone", "futex_wake_nobody" } },
	{ "signals", run_signals, { "signal_self", "sigaction" } },
	{ NULL, NULL, { NULL } },
};
