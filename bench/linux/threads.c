/* SPDX-License-Identifier: ISC */
/* Rows of threads: POSIX threads and futexes. No locks but those it measures. */
#define _GNU_SOURCE
#include "bench/linux/costs.h"

#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>

enum {
	FUTEX_PRIVATE_WAIT = 128, FUTEX_PRIVATE_WAKE = 129,
	TURNS = 40, TURNS_UNITS = 2000000, /* less than a tick of Linux */
};

static pthread_t start(void *(*entry)(void *))
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, entry, NULL);
	if (errno)
		costs_fail("pthread_create");
	return thread;
}

static void join(pthread_t thread)
{
	errno = pthread_join(thread, NULL);
	if (errno)
		costs_fail("pthread_join");
}

static void *nothing(void *argument)
{
	return argument;
}

static void body_create_join(void)
{
	join(start(nothing));
}

static void run_create(void)
{
	static const struct bench_row row = {
		"thread_create_join", NULL, body_create_join, NULL, 0, 0, 0
	};

	costs_run(&row);
}

/* Until the other has been here: on Linux a yield need not switch. */
static void body_yield(void)
{
	costs.calls = 0;
	costs.turn = 1;
	while (costs.turn == 1) {
		sched_yield();
		costs.calls++;
	}
}

static void after_yield(void)
{
	bench_add(&costs.other, costs.calls);
}

static void *answer_yield(void *argument)
{
	while (!costs.is_done) {
		costs.turn = 0;
		sched_yield();
	}
	return argument;
}

static void run_yield(void)
{
	static const struct bench_row row = {
		"yield_rtt_thread", NULL, body_yield, after_yield, 0, 0, 0
	};
	pthread_t thread;

	costs.is_done = false;
	thread = start(answer_yield);
	costs_run(&row);
	costs_report(&costs.other, "yield_own_calls_thread");
	costs.is_done = true;
	join(thread);
}

/* Set the word from 0 to 1 and wake who waits for that. */
static void ring(volatile uint32_t *word)
{
	*word = 1;
	syscall(SYS_futex, word, FUTEX_PRIVATE_WAKE, 1);
}

/* Wait for 1, and put it back to 0. */
static void await(volatile uint32_t *word)
{
	while (*word == 0)
		syscall(SYS_futex, word, FUTEX_PRIVATE_WAIT, 0, NULL);
	*word = 0;
}

static void body_futex(void)
{
	ring(&costs.turn);
	await(&costs.answer);
}

static void *answer_futex(void *argument)
{
	while (!costs.is_done) {
		await(&costs.turn);
		ring(&costs.answer);
	}
	return argument;
}

static void run_futex(void)
{
	static const struct bench_row row = {
		"futex_rtt", NULL, body_futex, NULL, 0, 0, 0
	};
	pthread_t thread;

	costs.is_done = false;
	costs.turn = costs.answer = 0;
	thread = start(answer_futex);
	costs_settle(&row);
	costs_run(&row);
	costs.is_done = true;
	ring(&costs.turn);
	join(thread);
}

/* On Linux; Chitin's library chooses where a thread runs. */
static void pin(unsigned cpu)
{
	uint64_t cpus = UINT64_C(1) << cpu;

	syscall(SYS_sched_setaffinity, 0, sizeof(cpus), (uintptr_t)&cpus);
}

/* Two threads hand a word to and fro by looking at it: at once, if each has a CPU. */
static bool play_first(void)
{
	uint64_t start = 0;
	uint32_t i;

	for (i = 1; i <= TURNS; i += 2) {
		costs.turn = i;
		while (costs.turn == i) {
			machine_relax();
			if (start && machine_clock() - start > TURNS_UNITS)
				return false;
		}
		start = start ? start : machine_clock(); /* the other is there */
	}
	costs.turn = 0;
	return true;
}

static void *answer_elsewhere(void *argument)
{
	uint32_t i;

	pin(1);
	for (i = 1; i <= TURNS && !costs.is_done; i += 2) {
		while (costs.turn != i && !costs.is_done)
			machine_relax();
		costs.turn = i + 1;
	}
	return answer_futex(argument);
}

/* Until the other thread waits, and its CPU is idle. */
static void before_wake(void)
{
	unsigned i;

	for (i = 0; i < 1000; i++)
		machine_relax();
}

static void body_wake(void)
{
	ring(&costs.turn);
}

static void body_wake_runs(void)
{
	ring(&costs.turn);
	while (costs.answer == 0)
		machine_relax();
}

static void after_wake(void)
{
	await(&costs.answer);
}

static void run_two_cpus(void)
{
	static const struct bench_row rtt = {
		"futex_rtt_2_cpus", NULL, body_futex, NULL, 0, 0, 0
	}, wake = {
		"futex_wake_other_cpu", before_wake, body_wake, after_wake, 0, 0, 0
	}, runs = {
		"futex_wake_other_cpu_runs", before_wake, body_wake_runs, after_wake, 0, 0, 0
	};
	bool is_at_once;
	pthread_t thread;

	pin(0);
	costs.is_done = false;
	costs.turn = costs.answer = 0;
	thread = start(answer_elsewhere);
	is_at_once = play_first();
	if (is_at_once) {
		costs_settle(&rtt);
		costs_run(&rtt);
		costs_run(&wake);
		costs_run(&runs);
	}
	costs.is_done = true;
	ring(&costs.turn);
	join(thread);
	errno = 0;
	if (!is_at_once)
		costs_fail("one CPU");
}

const struct costs_group costs_thread_groups[] = {
	{ "yield_thread", run_yield, { "yield_rtt_thread", "yield_own_calls_thread" } },
	{ "futex", run_futex, { "futex_rtt" } },
	{ "threads", run_create, { "thread_create_join" } },
	{ "two_cpus", run_two_cpus, { "futex_rtt_2_cpus", "futex_wake_other_cpu",
		"futex_wake_other_cpu_runs" } },
	{ NULL, NULL, { NULL } },
};
