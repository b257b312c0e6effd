/* SPDX-License-Identifier: ISC */
/*
 * The CPUs after the first: how many there are, and their start (SDM 3A 9.4.4). Touches low memory,
 * which nobody has been given, and the local APIC. Runs on CPU 0, before the first program; no
 * locks. The rest of a CPU's start is its own: boot16 in boot.S, start_further in init.c.
 */
#include "arch/x86_64/exo/local.h"
#include "arch/x86_64/exo/x86.h"

enum {
	/* QEMU's configuration device (docs/specs/fw_cfg in its sources): an item is selected by
	 * one port and read by the other. */
	PORT_SELECT = 0x510,
	PORT_DATA = 0x511,
	ITEM_SIGNATURE = 0,
	ITEM_CPUS = 5,
	SIGNATURE = 0x554d4551, /* "QEMU" */

	TABLE_FLAGS = 3,        /* present, writable */
	PAGE_LARGE = 0x83,      /* so a page of 2 MiB */
	PATIENCE = 1000,        /* milliseconds */
};

static uint32_t item_load(uint16_t item, unsigned bytes)
{
	uint32_t value = 0;
	unsigned i;

	x86_out16(PORT_SELECT, item);
	for (i = 0; i < bytes; i++)
		value |= (uint32_t)x86_in8(PORT_DATA) << 8 * i;
	return value;
}

unsigned further_count(void)
{
	uint32_t cpus;

	if (item_load(ITEM_SIGNATURE, 4) != SIGNATURE)
		return 1;
	cpus = item_load(ITEM_CPUS, 2);
	return cpus == 0 ? 1 : cpus < EXO_CPUS ? cpus : EXO_CPUS;
}

/* The code, and tables that map it where it lies and the kernel where that is. */
static void further_prepare(void)
{
	uint64_t *root = direct(LAYOUT_AP_ROOT), *l3 = root + EXO_TABLE_SLOTS;
	uint64_t *l2 = l3 + EXO_TABLE_SLOTS;

	memcpy(direct(LAYOUT_AP_PAGE), boot16, (size_t)(boot16_end - boot16));
	memset(root, 0, 3 * EXO_PAGE_SIZE);
	root[0] = (LAYOUT_AP_ROOT + EXO_PAGE_SIZE) | TABLE_FLAGS;
	l3[0] = (LAYOUT_AP_ROOT + 2 * EXO_PAGE_SIZE) | TABLE_FLAGS;
	l2[0] = PAGE_LARGE;
	l2[1] = LAYOUT_LOAD | PAGE_LARGE; /* boot_gdt */
	root[LAYOUT_DIRECT_SLOT] = boot_root[LAYOUT_DIRECT_SLOT];
	root[LAYOUT_IMAGE_SLOT] = boot_root[LAYOUT_IMAGE_SLOT];
}

void further_start(struct machine *m)
{
	unsigned cpu, ms;

	if (m->cpu_count > 1)
		further_prepare();
	for (cpu = 1; cpu < m->cpu_count; cpu++) {
		*(char **)direct(LAYOUT_AP_STACK) = cpu_stacks + cpu * LAYOUT_STACKS_BYTES
			+ LAYOUT_STACK_END;
		*(struct machine **)direct(LAYOUT_AP_MACHINE) = m;
		for (ms = 0; atomic_load(&m->joined) == cpu; ms++) {
			uint64_t end = arch_clock(m) + m->arch.clock_hz / 1000;

			if (ms == PATIENCE)
				boot_refuse("a CPU does not start");
			irq_start(cpu, ms == 0);
			/* pairs with: start_further */
			while (atomic_load(&m->joined) == cpu && arch_clock(m) < end)
				__asm__ volatile("pause");
		}
	}
}
