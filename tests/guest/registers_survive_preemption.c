/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount --hz 10000
 * Two vcpus fill every register with patterns of their own and look at them in a loop, while the
 * kernel takes the CPU from one by force to give it to the other. Nothing may change: general
 * registers, FPU and vectors, their control words, thread pointers.
 */
#include <hold.h>

enum { ROUNDS = 400000 };

static struct pattern patterns[2] __attribute__((aligned(64)));
static uint8_t second_stack[RAW_STACK_BYTES] __attribute__((aligned(16)));

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	(void)page;
	(void)frame;
}

static void second(void)
{
	hold(&patterns[1]);
	*(volatile uint64_t *)&patterns[1].done = 1;
	exo_call(EXO_CALL_VCPU_STOP, 0, 0, 0, 0, 0);
}

static bool second_start(void)
{
	struct exo_vcpu_start start = {
		.page = (uint64_t)raw_state.page - EXO_PAGE_SIZE,
		.entry = (uint64_t)second,
		.stack = (uint64_t)second_stack + RAW_STACK_BYTES - CPU_STACK_SKEW,
	};
	struct exo_result r = exo_call(EXO_CALL_VCPU_START, 0, (uint64_t)&start, 0, 0, 0);

	return r.value == 0
		&& exo_call(EXO_CALL_SLICE_ALLOC, r.second, 0, EXO_SLICE_ANY, 0, 0).value == 0;
}

static void raw_main(void)
{
	pattern_fill(&patterns[0], 1, ROUNDS);
	pattern_fill(&patterns[1], 4, ROUNDS);
	raw_ok(pattern_control(&patterns[0]) != pattern_control(&patterns[1]), "the two differ");
	raw_state.page->upcall_entry = 0; /* no grace: preempted at once */
	if (!raw_ok(second_start(), "a second vcpu"))
		return;
	hold(&patterns[0]);
	while (!*(volatile uint64_t *)&patterns[1].done)
		exo_call(EXO_CALL_YIELD, 0, 0, 0, 0, 0);
	raw_ok(raw_state.page->switches >= 5, "the CPU was taken away several times");
	raw_note("forced preemptions", raw_state.page->switches, "");
	pattern_check(&patterns[0], "the first vcpu's registers");
	pattern_check(&patterns[1], "the second vcpu's registers");
}
