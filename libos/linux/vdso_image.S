/* SPDX-License-Identifier: ISC */
/* The shared object as it is, at the start of a page, as programs are used to. */
	.section .text.vdso, "ax"
	.balign	4096
	.globl	libos_vdso
	.hidden	libos_vdso
libos_vdso:
	.incbin	VDSO_FILE

	.section .note.GNU-stack, "", @progbits
