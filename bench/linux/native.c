/* SPDX-License-Identifier: ISC */
/*
 * What the native program has: the groups in which it calls the library, and the library's handlers
 * of memory faults (costs.h), which may call nothing but libos_handler_protect. No locks.
 */
#include "bench/linux/costs.h"

const struct costs_group *const costs_all_groups[] = {
	costs_memory_groups, costs_page_groups, costs_fork_groups, costs_process_groups,
	costs_thread_groups, costs_write_groups, NULL,
};

static bool on_fault_skip(struct exo_frame *frame, void *argument)
{
	(void)argument;
	EXO_REG_PC(&frame->regs) += BENCH_ACCESS_BYTES;
	return true;
}

static bool on_fault_unprotect(struct exo_frame *frame, void *argument)
{
	uintptr_t page = (uintptr_t)frame->address & ~(uintptr_t)(PAGE - 1);

	(void)argument;
	return libos_handler_protect((void *)page, PAGE, EXO_READ | EXO_WRITE) == 0;
}

static bool on_fault_exchange(struct exo_frame *frame, void *argument)
{
	(void)frame;
	(void)argument;
	return libos_handler_protect(costs.other_at, PAGE, EXO_READ) == 0
		&& libos_handler_protect(costs.at, PAGE, EXO_READ | EXO_WRITE) == 0;
}

void costs_handle_faults(enum costs_fault fault)
{
	static libos_fault_handler *const handlers[] = {
		[COSTS_FAULT_NONE] = NULL,
		[COSTS_FAULT_SKIP] = on_fault_skip,
		[COSTS_FAULT_UNPROTECT] = on_fault_unprotect,
		[COSTS_FAULT_EXCHANGE] = on_fault_exchange,
	};
	char *end = costs.area + costs.area_bytes;

	if (libos_set_fault_handler(handlers[fault], NULL, costs.area, end) < 0)
		costs_fail("libos_set_fault_handler");
}
