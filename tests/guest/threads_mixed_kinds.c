/* SPDX-License-Identifier: ISC */
/*
 * slot-mixed-kinds, slot-claim-once, kill-stale: threads that yield, threads that only end by
 * ticks, sleepers and processes begin and end in random order: none is lost, no slot reaches an
 * impossible state, a full table says so and serves again, stale handles find nobody.
 *
 * run-guest: --hz 1000
 */
#include "tests/process.h"

enum { SLOTS = 256, LIVE = 24 };

static volatile uint64_t done;
static volatile uint32_t gate;

static uint64_t cooperative(void *argument)
{
	int i;

	for (i = 0; i < 20; i++)
		libos_thread_yield();
	__atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
	return (uint64_t)argument;
}

static uint64_t spinning(void *argument)
{
	uint64_t end = libos_clock() + process_ms(1) / 5;

	while (libos_clock() < end)
		;
	__atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
	return (uint64_t)argument;
}

static uint64_t sleeping(void *argument)
{
	libos_sleep(libos_clock() + process_ms(1));
	__atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
	return (uint64_t)argument;
}

static uint64_t process(void *argument)
{
	long pid = libos_fork();

	if (pid == 0)
		libos_exit((int)((uint64_t)argument & 0x7f));
	__atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
	return process_join(pid) == (int)((uint64_t)argument & 0x7f) ? (uint64_t)argument : 0;
}

static uint64_t waiting(void *argument)
{
	while (!gate)
		libos_thread_yield();
	return (uint64_t)argument;
}

static void check_mixed(void)
{
	static uint64_t (*const kinds[])(void *) = { cooperative, spinning, sleeping, process };
	unsigned long steps = tap_iterations(10000), i, wrong = 0, begun = 0, joined = 0;
	long handle[LIVE] = { 0 };
	uint64_t value[LIVE], result;

	srandom((unsigned)tap_seed(1));
	for (i = 0; i < steps; i++) {
		unsigned at = (unsigned)random() % LIVE;

		if (handle[at]) {
			wrong += libos_thread_join(handle[at], &result) != 0 || result != value[at];
			wrong += libos_thread_join(handle[at], &result) != EXO_E_EMPTY;
			handle[at] = 0;
			joined++;
		} else {
			value[at] = i + 1;
			handle[at] = libos_thread_create(kinds[(unsigned)random() % 4],
							 (void *)value[at]);
			wrong += handle[at] <= 0;
			begun++;
		}
	}
	for (i = 0; i < LIVE; i++) {
		if (!handle[i])
			continue;
		wrong += libos_thread_join(handle[i], &result) != 0 || result != value[i];
		joined++;
	}
	tap_eq(wrong, 0, "%lu steps: every thread ends with its own value", steps);
	tap_eq(joined, begun, "every thread that began was joined");
	tap_eq(done, begun, "and did its work once");
}

static void check_full(void)
{
	long handle[SLOTS], extra;
	uint64_t value;
	int n, i, right = 0;

	for (n = 0; n < SLOTS; n++) {
		handle[n] = libos_thread_create(waiting, (void *)(uintptr_t)n);
		if (handle[n] < 0)
			break;
	}
	tap_eq(n, SLOTS - 1, "as many as there are slots");
	tap_eq(handle[n < SLOTS ? n : 0], EXO_E_FULL, "then FULL");
	gate = 1;
	for (i = 0; i < n; i++)
		right += libos_thread_join(handle[i], &value) == 0 && value == (uint64_t)i;
	tap_eq(right, n, "all end");
	extra = libos_thread_create(cooperative, (void *)5);
	tap_ok(extra > 0 && libos_thread_join(extra, &value) == 0 && value == 5,
	       "and slots serve again");
	tap_eq(libos_thread_join(handle[0], &value), EXO_E_EMPTY, "a stale handle finds nobody");
}

int main(void)
{
	struct libos_statistics s;

	libos_switch(LIBOS_SWITCH_TICK, process_ms(1));
	check_mixed();
	check_full();
	libos_statistics(&s);
	tap_eq(s.edges_refused, 0, "no impossible change of a slot was tried");
	return tap_done("tests/guest/threads_mixed_kinds.guest");
}
