/* SPDX-License-Identifier: ISC */
/*
 * fault-kill-once: a process that a fault kills has executed what stands before the faulting
 * instruction once, that instruction once, and nothing after it, wherever the fault is: reading,
 * writing, jumping.
 */
#include <signal.h>

#include "tests/process.h"

struct counts {
	volatile uint32_t before, faults, after;
};

/* It is told of the fault, and does nothing about it. */
static bool decline(struct exo_frame *frame, void *argument)
{
	struct counts *counts = argument;

	(void)frame;
	counts->faults++;
	return false;
}

static void fault(int kind)
{
	volatile int *nowhere = (volatile int *)(uintptr_t)(kind * 4096);

	if (kind == 0)
		(void)*nowhere;
	else if (kind == 1)
		*nowhere = 1;
	else
		((void (*)(void))(uintptr_t)nowhere)();
}

int main(void)
{
	static const char *const kinds[] = { "read", "write", "jump" };
	struct counts *counts = process_map(4096, true);
	void *nowhere_end = (void *)(uintptr_t)(3 * 4096);
	int kind, status;

	for (kind = 0; kind < 3; kind++) {
		long pid = libos_fork();

		if (pid == 0) {
			libos_set_fault_handler(decline, &counts[kind], NULL, nowhere_end);
			counts[kind].before++;
			fault(kind);
			counts[kind].after++;
			libos_exit(0);
		}
		tap_ok(libos_wait(pid, &status) == pid && WIFSIGNALED(status)
		       && WTERMSIG(status) == SIGSEGV, "%s: killed by the fault", kinds[kind]);
		tap_eq(counts[kind].before, 1, "%s: it got there once", kinds[kind]);
		tap_eq(counts[kind].faults, 1, "%s: and faulted once", kinds[kind]);
		tap_eq(counts[kind].after, 0, "%s: and no further", kinds[kind]);
	}
	return tap_done("tests/guest/fault_kills_once.guest");
}
