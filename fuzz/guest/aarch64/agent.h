/* SPDX-License-Identifier: ISC */
/* What the agents of the guest fuzzer know of AArch64. Nothing that follows a step relies on the
 * stack: it may be another's by then. */
#ifndef FUZZ_GUEST_AGENT_H
#define FUZZ_GUEST_AGENT_H

#include "fuzz/guest/mailbox.h"

#define AGENT_RAM_FRAME 0x40000u /* the first of the frame table */

#define AGENT_FRESH						\
	"	movz x9, #0x0024, lsl #16\n"			\
	"	movk x9, #0x1000, lsl #32\n"			\
	"	mov sp, x9\n"					\
	"	mov x29, xzr\n"

/* agent_begin: where programs and resumed frames begin; agent_upcalled: where upcalls do.
 * agent_call, _load, _store, _trap (struct guest_step *): a step; agent_called is where a call
 * comes back. */
__asm__(
	"	.globl agent_begin, agent_upcalled, agent_called\n"
	"	.globl agent_call, agent_load, agent_store, agent_trap\n"
	"agent_begin:\n" AGENT_FRESH
	"	b agent_next\n"
	"agent_upcalled:\n" AGENT_FRESH
	"	mov x0, x1\n"
	"	b agent_upcall\n"
	"agent_call:\n"
	"	mov x19, x0\n"
	"	ldr x8, [x19]\n"
	"	ldp x0, x1, [x19, #8]\n"
	"	ldp x2, x3, [x19, #24]\n"
	"	ldr x4, [x19, #40]\n"
	"	svc #0\n"
	"agent_called:\n" AGENT_FRESH
	"	mov x2, x1\n"
	"	mov x1, x0\n"
	"	mov x0, x19\n"
	"	b agent_return\n"
	"agent_load:\n"
	"	mov x19, x0\n"
	"	ldr x9, [x19, #8]\n"
	"	ldr x0, [x9]\n"
	"	b agent_called\n"
	"agent_store:\n"
	"	mov x19, x0\n"
	"	ldp x9, x1, [x19, #8]\n"
	"	str x1, [x9]\n"
	"	b agent_called\n"
	"agent_trap:\n"
	"	ldr x9, [x0, #24]\n"
	"	tbz x9, #0, 1f\n"
	"	udf #0\n"
	"1:	brk #0\n"
	"	udf #0\n");

_Static_assert(offsetof(struct guest_step, argument) == 8, "agent_call");
_Static_assert(GUEST_STACK_TOP == 0x100000240000, "AGENT_FRESH");

/* The step in the registers of who was interrupted at agent_called. */
#define AGENT_STEP(regs) ((struct guest_step *)(regs)->x[19])

static inline struct exo_regs agent_regs(uint64_t pc)
{
	return (struct exo_regs){ .pc = pc };
}

#endif
