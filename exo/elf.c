/* SPDX-License-Identifier: ISC */
/* The first program's ELF file: checked whole, then mapped page by page. Reads the file; touches
 * the env's tables and fresh frames. The caller owns the machine (boot): no locks but
 * frame_alloc's. */
#include "exo/boot.h"

#include "exo/slot.h"

/* Both may lie unaligned. */
struct __attribute__((packed)) elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, segments_offset, sections_offset;
	uint32_t flags;
	uint16_t header_bytes, segment_bytes, segments, section_bytes, sections, names;
};

struct __attribute__((packed)) elf_segment {
	uint32_t type, flags;
	uint64_t offset, address, physical, file_bytes, memory_bytes, alignment;
};

enum { ELF_EXECUTABLE = 2, ELF_LOAD = 1, ELF_X = 1, ELF_W = 2, ELF_SEGMENTS_MAX = 16 };

static const char elf_ident[] = "\177ELF\2\1\1"; /* 64 bits, little-endian, version 1 */

static const struct elf_segment *elf_segments(const struct boot_member *file)
{
	const struct elf_header *header = (const void *)file->data;

	return (const void *)(file->data + header->segments_offset);
}

/*@ requires \valid_read(file) && \valid_read(segment);
  @ assigns \nothing;
  @ ensures \result == \null && segment->type == ELF_LOAD
  @	==> segment->offset + segment->file_bytes <= file->bytes
  @	&& segment->file_bytes <= segment->memory_bytes
  @	&& segment->address + segment->memory_bytes <= EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN; */
static const char *elf_check_segment(const struct boot_member *file,
				     const struct elf_segment *segment)
{
	uint64_t limit = EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN;

	if (segment->type != ELF_LOAD)
		return NULL;
	if (segment->offset > file->bytes || segment->file_bytes > file->bytes - segment->offset)
		return "a segment lies beyond the end of the file";
	if (segment->file_bytes > segment->memory_bytes)
		return "a segment is longer in the file than in memory";
	if (segment->address >= limit || segment->memory_bytes > limit - segment->address)
		return "a segment lies outside the program's addresses";
	if (segment->address < EXO_INFO_BASE + EXO_ROOT_SPAN
	    && segment->address + segment->memory_bytes > EXO_INFO_BASE)
		return "a segment lies in the kernel's information slot";
	if (segment->address % EXO_PAGE_SIZE != segment->offset % EXO_PAGE_SIZE)
		return "a segment is not aligned to pages";
	return NULL;
}

const char *boot_check(const struct boot_member *file)
{
	const struct elf_header *header = (const void *)file->data;
	const char *wrong = NULL;
	unsigned i;

	if (file->bytes < sizeof(*header)
	    || __builtin_memcmp(file->data, elf_ident, sizeof(elf_ident) - 1) != 0)
		return "it is not a 64-bit little-endian ELF file";
	if (header->type != ELF_EXECUTABLE)
		return "it is not a static executable";
	if (header->machine != MACHINE_ELF)
		return "it is for another architecture";
	if (!header->entry || header->entry >= EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN)
		return "its entry point is missing or outside the program's addresses";
	if (header->segment_bytes != sizeof(struct elf_segment) || header->segments == 0
	    || header->segments > ELF_SEGMENTS_MAX || header->segments_offset > file->bytes
	    || header->segments * sizeof(struct elf_segment)
		    > file->bytes - header->segments_offset)
		return "its segment table is missing, too long or truncated";
	for (i = 0; i < header->segments && !wrong; i++)
		wrong = elf_check_segment(file, &elf_segments(file)[i]);
	return wrong;
}

err_t boot_map(struct machine *m, struct pfn table, unsigned top, uint64_t address, uint64_t leaf)
{
	_Atomic uint64_t *slot;
	unsigned level;
	err_t err;

	for (level = top; level > 1; level--) {
		struct pfn below;

		slot = &table_slots(m, table)[slot_index(address, level)];
		if (!slot_is_present(*slot)) {
			err = frame_alloc(m, 0, FRAME_TABLE, level - 1, 0, &below);
			if (err)
				return err;
			*slot = slot_branch(below.n, EXO_RWX, true);
			table_use(m, table, 1, table_groups(slot_index(address, level), 1));
		}
		table.n = slot_pfn(*slot);
	}
	slot = &table_slots(m, table)[slot_index(address, 1)];
	if (slot_is_present(*slot))
		return EXO_E_USED;
	*slot = leaf;
	table_use(m, table, slot_is_present(leaf), table_groups(slot_index(address, 1), 1));
	return EXO_OK;
}

/* One page of a segment: the file's own frame, or a fresh one with what the file has for it. */
static err_t elf_load_page(struct machine *m, struct pfn root, const struct boot_member *file,
			   const struct elf_segment *segment, uint64_t page)
{
	unsigned access = EXO_READ | (segment->flags & ELF_W ? EXO_WRITE : 0)
		| (segment->flags & ELF_X ? EXO_EXEC : 0);
	uint64_t from = page > segment->address ? page : segment->address;
	uint64_t end = segment->address + segment->file_bytes, next = page + EXO_PAGE_SIZE;
	uint64_t offset = segment->offset + (from - segment->address);
	bool is_own = file->first.n && !(access & EXO_WRITE) && from == page && end >= next;
	struct pfn pfn = { file->first.n + (uint32_t)(offset / EXO_PAGE_SIZE) };
	err_t err = is_own ? frame_ref(m, pfn) : frame_alloc(m, 0, FRAME_DATA, 0, 0, &pfn);

	if (err)
		return err;
	if (!is_own && from < end)
		__builtin_memcpy((uint8_t *)arch_frame_memory(m, pfn) + (from - page),
				 file->data + offset, (end < next ? end : next) - from);
	if (access & EXO_EXEC)
		arch_frame_executable(m, pfn);
	err = boot_map(m, root, EXO_LEVELS, page,
		       slot_leaf(pfn.n, access | (access & EXO_WRITE ? EXO_RWX : 0), access, 0));
	if (err)
		frame_unref(m, pfn);
	return err;
}

err_t boot_load(struct machine *m, unsigned env, const struct boot_member *file, uint64_t *entry,
		uint64_t *stack)
{
	const struct elf_header *header = (const void *)file->data;
	err_t err = EXO_OK;
	unsigned i;

	*entry = header->entry;
	*stack = 0;
	for (i = 0; i < header->segments; i++) {
		const struct elf_segment *segment = &elf_segments(file)[i];
		uint64_t page = segment->address & -EXO_PAGE_SIZE;
		uint64_t end = segment->address + segment->memory_bytes;

		if (segment->type != ELF_LOAD)
			continue;
		for (; !err && page < end; page += EXO_PAGE_SIZE)
			err = elf_load_page(m, m->envs[env].root, file, segment, page);
		if (segment->flags & ELF_W && page > *stack)
			*stack = page;
	}
	return err;
}
