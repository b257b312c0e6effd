/* SPDX-License-Identifier: ISC */
/*
 * libos_start: the entry point of libos.elf and of native programs. User mode, masked, rdi =
 * address of the vcpu page (bit 0 set: started by another library, state at LIBOS_EXEC); the stack
 * is whatever it is, so take the first thread's library stack. Never returns.
 *
 * Then user_copy and others, which touch the program's memory.
 */
#include "arch/x86_64/libos/frame.h"

	.set	WIRED_END, 0x7f00003e3000	/* LIBOS_WIRED_END, asserted in start.c */
	.set	E_POINTER, -2			/* EXO_E_POINTER */

	.text
	.globl	libos_start
	.type	libos_start, @function
	.globl	library_start
	.hidden	library_start
libos_start:
library_start:
	movabs	$WIRED_END, %rsp
	xor	%ebp, %ebp
	call	libos_main
	ud2
	.size	libos_start, . - libos_start

/*
 * user_copy(rdi = to, rsi = from, rdx = bytes), user_zero(rdi = to, rsi = bytes). An unresolved
 * fault between user_begin and user_end is continued at user_fault: nothing is on the stack but the
 * return address. They change rcx, rdi, rsi, rdx, rax alone.
 */
	.globl	user_begin, user_end, user_fault
	.hidden	user_begin, user_end, user_fault
user_begin:
FUNCTION(user_copy)
	mov	%rdx, %rcx
	shr	$3, %rcx
	rep movsq
	mov	%edx, %ecx
	and	$7, %ecx
	rep movsb
	xor	%eax, %eax
	ret
	.size	user_copy, . - user_copy

FUNCTION(user_zero)
	xor	%eax, %eax
	mov	%rsi, %rcx
	shr	$3, %rcx
	rep stosq
	mov	%esi, %ecx
	and	$7, %ecx
	rep stosb
	ret
	.size	user_zero, . - user_zero

/*
 * user_fpu_save(rdi = to, rsi = extended, rdx = bytes, ecx = end), user_fpu_load and
 * user_fpu_load_legacy(rdi = from): as above, but what the CPU refuses ends them too.
 */
FUNCTION(user_fpu_save)
	mov	%ecx, (%rdi,%rdx)
	xor	%eax, %eax		/* the header, of which xsave writes but a part */
	.irp	at, 512, 520, 528, 536, 544, 552, 560, 568
	mov	%rax, \at(%rdi)
	.endr
	mov	$-1, %eax		/* all state that is on */
	mov	%eax, %edx
	xsave64	(%rdi)
	orb	$3, 512(%rdi)		/* who changes x87 or SSE state there means it */
	lea	464(%rdi), %rdi
	mov	$6, %ecx
	rep movsq
	xor	%eax, %eax
	ret
	.size	user_fpu_save, . - user_fpu_save

FUNCTION(user_fpu_load)
	mov	$-1, %eax
	mov	%eax, %edx
	xrstor64 (%rdi)
	xor	%eax, %eax
	ret
	.size	user_fpu_load, . - user_fpu_load

FUNCTION(user_fpu_load_legacy)
	fxrstor64 (%rdi)
	xor	%eax, %eax
	ret
	.size	user_fpu_load_legacy, . - user_fpu_load_legacy
user_end:
user_fault:
	mov	$E_POINTER, %eax
	ret

	.section .note.GNU-stack, "", @progbits
