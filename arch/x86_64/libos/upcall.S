/* SPDX-License-Identifier: ISC */
/*
 * Where the kernel enters the library, and the ways from one library stack to another.
 *
 * upcall_entry: user mode, masked, rdi = vcpu page, rsi = the frame that the kernel pushed, rsp =
 * that frame (16-byte aligned) on the running thread's library stack. All registers of what was
 * interrupted are in the frame, so everything may be changed; the FPU is the program's and is not
 * touched. Leaves by the exokernel call resume(frame), which restores everything.
 */
	.set	CALL_PREFIX, 0x4348544e00000000	/* EXO_CALL_PREFIX, asserted in upcall.c */
	.set	CALL_RESUME, CALL_PREFIX + 7	/* EXO_CALL_RESUME */
	.set	FRAME_BYTES, 176		/* sizeof(struct exo_frame) */

	.text
	.globl	upcall_entry
	.hidden	upcall_entry
	.type	upcall_entry, @function
upcall_entry:
	wrgsbase %rdi			/* the program may have changed it */
	cld				/* so does C expect it */
	mov	%rsi, %rbx		/* kept over the call */
	xor	%ebp, %ebp		/* backtraces end here */
	call	upcall_dispatch
	mov	%rbx, %rdi
	/* upcall_resume(frame): the one way back to what was interrupted. */
	.globl	upcall_resume
	.hidden	upcall_resume
	.type	upcall_resume, @function
upcall_resume:
	movabs	$CALL_RESUME, %rax
	syscall
	ud2				/* the frame was malformed: the fault says so */
	.size	upcall_entry, . - upcall_entry

/*
 * context_switch(rdi = where to save the stack pointer, rsi = where the next one is): callee-saved
 * registers go on the old stack and come from the new one. Masked, FPU handled by the caller.
 */
	.globl	context_switch
	.hidden	context_switch
	.type	context_switch, @function
context_switch:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, (%rdi)
	mov	(%rsi), %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret
	.size	context_switch, . - context_switch

/* context_start(rdi = frame on a new library stack): what context_switch pops, below it. */
	.globl	context_start
	.hidden	context_start
	.type	context_start, @function
context_start:
	lea	-56(%rdi), %rax		/* six registers and a return address */
	movq	$0, (%rax)
	movq	$0, 8(%rax)
	movq	$0, 16(%rax)
	movq	$0, 24(%rax)
	mov	%rdi, 32(%rax)		/* rbx: the frame */
	movq	$0, 40(%rax)		/* rbp: backtraces end here */
	lea	context_first(%rip), %rdx
	mov	%rdx, 48(%rax)
	ret
	.size	context_start, . - context_start

/* The first code of a new thread, on its library stack; rsp is the frame, aligned. */
context_first:
	mov	%rbx, %rdi
	call	thread_first		/* does not return */
	ud2

/* fork_save(rdi = context): as setjmp. */
	.globl	fork_save
	.hidden	fork_save
	.type	fork_save, @function
fork_save:
	mov	(%rsp), %rdx
	lea	8(%rsp), %rcx
	mov	%rbx, (%rdi)
	mov	%rbp, 8(%rdi)
	mov	%r12, 16(%rdi)
	mov	%r13, 24(%rdi)
	mov	%r14, 32(%rdi)
	mov	%r15, 40(%rdi)
	mov	%rcx, 48(%rdi)
	mov	%rdx, 56(%rdi)
	xor	%eax, %eax
	ret
	.size	fork_save, . - fork_save

/* A forked child's first code: rdi = the context saved by its parent, now in its own copy. */
	.globl	fork_child
	.hidden	fork_child
	.type	fork_child, @function
fork_child:
	mov	(%rdi), %rbx
	mov	8(%rdi), %rbp
	mov	16(%rdi), %r12
	mov	24(%rdi), %r13
	mov	32(%rdi), %r14
	mov	40(%rdi), %r15
	mov	48(%rdi), %rsp
	mov	$1, %eax
	jmp	*56(%rdi)
	.size	fork_child, . - fork_child

	.section .note.GNU-stack, "", @progbits
