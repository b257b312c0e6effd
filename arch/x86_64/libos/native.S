/* SPDX-License-Identifier: ISC */
/*
 * The calls of libos/libos.h, as a program sees them: each enters the library by native_enter
 * (upcall.S) as if it were a foreign system call with a number of its own
 * (libos/upcall/native.def), or by native_at_once. User mode, program's stack; changes what a C
 * function may.
 */
#include "arch/x86_64/libos/frame.h"

	.set	NATIVE_PREFIX, 0x4c49424f00000000	/* asserted in native.c */

	.macro	native name, number, enter, function
	.globl	\name
	.type	\name, @function
\name:
	.ifnb	\function
	lea	\function(%rip), %r11
	.endif
	movabs	$NATIVE_PREFIX + \number, %rax
	jmp	\enter
	.size	\name, . - \name
	.endm

	.text
#define NATIVE(n, name, arguments) native libos_##name, n, native_enter
#define NATIVE_AT_ONCE(n, name, a) native libos_##name, n, native_at_once, native_##name##_at_once
#include "libos/upcall/native.def"
#undef NATIVE

/* Where a thread's function returns to, with its value in rax. */
FUNCTION(native_thread_return)
	mov	%rax, %rdi
	call	libos_thread_exit
	ud2
	.size	native_thread_return, . - native_thread_return

	.section .note.GNU-stack, "", @progbits
