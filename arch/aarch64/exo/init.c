/* SPDX-License-Identifier: ISC */
/* Boot order after boot.S. CPU 0 runs on its kernel stack, before anyone else; no locks. */
#include "arch/aarch64/exo/local.h"

_Noreturn void start(uint64_t tree);
_Noreturn void start_further(struct arch_cpu *cpu);

static _Noreturn void start_return(struct vcpu *v)
{
	__asm__ volatile("mov x0, %0; b trap_return" : : "r"(v) : "x0");
	__builtin_unreachable();
}

/* From boot.S; tree: physical address of the device tree. */
_Noreturn void start(uint64_t tree)
{
	uint64_t boot_clock = arch_clock(NULL);
	struct memory memory;
	struct machine *m;
	struct vcpu *v;
	unsigned i;

	console_init();
	cpu_features_init();
	memory_init(&memory, tree);
	mmu_init(memory.ram.end);

	m = direct(memory.machine.start);
	memset(m, 0, memory.machine.end - memory.machine.start); /* machine_init expects it */
	m->arch.machine_physical = memory.machine.start;
	m->arch.boot_clock = boot_clock;
	m->arch.devices = memory.devices;
	memcpy(m->arch.cmdline, memory.cmdline, sizeof(m->arch.cmdline));
	machine_init(m, memory.frame_count, memory.cpu_count);
	for (i = 0; i < memory.cpu_count; i++)
		m->arch.cpus[i].affinity = memory.cpus[i];
	cpu_init(m, 0, kernel_stack_top);
	m->arch.clock_hz = timer_init();
	irq_init(m);
	irq_cpu_init(m);
	memory_give(m, &memory);
	v = machine_start(m, &m->cpus[0],
			  (struct pfn){ (uint32_t)(memory.archive.start >> EXO_PAGE_SHIFT) },
			  memory.archive.end - memory.archive.start);
	console_text(CONSOLE_LAST, "info 0x"); /* where who looks from outside begins */
	console_hex(CONSOLE_LAST, (uint64_t)m->info.n << EXO_PAGE_SHIFT, 16);
	console_text(CONSOLE_LAST, "\n");
	further_start(m);
	start_return(v);
}

/* From boot.S, on a further CPU and its kernel stack; one starts at a time. */
_Noreturn void start_further(struct arch_cpu *cpu)
{
	struct machine *m = cpu->machine;
	unsigned index = atomic_load(&m->joined);
	struct cpu *c = &m->cpus[index];

	cpu_features_init();
	mmu_cpu_init();
	cpu_init(m, index, (void *)cpu->stack);
	timer_init();
	irq_cpu_init(m);
	c->since = arch_clock(m);
	atomic_fetch_add(&m->joined, 1); /* pairs with: further_start, cpu_park */
	start_return(kernel_interrupt(m, c));
}
