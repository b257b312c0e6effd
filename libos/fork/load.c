/* SPDX-License-Identifier: ISC */
/* Builds the library slot of a new program. Touches the archive (reading), the heap, slots of the
 * target; takes heap. */
#include "libos/fork/load.h"

#include <machine/call.h>

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

/* ---- The state ---- */

static size_t load_strings_bytes(const char *const *strings, uint64_t *count)
{
	size_t bytes = 0;

	for (*count = 0; strings && strings[*count]; (*count)++)
		bytes += strlen(strings[*count]) + 1;
	return bytes;
}

static uint64_t load_put(struct process_exec_state *state, const void *from, size_t n)
{
	uint64_t at = state->bytes;

	memcpy((uint8_t *)state + at, from, n);
	state->bytes += n;
	return at;
}

static uint64_t load_put_strings(struct process_exec_state *state, const char *const *strings)
{
	uint64_t at = state->bytes;

	for (; strings && *strings; strings++)
		load_put(state, *strings, strlen(*strings) + 1);
	return at;
}

static err_t load_state(struct libos *os, const struct process_image *image, uint32_t pid,
			struct process_exec_state **result)
{
	struct process_exec_state *state, head = {
		.version = PROCESS_EXEC_VERSION, .is_spawned = pid != os->process.pid,
		.bytes = sizeof(head), .file = image->file, .pid = pid,
		.state_bytes = image->state_bytes,
		.grace_units = os->sched.grace_units, .tick_units = os->sched.tick_units,
	};
	size_t bytes = sizeof(head) + load_strings_bytes(image->argv, &head.argc)
		+ load_strings_bytes(image->envp, &head.envc) + strlen(image->path) + 1
		+ strlen(image->exe) + 1 + image->state_bytes + 64;

	if (bytes > LIBOS_EXEC_BYTES)
		return EXO_E_TOO_LONG;
	/* At least a page and a bit, so that it comes in whole pages. */
	state = heap_alloc(os, bytes < EXO_PAGE_SIZE ? EXO_PAGE_SIZE : bytes);
	if (!state)
		return EXO_E_LIMIT;
	*state = head;
	state->state = load_put(state, image->state, image->state_bytes);
	state->path = load_put(state, image->path, strlen(image->path) + 1);
	state->exe = load_put(state, image->exe, strlen(image->exe) + 1);
	state->argv = load_put_strings(state, image->argv);
	state->envp = load_put_strings(state, image->envp);
	*result = state;
	return EXO_OK;
}

err_t load_prepare(struct libos *os, const struct process_image *image, uint32_t pid,
		   struct load *load)
{
	const char *why = load_parse(&image->file, &load->image);
	struct archive_file init;

	load->state = NULL;
	load->file = image->file;
	if (!why && !load->image.is_native) {
		if (archive_find("init", &init))
			return EXO_E_EMPTY;
		load->file = (struct process_file){ NULL, init.offset, init.bytes };
		why = load_parse(&load->file, &load->image);
		if (!why && !load->image.is_native)
			why = "the archive's library has no library part";
	}
	if (why) {
		print("%s: cannot run: %s\n", image->path, why);
		return EXO_E_TYPE;
	}
	return load_state(os, image, pid, &load->state);
}

void load_finish(struct libos *os, struct load *load)
{
	heap_free(os, load->state);
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

static err_t load_segment(const struct load *load, const struct image_segment *s, uint64_t env,
			  uint64_t base)
{
	uint64_t start = PAGE_DOWN(s->address), end = PAGE_UP(s->address + s->bytes);
	uint64_t target = base + (start - EXO_LIBRARY_BASE);

	if (s->access & EXO_WRITE) {
		/* The library has no initialised data: see the linker scripts. */
		if (s->file_bytes)
			return EXO_E_TYPE;
		return load_run(env, EXO_OP_ALLOC, target, 0, (end - start) / EXO_PAGE_SIZE,
				s->access);
	}
	if (!load->file.node)
		return load_run(env, EXO_OP_COPY, target,
				load_page(&load->file, PAGE_DOWN(s->file_offset)),
				(end - start) / EXO_PAGE_SIZE, s->access);
	return load_segment_pages(load, s, env, target);
}

static err_t load_tables(uint64_t env, uint64_t base)
{
	struct exo_slot_op ops[3];
	unsigned level;

	for (level = 4; level >= 2; level--)
		ops[4 - level] = (struct exo_slot_op){
			.op = EXO_OP_TABLE, .level = (uint8_t)level, .target_env = env,
			.target = base, .count = level == 2 ? 3 : 1, /* text, private, state */
		};
	return slots_run(ops, 3, NULL);
}

err_t load_library(const struct load *load, uint64_t env, uint64_t base)
{
	err_t err = load_tables(env, base);
	unsigned i;

	for (i = 0; !err && i < load->image.count; i++)
		if (load->image.segment[i].address >= EXO_LIBRARY_BASE)
			err = load_segment(load, &load->image.segment[i], env, base);
	if (!err)
		err = load_run(env, EXO_OP_DUP, base + (LIBOS_EXEC - EXO_LIBRARY_BASE),
			       (uint64_t)load->state,
			       PAGE_UP(load->state->bytes) / EXO_PAGE_SIZE, EXO_READ | EXO_WRITE);
	return err;
}
