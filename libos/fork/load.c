/* SPDX-License-Identifier: ISC */
/* Checks a new program and builds its library's text. Touches the archive (reading), slots of the
 * target. */
#include "libos/fork/load.h"

#include <machine/call.h>

#include "libos/arch.h"
#include "libos/fork/fork.h"
#include "libos/fs/archive.h"
#include "libos/fs/data.h"
#include "libos/state.h"
#include "libos/vm/slots.h"

#define LOAD_BIAS UINT64_C(0x400000) /* for static programs that may lie anywhere */

uint64_t load_page(const struct process_file *file, uint64_t offset)
{
	uint64_t page = EXO_INFO_ARCHIVE + file->archive + offset;
	size_t n;

	if (file->node)
		page = (uint64_t)data_read(file->node, offset, &n);
	return page % EXO_PAGE_SIZE ? 0 : page;
}

const char *load_parse(const struct process_file *file, struct image *image)
{
	static const struct image_limits limits = {
		.machine = MACHINE_ELF, .bottom = VM_BOTTOM, .top = VM_BREAK_END,
		.library = EXO_LIBRARY_BASE, .library_end = LIBOS_WIRED_END, .bias = LOAD_BIAS,
	};
	uint64_t all = libos_info()->archive_bytes, first = 0;

	if (file->bytes)
		first = load_page(file, 0);
	if (!first)
		return "not an ELF file";
	if (!file->node && (file->archive > all || file->bytes > all - file->archive))
		return "not in the archive";
	if (file->node && image_headers_end((const uint8_t *)first, file->bytes) > EXO_PAGE_SIZE)
		return "its headers are too far apart";
	return image_parse((const uint8_t *)first, file->bytes, &limits, image);
}

/* Its library part: text in the one table for it, and the wired pages, without anything in them. */
static const char *load_check_library(const struct image *image)
{
	unsigned i;

	for (i = 0; i < image->count; i++) {
		const struct image_segment *s = &image->segment[i];

		if (s->address < EXO_LIBRARY_BASE)
			continue;
		if (s->access & EXO_WRITE ? s->file_bytes || PAGE_DOWN(s->address) != LIBOS_WIRED
		    || PAGE_UP(s->address + s->bytes) != LIBOS_WIRED_END
		    : s->address + s->bytes > LIBOS_TEXT + EXO_SPAN(2))
			return "it is for another library";
	}
	return NULL;
}

/* Whose library it will be. */
static const char *load_library(struct libos *os, struct process_exec_state *state,
				struct load *load)
{
	struct archive_file init;
	const char *why = NULL;

	load->file = state->file;
	if (!state->image.is_native) {
		if (archive_find("init", &init))
			return "the archive has no library";
		load->file = (struct process_file){ NULL, init.offset, init.bytes };
	}
	state->library = load->file.node ? 0 : load->file.archive;
	load->is_same = state->library && state->library == os->process.library;
	load->entry = (uint64_t)library_start;
	if (load->is_same)
		return NULL;
	load->image = state->image;
	if (!state->image.is_native)
		why = load_parse(&load->file, &load->image);
	if (!why && !load->image.is_native)
		return "the archive's library has no library part";
	load->entry = load->image.entry;
	return why ? why : load_check_library(&load->image);
}

err_t load_prepare(struct libos *os, struct process_exec_state *state, struct load *load)
{
	const char *why = load_parse(&state->file, &state->image);

	if (!why)
		why = load_library(os, state, load);
	if (!why)
		return EXO_OK;
	print("%s: cannot run: %s\n", process_text(state, state->path), why);
	return EXO_E_TYPE;
}

/* ---- The slots ---- */

/* `pages` leaves from `source` (0: fresh) to `target`, in runs that stay in one table on both
 * sides. */
static err_t load_run(uint64_t env, uint8_t kind, uint64_t target, uint64_t source,
		      uint64_t pages, unsigned access)
{
	while (pages) {
		uint64_t left = EXO_TABLE_SLOTS - target / EXO_PAGE_SIZE % EXO_TABLE_SLOTS;
		uint64_t also = EXO_TABLE_SLOTS - source / EXO_PAGE_SIZE % EXO_TABLE_SLOTS;
		uint64_t n = left < also || !source ? left : also;
		struct exo_slot_op op;
		err_t err;

		n = n < pages ? n : pages;
		op = (struct exo_slot_op){
			.op = kind, .level = 1, .count = (uint16_t)n, .target_env = env,
			.target = target, .source = source, .access = (uint8_t)access,
			.rights = kind == EXO_OP_COPY ? EXO_READ | EXO_EXEC : 0,
		};
		err = slots_run(&op, 1, NULL);
		if (err)
			return err;
		target += n * EXO_PAGE_SIZE;
		source += source ? n * EXO_PAGE_SIZE : 0;
		pages -= n;
	}
	return EXO_OK;
}

/* From a file made in memory, page by page; frames of our own, since it may change. */
static err_t load_segment_pages(const struct load *load, const struct image_segment *s,
				uint64_t env, uint64_t target)
{
	uint64_t at = PAGE_DOWN(s->file_offset), end = s->file_offset + s->file_bytes;
	err_t err = EXO_OK;

	for (; at < end && !err; at += EXO_PAGE_SIZE, target += EXO_PAGE_SIZE) {
		uint64_t page = load_page(&load->file, at);

		err = load_run(env, page ? EXO_OP_DUP : EXO_OP_ALLOC, target, page, 1, s->access);
	}
	return err;
}

err_t load_text(const struct load *load, uint64_t env, uint64_t base)
{
	err_t err = EXO_OK;
	unsigned i;

	for (i = 0; !err && i < load->image.count; i++) {
		const struct image_segment *s = &load->image.segment[i];
		uint64_t start = PAGE_DOWN(s->address), end = PAGE_UP(s->address + s->bytes);
		uint64_t target = base + (start - EXO_LIBRARY_BASE);

		if (s->address < EXO_LIBRARY_BASE || s->access & EXO_WRITE)
			continue;
		if (load->file.node)
			err = load_segment_pages(load, s, env, target);
		else
			err = load_run(env, EXO_OP_COPY, target,
				       load_page(&load->file, PAGE_DOWN(s->file_offset)),
				       (end - start) / EXO_PAGE_SIZE, s->access);
	}
	return err;
}
