/* SPDX-License-Identifier: ISC */
/* Boot order after boot.S. CPU 0 runs on its kernel stack, before anyone else; no locks. */
#include "arch/x86_64/exo/local.h"
#include "arch/x86_64/exo/x86.h"

_Noreturn void start(uint64_t info);
_Noreturn void start_further(struct machine *m);

/* From boot.S; info: physical address of struct hvm_start_info. */
_Noreturn void start(uint64_t info)
{
	uint64_t boot_clock = arch_clock(NULL);
	struct memory memory;
	struct machine *m;
	struct vcpu *v;

	console_init();
	cpu_vectors_init();
	cpu_features_init();
	memory_init(&memory, info);
	mmu_init((uint64_t)memory.frame_count << EXO_PAGE_SHIFT);

	m = direct(memory.machine.start);
	memset(m, 0, memory.machine.end - memory.machine.start); /* machine_init expects it */
	m->arch.machine_physical = memory.machine.start;
	m->arch.boot_clock = boot_clock;
	memcpy(m->arch.cmdline, memory.cmdline, sizeof(m->arch.cmdline));
	m->arch.fpu_bytes = fpu_init();
	machine_init(m, memory.frame_count, further_count());
	cpu_init(m, 0);
	irq_init(m);
	timer_init(m);
	memory_give(m, &memory);
	v = machine_start(m, &m->cpus[0],
			  (struct pfn){ (uint32_t)(memory.archive.start >> EXO_PAGE_SHIFT) },
			  memory.archive.end - memory.archive.start);
	console_text(CONSOLE_LAST, "info 0x"); /* where who looks from outside begins */
	console_hex(CONSOLE_LAST, (uint64_t)m->info.n << EXO_PAGE_SHIFT, 16);
	console_text(CONSOLE_LAST, "\n");
	further_start(m);
	__asm__ volatile("jmp trap_return" : : "a"(v));
	__builtin_unreachable();
}

/* From boot.S, on a further CPU and its kernel stack; one starts at a time. */
_Noreturn void start_further(struct machine *m)
{
	unsigned index = atomic_load(&m->joined);
	struct cpu *c = &m->cpus[index];

	cpu_vectors_load();
	cpu_features_init();
	fpu_init();
	cpu_init(m, index);
	irq_cpu_init(m);
	c->since = arch_clock(m);
	atomic_fetch_add(&m->joined, 1); /* pairs with: further_start, cpu_park */
	__asm__ volatile("jmp trap_return" : : "a"(kernel_interrupt(m, c)));
	__builtin_unreachable();
}
