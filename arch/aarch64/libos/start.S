/* SPDX-License-Identifier: ISC */
/*
 * libos_start: the entry point of libos.elf and of native programs. User mode, masked, x0 = address
 * of the vcpu page (bit 0 set: started by another library, state at LIBOS_EXEC); the stack is
 * whatever it is, so take the first thread's library stack. Never returns.
 *
 * Then user_copy and others, which touch the program's memory.
 */
#include "arch/aarch64/libos/frame.h"

	.text
	.globl	libos_start
	.type	libos_start, %function
	.globl	library_start
	.hidden	library_start
libos_start:
library_start:
	movz	x9, #0x3000			/* LIBOS_WIRED_END, asserted in start.c */
	movk	x9, #0x003e, lsl #16
	movk	x9, #0x7f00, lsl #32
	mov	sp, x9
	mov	x29, xzr
	mov	x30, xzr
	bl	libos_main
	udf	#0
	.size	libos_start, . - libos_start

/*
 * user_copy(x0 = to, x1 = from, x2 = bytes), user_zero(x0 = to, x1 = bytes). An unresolved fault
 * between user_begin and user_end is continued at user_fault: nothing is on the stack, and x30 is
 * as it was. They change x0 to x2, x9 and x10 alone.
 */
	.globl	user_begin, user_end, user_fault
	.hidden	user_begin, user_end, user_fault
user_begin:
FUNCTION(user_copy)
	subs	x2, x2, #16
	b.lo	2f
1:	ldp	x9, x10, [x1], #16
	stp	x9, x10, [x0], #16
	subs	x2, x2, #16
	b.hs	1b
2:	adds	x2, x2, #16
	b.eq	4f
3:	ldrb	w9, [x1], #1
	strb	w9, [x0], #1
	subs	x2, x2, #1
	b.ne	3b
4:	mov	w0, wzr
	ret
	.size	user_copy, . - user_copy

FUNCTION(user_zero)
	subs	x1, x1, #16
	b.lo	2f
1:	stp	xzr, xzr, [x0], #16
	subs	x1, x1, #16
	b.hs	1b
2:	adds	x1, x1, #16
	b.eq	4f
3:	strb	wzr, [x0], #1
	subs	x1, x1, #1
	b.ne	3b
4:	mov	w0, wzr
	ret
	.size	user_zero, . - user_zero
user_end:
user_fault:
	mov	w0, #-2				/* EXO_E_POINTER */
	ret

	.section .note.GNU-stack, "", %progbits
