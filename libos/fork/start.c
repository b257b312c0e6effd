/* SPDX-License-Identifier: ISC */
/*
 * The start of a process: the library sets itself up, maps the program's image, and resumes it. The
 * first process is loaded by the kernel without a program: it makes the family, reads the archive's
 * member `args` and starts what that names as its child (family_init). Touches everything; nothing
 * else runs yet.
 */
#include <machine/call.h>

#include "libos/arch.h"
#include "libos/fork/fork.h"
#include "libos/fork/load.h"
#include "libos/fork/strings.h"
#include "libos/fs/archive.h"
#include "libos/fs/data.h"
#include "libos/state.h"
#include "libos/vm/slots.h"

_Static_assert(LIBOS_WIRED_END == UINT64_C(0x7f00003e3000), "start.S, libos.ld, native.ld");

enum { START_NOT_FOUND = 127, START_NOT_EXECUTABLE = 126 };

static _Noreturn void start_fail(struct libos *os, const char *name, const char *why, int code)
{
	print("%s: %s\n", name, why);
	process_exit(os, PROCESS_STATUS_EXIT(code));
}

/* The library of a fresh image. */
static void start_library(struct libos *os)
{
	struct exo_vcpu_page *page = (struct exo_vcpu_page *)LIBOS_VCPU_PAGE;
	struct vcpu_local *vcpu = vcpu_local(page);

	machine_set_vcpu(LIBOS_VCPU_PAGE);
	*vcpu = (struct vcpu_local){ .os = os, .current = &os->thread0 };
	page->stack_base = (uint64_t)(os + 1);
	page->stack_top = LIBOS_WIRED_END;
	page->upcall_entry = (uint64_t)upcall_entry;
	os->process.env = page->env;
	sched_init(os);
	thread_init(os);
	page->stack_base = os->thread0.stack_base;
}

/* The last part of argv[0] is what messages call this process. */
static void start_name(struct libos *os, const char *path)
{
	const char *last = path;

	for (; *path; path++)
		if (*path == '/' && path[1])
			last = path + 1;
	format_text(os->process.name, sizeof(os->process.name), "%s", last);
	process_show_name(os);
}

/* A segment of a file made in memory: a copy, since the file may change. */
static err_t start_copy_segment(struct libos *os, const struct image_segment *s,
				const struct process_file *file)
{
	uint64_t start = PAGE_DOWN(s->address), to = s->address, offset = s->file_offset, at;
	uint64_t end = offset + s->file_bytes, bytes = s->address + s->bytes - start;
	err_t err = vm_map(os, start, bytes, EXO_READ | EXO_WRITE, VM_NEW, NULL, &at);
	size_t n;

	for (; !err && offset < end; offset += n, to += n) {
		const char *from = data_read(file->node, offset, &n);

		n = n < end - offset ? n : end - offset;
		err = vm_write(os, to, from, n);
	}
	if (!err && s->access != (EXO_READ | EXO_WRITE))
		err = vm_protect(os, start, bytes, s->access);
	return err == EXO_E_POINTER ? EXO_E_LIMIT : err;
}

static err_t start_map_segment(struct libos *os, const struct image_segment *s,
			       const struct process_file *file)
{
	uint64_t start = PAGE_DOWN(s->address), lead = s->address - start;
	bool is_whole = !(s->access & EXO_WRITE) && s->file_bytes == s->bytes;
	struct vm_backing backing = {
		.archive = file->archive + s->file_offset - lead,
		/* What follows the segment in its last page may be read, as on Linux. */
		.bytes = is_whole ? PAGE_UP(lead + s->file_bytes) : lead + s->file_bytes,
	};
	uint64_t at;

	if (file->node)
		return start_copy_segment(os, s, file);
	return vm_map(os, start, lead + s->bytes, s->access, VM_NEW,
		      s->file_bytes ? &backing : NULL, &at);
}

/* Regions of the program: segments, heap, stack, whose end is *top. */
static err_t start_map(struct libos *os, const struct image *image,
		       const struct process_file *file, uint64_t *top)
{
	uint64_t end = VM_BOTTOM, at;
	err_t err = EXO_OK;
	unsigned i;

	for (i = 0; !err && i < image->count; i++) {
		const struct image_segment *s = &image->segment[i];

		if (s->address >= VM_TOP)
			continue;
		err = start_map_segment(os, s, file);
		end = s->address + s->bytes;
	}
	vm_break_init(os, end);
	*top = image->segment[0].address > VM_STACK_LOW_TOP ? VM_STACK_LOW_TOP : VM_STACK_TOP;
	if (!err)
		err = vm_map(os, *top - VM_STACK_BYTES, VM_STACK_BYTES,
			     EXO_READ | EXO_WRITE
			     | (image->is_stack_executable ? EXO_EXEC : 0u),
			     VM_NEW | VM_STACK, NULL, &at);
	return err;
}

/* Give back what only the start needed: the state, and the page by which exec came. */
static void start_forget(struct libos *os)
{
	uint64_t pages = PAGE_UP(os->process.exec->bytes) / EXO_PAGE_SIZE;
	struct exo_slot_op ops[2] = {
		{ .op = EXO_OP_CLEAR, .level = 1, .count = (uint16_t)pages, .target = LIBOS_EXEC },
		{ .op = EXO_OP_CLEAR, .level = 1, .count = 1, .target = LIBOS_TRAMPOLINE },
	};
	err_t err = slots_run(ops, slots_view(LIBOS_TRAMPOLINE, 1) ? 2 : 1, NULL);

	assert(err == EXO_OK);
	os->process.exec = NULL;
}

static _Noreturn void start_program(struct libos *os, struct process_exec_state *exec)
{
	_Alignas(512) struct exo_frame frame = { .kind = EXO_UPCALL_SYSCALL };
	const char *path = process_text(exec, exec->path);
	const struct image *image = &exec->image;
	struct program_image program;
	uint64_t sp, top;
	err_t err;

	start_name(os, path);
	if (exec->version != PROCESS_EXEC_VERSION)
		start_fail(os, path, "started by another version of the library",
			   START_NOT_EXECUTABLE);
	os->process.exec = exec;
	os->process.library = exec->library;
	os->sched.grace_units = exec->grace_units;
	os->sched.tick_units = exec->tick_units;
	if (family_attach(os, (uint32_t)exec->pid))
		start_fail(os, path, "its library and that of the first program differ",
			   START_NOT_EXECUTABLE);
	fs_init(os);
	linux_init(os);
	vm_init(os);
	os->process.is_native = image->is_native;
	program = (struct program_image){
		.entry = image->is_native ? *(const uint64_t *)LIBOS_PROGRAM_ENTRY
			: image->entry,
		.headers = image->headers, .header_bytes = image->header_bytes,
		.header_count = image->header_count,
	};
	err = start_map(os, image, &exec->file, &top);
	if (!err && !exec->file.node)
		vm_fill(os);
	strings_drop(os, exec);
	if (!err)
		err = linux_stack(os, &program, top, &sp);
	if (err)
		start_fail(os, path, err == EXO_E_TOO_LONG ? "arguments are too long"
			   : "out of memory, or its segments leave no room", START_NOT_EXECUTABLE);
	start_forget(os);
	machine_set_thread_pointer(0);
	machine_fpu_reset();
	EXO_REG_PC(&frame.regs) = program.entry;
	EXO_REG_SP(&frame.regs) = sp;
	sched_begin(os, &os->thread0);
	upcall_leave(&os->thread0, &frame);
	upcall_resume(&frame);
}

/* Strings one after another, ended by an empty one, go into a state. Returns what follows. */
static const char *start_strings(struct process_exec_state *state, const char *at, const char *end,
				 uint64_t *offset, uint64_t *count)
{
	*offset = state->bytes;
	for (*count = 0; at < end && *at; ++*count) {
		size_t bytes = strlen(at) + 1;

		if (strings_put(state, at, bytes, NULL))
			start_fail(libos_state(), "init", "the archive's member args is too long",
				   START_NOT_EXECUTABLE);
		at += bytes;
	}
	return at < end ? at + 1 : end;
}

/* The member `args`: the arguments, of which the first is the program, then the environment. */
static void start_args(struct libos *os, const struct archive_file *args,
		       struct process_exec_state *state)
{
	const char *at = (const char *)EXO_INFO_ARCHIVE + args->offset, *end = at + args->bytes;
	struct archive_file file;

	if (!*at || archive_find(at, &file))
		start_fail(os, *at ? at : "init", "not found in the archive", START_NOT_FOUND);
	state->file = (struct process_file){ NULL, file.offset, file.bytes };
	at = start_strings(state, at, end, &state->argv, &state->argc);
	start_strings(state, at, end, &state->envp, &state->envc);
	state->path = state->exe = state->argv;
}

/* Loaded by the kernel: make the family, and start the program that the archive's `args` names. */
static _Noreturn void start_first(struct libos *os)
{
	struct process_exec_state *state;
	struct archive_file args;
	const char *end;

	format_text(os->process.name, sizeof(os->process.name), "init");
	process_show_name(os);
	if (archive_find("args", &args) || args.bytes < 2)
		start_fail(os, "init", "the archive has no usable member args", START_NOT_FOUND);
	end = (const char *)EXO_INFO_ARCHIVE + args.offset + args.bytes;
	if (end[-1] || end[-2])
		start_fail(os, "init", "the archive's member args is malformed", START_NOT_FOUND);
	state = strings_begin(os);
	start_args(os, &args, state);
	if (family_create(os))
		start_fail(os, "init", "no memory for the family", START_NOT_EXECUTABLE);
	fs_init(os);
	linux_init(os);
	vm_init(os);
	family_init(os, state);
}

/* From libos_start. argument: address of the vcpu page; bit 0: the state is at LIBOS_EXEC. */
_Noreturn void libos_main(uint64_t argument);
_Noreturn void libos_main(uint64_t argument)
{
	struct libos *os = libos_state();

	if (argument & 1)
		memset(os, 0, sizeof(*os)); /* exec leaves there what it was */
	start_library(os);
	if (argument & 1)
		start_program(os, (struct process_exec_state *)LIBOS_EXEC);
	start_first(os);
}
