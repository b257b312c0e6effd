/* SPDX-License-Identifier: ISC */
/* Rows of threads: POSIX threads and futexes. No locks but those it measures. */
#define _GNU_SOURCE
#include "bench/linux/costs.h"

#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>

enum { FUTEX_PRIVATE_WAIT = 128, FUTEX_PRIVATE_WAKE = 129 };

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

const struct costs_group costs_thread_groups[] = {
	{ "yield_thread", run_yield, { "yield_rtt_thread", "yield_own_calls_thread" } },
	{ "futex", run_futex, { "futex_rtt" } },
	{ "threads", run_create, { "thread_create_join" } },
	{ NULL, NULL, { NULL } },
};
