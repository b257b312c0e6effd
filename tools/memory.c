/* SPDX-License-Identifier: ISC */
/* Reads the machine's RAM (see memory.h). Touches no state but struct memory; no locks. What is
 * there is the machine's: no address and no number of it is believed. */
#include "tools/memory.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Where QEMU's machines have RAM, and the hole for devices under 4 GiB. */
#define MEMORY_VIRT_START	0x40000000ull
#define MEMORY_Q35_MOST		0xb0000000ull
#define MEMORY_Q35_LOW		0x80000000ull
#define MEMORY_MICROVM_LOW	0xc0000000ull
#define MEMORY_HIGH		0x100000000ull

static uint64_t memory_low_bytes(const struct run_options *options)
{
	uint64_t size = options->memory_bytes;

	if (options->arch->elf == EM_AARCH64)
		return size;
	if (strcmp(options->machine, "microvm") == 0)
		return size < MEMORY_MICROVM_LOW ? size : MEMORY_MICROVM_LOW;
	return size < MEMORY_Q35_MOST ? size : MEMORY_Q35_LOW;
}

void memory_create(struct memory *memory, const struct run_options *options)
{
	memory->size_bytes = options->memory_bytes;
	memory->is_aarch64 = options->arch->elf == EM_AARCH64;
	memory->start = memory->is_aarch64 ? MEMORY_VIRT_START : 0;
	memory->low_bytes = memory_low_bytes(options);
	memory->info = NULL;
	memory->fd = memfd_create("chitin-memory", 0);
	if (memory->fd < 0 || ftruncate(memory->fd, (off_t)memory->size_bytes) != 0)
		run_end(RUN_QEMU, "no file for the machine's memory: %s", strerror(errno));
	memory->bytes = mmap(NULL, memory->size_bytes, PROT_READ, MAP_SHARED, memory->fd, 0);
	if (memory->bytes == MAP_FAILED)
		run_end(RUN_QEMU, "no room for the machine's memory: %s", strerror(errno));
}

const void *memory_at(const struct memory *memory, uint64_t physical, uint64_t size_bytes)
{
	uint64_t start = memory->start, bytes = memory->low_bytes, offset = 0;

	if (physical - start >= bytes && memory->low_bytes < memory->size_bytes) {
		start = MEMORY_HIGH;
		offset = memory->low_bytes;
		bytes = memory->size_bytes - offset;
	}
	if (physical < start || physical - start > bytes ||
	    size_bytes > bytes - (physical - start))
		return NULL;
	return memory->bytes + offset + (physical - start);
}

void memory_set_info(struct memory *memory, uint64_t physical)
{
	memory->info = physical % EXO_PAGE_SIZE == 0 ? memory_at(memory, physical, EXO_PAGE_SIZE) :
		NULL;
}

const void *memory_element(const struct memory *memory, unsigned int array, uint64_t n,
	uint64_t size_bytes)
{
	const struct exo_array *a;

	if (memory->info == NULL)
		return NULL;
	a = &memory->info->arrays[array];
	if (n >= a->count || a->size < size_bytes)
		return NULL;
	return memory_at(memory, a->physical + n * a->size, size_bytes);
}
