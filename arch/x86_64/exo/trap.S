/* SPDX-License-Identifier: ISC */
/*
 * Every entry to the kernel after boot, and the one way out of it. (SDM 3A 6.14 for interrupts, 2B
 * SYSCALL and SYSRET, 3A 5.8.8.)
 *
 * From user mode we come with interrupts off, on the user's root table (whose upper half is the
 * kernel's), with the user's GS base until SWAPGS. All registers go straight into the registers of
 * the vcpu that runs (%gs:CPU_REGS), then the CPU's one kernel stack is loaded from its top: an
 * entry leaves nothing on it. The portable kernel returns the vcpu to run in %rax.
 *
 * From kernel mode there are interrupts, only where arch_idle() waits, and exceptions, which are
 * the end: nothing in the kernel may fault.
 */
#include "arch/x86_64/exo/layout.h"

#define SAVE(register, offset) mov %register, offset(%rdi);
#define LOAD(register, offset) mov offset(%rdi), %register;

	.text

/* SYSCALL: rcx = user's rip, r11 = user's rflags, rsp the user's; flags cleared as FMASK says. */
	.globl syscall_entry, trap_return, vector_entries
syscall_entry:
	swapgs
	mov %rdi, %gs:CPU_SCRATCH
	mov %gs:CPU_REGS, %rdi
	REGS_LIST(SAVE)			/* rcx and r11 too: what SYSRET would leave in them */
	mov %rsp, REGS_RSP(%rdi)
	mov %rcx, REGS_RIP(%rdi)
	mov %r11, REGS_RFLAGS(%rdi)
	mov %gs:CPU_SCRATCH, %rdx
	mov %rdx, REGS_RDI(%rdi)
	mov %gs:CPU_STACK, %rsp
	mov %gs:CPU_MACHINE, %rdi
	mov %gs:CPU_CPU, %rsi
	bt $CALL_BIT, %rax
	jnc foreign
	call *%gs:CPU_SYSCALL		/* kernel_syscall(machine, cpu) */

/* To the user registers of the vcpu in %rax. Interrupts are off; the stack is of no more use. */
trap_return:
	mov %rax, %gs:CPU_REGS
	mov %rax, %rdi
	/* SYSRET leaves rip in rcx and rflags in r11: good if they are so, as after a system call.
	 * It must never see an rip beyond the user's half: it would fault on it as the kernel. */
	mov REGS_RIP(%rdi), %rcx
	cmp REGS_RCX(%rdi), %rcx
	jne 1f
	mov REGS_RFLAGS(%rdi), %r11
	cmp REGS_R11(%rdi), %r11
	jne 1f
	shr $LAYOUT_USER_BITS, %rcx
	jnz 1f
	REGS_LIST(LOAD)
	mov REGS_RSP(%rdi), %rsp
	mov REGS_RDI(%rdi), %rdi
	swapgs
	sysretq
1:	mov %gs:CPU_STACK, %rsp
	push $LAYOUT_USER_DATA
	push REGS_RSP(%rdi)
	push REGS_RFLAGS(%rdi)
	push $LAYOUT_USER_CODE
	push REGS_RIP(%rdi)
	REGS_LIST(LOAD)
	mov REGS_RDI(%rdi), %rdi
	swapgs
	iretq
foreign:
	call *%gs:CPU_FOREIGN		/* trap_foreign(machine, cpu) */
	jmp trap_return

/* Save all, from a stack that holds: vector (if \vector), error code, rip, cs, rflags, rsp, ss.
 * Leaves the vector in edx, the error code in rcx, the kernel's stack and flags. */
	.macro enter vector
	swapgs
	push %rdi
	mov %gs:CPU_REGS, %rdi
	REGS_LIST(SAVE)
	pop REGS_RDI(%rdi)
	.if \vector
	pop %rdx
	.endif
	pop %rcx
	pop REGS_RIP(%rdi)
	pop %rax			/* cs: always the user's */
	pop REGS_RFLAGS(%rdi)
	pop REGS_RSP(%rdi)
	mov %gs:CPU_STACK, %rsp
	push $LAYOUT_FLAGS_KERNEL	/* an interrupt gate leaves the user's DF and AC */
	popf
	mov %gs:CPU_MACHINE, %rdi
	mov %gs:CPU_CPU, %rsi
	.endm

/* An exception from user mode: vcpu = trap_exception(machine, cpu, vector, error code). */
exception:
	testb $3, 24(%rsp)
	jz fatal
	enter vector=1
	call trap_exception
	jmp trap_return

/* A page fault, the most frequent of them: trap_fault(machine, cpu, address, error code). */
page_fault:
	testb $3, 16(%rsp)
	jz 1f
	enter vector=0
	mov %cr2, %rdx
	call *%gs:CPU_FAULT
	jmp trap_return
1:	push $14
	jmp fatal

/* An interrupt: irq_user(machine, cpu, vector); in arch_idle, which expects to find every register
 * changed that C may change: irq_idle(machine, cpu, vector). */
interrupt:
	testb $3, 24(%rsp)
	jz 1f
	enter vector=1
	call irq_user
	jmp trap_return
1:	mov %gs:CPU_MACHINE, %rdi
	mov %gs:CPU_CPU, %rsi
	pop %rdx
	call irq_idle			/* on an aligned stack: five words and ours are left */
	add $8, %rsp
	iretq

/* A bug, an NMI or a machine check, from anywhere; GS may be the user's. Ends in trap_fatal(). */
fatal:
	cld
	sub $REGS_BYTES, %rsp
	mov %rdi, REGS_RDI(%rsp)
	mov %rsp, %rdi
	REGS_LIST(SAVE)
	and $-16, %rsp
	call trap_fatal
	ud2

/* The code for each vector, LAYOUT_ENTRY_BYTES apart: an error code if the CPU pushes none (it does
 * for 8, 10 to 14, 17, 21, 29 and 30), the vector, and on. */
	.balign LAYOUT_ENTRY_BYTES
vector_entries:
	.set vector, 0
	.rept LAYOUT_VECTORS
	.balign LAYOUT_ENTRY_BYTES
	.if vector == 14
	jmp page_fault
	.else
	.if vector >= 32 || !(0x60227d00 >> vector & 1)
	push $0
	.endif
	push $vector
	.if vector == 2 || vector == 8 || vector == 18
	jmp fatal
	.elseif vector < 32
	jmp exception
	.else
	jmp interrupt
	.endif
	.endif
	.set vector, vector + 1
	.endr
