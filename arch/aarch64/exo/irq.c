/* SPDX-License-Identifier: ISC */
/*
 * Interrupts: Arm's generic interrupt controller, version 2 (IHI 0048) or 3 (IHI 0069). Two are on:
 * the clock's, private to each CPU, and the console's. Touches their registers; the distributor's
 * at boot only. No locks.
 */
#include "arch/aarch64/exo/a64.h"
#include "arch/aarch64/exo/local.h"

enum {
	GIC_CONTROL = 0x000,      /* distributor */
	GIC_GROUP = 0x080,        /* a bit each */
	GIC_ENABLE = 0x100,       /* a bit each */
	GIC_PRIORITY = 0x400,     /* a byte each */
	GIC_TARGET = 0x800,       /* a byte each, version 2 */
	GIC_SEND = 0xf00,         /* version 2 */
	GIC_ROUTE = 0x6000,       /* 8 bytes each, version 3 */

	GIC_CPU_CONTROL = 0x00,   /* CPU interface, version 2 */
	GIC_CPU_MASK = 0x04,
	GIC_CPU_ACKNOWLEDGE = 0x0c,
	GIC_CPU_END = 0x10,

	GIC_WAKE = 0x14,          /* redistributor, version 3 */
	GIC_PRIVATE = 0x10000,    /* as the distributor's, for the first 32 */
	GIC_WAKE_SLEEP = 2, GIC_WAKE_ASLEEP = 4,

	GIC_PRIORITY_OURS = 0x80, GIC_PRIORITY_ALL = 0xf0,
	GIC_ON = 1, GIC_ON_V3 = 0x12, /* group 1, with routes by affinity */
	GIC_SPURIOUS = 1020,      /* and up: nothing was pending */
	GIC_CALL = 0,             /* from another CPU: arch_cpu_interrupt */
};

/* Interrupt n at a register block: group 1 (if there are groups), our priority, on. */
static void gic_enable(uint64_t gic, unsigned n, bool is_grouped)
{
	uint64_t bits = gic + n / 32 * 4, priority = gic + GIC_PRIORITY + (n & ~3u);

	if (is_grouped)
		a64_out32(bits + GIC_GROUP, a64_in32(bits + GIC_GROUP) | 1u << n % 32);
	a64_out32(priority, (a64_in32(priority) & ~(0xffu << 8 * (n % 4)))
		  | (uint32_t)GIC_PRIORITY_OURS << 8 * (n % 4));
	a64_out32(bits + GIC_ENABLE, 1u << n % 32);
}

static void gic_init_v2(const struct arch_devices *d)
{
	uint64_t target = d->gic + GIC_TARGET + (LAYOUT_UART_INTERRUPT & ~3u);
	unsigned shift = 8 * (LAYOUT_UART_INTERRUPT % 4);

	gic_enable(d->gic, GIC_CALL, false);
	gic_enable(d->gic, TIMER_INTERRUPT, false);
	gic_enable(d->gic, LAYOUT_UART_INTERRUPT, false);
	a64_out32(target, (a64_in32(target) & ~(0xffu << shift)) | 1u << shift);
	a64_out32(d->gic + GIC_CONTROL, GIC_ON);
	a64_out32(d->gic_cpu + GIC_CPU_MASK, GIC_PRIORITY_ALL);
	a64_out32(d->gic_cpu + GIC_CPU_CONTROL, GIC_ON);
}

static void gic_init_v3(const struct arch_devices *d)
{
	uint64_t route = d->gic + GIC_ROUTE + 8 * LAYOUT_UART_INTERRUPT;
	uint64_t wake = d->gic_cpu + GIC_WAKE;

	a64_out32(d->gic + GIC_CONTROL, GIC_ON_V3);
	a64_out32(wake, a64_in32(wake) & ~(uint32_t)GIC_WAKE_SLEEP);
	while (a64_in32(wake) & GIC_WAKE_ASLEEP)
		__asm__ volatile("yield");
	gic_enable(d->gic_cpu + GIC_PRIVATE, GIC_CALL, true);
	gic_enable(d->gic_cpu + GIC_PRIVATE, TIMER_INTERRUPT, true);
	gic_enable(d->gic, LAYOUT_UART_INTERRUPT, true);
	*(volatile uint64_t *)route = a64_load(mpidr_el1) & 0xff00ffffff;
	a64_save(s3_0_c12_c12_5, 7);    /* ICC_SRE_EL1: by registers, not by memory */
	a64_isb();
	a64_save(s3_0_c4_c6_0, GIC_PRIORITY_ALL); /* ICC_PMR_EL1 */
	a64_save(s3_0_c12_c12_7, GIC_ON);         /* ICC_IGRPEN1_EL1 */
	a64_isb();
}

void irq_init(struct machine *m)
{
	if (m->arch.devices.is_gic_v3)
		gic_init_v3(&m->arch.devices);
	else
		gic_init_v2(&m->arch.devices);
	console_listen();
}

/* What is pending with us, ended at once: both of ours last until they are dealt with. */
static unsigned gic_take(const struct arch_devices *d)
{
	uint64_t taken;

	if (d->is_gic_v3) {
		taken = a64_load(s3_0_c12_c12_0);       /* ICC_IAR1_EL1 */
		__asm__ volatile("dsb sy" : : : "memory");
		if ((taken & 0xffffff) < GIC_SPURIOUS)
			a64_save(s3_0_c12_c12_1, taken); /* ICC_EOIR1_EL1 */
		return (unsigned)taken & 0xffffff;
	}
	taken = a64_in32(d->gic_cpu + GIC_CPU_ACKNOWLEDGE);
	if ((taken & 0x3ff) < GIC_SPURIOUS)
		a64_out32(d->gic_cpu + GIC_CPU_END, (uint32_t)taken);
	return (unsigned)taken & 0x3ff;
}

/* Quiet its device first, so that it does not come again at once. */
static void irq_handle(struct machine *m)
{
	unsigned n = gic_take(&m->arch.devices);

	if (n == TIMER_INTERRUPT)
		timer_disarm();
	else if (n == LAYOUT_UART_INTERRUPT)
		console_interrupt(m);
}

struct vcpu *irq_user(struct machine *m, struct cpu *c)
{
	irq_handle(m);
	return m->trace_records ? trace_interrupt(m, c) : kernel_interrupt(m, c);
}

/* What is pending ends the wait though it is masked. */
void arch_idle(struct machine *m, struct cpu *c)
{
	__asm__ volatile("dsb sy; wfi" : : : "memory");
	irq_handle(m);
	kernel_interrupt_idle(m, c);
}

void arch_cpu_interrupt(struct machine *m, unsigned cpu)
{
	const struct arch_devices *d = &m->arch.devices;

	__asm__ volatile("dsb ishst" : : : "memory");
	if (d->is_gic_v3)
		a64_save(s3_0_c12_c11_5, UINT64_C(1) << cpu | (uint64_t)GIC_CALL << 24);
	else
		a64_out32(d->gic + GIC_SEND, 0x10000u << cpu | GIC_CALL);
}
