/* SPDX-License-Identifier: ISC */
/*
 * Physical memory, the boot archive, CPUs and the interrupt controller as the device tree has them
 * (devicetree.org's specification; read by libfdt), and which memory becomes free frames. Boot
 * only; no locks. What the loader left lies in the first GiB of RAM, which is mapped from the
 * beginning, and is read before anything else is written.
 */
#include "arch/aarch64/exo/a64.h"
#include "arch/aarch64/exo/local.h"

#include <libfdt.h>

#define MEMORY_MOST (UINT64_C(1) << 39) /* reach of the direct map's table */

/* The number of a property's cells from `cell` on, 1 or 2 of them. */
static uint64_t memory_number(const void *property, unsigned cell, int cells)
{
	const uint8_t *at = (const uint8_t *)property + 4 * cell;
	uint64_t value = 0;
	int i;

	for (i = 0; i < 4 * cells; i++)
		value = value << 8 | at[i];
	return value;
}

/* A property of at least `bytes`, or NULL. */
static const void *memory_property(const void *tree, int node, const char *name, int *bytes)
{
	int length = 0;
	const void *property = node < 0 ? NULL : fdt_getprop(tree, node, name, &length);

	if (property == NULL || length < *bytes)
		return NULL;
	*bytes = length;
	return property;
}

/* The first range of RAM; `virt` has no more unless it is made to. */
static void memory_ram_find(struct memory *memory, const void *tree)
{
	int bytes = 16, node = fdt_node_offset_by_prop_value(tree, -1, "device_type", "memory", 7);
	const void *reg = memory_property(tree, node, "reg", &bytes);

	if (reg == NULL || memory_number(reg, 0, 2) != LAYOUT_RAM)
		boot_refuse("the device tree has no memory where it should begin");
	memory->ram.start = LAYOUT_RAM;
	memory->ram.end = LAYOUT_RAM + (memory_number(reg, 2, 2) & ~(EXO_PAGE_SIZE - 1));
	if (memory->ram.end > MEMORY_MOST)
		memory->ram.end = MEMORY_MOST;
	memory->frame_count = (uint32_t)((memory->ram.end - LAYOUT_RAM) >> EXO_PAGE_SHIFT);
}

/* The loader's choices: command line and archive. */
static void memory_chosen_read(struct memory *memory, const void *tree)
{
	int node = fdt_path_offset(tree, "/chosen"), bytes = 1, i;
	int start_bytes = 4, end_bytes = 4;
	const char *line = memory_property(tree, node, "bootargs", &bytes);
	const void *start = memory_property(tree, node, "linux,initrd-start", &start_bytes);
	const void *end = memory_property(tree, node, "linux,initrd-end", &end_bytes);

	for (i = 0; line != NULL && i < bytes && i < (int)MACHINE_CMDLINE_BYTES - 1; i++)
		memory->cmdline[i] = line[i];
	if (start == NULL || end == NULL)
		boot_refuse("no boot archive (with QEMU: -initrd)");
	memory->archive.start = memory_number(start, 0, start_bytes / 4);
	memory->archive.end = memory_number(end, 0, end_bytes / 4);
	memory_archive_check(&memory->archive, memory->ram.end);
}

static void memory_gic_find(struct memory *memory, const void *tree)
{
	int bytes = 32, node = fdt_node_offset_by_compatible(tree, -1, "arm,gic-v3");
	const void *reg;

	memory->devices.is_gic_v3 = node >= 0;
	if (node < 0)
		node = fdt_node_offset_by_compatible(tree, -1, "arm,cortex-a15-gic");
	reg = memory_property(tree, node, "reg", &bytes);
	if (reg == NULL || memory_number(reg, 0, 2) >= LAYOUT_RAM
	    || memory_number(reg, 4, 2) >= LAYOUT_RAM)
		boot_refuse("no interrupt controller (GIC version 2 or 3)");
	memory->devices.gic = (uint64_t)direct(memory_number(reg, 0, 2));
	memory->devices.gic_cpu = (uint64_t)direct(memory_number(reg, 4, 2));
}

/* The CPU that boots, and those that the firmware can start by an HVC. */
static void memory_cpus_find(struct memory *memory, const void *tree)
{
	int node = fdt_node_offset_by_compatible(tree, -1, "arm,psci-0.2"), bytes = 4;
	const char *method = memory_property(tree, node, "method", &bytes);
	bool has_firmware = method != NULL && memcmp(method, "hvc", 4) == 0;
	const void *reg;
	uint64_t cpu;

	memory->cpus[0] = a64_load(mpidr_el1) & A64_AFFINITY;
	memory->cpu_count = 1;
	fdt_for_each_subnode(node, tree, fdt_path_offset(tree, "/cpus")) {
		bytes = 4;
		reg = memory_property(tree, node, "reg", &bytes);
		if (reg == NULL || !has_firmware || memory->cpu_count == EXO_CPUS)
			continue;
		cpu = memory_number(reg, 0, bytes / 4);
		if (cpu != memory->cpus[0])
			memory->cpus[memory->cpu_count++] = cpu;
	}
}

void memory_init(struct memory *memory, uint64_t physical)
{
	const void *tree = direct(physical);
	uint64_t bytes;

	if (physical < LAYOUT_RAM || physical >= 2ul * LAYOUT_RAM || fdt_check_header(tree) != 0)
		boot_refuse("the loader gave no device tree");
	memset(memory, 0, sizeof(*memory));
	memory_ram_find(memory, tree);
	memory_chosen_read(memory, tree);
	memory_gic_find(memory, tree);
	memory_cpus_find(memory, tree);
	/* Right after the image, if that is not the archive's. */
	bytes = machine_size(memory->frame_count, memory->cmdline);
	memory->machine.start = image_physical(image_end);
	memory->machine.end = (memory->machine.start + bytes + EXO_PAGE_SIZE - 1)
		& ~(EXO_PAGE_SIZE - 1);
	if (memory->archive.start < memory->machine.end)
		boot_refuse("too little memory");
}

void memory_give(struct machine *m, const struct memory *memory)
{
	machine_give_frames(m, memory_frame(memory->ram.start), memory_frame(LAYOUT_LOAD));
	machine_give_frames(m, memory_frame(memory->machine.end),
			    memory_frame(memory->archive.start));
	machine_give_frames(m, memory_frame(memory->archive.end + EXO_PAGE_SIZE - 1),
			    memory_frame(memory->ram.end));
}
