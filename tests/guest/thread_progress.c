/* SPDX-License-Identifier: ISC */
/*
 * fork-progress and fork-spin-stress with threads: all add to one counter, 50 compute while all are
 * alive, handles of ended threads are refused.
 */
#include "tests/process.h"

enum { THREADS = 50 };

static volatile uint32_t counter, gate;
static uint64_t steps;

static uint64_t add_ten(void *argument)
{
	int i;

	(void)argument;
	for (i = 0; i < 10; i++)
		counter++;
	return counter;
}

static uint64_t spin(void *argument)
{
	__atomic_fetch_add(&gate, 1, __ATOMIC_SEQ_CST);
	while (gate < THREADS)
		;
	return process_work((uint64_t)argument, steps);
}

int main(void)
{
	uint64_t value = 0;
	long handle[THREADS];
	int i, right = 0;

	steps = 20000 * tap_knob("ITERATIONS", 100) / 5;
	libos_switch(LIBOS_SWITCH_TICK, process_ms(1));
	handle[0] = libos_thread_create(add_ten, NULL);
	tap_ok(handle[0] > 0, "a thread");
	tap_eq(libos_thread_join(handle[0], &value), 0, "joined");
	tap_eq(value, 10, "its value");
	tap_eq(counter, 10, "its work");
	tap_eq(libos_thread_join(handle[0], &value), EXO_E_EMPTY, "joined again: it is gone");
	tap_eq(libos_thread_join(libos_thread_self(), &value), EXO_E_STATE, "joining oneself");
	for (i = 0; i < THREADS; i++)
		handle[i] = libos_thread_create(spin, (void *)(uintptr_t)i);
	for (i = 0; i < THREADS; i++)
		right += libos_thread_join(handle[i], &value) == 0
			&& value == process_work((uint64_t)i, steps);
	tap_eq(right, THREADS, "results of threads that spin without yielding");
	return tap_done("tests/guest/thread_progress.guest");
}
