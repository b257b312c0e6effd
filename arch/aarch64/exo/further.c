/* SPDX-License-Identifier: ISC */
/*
 * The CPUs after the first: their start, by the firmware. Touches m->arch.cpus[] of CPUs that do
 * not run yet. Runs on CPU 0, before the first program; no locks. The rest of a CPU's start is its
 * own: boot_further in boot.S, start_further in init.c.
 */
#include "arch/aarch64/exo/local.h"

enum { PATIENCE = 10 }; /* seconds */

int64_t psci_call(uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
	register uint64_t x0 __asm__("x0") = function;
	register uint64_t x1 __asm__("x1") = a;
	register uint64_t x2 __asm__("x2") = b;
	register uint64_t x3 __asm__("x3") = c;

	__asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
	return (int64_t)x0;
}

void further_start(struct machine *m)
{
	struct arch_cpu *cpu;
	unsigned i;

	for (i = 1; i < m->cpu_count; i++) {
		uint64_t end = arch_clock(m) + PATIENCE * m->arch.clock_hz;

		cpu = &m->arch.cpus[i];
		cpu->machine = m;
		cpu->stack = (uint64_t)further_stacks + i * LAYOUT_FURTHER_STACK_BYTES;
		__asm__ volatile("dsb ish" : : : "memory");
		if (psci_call(PSCI_CPU_ON, cpu->affinity, image_physical(boot_further),
			      (uint64_t)cpu))
			boot_refuse("the firmware does not start a CPU");
		/* pairs with: start_further */
		while (atomic_load(&m->joined) == i) {
			if (arch_clock(m) > end)
				boot_refuse("a CPU does not start");
			arch_relax();
		}
	}
}
