/* SPDX-License-Identifier: ISC */
/*
 * What makes a CPU ours: features, descriptors, vectors, the per-CPU block, the way in by SYSCALL.
 * Touches the registers of the CPU it runs on, m->arch.cpus[] of that CPU, and idt. No locks.
 */
#include "arch/x86_64/exo/local.h"
#include "arch/x86_64/exo/x86.h"

_Static_assert(offsetof(struct arch_cpu, machine) == CPU_MACHINE, "layout.h");
_Static_assert(offsetof(struct arch_cpu, cpu) == CPU_CPU, "layout.h");
_Static_assert(offsetof(struct arch_cpu, regs) == CPU_REGS, "layout.h");
_Static_assert(offsetof(struct arch_cpu, stack) == CPU_STACK, "layout.h");
_Static_assert(offsetof(struct arch_cpu, scratch) == CPU_SCRATCH, "layout.h");
_Static_assert(offsetof(struct arch_cpu, index) == CPU_INDEX, "layout.h");
_Static_assert(offsetof(struct arch_cpu, syscall) == CPU_SYSCALL, "layout.h");
_Static_assert(offsetof(struct arch_cpu, fault) == CPU_FAULT, "layout.h");
_Static_assert(offsetof(struct arch_cpu, foreign) == CPU_FOREIGN, "layout.h");
_Static_assert(EXO_CALL_PREFIX >> CALL_BIT & 1, "layout.h");
#define CPU_ASSERT_OFFSET(name, offset) \
	_Static_assert(offsetof(struct exo_regs, name) == (offset), "layout.h");
REGS_LIST(CPU_ASSERT_OFFSET)
_Static_assert(offsetof(struct exo_regs, rcx) == REGS_RCX, "layout.h");
_Static_assert(offsetof(struct exo_regs, rdi) == REGS_RDI, "layout.h");
_Static_assert(offsetof(struct exo_regs, rsp) == REGS_RSP, "layout.h");
_Static_assert(offsetof(struct exo_regs, r11) == REGS_R11, "layout.h");
_Static_assert(offsetof(struct exo_regs, rip) == REGS_RIP, "layout.h");
_Static_assert(offsetof(struct exo_regs, rflags) == REGS_RFLAGS, "layout.h");
_Static_assert(sizeof(struct exo_regs) == REGS_BYTES, "layout.h");
_Static_assert(offsetof(struct vcpu, regs) == 0, "trap.S takes a vcpu for its registers");

enum {
	/* PG, AM, WP, NE, ET, MP, PE: paging; alignment checks for whoever asks; the kernel heeds
	 * read-only pages; FPU errors as exceptions. */
	CPU_CR0 = (int)0x80050033,
	/* PAE, PGE, OSFXSR, OSXMMEXCPT, FSGSBASE, OSXSAVE */
	CPU_CR4 = 1 << 5 | 1 << 7 | 1 << 9 | 1 << 10 | 1 << 16 | 1 << 18,
	CPU_CR4_UMIP = 1 << 11,
	CPU_CR4_SMEP = 1 << 20,
	CPU_CR4_SMAP = 1 << 21,
	CPU_EFER = 1 << 0 | 1 << 8 | 1 << 11, /* SCE, LME, NXE */
	/* All flags that SYSCALL can clear: the kernel begins with none. */
	CPU_FMASK = 0x3f7fd5,
};

void cpu_vectors_init(void)
{
	unsigned i;

	for (i = 0; i < LAYOUT_VECTORS; i++) {
		uint64_t entry = (uint64_t)vector_entries + i * LAYOUT_ENTRY_BYTES;
		uint64_t stack = i == 2 ? 2 : i == 8 || i == 18; /* entry of the TSS, or 0 */
		uint64_t who = i == 3 || i == 4 ? 3 : 0; /* INT3 and INTO are for all */

		idt[i][0] = (entry & 0xffff) | LAYOUT_KERNEL_CODE << 16 | stack << 32
			| (0x8e | who << 5) << 40 | (entry >> 16 & 0xffff) << 48;
		idt[i][1] = entry >> 32;
	}
	cpu_vectors_load();
}

void cpu_vectors_load(void)
{
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} pointer = { LAYOUT_VECTORS * sizeof(idt[0]) - 1, (uint64_t)idt };

	__asm__ volatile("lidt %0" : : "m"(pointer), "m"(idt[0]));
}

static void cpu_need(uint32_t word, unsigned bit, const char *without)
{
	if (!(word >> bit & 1))
		boot_refuse(without);
}

void cpu_features_init(void)
{
	struct x86_cpuid basic = x86_cpuid(1, 0);
	struct x86_cpuid more = x86_cpuid(7, 0);
	struct x86_cpuid extended = x86_cpuid(0x80000001, 0);
	uint64_t cr4 = CPU_CR4;

	cpu_need(extended.d, 20, "this CPU has no NX (no-execute pages)");
	cpu_need(extended.d, 11, "this CPU has no SYSCALL");
	cpu_need(extended.d, 26, "this CPU has no pages of 1 GiB");
	cpu_need(more.b, 0, "this CPU has no FSGSBASE (with QEMU: -cpu max)");
	cpu_need(basic.c, 26, "this CPU has no XSAVE");
	cpu_need(basic.d, 9, "this CPU has no local APIC");
	cpu_need(basic.d, 13, "this CPU has no global pages");
	if (more.b >> 7 & 1)
		cr4 |= CPU_CR4_SMEP;
	if (more.b >> 20 & 1)
		cr4 |= CPU_CR4_SMAP;
	if (more.c >> 2 & 1)
		cr4 |= CPU_CR4_UMIP;
	x86_msr_save(MSR_EFER, CPU_EFER);
	__asm__ volatile("movq %0, %%cr0" : : "r"((uint64_t)(uint32_t)CPU_CR0) : "memory");
	__asm__ volatile("movq %0, %%cr4" : : "r"(cr4) : "memory");
}

/* SDM 3A 3.4.5 (segments), 8.7 (TSS). */
static void cpu_descriptors_init(struct arch_cpu *cpu, char *stacks)
{
	uint64_t tss = (uint64_t)cpu->tss;
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} pointer = { sizeof(cpu->gdt) - 1, (uint64_t)cpu->gdt };

	cpu->gdt[LAYOUT_KERNEL_CODE / 8] = 0x00af9b000000ffff;
	cpu->gdt[LAYOUT_KERNEL_DATA / 8] = 0x00cf93000000ffff;
	cpu->gdt[LAYOUT_USER_DATA / 8] = 0x00cff3000000ffff;
	cpu->gdt[LAYOUT_USER_CODE / 8] = 0x00affb000000ffff;
	cpu->gdt[LAYOUT_TSS / 8] = (sizeof(cpu->tss) - 1) | (tss & 0xffffff) << 16
		| UINT64_C(0x89) << 40 | (tss >> 24 & 0xff) << 56;
	cpu->gdt[LAYOUT_TSS / 8 + 1] = tss >> 32;
	memcpy(&cpu->tss[1], &cpu->stack, 8);
	memcpy(&cpu->tss[9], &(char *){ stacks + LAYOUT_FAULT_STACK_END }, 8);
	memcpy(&cpu->tss[11], &(char *){ stacks + LAYOUT_STACKS_BYTES }, 8);
	cpu->tss[25] = sizeof(cpu->tss) << 16; /* no bitmap: no ports for programs */
	__asm__ volatile("lgdt %0; ltr %w1; lldt %w2"
			 : : "m"(pointer), "r"(LAYOUT_TSS), "r"(0) : "memory");
}

void cpu_init(struct machine *m, unsigned index)
{
	char *stacks = cpu_stacks + index * LAYOUT_STACKS_BYTES;
	struct arch_cpu *cpu = &m->arch.cpus[index];

	cpu->machine = m;
	cpu->cpu = &m->cpus[index];
	cpu->stack = (uint64_t)stacks + LAYOUT_STACK_END;
	cpu->index = index;
	cpu->syscall = m->trace_records ? trace_syscall : kernel_syscall;
	cpu->foreign = m->trace_records ? trace_syscall : trap_foreign;
	cpu->fault = m->trace_records ? trap_fault_traced : trap_fault;
	cpu_descriptors_init(cpu, stacks);
	x86_msr_save(MSR_GS_BASE, (uint64_t)cpu);
	x86_msr_save(MSR_KERNEL_GS_BASE, 0);
	x86_msr_save(MSR_STAR, (uint64_t)LAYOUT_USER_BASE << 48
		     | (uint64_t)LAYOUT_KERNEL_CODE << 32);
	x86_msr_save(MSR_LSTAR, (uint64_t)syscall_entry);
	x86_msr_save(MSR_FMASK, CPU_FMASK);
}
