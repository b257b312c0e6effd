/* SPDX-License-Identifier: ISC */
/*
 * Not Chitin: a kernel of forty lines that plays the other side of chitin-run for
 * tests/tools/chitin_run_ends.sh. QEMU comes here by the PVH note in 32-bit protected mode, flat,
 * without paging or stack, interrupts off, %ebx on the boot information. The first letter of the
 * last word of the command line says how to end: e exit 7, b a death, p panic, r reset, h hang
 * until an NMI, c copy one byte of input to the output and exit with it.
 */
	.section .note.pvh, "a", @note
	.long 4, 4, 18			/* name size, value size, XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long start

	.macro say port, text
	mov $\text, %esi
	mov $\port, %edx
1:	lodsb
	test %al, %al
	jz 2f
	out %al, %dx
	jmp 1b
2:
	.endm

	.text
	.code32
	.globl start
start:
	cld
	mov 24(%ebx), %esi		/* the command line */
	mov %esi, %edi
1:	lodsb				/* %edi: after the last space */
	cmp $' ', %al
	cmove %esi, %edi
	test %al, %al
	jnz 1b
	mov (%edi), %cl
	say 0x3f8, hello
	cmp $'e', %cl
	je exit
	cmp $'b', %cl
	je beyond
	cmp $'p', %cl
	je panic
	cmp $'c', %cl
	je copy
	cmp $'h', %cl
	je hang
	lidt nothing			/* reset: a fault without any handler */
	ud2

exit:	say 0xe9, exit_7
	jmp end
beyond:	say 0xe9, exit_died
	jmp end
panic:	say 0x3f8, trace
	say 0xe9, panic_line
	jmp end
hang:	mov $on_nmi, %eax		/* an NMI is vector 2 */
	mov %ax, gate
	shr $16, %eax
	mov %ax, gate + 6
	lidt idt
	lgdt gdt_register
	ljmp $8, $1f
1:	mov $stack_end, %esp
	hlt
	jmp 1b
on_nmi:	say 0x3f8, trace
	say 0xe9, panic_line
	jmp end

copy:	mov $0x3fd, %dx
1:	in %dx, %al			/* wait for a byte */
	test $1, %al
	jz 1b
	mov $0x3f8, %dx
	in %dx, %al
	out %al, %dx
	cmp $'A', %al
	jne exit
	say 0xe9, exit_65
end:	mov $0xf4, %edx
	out %eax, %dx
1:	hlt
	jmp 1b

	.section .rodata, "a"
hello:	.asciz "hello from the test kernel\n"
trace:	.asciz "#0 0x200000\n"
exit_7:	.asciz "exit 7\n"
exit_65: .asciz "exit 65\n"
exit_died: .asciz "exit 8589934592\n"
panic_line: .asciz "panic: on request\n"
	.balign 8
gdt:	.quad 0, 0x00cf9a000000ffff, 0x00cf92000000ffff
gdt_register:
	.word . - gdt - 1
	.long gdt
nothing:
	.word 0
	.long 0
	.data
	.balign 8
table:	.quad 0, 0
gate:	.word 0, 8, 0x8e00, 0		/* vector 2, a 32-bit interrupt gate to on_nmi */
table_end:
idt:	.word table_end - table - 1
	.long table
	.bss
	.balign 16
	.skip 256
stack_end:
