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
	.set	CALL_PREFIX, 0x4348544e00000000	/* EXO_CALL_PREFIX; all asserted in upcall.c */
	.set	CALL_RESUME, CALL_PREFIX + 7	/* EXO_CALL_RESUME */
#define VCPU_PAGE	libos_vcpu_page_start	/* LIBOS_VCPU_PAGE; where in it: */
#define VCPU_STACK_TOP	VCPU_PAGE + 32
#define VCPU_MASKED	VCPU_PAGE + 40
#define VCPU_PENDING	VCPU_PAGE + 44
#define VCPU_PC		VCPU_PAGE + 4000	/* struct vcpu_local, restored_pc */
	.set	FLAG_TF, 0x100
	.set	KIND_SYSCALL, 2			/* EXO_UPCALL_... */
	.set	KIND_EVENTS, 3
	.set	FRAME_BYTES, 176		/* sizeof(struct exo_frame), and what is where in it: */
	.set	FRAME_MASKED, 24
	.set	FRAME_RAX, 32
	.set	FRAME_RBX, 40
	.set	FRAME_RCX, 48
	.set	FRAME_RDX, 56
	.set	FRAME_RSI, 64
	.set	FRAME_RDI, 72
	.set	FRAME_RBP, 80
	.set	FRAME_RSP, 88
	.set	FRAME_R8, 96
	.set	FRAME_R9, 104
	.set	FRAME_R10, 112
	.set	FRAME_R11, 120
	.set	FRAME_R12, 128
	.set	FRAME_R13, 136
	.set	FRAME_R14, 144
	.set	FRAME_R15, 152
	.set	FRAME_RIP, 160
	.set	FRAME_RFLAGS, 168

	.text
	.globl	upcall_entry
	.hidden	upcall_entry
	.type	upcall_entry, @function
upcall_entry:
	wrgsbase %rdi			/* the program may have changed it */
	cld				/* so does C expect it */
	xor	%ebp, %ebp		/* backtraces end here */
	call	upcall_dispatch

/*
 * Back to what rax = frame says, with no help from the kernel but after events: to be interrupted
 * again it must have run, and that the kernel sees to. In the window below events are let in; what
 * is then half restored, upcall_dispatch finds again (upcall_rewind): from the frame, which is at rsp
 * or 8 above, or at the last instruction, where the program counter alone is still to come.
 */
	mov	%rax, %rsp
	testl	$FLAG_TF, FRAME_RFLAGS(%rsp)
	jnz	upcall_by_kernel	/* a single step shall not be one of ours */
	cmpl	$KIND_EVENTS, (%rsp)
	je	upcall_by_kernel
	cmpl	$0, FRAME_MASKED(%rsp)
	jne	1f			/* to the library: still masked */
	movl	$0, VCPU_MASKED(%rip)
	.globl	upcall_window, upcall_window_last, upcall_window_end
	.hidden	upcall_window, upcall_window_last, upcall_window_end
upcall_window:
	cmpl	$0, VCPU_PENDING(%rip)
	jne	upcall_by_kernel	/* what came while masked is delivered there */
1:	mov	FRAME_RIP(%rsp), %rax
	mov	%rax, VCPU_PC(%rip)
	push	FRAME_RFLAGS(%rsp)
	popf				/* nothing below changes flags */
	mov	FRAME_RAX(%rsp), %rax
	mov	FRAME_RBX(%rsp), %rbx
	mov	FRAME_RCX(%rsp), %rcx
	mov	FRAME_RDX(%rsp), %rdx
	mov	FRAME_RSI(%rsp), %rsi
	mov	FRAME_RDI(%rsp), %rdi
	mov	FRAME_RBP(%rsp), %rbp
	mov	FRAME_R8(%rsp), %r8
	mov	FRAME_R9(%rsp), %r9
	mov	FRAME_R10(%rsp), %r10
	mov	FRAME_R11(%rsp), %r11
	mov	FRAME_R12(%rsp), %r12
	mov	FRAME_R13(%rsp), %r13
	mov	FRAME_R14(%rsp), %r14
	mov	FRAME_R15(%rsp), %r15
	mov	FRAME_RSP(%rsp), %rsp
upcall_window_last:
	jmp	*VCPU_PC(%rip)
upcall_by_kernel:
	mov	%rsp, %rdi
	/* upcall_resume(frame): the kernel restores everything and delivers what is pending. */
	.globl	upcall_resume
	.hidden	upcall_resume
	.type	upcall_resume, @function
upcall_resume:
	movabs	$CALL_RESUME, %rax
	syscall
upcall_window_end:
	ud2				/* the frame was malformed: the fault says so */
	.size	upcall_entry, . - upcall_entry

/*
 * native_enter: from the program, by one of the calls in native.S: rax = its number, arguments as a
 * C function has them, the return address on top of the program's stack. Makes the upcall that a
 * foreign system call would have been, without the kernel. What C need not keep is not saved.
 */
	.globl	native_enter
	.hidden	native_enter
	.type	native_enter, @function
native_enter:
	movl	$1, VCPU_MASKED(%rip)	/* from here on it is the library that runs */
	mov	%rsp, %r11
	mov	VCPU_STACK_TOP(%rip), %rsp
	sub	$FRAME_BYTES, %rsp
	and	$-16, %rsp
	movq	$KIND_SYSCALL, (%rsp)
	movq	$0, 8(%rsp)
	movq	$0, 16(%rsp)
	movq	$0, FRAME_MASKED(%rsp)
	mov	%rax, FRAME_RAX(%rsp)
	mov	%rbx, FRAME_RBX(%rsp)
	mov	%rdx, FRAME_RDX(%rsp)
	mov	%rsi, FRAME_RSI(%rsp)
	mov	%rdi, FRAME_RDI(%rsp)
	mov	%rbp, FRAME_RBP(%rsp)
	mov	%r8, FRAME_R8(%rsp)
	mov	%rcx, FRAME_R10(%rsp)	/* the fourth argument, as system calls have it */
	mov	%r12, FRAME_R12(%rsp)
	mov	%r13, FRAME_R13(%rsp)
	mov	%r14, FRAME_R14(%rsp)
	mov	%r15, FRAME_R15(%rsp)
	mov	(%r11), %rcx
	mov	%rcx, FRAME_RIP(%rsp)
	add	$8, %r11
	mov	%r11, FRAME_RSP(%rsp)
	movq	$0x202, FRAME_RFLAGS(%rsp) /* interrupts on; no flag outlives a call */
	lea	VCPU_PAGE(%rip), %rdi
	mov	%rsp, %rsi
	jmp	upcall_entry
	.size	native_enter, . - native_enter

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
