/* SPDX-License-Identifier: ISC */
/*
 * Every entry to the kernel after boot, and the one way out of it. (Arm ARM D1.3 for exceptions.)
 *
 * From user mode we come with all interrupts masked, PAN set where there is one, and SP the
 * kernel's: at its top, since every entry leaves by trap_return. All registers go straight into
 * those of the vcpu that runs (CPU_REGS); the portable kernel returns the vcpu to run in x0.
 *
 * From kernel mode there are exceptions only, which are the end: nothing in the kernel may fault,
 * and it waits for interrupts with them masked (arch_idle).
 */
#include "arch/aarch64/exo/layout.h"

#define SAVE(a, b, offset) stp a, b, [x0, offset] ;
#define LOAD(a, b, offset) ldp a, b, [x0, offset] ;

	.text

/* Save all. Leaves the machine in x0, the CPU in x1. */
	.macro	enter
	stp	x0, x1, [sp, #-16]!
	mrs	x0, tpidr_el1
	ldr	x0, [x0, #CPU_REGS]
	REGS_LIST(SAVE)
	ldp	x2, x3, [sp], #16
	stp	x2, x3, [x0]
	mrs	x2, sp_el0
	stp	x30, x2, [x0, #REGS_X30]
	mrs	x2, elr_el1
	mrs	x3, spsr_el1
	stp	x2, x3, [x0, #REGS_PC]
	mrs	x2, tpidr_el1
	ldp	x0, x1, [x2, #CPU_MACHINE]
	mov	x29, xzr			/* backtraces end here */
	.endm

/* A system call: kernel_syscall(machine, cpu), or by way of the trace (vectors_traced); else
 * trap_user(machine, cpu, syndrome, address). */
	.macro	sync syscall
	enter
	mrs	x2, esr_el1
	lsr	x3, x2, #26
	cmp	x3, #0x15
	b.ne	1f
	bl	\syscall
	b	trap_return
1:	mrs	x3, far_el1
	bl	trap_user
	b	trap_return
	.endm

user_sync:
	sync	kernel_syscall
user_sync_traced:
	sync	trace_syscall

user_irq:
	enter
	bl	irq_user

/* To the user registers of the vcpu in x0. */
	.globl	trap_return
trap_return:
	mrs	x1, tpidr_el1
	str	x0, [x1, #CPU_REGS]
	ldr	x2, [x1, #CPU_STACK]
	mov	sp, x2
	ldp	x2, x3, [x0, #REGS_PC]
	msr	elr_el1, x2
	msr	spsr_el1, x3
	ldp	x30, x1, [x0, #REGS_X30]
	msr	sp_el0, x1
	REGS_LIST(LOAD)
	ldp	x0, x1, [x0]
	dsb	ishst				/* slots written are there for the walk */
	eret

/* A bug or an asynchronous error, from anywhere; the stack may be what is wrong, so another. Ends
 * in trap_fatal(registers, where from, syndrome, address). sp_el0 is of no more use. */
fatal_common:					/* x0: where from; sp_el0: x0 */
	msr	tpidr_el0, x1
	mov	x1, sp
	msr	tpidrro_el0, x1
	adrp	x1, fault_stack_top
	sub	x1, x1, #REGS_BYTES
	mov	sp, x1
	mrs	x1, tpidr_el0
	msr	tpidr_el0, x0
	mov	x0, sp
	REGS_LIST(SAVE)
	mrs	x2, sp_el0
	stp	x2, x1, [x0]
	mrs	x2, tpidrro_el0
	stp	x30, x2, [x0, #REGS_X30]
	mrs	x2, elr_el1
	mrs	x3, spsr_el1
	stp	x2, x3, [x0, #REGS_PC]
	mrs	x1, tpidr_el0
	mrs	x2, esr_el1
	mrs	x3, far_el1
	bl	trap_fatal
	brk	#0

/* One of 16 (table D1-7): from EL1 on SP_EL0, from EL1, from EL0, from 32-bit EL0; and of each
 * synchronous, IRQ, FIQ, SError. */
	.macro	vector where, on_sync
	.balign	128
	.if \where == 8
	b	\on_sync
	.elseif \where == 9
	b	user_irq
	.else
	msr	sp_el0, x0
	mov	x0, #\where
	b	fatal_common
	.endif
	.endm

	.macro	table on_sync
	.set	where, 0
	.rept	16
	vector	where, \on_sync
	.set	where, where + 1
	.endr
	.endm

	.balign	2048
	.globl	vectors, vectors_traced
vectors:
	table	user_sync
	.balign	2048
vectors_traced:
	table	user_sync_traced
