/* SPDX-License-Identifier: ISC */
/*
 * Not Chitin: kernel.S for AArch64, the other side of chitin-run in tests/tools/chitin_run_ends.sh.
 * QEMU comes here in EL1, without translation or stack, interrupts masked, the device tree where
 * RAM begins. The first letter of the last word of the command line says how to end: e exit 7,
 * b a death, p panic, r reset, h hang, c copy one byte of input to the output and exit with it.
 */
	.macro	say text			/* x20: the serial port's registers */
	adr	x9, \text
1:	ldrb	w10, [x9], #1
	cbz	w10, 3f
2:	ldr	w11, [x20, #0x18]		/* until there is room */
	tbnz	w11, #5, 2b
	str	w10, [x20]
	b	1b
3:
	.endm

	.macro	last text			/* a last word, by the debugger's host: write0 */
	mov	w0, #4
	adr	x1, \text
	hlt	#0xf000
	.endm

	.text
	.globl	start
start:
	ldr	x20, =0x09000000
	ldr	x1, =0x40000000
	ldr	w2, =0x313d7a68			/* hz=1, with which the command line begins: */
1:	ldr	w0, [x1], #4			/* values in a device tree are aligned */
	cmp	w0, w2
	b.ne	1b
2:	mov	x3, x1				/* x3: after the last space up to here */
3:	ldrb	w0, [x1], #1
	cmp	w0, #' '
	b.eq	2b
	cbnz	w0, 3b
	ldrb	w19, [x3]
	say	hello
	cmp	w19, #'e'
	b.eq	exit
	cmp	w19, #'b'
	b.eq	beyond
	cmp	w19, #'p'
	b.eq	panic
	cmp	w19, #'c'
	b.eq	copy
	cmp	w19, #'h'
	b.eq	hang
	ldr	w0, =0x84000009			/* the firmware's SYSTEM_RESET */
	hvc	#0

exit:	last	exit_7
	b	end
beyond:	last	exit_died
	b	end
panic:	say	trace
	last	panic_line
	b	end
hang:	wfi
	b	hang

copy:	ldr	w0, [x20, #0x18]		/* wait for a byte */
	tbnz	w0, #4, copy
	ldr	w0, [x20]
	str	w0, [x20]
	and	w0, w0, #0xff
	cmp	w0, #'A'
	b.ne	exit
	last	exit_65
end:	ldr	w0, [x20, #0x18]		/* until all is sent */
	tbnz	w0, #3, end
	mov	w0, #0x18			/* the debugger's host: exit */
	adr	x1, reason
	hlt	#0xf000
	.ltorg

	.section .rodata, "a"
	.balign	8
reason:	.quad	0x20026, 1			/* the application has ended, with this status */
hello:	.asciz	"hello from the test kernel\n"
trace:	.asciz	"#0 0x40200000\n"
exit_7:	.asciz	"exit 7\n"
exit_65: .asciz	"exit 65\n"
exit_died: .asciz "exit 8589934592\n"
panic_line: .asciz "panic: on request\n"
