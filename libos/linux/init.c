/* SPDX-License-Identifier: ISC */
/* Sets up the file tree and the Linux layer of a process, and their hooks. No locks. */
#include "libos/linux/console.h"
#include "libos/linux/linux.h"
#include "libos/linux/saved.h"

#include <machine/call.h>

#include "libos/fs/data.h"
#include "libos/fs/path.h"

static void *init_alloc(size_t bytes)
{
	return heap_alloc(libos_state(), bytes);
}

static void init_free(void *memory)
{
	heap_free(libos_state(), memory);
}

static err_t init_copy_in(void *to, uint64_t from, size_t bytes)
{
	return vm_read(libos_state(), to, from, bytes);
}

static err_t init_copy_out(uint64_t to, const void *from, size_t bytes)
{
	return vm_write(libos_state(), to, from, bytes);
}

static void init_random(void *bytes, size_t count)
{
	info_random(libos_state()->linux, bytes, count);
}

static const struct fs_outside init_outside = {
	.alloc = init_alloc,
	.free = init_free,
	.copy_in = init_copy_in,
	.copy_out = init_copy_out,
	.clock_ns = time_now_ns,
	.console_write = console_put,
	.console_read = console_get,
	.random = init_random,
};

/* Without memory for its tree a process does not start. */
static _Noreturn void init_fail(struct libos *os, const char *what)
{
	print("%s: no memory for %s\n", os->process.name, what);
	process_exit(os, PROCESS_STATUS_EXIT(126));
}

void fs_init(struct libos *os)
{
	const char *archive = (const char *)EXO_INFO_ARCHIVE;
	err_t error;

	os->fs = heap_alloc(os, sizeof(*os->fs));
	if (os->fs == NULL)
		init_fail(os, "the file tree");
	error = fs_create(&os->fs->fs, &init_outside, archive, libos_info()->archive_bytes);
	if (error == FS_E_MEMORY)
		init_fail(os, "the file tree");
	if (error < 0)
		print("%s: the boot archive is malformed\n", os->process.name);
}

/* The program's path from the root, as it was found from the directory. */
static const char *init_path(struct libos *os)
{
	char *path = os->linux->path[0];
	const char *text;
	size_t bytes;

	if (os->process.exec == NULL)
		return "";
	text = (const char *)os->process.exec + os->process.exec->path;
	if (text[0] == '/' || node_path(&os->fs->fs, os->linux->files.dir, path, FS_PATH_MAX) < 0)
		return text;
	bytes = strlen(path);
	format_text(path + bytes, FS_PATH_MAX - bytes, bytes > 1 ? "/%s" : "%s", text);
	return path;
}

/* /proc/self/exe, by which programs find themselves. */
static void init_proc(struct libos *os, const char *path)
{
	struct fs *fs = &os->fs->fs;
	struct fs_node *dir, *node;
	err_t error = node_create(fs, fs->root, "proc", 4, FS_DIR, 0555, &dir);

	if (error >= 0)
		error = node_create(fs, dir, "self", 4, FS_DIR, 0555, &dir);
	if (error >= 0)
		error = node_create(fs, dir, "exe", 3, FS_LINK, 0777, &node);
	if (error >= 0)
		error = node_set_target(fs, node, path);
	if (error == FS_E_MEMORY)
		init_fail(os, "/proc");
}

static bool init_is_traced(struct libos *os)
{
	const char *text;
	unsigned i;

	for (i = 0; (text = process_environment(os, i)) != NULL; i++)
		if (strcmp(text, "LIBOS_STRACE=1") == 0)
			return true;
	return false;
}

static void init_events(struct libos *os, uint32_t events)
{
	if (events & EXO_EVENT_DOORBELL)
		console_wake(os);
	if (events & EXO_EVENT_TIMER)
		timer_alarm(os);
}

/* What was typed and not read stays with the parent. */
static void init_fork_child(struct thread *t)
{
	struct libos *os = t->os;

	tty_flush(&os->fs->fs.tty);
	os->fs->readers = (struct wait_queue){ NULL, NULL };
	os->sched.bell = NULL;
	futex_fork_child(os->linux);
	os->linux->threads = 1;
	signal_fork_child(t);
}

void linux_init(struct libos *os)
{
	os->linux = heap_alloc(os, sizeof(*os->linux));
	if (os->linux == NULL)
		init_fail(os, "the Linux layer");
	os->linux->threads = 1;
	os->linux->random = machine_clock();
	files_init(&os->fs->fs, &os->linux->files);
	saved_load(os);
	init_proc(os, init_path(os));
	memcpy(os->linux->comm, os->process.name, sizeof(os->linux->comm) - 1);
	os->linux->is_traced = init_is_traced(os);
	os->hooks.syscall = call_hook;
	os->hooks.events = init_events;
	os->hooks.leave = signal_leave;
	os->hooks.fault = signal_fault;
	os->hooks.fork_child = init_fork_child;
}

err_t linux_program(struct libos *os, const char *path, uint64_t *archive, uint64_t *bytes)
{
	struct fs_node *from = os->linux->files.dir, *node;
	err_t error = path_find(&os->fs->fs, from, path, 0, &node);
	const char *image;

	if (error < 0)
		return EXO_E_EMPTY;
	image = node->kind == FS_FILE ? data_image(node) : NULL;
	if (image == NULL || !(node->mode & 0111))
		return EXO_E_TYPE;
	*archive = (uint64_t)image - EXO_INFO_ARCHIVE;
	*bytes = node->size;
	return EXO_OK;
}
