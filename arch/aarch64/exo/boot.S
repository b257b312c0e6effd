/* SPDX-License-Identifier: ISC */
/*
 * From QEMU (or any loader of Linux images) to start() in init.c, and the kernel's tables; from the
 * firmware to start_further(), on a further CPU.
 *
 * Linux's Documentation/arm64/booting: MMU off, x0 = physical address of the device tree, EL1 or
 * EL2, interrupts masked. We are where the header asks to be, LAYOUT_LOAD, because `virt` has its
 * RAM at LAYOUT_RAM; and run at physical addresses until the jump to `high`.
 *
 * What is mapped at first is all readable, writable and executable; mmu_init() takes away.
 */
#include "arch/aarch64/exo/layout.h"

#define PHYSICAL(symbol) (symbol - LAYOUT_IMAGE + LAYOUT_RAM)

	.macro	load register, value
	movz	\register, #((\value) & 0xffff)
	movk	\register, #((\value) >> 16 & 0xffff), lsl #16
	movk	\register, #((\value) >> 32 & 0xffff), lsl #32
	movk	\register, #((\value) >> 48 & 0xffff), lsl #48
	.endm

	.section .text.boot, "ax"
	b	boot
	.long	0
	.quad	LAYOUT_LOAD - LAYOUT_RAM	/* from the beginning of RAM */
	.quad	image_bytes
	.quad	2				/* pages of 4 KiB, little-endian */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

	.globl	boot, boot_further
boot_further:					/* by CPU_ON; x0: our struct arch_cpu */
	mov	x21, #1
	b	1f
boot:
	mov	x21, #0
1:	mov	x20, x0
	mrs	x0, CurrentEL
	cmp	x0, #4
	b.eq	2f
	mov	x0, #(1 << 31)			/* from EL2: EL1 is 64 bits wide, */
	msr	hcr_el2, x0
	mov	x0, #3				/* has the timers, without an offset, */
	msr	cnthctl_el2, x0
	msr	cntvoff_el2, xzr
	mov	x0, #0x33ff			/* and the FPU */
	msr	cptr_el2, x0
	mov	x0, #0x3c5			/* EL1 with its own stack, all masked */
	msr	spsr_el2, x0
	adr	x0, 2f
	msr	elr_el2, x0
	eret
2:	cbnz	x21, 4f
	adrp	x0, image_bss
	adrp	x1, image_end
3:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	3b

4:	mrs	x1, id_aa64mmfr0_el1		/* as much physical memory as the CPU has, */
	and	x1, x1, #0xf
	mov	x0, #5				/* up to 48 bits */
	cmp	x1, x0
	csel	x1, x1, x0, lo
	/* Both halves: 48 bits, 4 KiB, write-back, inner shareable; HPDn off. */
	load	x0, 0x00000000b5103510
	bfi	x0, x1, #32, #3
	msr	tcr_el1, x0
	load	x0, LAYOUT_MAIR
	msr	mair_el1, x0
	adrp	x0, boot_low
	msr	ttbr0_el1, x0			/* for here */
	adrp	x0, boot_root
	msr	ttbr1_el1, x0
	isb
	tlbi	vmalle1
	dsb	nsh
	load	x0, 0x30d0180d			/* SCTLR: what must be one; M, C, I, SA */
	msr	sctlr_el1, x0
	isb
	ldr	x0, =high
	br	x0
high:						/* from here on where we are linked for */
	ldr	x1, =kernel_stack_top
	ldr	x2, =start
	cbz	x21, 5f
	ldr	x1, [x20, #CPU_STACK]
	ldr	x2, =start_further
5:	mov	sp, x1
	mov	x29, xzr			/* backtraces end here */
	mov	x30, xzr
	mov	x0, x20
	blr	x2
	brk	#0
	.ltorg

/* Tables (Arm ARM D8.3). 3: a table. 0x703: a page, normal memory, kernel's, accessed; bit 54: not
 * the program's to execute. 0x701: so a block. Device: attributes 4, bit 53 too. */
	.data
	.balign	4096
boot_low:					/* for levels 4 and 3 both: the first GiB of RAM */
	.quad	PHYSICAL(boot_low) + 3, LAYOUT_RAM + 0x0040000000000701
	.skip	8 * 510
	.globl	boot_root, boot_direct_l1, boot_direct_l2, boot_image_l3
boot_root:
	.quad	PHYSICAL(boot_direct_l1) + 3
	.skip	8 * 510
	.quad	PHYSICAL(boot_image_l1) + 3
boot_image_l1:
	.skip	8 * 510
	.quad	PHYSICAL(boot_image_l2) + 3, 0
boot_image_l2:
	.quad	0, PHYSICAL(boot_image_l3) + 3
	.skip	8 * 510
boot_image_l3:					/* of both the image and the direct map */
	.set	page, LAYOUT_LOAD
	.rept	512
	.quad	page + 0x0040000000000703
	.set	page, page + 0x1000
	.endr
boot_direct_l1:
	.quad	0x0060000000000411, PHYSICAL(boot_direct_l2) + 3
	.skip	8 * 510
boot_direct_l2:
	.quad	LAYOUT_RAM + 0x0040000000000701, PHYSICAL(boot_image_l3) + 3
	.set	page, LAYOUT_RAM + 0x400000
	.rept	510
	.quad	page + 0x0040000000000701
	.set	page, page + 0x200000
	.endr
