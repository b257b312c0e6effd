/* SPDX-License-Identifier: ISC */
/*
 * Where things are: addresses and the offsets that the assembly uses. Plain numbers, because C and
 * assembly both read them; the offsets are asserted in cpu.c. (kernel.ld has the address of the
 * image again, and the sizes of the stacks.)
 *
 *   0xffff000000000000   direct map: every physical byte up to the last of RAM, not executable;
 *                        the first GiB of it is devices
 *   0xffffffff80000000   the first bytes of RAM again, of which only the image's 2 MiB are mapped
 *
 * The program's half is TTBR0's, and of it the lower half alone.
 */
#ifndef ARCH_AARCH64_EXO_LAYOUT_H
#define ARCH_AARCH64_EXO_LAYOUT_H

#define LAYOUT_DIRECT 0xffff000000000000
#define LAYOUT_IMAGE  0xffffffff80000000
#define LAYOUT_RAM    0x40000000 /* where it begins on QEMU's machine `virt` */
#define LAYOUT_LOAD   0x40200000 /* physical address of the image, which has 2 MiB */
#define LAYOUT_UART   0xffff000009000000 /* the serial port's registers, there too, */
#define LAYOUT_UART_INTERRUPT 33         /* and its interrupt */

/* A further CPU's kernel stack, with the page below it that is not mapped (also in kernel.ld). */
#define LAYOUT_FURTHER_STACK_BYTES 0x5000

/* Where the program's half of the address space ends. */
#define LAYOUT_USER_BITS 47

/* MAIR_EL1: normal memory, write-back, whatever bits 2 and 3 of a slot say; with bit 4: device. */
#define LAYOUT_MAIR 0x00000000ffffffff

/* struct arch_cpu, which TPIDR_EL1 points to. */
#define CPU_MACHINE 0
#define CPU_CPU     8
#define CPU_REGS    16
#define CPU_STACK   24

/* struct exo_regs, two registers at a time: what entries save and exits load. x0, x1 and what the
 * CPU has in registers of its own are done by hand. */
#define REGS_LIST(X) \
	X(x2, x3, 16) X(x4, x5, 32) X(x6, x7, 48) X(x8, x9, 64) X(x10, x11, 80) X(x12, x13, 96) \
	X(x14, x15, 112) X(x16, x17, 128) X(x18, x19, 144) X(x20, x21, 160) X(x22, x23, 176) \
	X(x24, x25, 192) X(x26, x27, 208) X(x28, x29, 224)
#define REGS_X30    240 /* and sp */
#define REGS_PC     256 /* and pstate */
#define REGS_BYTES  272

#endif
