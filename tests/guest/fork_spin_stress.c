/* SPDX-License-Identifier: ISC */
/*
 * fork-spin-stress: 50 children compute while all are alive; 50 right results, 50 statuses. Within
 * MOST_MS, if that is given: who waits for others by yielding costs them no slice.
 */
#include "tests/process.h"

enum { CHILDREN = 50 };

int main(void)
{
	uint64_t steps = 20000 * tap_knob("ITERATIONS", 100) / 5;
	volatile uint64_t *result = process_map(CHILDREN * sizeof(uint64_t), true);
	volatile uint32_t *gate = process_map(4096, true);
	int i, right = 0, statuses = 0;
	long pid[CHILDREN];
	uint64_t start = libos_clock(), most_ms = tap_knob("MOST_MS", 0), ms;

	for (i = 0; i < CHILDREN; i++) {
		pid[i] = libos_fork();
		if (pid[i] == 0) {
			__atomic_fetch_add(gate, 1, __ATOMIC_SEQ_CST);
			while (*gate < CHILDREN) /* all are alive now */
				libos_thread_yield();
			result[i] = process_work((uint64_t)i, steps);
			libos_exit(i);
		}
		if (pid[i] < 0)
			break;
	}
	tap_eq(i, CHILDREN, "children begun");
	for (i = 0; i < CHILDREN; i++)
		statuses += process_join(pid[i]) == i;
	for (i = 0; i < CHILDREN; i++)
		right += result[i] == process_work((uint64_t)i, steps);
	tap_eq(statuses, CHILDREN, "statuses");
	tap_eq(right, CHILDREN, "results");
	ms = (libos_clock() - start) / process_ms(1);
	tap_ok(!most_ms || ms < most_ms, "in %lu ms", ms);
	return tap_done("tests/guest/fork_spin_stress.guest");
}
