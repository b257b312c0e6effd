/* SPDX-License-Identifier: ISC */
/*
 * User registers that the kernel makes or takes from a process. What passed arch_regs_check(), or
 * the CPU itself saved from user mode, is all that trap.S ever loads: so rip is in the user's half
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

void arch_regs_upcall(struct exo_regs *regs, uint64_t entry, uint64_t stack, uint64_t vcpu_page,
		      uint64_t frame)
{
	regs->rip = entry;
	regs->rsp = stack;
	regs->rdi = vcpu_page;
	regs->rsi = frame;
	regs->rflags = REGS_FLAGS_START;
}

bool arch_regs_check(struct exo_regs *regs)
{
	if (regs->rip >= REGS_USER_END - EXO_PAGE_SIZE || regs->rsp >= REGS_USER_END)
		return false;
	regs->rflags = (regs->rflags & REGS_FLAGS_USER) | REGS_FLAGS_START;
	return true;
}
