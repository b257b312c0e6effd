/* SPDX-License-Identifier: ISC */
/*
 * From QEMU (or any PVH loader) to start() in init.c, and the kernel's tables.
 *
 * PVH (Xen's docs/misc/pvh.pandoc): 32-bit protected mode, flat segments, paging and interrupts
 * off, EBX = physical address of struct hvm_start_info. Nothing else is known.
 *
 * What is mapped at first is all readable, writable and executable; mmu_init() takes away.
 */
#include "arch/x86_64/exo/layout.h"

#define PHYSICAL(symbol) (symbol - LAYOUT_IMAGE)

	.section .note.pvh, "a", @note
	.balign 4
	.long 4, 8, 18			/* sizes of name and value; XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.quad PHYSICAL(boot32)

	.section .text.boot, "ax"
	.code32
	.globl boot32
boot32:
	cld
	mov %ebx, %ebp
	mov $PHYSICAL(image_bss), %edi	/* some loaders leave it as it was */
	mov $PHYSICAL(image_end), %ecx
	sub %edi, %ecx
	shr $2, %ecx
	xor %eax, %eax
	rep stosl

	mov $0x80000000, %eax		/* long mode? (SDM 2A, CPUID) */
	cpuid
	cmp $0x80000001, %eax
	jb 1f
	mov $0x80000001, %eax
	cpuid
	bt $29, %edx
	jnc 1f

	mov %cr4, %eax			/* to long mode: SDM 3A 10.8.5 */
	or $0x20, %eax			/* PAE */
	mov %eax, %cr4
	mov $PHYSICAL(boot_root), %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx		/* EFER */
	rdmsr
	or $0x100, %eax			/* LME */
	wrmsr
	mov %cr0, %eax
	or $0x80010000, %eax		/* PG, WP */
	mov %eax, %cr0
	lgdt PHYSICAL(boot_gdt_pointer32)
	ljmp $LAYOUT_KERNEL_CODE, $PHYSICAL(boot64)

1:	mov $PHYSICAL(boot_refusal), %esi	/* say so, as boot_refuse() in init.c does */
	mov $(boot_refusal_end - boot_refusal), %ecx
	mov $0x3f8, %edx
2:	outsb
	mov -1(%esi), %al
	out %al, $0xe9
	loop 2b
	mov $0x7f, %al
	out %al, $0xf4
3:	hlt
	jmp 3b

	.code64
boot64:
	mov %ebp, %edi
	mov $start, %rsi
	mov $(cpu_stacks + LAYOUT_STACK_END), %rbx
	mov $boot_high, %rax		/* from here on at the addresses we are linked for */
	jmp *%rax

boot_high:				/* rsi: function, rdi: its argument, rbx: stack */
	lgdt boot_gdt_pointer64(%rip)
	mov $LAYOUT_KERNEL_DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	mov %rbx, %rsp
	mov $PHYSICAL(boot_root), %eax
	mov %rax, %cr3
	xor %ebp, %ebp			/* backtraces end here */
	call *%rsi
	ud2

	.section .rodata
	.globl boot16, boot16_end
	.code16
boot16:		/* a further CPU, copied to LAYOUT_AP_PAGE: real mode, cs is that (SDM 3A 9.4.4) */
	lgdtl %cs:(boot16_gdt - boot16)
	mov $0x20, %eax			/* PAE */
	mov %eax, %cr4
	mov $LAYOUT_AP_ROOT, %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx		/* EFER */
	mov $0x900, %eax		/* LME, NXE */
	xor %edx, %edx
	wrmsr
	mov $0x80010001, %eax		/* PG, WP, PE: at once to long mode */
	mov %eax, %cr0
	ljmpl $LAYOUT_KERNEL_CODE, $(LAYOUT_AP_PAGE + 1f - boot16)
	.code64
1:	mov LAYOUT_AP_MACHINE, %rdi
	mov $start_further, %rsi
	mov LAYOUT_AP_STACK, %rbx
	mov $boot_high, %rax
	jmp *%rax
boot16_gdt:
	.word boot_gdt_pointer32 - boot_gdt - 1
	.long PHYSICAL(boot_gdt)
boot16_end:

boot_refusal:
	.ascii "panic: this CPU has no 64-bit mode\n"
boot_refusal_end:
	.balign 8
boot_gdt:				/* until cpu_init() loads one of the CPU's own */
	.quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
boot_gdt_pointer32:
	.word . - boot_gdt - 1
	.long PHYSICAL(boot_gdt)
boot_gdt_pointer64:
	.word boot_gdt_pointer32 - boot_gdt - 1
	.quad boot_gdt

/* Tables (SDM 3A 4.5). 3: present, writable. 0x83: so a page of 2 MiB; + 0x18: uncached. */
	.data
	.balign 4096
	.globl boot_root, boot_direct_l3, boot_direct_l2, boot_image_l3, boot_image_l1
boot_root:
	.quad PHYSICAL(boot_image_l3) + 3		/* only while boot64 is low, see mmu_init */
	.skip 8 * (LAYOUT_DIRECT_SLOT - 1)
	.quad PHYSICAL(boot_direct_l3) + 3
	.skip 8 * (LAYOUT_IMAGE_SLOT - LAYOUT_DIRECT_SLOT - 1)
	.quad PHYSICAL(boot_image_l3) + 3
boot_image_l3:
	.quad PHYSICAL(boot_image_l2) + 3		/* as above */
	.skip 8 * 509
	.quad PHYSICAL(boot_image_l2) + 3, 0
boot_image_l2:
	.quad 0, PHYSICAL(boot_image_l1) + 3
	.quad LAYOUT_IOAPIC_PAGE + 0x9b, LAYOUT_APIC_PAGE + 0x9b
	.skip 8 * 508
boot_image_l1:						/* of both the image and the direct map */
	.set page, LAYOUT_LOAD
	.rept 512
	.quad page + 3
	.set page, page + 0x1000
	.endr
boot_direct_l3:
	.quad PHYSICAL(boot_direct_l2) + 3
	.skip 8 * 511
boot_direct_l2:
	.quad 0x83, PHYSICAL(boot_image_l1) + 3
	.set page, 0x400000
	.rept 510
	.quad page + 0x83
	.set page, page + 0x200000
	.endr
