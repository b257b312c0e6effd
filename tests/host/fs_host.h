/* SPDX-License-Identifier: ISC */
/* Surroundings of a file tree for host tests: the heap, memory, a console of two buffers. */
#ifndef TESTS_HOST_FS_HOST_H
#define TESTS_HOST_FS_HOST_H

#include <stdio.h>
#include <string.h>

#include "libos/fs/cpio.h"
#include "libos/fs/data.h"
#include "libos/fs/open.h"
#include "tests/tap.h"

static struct fs_host {
	long allocations;      /* alive */
	long fail_after;       /* this many more allocations succeed; -1: all */
	const char *typed;     /* what the console will read */
	char shown[65536];     /* what was written to it */
	size_t shown_count;
	unsigned drained;      /* how often the terminal had room again */
} fs_host = { .fail_after = -1 };

static void *fs_host_alloc(size_t bytes)
{
	if (fs_host.fail_after == 0)
		return NULL;
	if (fs_host.fail_after > 0)
		fs_host.fail_after--;
	fs_host.allocations++;
	return calloc(1, bytes);
}

static void fs_host_free(void *memory)
{
	if (memory != NULL)
		fs_host.allocations--;
	free(memory);
}

/* Addresses below a page are no memory. */
static err_t fs_host_copy_in(void *to, uint64_t from, size_t bytes)
{
	if (from < FS_PAGE)
		return -1;
	memcpy(to, (const void *)(uintptr_t)from, bytes);
	return 0;
}

static err_t fs_host_copy_out(uint64_t to, const void *from, size_t bytes)
{
	if (to < FS_PAGE)
		return -1;
	memcpy((void *)(uintptr_t)to, from, bytes);
	return 0;
}

static uint64_t fs_host_clock_ns(void)
{
	return 1000000000;
}

static void fs_host_console_write(const char *bytes, size_t count)
{
	if (fs_host.shown_count + count < sizeof(fs_host.shown)) {
		memcpy(fs_host.shown + fs_host.shown_count, bytes, count);
		fs_host.shown_count += count;
		fs_host.shown[fs_host.shown_count] = '\0';
	}
}

static size_t fs_host_console_read(char *bytes, size_t count)
{
	if (count == 0 || fs_host.typed == NULL || *fs_host.typed == '\0')
		return 0;
	*bytes = *fs_host.typed++;
	return 1;
}

/* One process: it looks again by itself. */
static void fs_host_wait(struct fs_waiters *waiters)
{
	(void)waiters;
}

static void fs_host_tty_drained(void)
{
	fs_host.drained++;
}

/* /proc has one process, which has nothing open. */
static bool fs_host_is_process(uint32_t pid)
{
	return pid == 1;
}

static uint32_t fs_host_next(uint32_t *place)
{
	return (*place)++ == 0;
}

static uint32_t fs_host_self(void)
{
	return 1;
}

static const struct fs_files *fs_host_files(uint32_t pid)
{
	(void)pid;
	return NULL;
}

static err_t fs_host_proc_write(struct fs *fs, struct fs_node *file, uint32_t kind, uint32_t pid)
{
	size_t bytes;
	char *to;
	err_t error = data_write(fs, file, 0, &to, &bytes);

	if (error >= 0)
		file->size = (size_t)snprintf(to, bytes, "%u of %u\n", kind, pid);
	return error;
}

static const char *fs_host_exe(void)
{
	return "/bin/program";
}

static void fs_host_random(void *bytes, size_t count)
{
	memset(bytes, 7, count);
}

static const struct fs_proc fs_host_proc = {
	.is_process = fs_host_is_process,
	.next = fs_host_next,
	.self = fs_host_self,
	.exe = fs_host_exe,
	.files = fs_host_files,
	.write = fs_host_proc_write,
};

static const struct fs_outside fs_host_outside = {
	.alloc = fs_host_alloc,
	.free = fs_host_free,
	.copy_in = fs_host_copy_in,
	.copy_out = fs_host_copy_out,
	.clock_ns = fs_host_clock_ns,
	.console_write = fs_host_console_write,
	.console_read = fs_host_console_read,
	.wait = fs_host_wait,
	.wake = fs_host_wait,
	.tty_drained = fs_host_tty_drained,
	.proc = &fs_host_proc,
	.random = fs_host_random,
};

/* An archive that a test writes. */
struct fs_archive {
	char bytes[1 << 16];
	size_t count;
};

static inline void fs_archive_pad(struct fs_archive *archive)
{
	while (archive->count % 4 != 0)
		archive->bytes[archive->count++] = '\0';
}

static inline void fs_archive_add(struct fs_archive *archive, const char *name, unsigned mode,
	const char *data)
{
	fs_archive_pad(archive);
	archive->count += (size_t)sprintf(archive->bytes + archive->count,
		"070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s", 1u, mode, 0u, 0u,
		1u,
		5u, (unsigned)strlen(data), 0u, 0u, 0u, 0u, (unsigned)strlen(name) + 1, 0u, name);
	archive->bytes[archive->count++] = '\0';
	fs_archive_pad(archive);
	memcpy(archive->bytes + archive->count, data, strlen(data));
	archive->count += strlen(data);
}

#endif
