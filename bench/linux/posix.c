/* SPDX-License-Identifier: ISC */
/* What the Linux program has: all groups, and SIGSEGV for memory faults (costs.h). No locks. */
#define _GNU_SOURCE
#include "bench/linux/costs.h"

#include <signal.h>
#include <ucontext.h>

const struct costs_group *const costs_all_groups[] = {
	costs_boot_groups, costs_call_groups, costs_memory_groups, costs_page_groups,
	costs_fork_groups, costs_process_groups, costs_thread_groups, costs_write_groups, NULL,
};

static void on_fault_skip(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	BENCH_SIGNAL_PC((ucontext_t *)context) += BENCH_ACCESS_BYTES;
}

static void on_fault_unprotect(int number, siginfo_t *info, void *context)
{
	uintptr_t page = (uintptr_t)info->si_addr & ~(uintptr_t)(PAGE - 1);

	(void)number;
	(void)context;
	mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE);
}

static void on_fault_exchange(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	(void)context;
	os_protect(costs.other_at, PAGE, PROT_READ);
	os_protect(costs.at, PAGE, PROT_READ | PROT_WRITE);
}

void costs_handle_faults(enum costs_fault fault)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };

	switch (fault) {
	case COSTS_FAULT_NONE:
		action.sa_flags = 0;
		action.sa_handler = SIG_DFL;
		break;
	case COSTS_FAULT_SKIP:
		action.sa_sigaction = on_fault_skip;
		break;
	case COSTS_FAULT_UNPROTECT:
		action.sa_sigaction = on_fault_unprotect;
		break;
	case COSTS_FAULT_EXCHANGE:
		action.sa_sigaction = on_fault_exchange;
		break;
	}
	os_must(sigaction(SIGSEGV, &action, NULL), "sigaction");
}
