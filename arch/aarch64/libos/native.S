/* SPDX-License-Identifier: ISC */
/*
 * The calls of libos/libos.h, as a program sees them: each enters the library by native_enter
 * (upcall.S) as if it were a foreign system call with a number of its own
 * (libos/upcall/native.def), or by native_at_once. User mode, program's stack; changes what a C
 * function may.
 */
#include "arch/aarch64/libos/frame.h"

	.macro	native name, number, enter, function
	.globl	\name
	.type	\name, %function
\name:
	.ifnb	\function
	adrp	x15, \function
	add	x15, x15, :lo12:\function
	.endif
	movz	x16, #\number
	movk	x16, #0x424f, lsl #32		/* NATIVE_PREFIX, asserted in native.c */
	movk	x16, #0x4c49, lsl #48
	b	\enter
	.size	\name, . - \name
	.endm

	.text
#define NATIVE(n, name, arguments) native libos_##name, n, native_enter
#define NATIVE_AT_ONCE(n, name, a) native libos_##name, n, native_at_once, native_##name##_at_once
#include "libos/upcall/native.def"
#undef NATIVE

/* Where a thread's function returns to, with its value in x0. */
FUNCTION(native_thread_return)
	bl	libos_thread_exit
	udf	#0
	.size	native_thread_return, . - native_thread_return

	.section .note.GNU-stack, "", %progbits
