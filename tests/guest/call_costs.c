/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount
 * The shortest ways into the kernel and back stay short. Under icount the clock counts
 * instructions, so these are exact; the bounds are promises, the remarks what is needed.
 */
#include "tests/guest/raw.h"

enum { ROUNDS = 100 };

/* Go on after the instruction that faulted, which is two bytes long, or made a foreign call. */
void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	(void)page;
	if (frame->kind != EXO_UPCALL_SYSCALL)
		frame->regs.rip += 2;
}

/* The least of several, so that a tick in between does not count. */
#define COST(text) ({									\
	uint64_t cost_least = UINT64_MAX;						\
	unsigned cost_round;								\
	for (cost_round = 0; cost_round < ROUNDS; cost_round++) {			\
		uint64_t cost_rax = cost_number, cost_start = machine_clock();		\
		__asm__ volatile(text : "+a"(cost_rax) : "b"(0x1230), "D"(0), "S"(0)	\
				 : "rcx", "r11", "rdx", "memory", "cc");		\
		cost_start = machine_clock() - cost_start;				\
		if (cost_start < cost_least)						\
			cost_least = cost_start;					\
	}										\
	cost_least;									\
})

static void cost(const char *name, uint64_t measured, uint64_t nothing, uint64_t bound)
{
	raw_note(name, measured - nothing, "instructions");
	raw_ok(measured - nothing <= bound, name);
}

static void raw_main(void)
{
	uint64_t cost_number = EXO_CALL_PREFIX | EXO_CALL_SELF;
	uint64_t nothing = COST("nop");

	cost("null system call", COST("syscall"), nothing, 160);
	cost_number = 1;
	cost("foreign system call, upcall and resume", COST("syscall"), nothing, 650);
	cost("page fault, upcall and resume", COST("mov (%%rbx), %%eax"), nothing, 650);
}
