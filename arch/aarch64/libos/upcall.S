/* SPDX-License-Identifier: ISC */
/*
 * Where the kernel and the program's own calls enter the library, the way back, and the ways from
 * one library stack to another.
 *
 * upcall_entry: user mode, masked, x0 = vcpu page, x1 = the frame that the kernel pushed, sp = that
 * frame (16-byte aligned) on the running thread's library stack. All registers of what was
 * interrupted are in the frame, so everything may be changed; the FPU is the program's and is not
 * touched.
 */
#include "arch/aarch64/libos/frame.h"

	.text
FUNCTION(upcall_entry_shared)
	mov	x29, xzr		/* backtraces end here */
	mov	x30, xzr
	bl	upcall_dispatch_shared
	b	upcall_resume
	.size	upcall_entry_shared, . - upcall_entry_shared

FUNCTION(upcall_entry)
	mov	x29, xzr
	mov	x30, xzr
	bl	upcall_dispatch

/* upcall_resume(x0 = frame): the kernel restores everything and delivers what is pending. No branch
 * of this CPU leaves all registers as they are, so there is no way without it; and no window, in
 * which a frame is half restored. */
FUNCTION(upcall_resume)
	mov	sp, x0
	movz	x8, #(CALL_RESUME & 0xffff)
	movk	x8, #(CALL_RESUME >> 32 & 0xffff), lsl #32
	movk	x8, #(CALL_RESUME >> 48), lsl #48
	svc	#0
	mov	x0, sp
	bl	upcall_refused		/* or the frame was malformed: a fault says so */
	b	upcall_resume
	.size	upcall_entry, . - upcall_entry

/* A further vcpu, masked, on its idle thread's library stack: x0 = its page. */
FUNCTION(vcpu_entry)
	mov	x29, xzr
	mov	x30, xzr
	bl	vcpu_main		/* does not return */
	udf	#0
	.size	vcpu_entry, . - vcpu_entry

/*
 * native_at_once: native_enter for a call that needs no frame, of the function in x15, while the
 * process has one vcpu and so no lock to take. The function may say that it does need one: by a
 * number, more than 0, of a call without arguments.
 */
1:	adrp	x10, upcall_entry
	add	x10, x10, :lo12:upcall_entry
	ldr	x11, [x17, #VCPU_ENTRY]
	cmp	x10, x11
	b.ne	native_masked
	mov	x10, sp
	ldr	x11, [x17, #VCPU_STACK_TOP]
	mov	sp, x11
	stp	x30, x10, [sp, #-16]!
	blr	x15
	ldp	x30, x10, [sp]
	mov	sp, x10
	mrs	x17, tpidrro_el0
	mov	x16, x0
	cmp	x0, #0
	b.gt	native_masked
	str	wzr, [x17, #VCPU_MASKED]
	ldr	w9, [x17, #VCPU_PENDING]
	cbnz	w9, 2f
	ret
2:	mov	x9, x0			/* the kernel delivers on its way out of any call */
	movz	x8, #(CALL_SELF >> 32 & 0xffff), lsl #32
	movk	x8, #(CALL_SELF >> 48), lsl #48
	svc	#0
	mov	x0, x9
	ret

	.globl	upcall_window, upcall_window_last, upcall_window_end, native_masked
	.hidden	upcall_window, upcall_window_last, upcall_window_end, native_masked
FUNCTION(native_at_once)
upcall_window:
	mov	w9, #1
	mrs	x17, tpidrro_el0	/* another vcpu's, if it is interrupted before the next */
	str	w9, [x17, #VCPU_MASKED]
	b	1b
	.size	native_at_once, . - native_at_once

/*
 * native_enter: from the program, by one of the calls in native.S: x16 = its number, arguments as a
 * C function has them. Makes the upcall that a foreign system call would have been, without the
 * kernel. What C need not keep is not saved, but for what would tell of another's: all of the frame
 * is written.
 */
FUNCTION(native_enter)
	mov	w9, #1
	mrs	x17, tpidrro_el0	/* another vcpu's, if it is interrupted before the next */
	str	w9, [x17, #VCPU_MASKED]	/* from here on it is the library that runs */
native_masked:
upcall_window_end:
upcall_window_last:
	mov	x10, sp
	ldr	x11, [x17, #VCPU_STACK_TOP]
	sub	x11, x11, #FRAME_BYTES
	and	sp, x11, #-16
	mov	x9, #KIND_SYSCALL
	stp	x9, xzr, [sp]
	stp	xzr, xzr, [sp, #16]	/* address, masked */
	stp	x0, x1, [sp, #FRAME_X0]
	stp	x2, x3, [sp, #FRAME_X0 + 16]
	stp	x4, x5, [sp, #FRAME_X0 + 32]
	stp	x6, x7, [sp, #FRAME_X0 + 48]
	stp	x16, xzr, [sp, #FRAME_X8]
	stp	xzr, xzr, [sp, #FRAME_X8 + 16]
	stp	xzr, xzr, [sp, #FRAME_X8 + 32]
	stp	xzr, xzr, [sp, #FRAME_X8 + 48]
	stp	xzr, xzr, [sp, #FRAME_X8 + 64]
	stp	x18, x19, [sp, #FRAME_X19 - 8]
	stp	x20, x21, [sp, #FRAME_X19 + 8]
	stp	x22, x23, [sp, #FRAME_X19 + 24]
	stp	x24, x25, [sp, #FRAME_X19 + 40]
	stp	x26, x27, [sp, #FRAME_X19 + 56]
	stp	x28, x29, [sp, #FRAME_X19 + 72]
	stp	x30, x10, [sp, #FRAME_X29 + 8]
	stp	x30, xzr, [sp, #FRAME_PC]
	mov	x0, x17
	mov	x1, sp
	ldr	x9, [x17, #VCPU_ENTRY]
	br	x9
	.size	native_enter, . - native_enter

/*
 * context_switch(x0 = where to save the stack pointer, x1 = where the next one is): callee-saved
 * registers go on the old stack and come from the new one. Masked, FPU handled by the caller.
 */
FUNCTION(context_switch)
	stp	x19, x20, [sp, #-96]!
	stp	x21, x22, [sp, #16]
	stp	x23, x24, [sp, #32]
	stp	x25, x26, [sp, #48]
	stp	x27, x28, [sp, #64]
	stp	x29, x30, [sp, #80]
	mov	x9, sp
	str	x9, [x0]
	ldr	x9, [x1]
	mov	sp, x9
	ldp	x21, x22, [sp, #16]
	ldp	x23, x24, [sp, #32]
	ldp	x25, x26, [sp, #48]
	ldp	x27, x28, [sp, #64]
	ldp	x29, x30, [sp, #80]
	ldp	x19, x20, [sp], #96
	ret
	.size	context_switch, . - context_switch

/* The first code of a new thread, on its library stack; sp = x19 = the frame. */
FUNCTION(context_first)
	mov	x0, x19
	bl	thread_first		/* does not return */
	udf	#0

/* fork_save(x0 = context): as setjmp. */
FUNCTION(fork_save)
	mov	x9, sp
	stp	x19, x20, [x0]
	stp	x21, x22, [x0, #16]
	stp	x23, x24, [x0, #32]
	stp	x9, x25, [x0, #48]
	stp	x26, x27, [x0, #64]
	stp	x28, x29, [x0, #80]
	str	x30, [x0, #96]
	mov	x0, xzr
	ret
	.size	fork_save, . - fork_save

/* A forked child's first code: x0 = the context saved by its parent, now in its own copy. */
FUNCTION(fork_child)
	ldp	x19, x20, [x0]
	ldp	x21, x22, [x0, #16]
	ldp	x23, x24, [x0, #32]
	ldp	x9, x25, [x0, #48]
	ldp	x26, x27, [x0, #64]
	ldp	x28, x29, [x0, #80]
	ldr	x30, [x0, #96]
	mov	sp, x9
	mov	x0, #1
	ret
	.size	fork_child, . - fork_child

	.section .note.GNU-stack, "", %progbits
