/* SPDX-License-Identifier: ISC */
/*
 * Where things are: addresses, selectors, vectors and the offsets that the assembly uses. Plain
 * numbers, because C and assembly both read them; the offsets are asserted in cpu.c. (kernel.ld
 * has the address of the image again, and the sizes of the stacks.)
 *
 *   0xffff888000000000   direct map: every physical byte up to the last of RAM, not executable
 *   0xffffffff80000000   physical 0 again, of which only the image's 2 MiB are mapped
 *   0xffffffff80400000   the registers of the I/O APIC and of the local APIC, 2 MiB each
 */
#ifndef ARCH_X86_64_EXO_LAYOUT_H
#define ARCH_X86_64_EXO_LAYOUT_H

#define LAYOUT_DIRECT      0xffff888000000000
#define LAYOUT_DIRECT_SLOT 273 /* root slot of the direct map: 512 GiB */
#define LAYOUT_IMAGE       0xffffffff80000000
#define LAYOUT_IMAGE_SLOT  511
#define LAYOUT_LOAD        0x200000 /* physical address of the image, which has 2 MiB */
#define LAYOUT_IOAPIC      0xffffffff80400000
#define LAYOUT_APIC        0xffffffff80600000
#define LAYOUT_IOAPIC_PAGE 0xfec00000 /* physical */
#define LAYOUT_APIC_PAGE   0xfee00000

/* Low memory, never given: the firmware's, and what is used while a further CPU starts: its first
 * code, which finds its stack and the machine at the end of the page; then three tables that map
 * this too. */
#define LAYOUT_AP_PAGE    0x8000
#define LAYOUT_AP_STACK   0x8ff0
#define LAYOUT_AP_MACHINE 0x8ff8
#define LAYOUT_AP_ROOT    0x9000
#define LAYOUT_AP_END     0xc000

/* A CPU's stacks, from a page on that is not mapped: the kernel's, that of double faults and
 * machine checks, that of NMIs: where each ends, the last with all (also in kernel.ld). */
#define LAYOUT_STACK_END       0x5000
#define LAYOUT_FAULT_STACK_END 0x6000
#define LAYOUT_STACKS_BYTES    0x7000

/* Where the program's half of the address space ends. */
#define LAYOUT_USER_BITS 47

/* Selectors. SYSRET wants user data and user code in this order after an unused one. */
#define LAYOUT_KERNEL_CODE 0x08
#define LAYOUT_KERNEL_DATA 0x10
#define LAYOUT_USER_BASE   0x1b
#define LAYOUT_USER_DATA   0x23
#define LAYOUT_USER_CODE   0x2b
#define LAYOUT_TSS         0x30

/* Vectors after the 32 of exceptions. */
#define LAYOUT_VECTOR_CLOCK    32
#define LAYOUT_VECTOR_CONSOLE  33
#define LAYOUT_VECTOR_CPU      34
#define LAYOUT_VECTOR_SPURIOUS 35
#define LAYOUT_VECTORS         36
#define LAYOUT_ENTRY_BYTES     16 /* of the code for one vector */

/* What the kernel's own flags are: nothing but the bit that is always one. */
#define LAYOUT_FLAGS_KERNEL 0x2

/* struct arch_cpu, which GS points to. */
#define CPU_MACHINE 0
#define CPU_CPU     8
#define CPU_REGS    16
#define CPU_STACK   24
#define CPU_SCRATCH 32
#define CPU_INDEX   40
#define CPU_SYSCALL 48
#define CPU_FAULT   56
#define CPU_FOREIGN 64
/* A bit of EXO_CALL_PREFIX that no number of Linux's has. */
#define CALL_BIT    62

/* struct exo_regs. The one list of what entries save and exits load; rsp, rdi and what the CPU
 * itself saves (rip, rflags) are done by hand. */
#define REGS_LIST(X) \
	X(rax, 0) X(rbx, 8) X(rcx, 16) X(rdx, 24) X(rsi, 32) X(rbp, 48) X(r8, 64) X(r9, 72) \
	X(r10, 80) X(r11, 88) X(r12, 96) X(r13, 104) X(r14, 112) X(r15, 120)
#define REGS_RCX    16
#define REGS_RDI    40
#define REGS_RSP    56
#define REGS_R11    88
#define REGS_RIP    128
#define REGS_RFLAGS 136
#define REGS_BYTES  144

#endif
