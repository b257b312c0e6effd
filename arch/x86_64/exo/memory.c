/* SPDX-License-Identifier: ISC */
/*
 * Physical memory as the loader describes it (Xen's public header arch-x86/hvm/start_info.h), and
 * which of it becomes free frames. Boot only; no locks. What the loader left lies below 1 GiB,
 * which is mapped from the beginning, and is read before anything else is written.
 */
#include "arch/x86_64/exo/local.h"

#define MEMORY_MAGIC 0x336ec578u
#define MEMORY_EARLY UINT64_C(0x40000000)   /* mapped by boot.S */
#define MEMORY_MOST  UINT64_C(0x8000000000) /* reach of the direct map's root slot */

enum { MEMORY_TYPE_RAM = 1 };

struct memory_info {
	uint32_t magic, version, flags, modules;
	uint64_t module_list, cmdline, acpi, map;
	uint32_t map_count, zero;
};

struct memory_module {
	uint64_t address, bytes, cmdline, zero;
};

struct memory_entry {
	uint64_t address, bytes;
	uint32_t type, zero;
};

/* The kernel's address of something that the loader left. */
static const void *memory_early(uint64_t physical, uint64_t bytes)
{
	if (physical > MEMORY_EARLY || bytes > MEMORY_EARLY - physical)
		boot_refuse("the loader's information is beyond 1 GiB");
	return direct(physical);
}

static void memory_cmdline_copy(struct memory *memory, uint64_t physical)
{
	const char *from = memory_early(physical, MACHINE_CMDLINE_BYTES);
	unsigned i;

	for (i = 0; physical != 0 && i < MACHINE_CMDLINE_BYTES - 1 && from[i] != '\0'; i++)
		memory->cmdline[i] = from[i];
	memory->cmdline[i] = '\0';
}

/* Usable RAM in whole frames, and where it ends. */
static void memory_ram_init(struct memory *memory, const struct memory_entry *entry, uint32_t count)
{
	uint64_t last = 0;
	uint32_t i;

	memory->count = 0;
	for (i = 0; i < count && memory->count < MEMORY_RANGES; i++) {
		uint64_t start = entry[i].address, end = start + entry[i].bytes;

		start = (start + EXO_PAGE_SIZE - 1) & ~(EXO_PAGE_SIZE - 1);
		end = (end < MEMORY_MOST ? end : MEMORY_MOST) & ~(EXO_PAGE_SIZE - 1);
		if (entry[i].type != MEMORY_TYPE_RAM || start >= end)
			continue;
		memory->ram[memory->count++] = (struct memory_range){ start, end };
		if (end > last)
			last = end;
	}
	memory->frame_count = (uint32_t)(last >> EXO_PAGE_SHIFT);
}

/* Right after the image, where the stacks of CPUs that are not there would be, if that is RAM and
 * not the archive's. */
static void memory_machine_place(struct memory *memory)
{
	uint64_t start = image_physical(cpu_stacks + further_count() * LAYOUT_STACKS_BYTES);
	uint64_t bytes = machine_size(memory->frame_count, memory->cmdline);
	uint64_t end = (start + bytes + EXO_PAGE_SIZE - 1) & ~(EXO_PAGE_SIZE - 1);
	bool is_ram = false;
	uint32_t i;

	for (i = 0; i < memory->count; i++)
		is_ram |= memory->ram[i].start <= LAYOUT_LOAD && end <= memory->ram[i].end;
	if (!is_ram || memory->archive.start < end)
		boot_refuse("too little memory");
	memory->machine = (struct memory_range){ start, end };
}

void memory_init(struct memory *memory, uint64_t physical)
{
	const struct memory_info *info = memory_early(physical, sizeof(*info));
	const struct memory_module *module;

	if (info->magic != MEMORY_MAGIC || info->version < 1)
		boot_refuse("the loader gave no PVH start information of version 1");
	memory_cmdline_copy(memory, info->cmdline);
	memory_ram_init(memory, memory_early(info->map,
					     info->map_count * sizeof(struct memory_entry)),
			info->map_count);
	if (info->modules == 0)
		boot_refuse("no boot archive (with QEMU: -initrd)");
	module = memory_early(info->module_list, sizeof(*module));
	memory->archive.start = module->address;
	memory->archive.end = module->address + module->bytes;
	memory_archive_check(&memory->archive, (uint64_t)memory->frame_count << EXO_PAGE_SHIFT);
	memory_machine_place(memory);
}

void memory_give(struct machine *m, const struct memory *memory)
{
	/* In ascending order: the archive is not below the machine. */
	const struct memory_range kept[] = {
		{ 0, LAYOUT_AP_END },
		{ LAYOUT_LOAD, memory->machine.end },
		memory->archive,
		{ MEMORY_MOST, MEMORY_MOST },
	};
	uint64_t start = 0;
	uint32_t i, k;

	for (k = 0; k < ARRAY_COUNT(kept); k++) {
		for (i = 0; i < memory->count; i++) {
			const struct memory_range *ram = &memory->ram[i];
			uint64_t from = ram->start > start ? ram->start : start;
			uint64_t to = ram->end < kept[k].start ? ram->end : kept[k].start;

			if (from < to)
				machine_give_frames(m, memory_frame(from), memory_frame(to));
		}
		start = (kept[k].end + EXO_PAGE_SIZE - 1) & ~(EXO_PAGE_SIZE - 1);
	}
}
