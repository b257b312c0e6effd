/* SPDX-License-Identifier: ISC */
/*
 * Interrupts: the local APIC of each CPU (SDM 3A 11), the I/O APIC for the one device we have, and
 * the old controllers, silenced. Touches their registers; the I/O APIC's at boot only. No locks.
 */
#include "arch/x86_64/exo/local.h"
#include "arch/x86_64/exo/x86.h"
#include "exo/console.h"

enum {
	APIC_ID = 0x20,
	APIC_PRIORITY = 0x80,
	APIC_END = 0xb0,
	APIC_SPURIOUS = 0xf0,
	APIC_COMMAND = 0x300,
	APIC_COMMAND_TO = 0x310,
	APIC_TIMER = 0x320,
	APIC_LINT0 = 0x350,
	APIC_LINT1 = 0x360,
	APIC_ERROR = 0x370,
	APIC_TIMER_DIVIDE = 0x3e0,

	APIC_ENABLED = 0x100,
	APIC_MASKED = 0x10000,
	APIC_NMI = 0x400,
	APIC_DIVIDE_BY_1 = 0xb,
	APIC_INIT = 0x4500,    /* SDM 3A 11.6.1 */
	APIC_STARTUP = 0x4600, /* and the number of a page */

	IOAPIC_VERSION = 1,
	IOAPIC_ENTRY = 0x10,
	IOAPIC_CONSOLE = 4, /* ISA interrupt of the first serial port, edge-triggered */
};

uint32_t irq_apic_load(unsigned offset)
{
	return *(volatile uint32_t *)(LAYOUT_APIC + offset);
}

void irq_apic_save(unsigned offset, uint32_t value)
{
	*(volatile uint32_t *)(LAYOUT_APIC + offset) = value;
}

static uint32_t irq_ioapic_load(uint32_t index)
{
	*(volatile uint32_t *)LAYOUT_IOAPIC = index;
	return *(volatile uint32_t *)(LAYOUT_IOAPIC + 0x10);
}

static void irq_ioapic_save(uint32_t index, uint32_t value)
{
	*(volatile uint32_t *)LAYOUT_IOAPIC = index;
	*(volatile uint32_t *)(LAYOUT_IOAPIC + 0x10) = value;
}

void irq_cpu_init(struct machine *m)
{
	struct arch_cpu *cpu = &m->arch.cpus[arch_cpu_index()];

	if ((x86_msr_load(MSR_APIC_BASE) & ~UINT64_C(0xfff)) != LAYOUT_APIC_PAGE)
		boot_refuse("the local APIC is not at its usual address");
	irq_apic_save(APIC_SPURIOUS, APIC_ENABLED | LAYOUT_VECTOR_SPURIOUS);
	irq_apic_save(APIC_PRIORITY, 0);
	irq_apic_save(APIC_LINT0, APIC_MASKED);
	/* where `nmi` of QEMU's monitor arrives: at one CPU is enough */
	irq_apic_save(APIC_LINT1, arch_cpu_index() ? APIC_MASKED : APIC_NMI);
	irq_apic_save(APIC_ERROR, APIC_MASKED);
	irq_apic_save(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
	irq_apic_save(APIC_TIMER, LAYOUT_VECTOR_CLOCK); /* once, when the count reaches 0 */
	cpu->apic = irq_apic_load(APIC_ID) >> 24;
}

void irq_init(struct machine *m)
{
	uint32_t pin, pins;

	x86_out8(0x21, 0xff);
	x86_out8(0xa1, 0xff);
	irq_cpu_init(m);
	pins = (irq_ioapic_load(IOAPIC_VERSION) >> 16 & 0xff) + 1;
	for (pin = 0; pin < pins; pin++)
		irq_ioapic_save(IOAPIC_ENTRY + 2 * pin, APIC_MASKED);
	irq_ioapic_save(IOAPIC_ENTRY + 2 * IOAPIC_CONSOLE + 1, m->arch.cpus[0].apic << 24);
	irq_ioapic_save(IOAPIC_ENTRY + 2 * IOAPIC_CONSOLE, LAYOUT_VECTOR_CONSOLE);
	console_listen(); /* not earlier: an edge at a masked pin is lost for ever */
}

/* Acknowledge, and move what the console received. */
static void irq_handle(struct machine *m, unsigned vector)
{
	if (vector == LAYOUT_VECTOR_SPURIOUS)
		return;
	irq_apic_save(APIC_END, 0);
	if (vector == LAYOUT_VECTOR_CONSOLE)
		console_receive(m);
}

struct vcpu *irq_user(struct machine *m, struct cpu *c, unsigned vector)
{
	irq_handle(m, vector);
	return m->trace_records ? trace_interrupt(m, c) : kernel_interrupt(m, c);
}

void irq_idle(struct machine *m, struct cpu *c, unsigned vector)
{
	irq_handle(m, vector);
	kernel_interrupt_idle(m, c);
}

void arch_idle(struct machine *m, struct cpu *c)
{
	(void)m;
	(void)c;
	/* Interrupts are on from the end of HLT on; trap.S saves nothing for us. */
	__asm__ volatile("sti; hlt; cli" : : : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9",
			 "r10", "r11", "memory", "cc");
}

/* The numbers of local APICs begin with 0 and have no gaps, as QEMU gives them. */
void irq_start(unsigned cpu, bool is_first)
{
	irq_apic_save(APIC_COMMAND_TO, cpu << 24);
	if (is_first)
		irq_apic_save(APIC_COMMAND, APIC_INIT);
	irq_apic_save(APIC_COMMAND, APIC_STARTUP | LAYOUT_AP_PAGE >> EXO_PAGE_SHIFT);
}

void arch_cpu_interrupt(struct machine *m, unsigned cpu)
{
	irq_apic_save(APIC_COMMAND_TO, m->arch.cpus[cpu].apic << 24);
	irq_apic_save(APIC_COMMAND, LAYOUT_VECTOR_CPU);
}
