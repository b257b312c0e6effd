/* SPDX-License-Identifier: ISC */
/*
 * Where the kernel and the program's own calls enter the library, the way back, and the ways from
 * one library stack to another.
 *
 * upcall_entry: user mode, masked, rdi = vcpu page, rsi = the frame that the kernel pushed, rsp =
 * that frame (16-byte aligned) on the running thread's library stack. All registers of what was
 * interrupted are in the frame, so everything may be changed; the FPU is the program's and is not
 * touched.
 */
#include "arch/x86_64/libos/frame.h"

#define SAVE(register, offset) mov %register, offset(%rsp);
#define LOAD(register, offset) mov offset(%rsp), %register;
#define FORK_SAVE(register, offset) mov %register, offset(%rdi);
#define FORK_LOAD(register, offset) mov offset(%rdi), %register;

	.macro	enter dispatch
	wrgsbase %rdi			/* the program may have changed it */
	xor	%ebp, %ebp		/* backtraces end here */
	call	\dispatch
	.endm

	.text
FUNCTION(upcall_entry_shared)
	enter	upcall_dispatch_shared
	jmp	upcall_back
FUNCTION(upcall_entry)
	enter	upcall_dispatch
upcall_back:

/*
 * Back to what rax = frame says, with no help from the kernel but after events: to be interrupted
 * again it must have run, and that the kernel sees to. In the window below events are let in; what
 * is then half restored, upcall_dispatch finds again (upcall_rewind): from the frame, which is at
 * rsp or 8 above, or at the last instruction, where the program counter alone is still to come.
 */
	mov	%rax, %rsp
	testl	$FLAG_TF, FRAME_RFLAGS(%rsp)
	jnz	upcall_by_kernel	/* a single step shall not be one of ours */
	cmpl	$KIND_EVENTS, (%rsp)
	je	upcall_by_kernel
	cmpl	$0, FRAME_MASKED(%rsp)
	jne	2f
	movl	$0, VCPU_MASKED
	.globl	upcall_window, upcall_window_last, upcall_window_end, native_masked
	.hidden	upcall_window, upcall_window_last, upcall_window_end, native_masked
upcall_window:
	cmpl	$0, VCPU_PENDING
	jne	upcall_by_kernel	/* what came while masked is delivered there */
1:	mov	FRAME_RIP(%rsp), %rax
	mov	%rax, VCPU_PC
	push	FRAME_RFLAGS(%rsp)
	popf				/* nothing below changes flags */
	FRAME_LIST_C(LOAD)
	FRAME_LIST_REST(LOAD)
	mov	FRAME_RSP(%rsp), %rsp
upcall_window_last:
	jmp	*VCPU_PC
upcall_by_kernel:
	mov	%rsp, %rdi
	/* upcall_resume(frame): the kernel restores everything and delivers what is pending. */
FUNCTION(upcall_resume)
	movabs	$CALL_RESUME, %rax
	syscall
upcall_window_end:
	mov	%rdi, %rsp		/* the lock is owed; or it was malformed: a fault says so */
	call	upcall_refused
	jmp	upcall_back
2:	mov	%rsp, %rdi
	cmpl	$MASKED_OWED, FRAME_MASKED(%rsp)
	je	upcall_window_end
	jmp	1b			/* to the library: still masked */
	.size	upcall_entry, . - upcall_entry

/* A further vcpu, masked, on its idle thread's library stack: rdi = its page. */
FUNCTION(vcpu_entry)
	xor	%ebp, %ebp
	call	vcpu_main		/* does not return */
	ud2

/*
 * native_at_once: native_enter for a call that needs no frame, of the function in r11, while the
 * process has one vcpu and so no lock to take. The function may say that it does need one: by a
 * number, more than 0, of a call without arguments.
 */
FUNCTION(native_at_once)
	movl	$1, VCPU_MASKED
	lea	upcall_entry(%rip), %r10
	cmp	%r10, VCPU_ENTRY
	jne	native_masked
	mov	%rsp, %r10
	mov	VCPU_STACK_TOP, %rsp
	push	%r10
	push	%r10			/* twice: the stack is aligned */
	call	*%r11
	pop	%rsp
	test	%rax, %rax
	jg	native_masked
	movl	$0, VCPU_MASKED
	cmpl	$0, VCPU_PENDING
	jne	1f
	ret
1:	push	%rax			/* the kernel delivers on its way out of any call */
	movabs	$CALL_SELF, %rax
	syscall
	pop	%rax
	ret
	.size	native_at_once, . - native_at_once

/*
 * native_enter: from the program, by one of the calls in native.S: rax = its number, arguments as a
 * C function has them, the return address on top of the program's stack. Makes the upcall that a
 * foreign system call would have been, without the kernel. What C need not keep is not saved.
 */
FUNCTION(native_enter)
	movl	$1, VCPU_MASKED	/* from here on it is the library that runs */
native_masked:
	cld				/* as the kernel does, and C expects it */
	mov	%rsp, %r11
	mov	VCPU_STACK_TOP, %rsp
	sub	$FRAME_BYTES, %rsp
	and	$-16, %rsp
	movq	$KIND_SYSCALL, (%rsp)
	movq	$0, 8(%rsp)
	movq	$0, 16(%rsp)
	movq	$0, FRAME_MASKED(%rsp)
	FRAME_LIST_C(SAVE)
	mov	%rcx, FRAME_R10(%rsp)	/* the fourth argument, as system calls have it */
	mov	(%r11), %rcx
	mov	%rcx, FRAME_RIP(%rsp)
	add	$8, %r11
	mov	%r11, FRAME_RSP(%rsp)
	movq	$0x202, FRAME_RFLAGS(%rsp) /* interrupts on; no flag outlives a call */
	rdgsbase %rdi
	mov	%rsp, %rsi
	jmp	*VCPU_ENTRY
	.size	native_enter, . - native_enter

/*
 * context_switch(rdi = where to save the stack pointer, rsi = where the next one is): callee-saved
 * registers go on the old stack and come from the new one. Masked, FPU handled by the caller.
 */
FUNCTION(context_switch)
	.irp	register, rbp, rbx, r12, r13, r14, r15
	push	%\register
	.endr
	mov	%rsp, (%rdi)
	mov	(%rsi), %rsp
	.irp	register, r15, r14, r13, r12, rbx, rbp
	pop	%\register
	.endr
	ret
	.size	context_switch, . - context_switch

/* The first code of a new thread, on its library stack; rsp = rbx = the frame, aligned. */
FUNCTION(context_first)
	mov	%rbx, %rdi
	call	thread_first		/* does not return */
	ud2

/* fork_save(rdi = context): as setjmp. */
FUNCTION(fork_save)
	mov	(%rsp), %rdx
	lea	8(%rsp), %rcx
	FORK_LIST(FORK_SAVE)
	mov	%rcx, 48(%rdi)
	mov	%rdx, 56(%rdi)
	xor	%eax, %eax
	ret
	.size	fork_save, . - fork_save

/* A forked child's first code: rdi = the context saved by its parent, now in its own copy. */
FUNCTION(fork_child)
	FORK_LIST(FORK_LOAD)
	mov	48(%rdi), %rsp
	mov	$1, %eax
	jmp	*56(%rdi)
	.size	fork_child, . - fork_child

	.section .note.GNU-stack, "", @progbits
