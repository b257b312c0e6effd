/* SPDX-License-Identifier: ISC */
/*
 * Arm's generic interrupt controller, version 2 (IHI 0048) or 3 (IHI 0069). Three interrupts are
 * on: the clock's and other CPUs', private to each CPU, and the console's, the first CPU's. Touches
 * their registers; those that are nobody's own at boot only. No locks.
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

	GIC_TYPE = 0x08,          /* redistributor, version 3: 8 bytes, the upper 4 whose it is */
	GIC_WAKE = 0x14,
	GIC_PRIVATE = 0x10000,    /* as the distributor's, for the first 32 */
	GIC_CPU_BYTES = 0x20000,
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

	gic_enable(d->gic, LAYOUT_UART_INTERRUPT, false);
	a64_out32(target, (a64_in32(target) & ~(0xffu << shift))
		  | (a64_in32(d->gic + GIC_TARGET) & 0xff) << shift);
	a64_out32(d->gic + GIC_CONTROL, GIC_ON);
}

static void gic_init_v3(const struct arch_devices *d, uint64_t affinity)
{
	a64_out32(d->gic + GIC_CONTROL, GIC_ON_V3);
	gic_enable(d->gic, LAYOUT_UART_INTERRUPT, true);
	*(volatile uint64_t *)(d->gic + GIC_ROUTE + 8 * LAYOUT_UART_INTERRUPT) = affinity;
}

void irq_init(struct machine *m)
{
	if (m->arch.devices.is_gic_v3)
		gic_init_v3(&m->arch.devices, m->arch.cpus[0].affinity);
	else
		gic_init_v2(&m->arch.devices);
	console_listen();
}

static void gic_cpu_init_v2(const struct arch_devices *d, struct arch_cpu *cpu)
{
	gic_enable(d->gic, GIC_CALL, false);
	gic_enable(d->gic, TIMER_INTERRUPT, false);
	cpu->gic_target = a64_in32(d->gic + GIC_TARGET) & 0xff; /* of the first 32, one's own */
	a64_out32(d->gic_cpu + GIC_CPU_MASK, GIC_PRIORITY_ALL);
	a64_out32(d->gic_cpu + GIC_CPU_CONTROL, GIC_ON);
}

static void gic_cpu_init_v3(const struct arch_devices *d, uint64_t affinity)
{
	uint32_t whose = (uint32_t)(affinity >> 8 & 0xff000000) | (uint32_t)(affinity & 0xffffff);
	uint64_t gic = d->gic_cpu;

	while (a64_in32(gic + GIC_TYPE + 4) != whose)
		gic += GIC_CPU_BYTES;
	a64_out32(gic + GIC_WAKE, a64_in32(gic + GIC_WAKE) & ~(uint32_t)GIC_WAKE_SLEEP);
	while (a64_in32(gic + GIC_WAKE) & GIC_WAKE_ASLEEP)
		__asm__ volatile("yield");
	gic_enable(gic + GIC_PRIVATE, GIC_CALL, true);
	gic_enable(gic + GIC_PRIVATE, TIMER_INTERRUPT, true);
	a64_save(s3_0_c12_c12_5, 7);    /* ICC_SRE_EL1: by registers, not by memory */
	a64_isb();
	a64_save(s3_0_c4_c6_0, GIC_PRIORITY_ALL); /* ICC_PMR_EL1 */
	a64_save(s3_0_c12_c12_7, GIC_ON);         /* ICC_IGRPEN1_EL1 */
	a64_isb();
}

void irq_cpu_init(struct machine *m)
{
	struct arch_cpu *cpu = &m->arch.cpus[arch_cpu_index()];

	if (m->arch.devices.is_gic_v3)
		gic_cpu_init_v3(&m->arch.devices, cpu->affinity);
	else
		gic_cpu_init_v2(&m->arch.devices, cpu);
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

/* What was written before is there for whoever is interrupted. */
void arch_cpu_interrupt(struct machine *m, unsigned cpu)
{
	const struct arch_devices *d = &m->arch.devices;
	uint64_t a = m->arch.cpus[cpu].affinity;

	__asm__ volatile("dsb ishst" : : : "memory");
	if (d->is_gic_v3) /* ICC_SGI1R_EL1: affinity levels 3 to 1, number, a bit of level 0 */
		a64_save(s3_0_c12_c11_5, (a >> 32 & 0xff) << 48 | (a >> 16 & 0xff) << 32
			 | (a >> 8 & 0xff) << 16 | (uint64_t)GIC_CALL << 24
			 | UINT64_C(1) << (a & 15));
	else
		a64_out32(d->gic + GIC_SEND, m->arch.cpus[cpu].gic_target << 16 | GIC_CALL);
	a64_isb();
}
