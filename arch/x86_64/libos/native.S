/* SPDX-License-Identifier: ISC */
/*
 * The calls of libos/libos.h, as a program sees them: each enters the library by native_enter
 * (upcall.S) as if it were a foreign system call with a number of its own (libos/upcall/native.def).
 * User mode, program's stack; changes what a C function may.
 */
	.set	NATIVE_PREFIX, 0x4c49424f00000000	/* asserted in native.c */

	.macro	native name, number
	.globl	\name
	.type	\name, @function
\name:
	movabs	$NATIVE_PREFIX + \number, %rax
	jmp	native_enter
	.size	\name, . - \name
	.endm

	.text
	native	libos_fork, 0
	native	libos_exec, 1
	native	libos_spawn, 2
	native	libos_exit, 3
	native	libos_wait, 4
	native	libos_self, 5
	native	libos_thread_create, 6
	native	libos_thread_join, 7
	native	libos_thread_yield, 8
	native	libos_thread_exit, 9
	native	libos_thread_self, 10
	native	libos_sleep, 11
	native	libos_map, 12
	native	libos_unmap, 13
	native	libos_protect, 14
	native	libos_protect_pages, 15
	native	libos_set_fault_handler, 16
	native	libos_console_write, 17
	native	libos_switch, 18
	native	libos_statistics, 19

/* Where a thread's function returns to, with its value in rax. */
	.globl	native_thread_return
	.hidden	native_thread_return
	.type	native_thread_return, @function
native_thread_return:
	mov	%rax, %rdi
	call	libos_thread_exit
	ud2
	.size	native_thread_return, . - native_thread_return

	.section .note.GNU-stack, "", @progbits
