/* SPDX-License-Identifier: ISC */
/*
 * User registers that the kernel makes or takes from a process. What passed arch_regs_check() or
 * _load(), or the CPU saved from user mode, is all that trap.S loads: so rip is in the user's half
 * (IRET and SYSRET would fault on another as the kernel) and the flags are the user's. No locks.
 */
#include "arch/x86_64/exo/local.h"

#define REGS_USER_END (UINT64_C(1) << LAYOUT_USER_BITS)

enum {
	REGS_FLAGS_START = 0x202,   /* interrupts on, and the bit that is always one */
	/* CF PF AF ZF SF TF DF OF AC ID: what user mode may change itself. TF becomes an upcall. */
	REGS_FLAGS_USER = 0x240dd5,
};

void arch_regs_start(struct exo_regs *regs, uint64_t entry, uint64_t stack, uint64_t argument)
{
	memset(regs, 0, sizeof(*regs));
	regs->rip = entry;
	regs->rsp = stack;
	regs->rdi = argument;
	regs->rflags = REGS_FLAGS_START;
}

void arch_regs_upcall(struct exo_regs *regs, struct exo_regs *saved, uint64_t entry, uint64_t frame,
		      uint64_t vcpu_page)
{
	const struct exo_regs *from = regs;
	uint64_t words = sizeof(*regs) / 8;

	__asm__ volatile("rep movsq" : "+D"(saved), "+S"(from), "+c"(words) : : "memory");
	regs->rip = entry;
	regs->rsp = frame;
	regs->rdi = vcpu_page;
	regs->rsi = frame;
	regs->rflags = REGS_FLAGS_START;
}

static bool regs_is_user(uint64_t rip, uint64_t rsp)
{
	return rip < REGS_USER_END - EXO_PAGE_SIZE && rsp < REGS_USER_END;
}

static uint64_t regs_flags(uint64_t rflags)
{
	return (rflags & REGS_FLAGS_USER) | REGS_FLAGS_START;
}

bool arch_regs_check(struct exo_regs *regs)
{
	if (!regs_is_user(regs->rip, regs->rsp))
		return false;
	regs->rflags = regs_flags(regs->rflags);
	return true;
}

bool arch_regs_load(struct exo_regs *to, const struct exo_regs *from)
{
	uint64_t rip = *(const volatile uint64_t *)&from->rip;
	uint64_t rsp = *(const volatile uint64_t *)&from->rsp;

	if (!regs_is_user(rip, rsp))
		return false;
	memcpy(to, from, sizeof(*to));
	to->rip = rip;
	to->rsp = rsp;
	to->rflags = regs_flags(to->rflags);
	return true;
}
