/* SPDX-License-Identifier: ISC */
/*
 * What makes a CPU ours: features, vectors, the per-CPU block. Touches the registers of the CPU it
 * runs on, and m->arch.cpus[] of that CPU. No locks.
 */
#include "arch/aarch64/exo/a64.h"
#include "arch/aarch64/exo/local.h"

_Static_assert(offsetof(struct arch_cpu, machine) == CPU_MACHINE, "layout.h");
_Static_assert(offsetof(struct arch_cpu, cpu) == CPU_CPU, "layout.h");
_Static_assert(offsetof(struct arch_cpu, regs) == CPU_REGS, "layout.h");
_Static_assert(offsetof(struct arch_cpu, stack) == CPU_STACK, "layout.h");
_Static_assert(offsetof(struct exo_regs, x[30]) == REGS_X30, "layout.h");
_Static_assert(offsetof(struct exo_regs, sp) == REGS_X30 + 8, "layout.h");
_Static_assert(offsetof(struct exo_regs, pc) == REGS_PC, "layout.h");
_Static_assert(offsetof(struct exo_regs, pstate) == REGS_PC + 8, "layout.h");
_Static_assert(sizeof(struct exo_regs) == REGS_BYTES, "layout.h");
_Static_assert(offsetof(struct vcpu, regs) == 0, "trap.S takes a vcpu for its registers");

enum {
	/* SCTLR_EL1: programs have an aligned stack, may look at and clean caches by address, zero
	 * blocks, and wait; SPAN: PAN stays as it is at exceptions. */
	CPU_SCTLR = 1 << 4 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 18 | 1 << 26,
	CPU_SCTLR_SPAN = 1 << 23,
	CPU_CPACR = 3 << 20, /* the FPU is for all, SVE and SME for none */
};

#define CPU_TCR_AS (UINT64_C(1) << 36) /* identifiers of 16 bits */
#define CPU_TCR_HA (UINT64_C(1) << 39) /* the CPU notes accesses */

void cpu_features_init(void)
{
	uint64_t memory0 = a64_load(id_aa64mmfr0_el1), memory1 = a64_load(id_aa64mmfr1_el1);
	uint64_t tcr = a64_load(tcr_el1) | CPU_TCR_AS, sctlr = a64_load(sctlr_el1) | CPU_SCTLR;

	a64_save(vbar_el1, vectors);
	if (a64_field(memory0, 28) == 15)
		boot_refuse("this CPU has no pages of 4 KiB");
	if (a64_field(memory0, 4) != 2)
		boot_refuse("this CPU's address-space identifiers are short");
	if (a64_field(memory1, 0) >= 1)
		tcr |= CPU_TCR_HA;
	if (a64_field(memory1, 0) >= 2)
		tcr |= A64_TCR_HD;
	if (a64_field(memory1, 20) != 0) {
		sctlr &= ~(uint64_t)CPU_SCTLR_SPAN;
		__asm__ volatile(".arch_extension pan\n\tmsr pan, #1");
	}
	a64_save(tcr_el1, tcr);
	a64_save(sctlr_el1, sctlr);
	a64_save(cpacr_el1, CPU_CPACR);
	a64_save(mdscr_el1, 0);
	a64_isb();
}

void cpu_init(struct machine *m, unsigned index, void *stack)
{
	struct arch_cpu *cpu = &m->arch.cpus[index];

	cpu->machine = m;
	cpu->cpu = &m->cpus[index];
	cpu->stack = (uint64_t)stack;
	cpu->index = index;
	a64_save(tpidr_el1, cpu);
	if (m->trace_records)
		a64_save(vbar_el1, vectors_traced);
	a64_isb();
}
