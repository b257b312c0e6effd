/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount
 * run-guest-aarch64: --cpu max,cntfrq=1000000000
 * The shortest ways into the kernel and back stay short. Under icount the clock counts
 * instructions, so these are exact; the bounds are promises, the remarks what is needed.
 */
#include "tests/guest/raw.h"

enum { ROUNDS = 100 };

/* Go on after the instruction that faulted, or made a foreign call. */
void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	(void)page;
	if (frame->kind != EXO_UPCALL_SYSCALL)
		EXO_REG_PC(&frame->regs) += CPU_WRITE_BYTES;
}

static void nothing(void)
{
	__asm__ volatile("");
}

static void null_call(void)
{
	cpu_call(EXO_CALL_PREFIX | EXO_CALL_SELF);
}

static void foreign_call(void)
{
	cpu_call(1);
}

static void fault(void)
{
	cpu_write_42((volatile void *)0x1230);
}

/* The least of several, so that a tick in between does not count. */
static uint64_t least(void (*body)(void))
{
	uint64_t least = UINT64_MAX, cost;
	unsigned round;

	for (round = 0; round < ROUNDS; round++) {
		cost = machine_clock();
		body();
		cost = machine_clock() - cost;
		if (cost < least)
			least = cost;
	}
	return least;
}

static void check(const char *name, void (*body)(void), uint64_t bound)
{
	uint64_t cost = least(body) - least(nothing);

	raw_note(name, cost, "instructions");
	raw_ok(cost <= bound, name);
}

static void raw_main(void)
{
	check("null system call", null_call, 160);
	check("foreign system call, upcall and resume", foreign_call, 650);
	check("page fault, upcall and resume", fault, 650);
}
