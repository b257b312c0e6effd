/* SPDX-License-Identifier: ISC */
/*
 * The clock is the time stamp counter; the alarm is the local APIC's timer, which counts at a rate
 * of its own. Both are measured at boot against the old timer, whose rate is fixed. Touches those
 * devices and, at boot, m->arch; no locks.
 */
#include "arch/x86_64/exo/local.h"
#include "arch/x86_64/exo/x86.h"

enum {
	PIT_HZ = 1193182,
	PIT_CHANNEL_2 = 0x42,
	PIT_COMMAND = 0x43,
	PIT_GATE = 0x61,             /* bit 0: channel 2 counts; bit 1: the speaker */
	PIT_COUNT_DOWN = 0xb0,       /* channel 2, both bytes, mode 0 */
	PIT_LATCH = 0x80,            /* channel 2 */
	TIMER_MEASURE = PIT_HZ / 1000, /* for a millisecond */
	TIMER_PATIENCE = 1000000,    /* readings of a count that does not move */
	TIMER_TRIES = 8,
};

/* The three counters, read together. */
struct timer_sample {
	uint64_t clock;
	uint64_t width; /* clock units that reading took: the uncertainty */
	uint32_t pit, apic;
};

static struct timer_sample timer_sample_one(struct machine *m)
{
	struct timer_sample s;
	uint64_t before = arch_clock(m);

	x86_out8(PIT_COMMAND, PIT_LATCH);
	s.apic = irq_apic_load(APIC_TIMER_NOW);
	s.clock = arch_clock(m);
	s.pit = x86_in8(PIT_CHANNEL_2);
	s.pit |= (uint32_t)x86_in8(PIT_CHANNEL_2) << 8;
	s.width = s.clock - before;
	return s;
}

/* The least disturbed of several. */
static struct timer_sample timer_sample(struct machine *m)
{
	struct timer_sample next, best = timer_sample_one(m);
	unsigned i;

	for (i = 1; i < TIMER_TRIES; i++) {
		next = timer_sample_one(m);
		if (next.width <= best.width)
			best = next;
	}
	return best;
}

void timer_init(struct machine *m)
{
	struct timer_sample start, end;
	uint64_t clocks, pits, patience;

	x86_out8(PIT_GATE, (x86_in8(PIT_GATE) & 0xfc) | 1);
	x86_out8(PIT_COMMAND, PIT_COUNT_DOWN);
	x86_out8(PIT_CHANNEL_2, 0xff);
	x86_out8(PIT_CHANNEL_2, 0xff);
	irq_apic_save(APIC_TIMER_COUNT, UINT32_MAX);
	start = timer_sample(m);
	end = start;
	for (patience = TIMER_PATIENCE; start.pit - end.pit < TIMER_MEASURE; patience--) {
		if (patience == 0)
			boot_refuse("no timer (PIT) to measure the clock with");
		end = timer_sample_one(m);
	}
	end = timer_sample(m);
	irq_apic_save(APIC_TIMER_COUNT, 0);
	clocks = end.clock - start.clock;
	pits = start.pit - end.pit;
	m->arch.clock_hz = clocks * PIT_HZ / pits;
	m->arch.timer_ratio = ((uint64_t)(start.apic - end.apic) << 32) / clocks;
}

void arch_clock_arm(struct machine *m, uint64_t deadline)
{
	uint64_t now = arch_clock(m);
	uint64_t wait = deadline > now ? deadline - now : 0;
	unsigned __int128 ticks = (unsigned __int128)wait * m->arch.timer_ratio >> 32;

	if (deadline == UINT64_MAX)
		irq_apic_save(APIC_TIMER_COUNT, 0);
	else if (ticks >= UINT32_MAX)
		irq_apic_save(APIC_TIMER_COUNT, UINT32_MAX);
	else
		irq_apic_save(APIC_TIMER_COUNT, (uint32_t)ticks + 1);
}
