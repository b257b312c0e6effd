/* SPDX-License-Identifier: ISC */
/* What the agents of the guest fuzzer know of x86-64. Nothing that follows a step relies on the
 * stack or on flags: they may be another's by then. */
#ifndef FUZZ_GUEST_AGENT_H
#define FUZZ_GUEST_AGENT_H

#include "fuzz/guest/mailbox.h"

#define AGENT_RAM_FRAME 0u /* the first of the frame table */

#define AGENT_FRESH						\
	"	movabs $0x100000240000, %rsp\n"			\
	"	pushq $2\n"					\
	"	popfq\n"					\
	"	xor %ebp, %ebp\n"

/* agent_begin: where programs and resumed frames begin; agent_upcalled: where upcalls do.
 * agent_call, _load, _store, _trap (struct guest_step *): a step; agent_called is where a call
 * comes back. */
__asm__(
	"	.globl agent_begin, agent_upcalled, agent_called\n"
	"	.globl agent_call, agent_load, agent_store, agent_trap\n"
	"agent_begin:\n" AGENT_FRESH
	"	call agent_next\n"
	"agent_upcalled:\n"
	"	mov %rsi, %rbx\n" AGENT_FRESH
	"	mov %rbx, %rdi\n"
	"	call agent_upcall\n"
	"agent_call:\n"
	"	mov %rdi, %rbx\n"
	"	mov (%rbx), %rax\n"
	"	mov 8(%rbx), %rdi\n"
	"	mov 16(%rbx), %rsi\n"
	"	mov 24(%rbx), %rdx\n"
	"	mov 32(%rbx), %r10\n"
	"	mov 40(%rbx), %r8\n"
	"	syscall\n"
	"agent_called:\n" AGENT_FRESH
	"	mov %rbx, %rdi\n"
	"	mov %rax, %rsi\n"
	"	call agent_return\n"
	"agent_load:\n"
	"	mov %rdi, %rbx\n"
	"	mov 8(%rbx), %rcx\n"
	"	mov (%rcx), %rax\n"
	"	jmp agent_called\n"
	"agent_store:\n"
	"	mov %rdi, %rbx\n"
	"	mov 8(%rbx), %rcx\n"
	"	mov 16(%rbx), %rdx\n"
	"	mov %rdx, (%rcx)\n"
	"	jmp agent_called\n"
	"agent_trap:\n"
	"	mov 24(%rdi), %rax\n"
	"	test $1, %al\n"
	"	jz 1f\n"
	"	ud2\n"
	"1:	test $2, %al\n"
	"	jz 1f\n"
	"	int3\n"
	"1:	xor %ecx, %ecx\n"
	"	div %rcx\n"
	"	ud2\n");

_Static_assert(offsetof(struct guest_step, argument) == 8, "agent_call");
_Static_assert(GUEST_STACK_TOP == 0x100000240000, "AGENT_FRESH");

/* The step in the registers of who was interrupted at agent_called. */
#define AGENT_STEP(regs) ((struct guest_step *)(regs)->rbx)

static inline struct exo_regs agent_regs(uint64_t pc)
{
	return (struct exo_regs){ .rip = pc, .rflags = 0x202 };
}

#endif
