/* SPDX-License-Identifier: ISC */
/*
 * User registers that the kernel makes or takes from a process. What passed arch_regs_check() or
 * _load(), or the CPU saved from user mode, is all that trap.S loads: so the state is that of EL0
 * in 64 bits, with nothing masked. No locks.
 */
#include "arch/aarch64/exo/local.h"

#define REGS_USER_END (UINT64_C(1) << LAYOUT_USER_BITS)

/* NZCV, DIT, SSBS, BTYPE: what user mode may change itself. */
#define REGS_STATE_USER UINT64_C(0xf1001c00)

void arch_regs_start(struct exo_regs *regs, uint64_t entry, uint64_t stack, uint64_t argument)
{
	memset(regs, 0, sizeof(*regs));
	regs->pc = entry;
	regs->sp = stack;
	regs->x[0] = argument;
}

/* Every upcall and its return copy all of them: without the turns of a loop. */
static inline void regs_copy(struct exo_regs *to, const struct exo_regs *from)
{
	uint64_t a, b;

	__asm__ volatile(
		"	.rept %c4\n"
		"	ldp %2, %3, [%1], #16\n"
		"	stp %2, %3, [%0], #16\n"
		"	.endr"
		: "+r"(to), "+r"(from), "=&r"(a), "=&r"(b) : "i"(sizeof(*to) / 16) : "memory");
}

void arch_regs_upcall(struct exo_regs *regs, struct exo_regs *saved, uint64_t entry, uint64_t frame,
		      uint64_t vcpu_page)
{
	regs_copy(saved, regs);
	regs->pc = entry;
	regs->sp = frame;
	regs->x[0] = vcpu_page;
	regs->x[1] = frame;
	regs->pstate = 0;
}

static bool regs_is_user(uint64_t pc, uint64_t sp)
{
	return pc < REGS_USER_END - EXO_PAGE_SIZE && sp < REGS_USER_END;
}

bool arch_regs_check(struct exo_regs *regs)
{
	if (!regs_is_user(regs->pc, regs->sp))
		return false;
	regs->pstate &= REGS_STATE_USER;
	return true;
}

bool arch_regs_load(struct exo_regs *to, const struct exo_regs *from)
{
	uint64_t pc = *(const volatile uint64_t *)&from->pc;
	uint64_t sp = *(const volatile uint64_t *)&from->sp;

	if (!regs_is_user(pc, sp))
		return false;
	regs_copy(to, from);
	to->pc = pc;
	to->sp = sp;
	to->pstate &= REGS_STATE_USER;
	return true;
}
