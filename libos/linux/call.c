/* SPDX-License-Identifier: ISC */
/*
 * Where Linux's system calls arrive: the table, dispatch, and what every handler uses. Takes no
 * locks of its own.
 */
#include "libos/linux/linux.h"

#include <machine/linux.h>

#include "libos/fs/path.h"

static const struct linux_entry call_table[LINUX_CALLS] = {
#define CALL(number, name, handler, arguments) [number] = { #name, handler, arguments, false },
#define FILE_CALL(number, name, handler, arguments) [number] = { #name, handler, arguments, true },
#define ABSENT(number, name) [number] = { #name, NULL, "xxxxxx", false },
#include <machine/linux.def>
#undef CALL
#undef FILE_CALL
#undef ABSENT
};

/* A call that nobody answers is named once. */
static int64_t call_absent(struct linux_call *c)
{
	static const struct linux_entry none = { .name = "call" };
	const struct linux_entry *entry = &none;
	uint64_t index = LINUX_CALLS - 1;

	if (c->number < LINUX_CALLS && call_table[c->number].name != NULL) {
		entry = &call_table[c->number];
		index = c->number;
	}
	if (!(c->linux->named[index / 64] & UINT64_C(1) << index % 64)) {
		c->linux->named[index / 64] |= UINT64_C(1) << index % 64;
		print("%s: Linux %s (%lu) is not implemented\n", c->os->process.name, entry->name,
			c->number);
	}
	return -LINUX_ENOSYS;
}

static NOINLINE int64_t call_on_files(struct linux_call *c, const struct linux_entry *entry)
{
	int64_t result;

	family_lock(c->os, FAMILY_FILE);
	result = entry->handler(c);
	family_unlock(c->os, FAMILY_FILE);
	return result;
}

/* A call that is absent, or that is to be shown. */
static NOINLINE int64_t call_run_rarely(struct linux_call *c)
{
	const struct linux_entry *entry = NULL;
	int64_t result;

	if (c->number < LINUX_CALLS && call_table[c->number].name != NULL)
		entry = &call_table[c->number];
	if (c->linux->is_traced && entry != NULL)
		strace_before(c, entry);
	if (entry == NULL || entry->handler == NULL)
		result = call_absent(c);
	else
		result = entry->is_on_files ? call_on_files(c, entry) : entry->handler(c);
	if (c->linux->is_traced && entry != NULL)
		strace_after(c, entry, result);
	return result;
}

static int64_t call_run(struct linux_call *c)
{
	const struct linux_entry *entry = &call_table[c->number];

	if (c->number >= LINUX_CALLS || c->linux->is_traced || entry->handler == NULL)
		return call_run_rarely(c);
	return entry->is_on_files ? call_on_files(c, entry) : entry->handler(c);
}

/* The result that the program must not see. What sigreturn brings back is the program's own. */
static NOINLINE int64_t call_restart(struct linux_call *c, int64_t result)
{
	return call_table[c->number].handler == signal_return ? result : signal_restart(c, result);
}

static bool call_is_interrupted(int64_t result)
{
	return result <= -LINUX_ERESTARTSYS && result >= -LINUX_ERESTART_RESTARTBLOCK;
}

void call_hook(struct thread *t, struct exo_frame *frame)
{
	struct exo_regs *regs = &frame->regs;
	int64_t result;
	struct linux_call c = {
		.os = t->os,
		.linux = t->os->linux,
		.fs = t->os->fs,
		.thread = t,
		.frame = frame,
		.number = EXO_REG_NUMBER(regs),
		.arg = {
			EXO_REG_ARG0(regs), EXO_REG_ARG1(regs), EXO_REG_ARG2(regs),
			EXO_REG_ARG3(regs), EXO_REG_ARG4(regs), LINUX_ARG5(regs),
		},
	};

	result = call_run(&c);
	if (call_is_interrupted(result))
		result = call_restart(&c, result);
	EXO_REG_RESULT(regs) = (uint64_t)result;
}

int64_t call_native(struct thread *t, struct exo_frame *frame, uint64_t number,
		    const uint64_t argument[4])
{
	struct linux_call c = {
		.os = t->os,
		.linux = t->os->linux,
		.fs = t->os->fs,
		.thread = t,
		.frame = frame,
		.number = number,
		.arg = { argument[0], argument[1], argument[2], argument[3] },
	};
	int64_t result = call_run(&c);

	return call_is_interrupted(result) ? -LINUX_EINTR : result;
}

int64_t linux_in(struct linux_call *c, void *to, uint64_t from, size_t bytes)
{
	return vm_read(c->os, to, from, bytes) < 0 ? -LINUX_EFAULT : 0;
}

int64_t linux_out(struct linux_call *c, uint64_t to, const void *from, size_t bytes)
{
	return vm_write(c->os, to, from, bytes) < 0 ? -LINUX_EFAULT : 0;
}

bool linux_is_user(uint64_t address, uint64_t bytes)
{
	const uint64_t top = EXO_SPAN(EXO_LEVELS) * EXO_ROOT_USER - EXO_PAGE_SIZE;

	return bytes <= top && address <= top - bytes;
}

char *linux_path(struct linux_call *c, unsigned which)
{
	if (c->linux->path == NULL)
		c->linux->path = heap_alloc(c->os, 2 * FS_PATH_MAX);
	return c->linux->path != NULL ? c->linux->path[which] : NULL;
}

int64_t linux_in_path(struct linux_call *c, unsigned which, uint64_t from)
{
	char *path = linux_path(c, which);
	err_t error;

	if (path == NULL)
		return -LINUX_ENOMEM;
	error = vm_read_string(c->os, path, FS_PATH_MAX, from, NULL);
	if (error == EXO_E_TOO_LONG)
		return -LINUX_ENAMETOOLONG;
	return error < 0 ? -LINUX_EFAULT : 0;
}

struct fs_node *linux_dir(struct linux_call *c, uint64_t fd, const char *path, int64_t *error)
{
	struct fs_open *open;

	if (path[0] == '/')
		return c->fs->root;
	if ((int32_t)fd == LINUX_AT_CWD)
		return c->os->files->dir;
	open = files_find(c->os->files, (uint32_t)fd);
	if (open == NULL) {
		*error = -LINUX_EBADF;
		return NULL;
	}
	if (open->node->kind != FS_DIR && path[0] != '\0') {
		*error = -LINUX_ENOTDIR;
		return NULL;
	}
	return open->node;
}
