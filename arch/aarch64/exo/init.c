/* SPDX-License-Identifier: ISC */
/* Boot order after boot.S. Runs on CPU 0 and its kernel stack, before anyone else; no locks. */
#include "arch/aarch64/exo/local.h"

_Noreturn void start(uint64_t tree);

_Noreturn void boot_refuse(const char *why)
{
	console_text(CONSOLE_SERIAL | CONSOLE_LAST, "panic: ");
	console_text(CONSOLE_SERIAL | CONSOLE_LAST, why);
	console_text(CONSOLE_SERIAL | CONSOLE_LAST, "\n");
	panic_halt(PANIC_CODE);
}

/* From boot.S; tree: physical address of the device tree. */
_Noreturn void start(uint64_t tree)
{
	uint64_t boot_clock = arch_clock(NULL);
	struct memory memory;
	struct machine *m;
	struct vcpu *v;

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
	machine_init(m, memory.frame_count, 1);
	cpu_init(m, 0, kernel_stack_top);
	m->arch.clock_hz = timer_init();
	irq_init(m);
	memory_give(m, &memory);
	v = machine_start(m, &m->cpus[0],
			  (struct pfn){ (uint32_t)(memory.archive.start >> EXO_PAGE_SHIFT) },
			  memory.archive.end - memory.archive.start);
	console_text(CONSOLE_LAST, "info 0x"); /* where who looks from outside begins */
	console_hex(CONSOLE_LAST, (uint64_t)m->info.n << EXO_PAGE_SHIFT, 16);
	console_text(CONSOLE_LAST, "\n");
	__asm__ volatile("mov x0, %0; b trap_return" : : "r"(v) : "x0");
	__builtin_unreachable();
}
