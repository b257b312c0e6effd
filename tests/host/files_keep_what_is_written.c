/* SPDX-License-Identifier: ISC */
/*
 * Files in memory over files of the archive against a flat model: random reads, writes, cuts and
 * seeks; then descriptors, devices, and that no memory is kept in the end.
 */
#include "libos/fs/data.h"
#include "libos/fs/path.h"
#include "tests/host/fs_host.h"

enum { MODEL_BYTES = 6 * FS_PAGE };

static struct fs_archive archive;
static struct fs fs;
static struct fs_shared shared;
static struct fs_files *files;

static struct model {
	char bytes[MODEL_BYTES];
	size_t size;
} model;

static struct fs_open *open_path(const char *path, uint32_t flags)
{
	struct fs_open *open = NULL;

	return open_create(&fs, fs.root, path, flags, 0644, &open) < 0 ? NULL : open;
}

static bool step(struct fs_open *open)
{
	static char buffer[MODEL_BYTES], back[MODEL_BYTES];
	uint64_t offset = (uint64_t)random() % MODEL_BYTES;
	size_t count = (size_t)random() % (MODEL_BYTES - offset), i, want;

	switch (random() % 8) {
	case 0:
		if (offset < model.size)
			memset(model.bytes + offset, 0, model.size - offset);
		model.size = offset;
		return data_resize(&fs, open->node, offset) == 0;
	case 1: case 2: case 3:
		count /= 4;
		for (i = 0; i < count; i++)
			buffer[i] = (char)random();
		memcpy(model.bytes + offset, buffer, count);
		if (count > 0 && offset + count > model.size)
			model.size = offset + count;
		return open_write(&fs, open, (uintptr_t)buffer, count, &offset) == (err_t)count;
	default:
		want = offset >= model.size ? 0 : model.size - offset;
		want = want < count ? want : count;
		memset(back, 1, sizeof(back));
		i = offset;
		return open_read(&fs, open, (uintptr_t)back, count, &offset) == (err_t)want
			&& memcmp(back, model.bytes + i, want) == 0 && offset == i + want;
	}
}

static void check_model(const char *path, unsigned long count)
{
	struct fs_open *open = open_path(path, OPEN_READ | OPEN_WRITE | OPEN_CREATE);
	unsigned long i;

	for (i = 0; i < count && step(open); i++)
		;
	tap_eq(i, count, "%s is like a flat array", path);
	tap_eq(open->node->size, model.size, "and as long");
	open_unref(&fs, open);
}

static void check_archive_file(void)
{
	char text[FS_PAGE + 10];

	archive.count = 0;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	fs_archive_add(&archive, "file", 0100644, text);
	fs_archive_add(&archive, "TRAILER!!!", 0, "");
	tap_eq(fs_create(&fs, &fs_host_outside, &shared, archive.bytes, archive.count), 0,
		"a tree");
	files = files_create(&fs);
	tap_ok(files != NULL, "descriptors");
	memcpy(model.bytes, text, sizeof(text) - 1);
	model.size = sizeof(text) - 1;
}

static void check_errors(void)
{
	struct fs_open *open = open_path("/tmp/x", OPEN_WRITE | OPEN_CREATE | OPEN_APPEND);
	char byte = 'x', back[4] = "";
	uint64_t at;

	tap_ok(open != NULL, "make a file");
	tap_eq(open_read(&fs, open, (uintptr_t)&byte, 1, NULL), FS_E_BAD_FILE, "not for reading");
	tap_eq(open_write(&fs, open, 8, 1, NULL), FS_E_POINTER, "from nowhere");
	tap_eq(open_write(&fs, open, (uintptr_t)"ab", 2, NULL), 2, "written");
	tap_eq(open_seek(open, 0, OPEN_SET, &at), 0, "back to the start");
	tap_eq(open_write(&fs, open, (uintptr_t)"c", 1, NULL), 1, "appended all the same");
	tap_eq(open_seek(open, -4, OPEN_END, &at), FS_E_ARGUMENT, "not before the start");
	tap_eq(open_seek(open, INT64_MAX, OPEN_CURRENT, &at), FS_E_ARGUMENT, "nor beyond all");
	open->flags = OPEN_READ;
	tap_eq(open_seek(open, -3, OPEN_END, &at), 0, "to its first byte");
	tap_eq(open_read(&fs, open, (uintptr_t)back, 4, NULL), 3, "as long as it is");
	tap_ok(memcmp(back, "abc", 3) == 0, "what was written");
	tap_eq(open_read(&fs, open, (uintptr_t)back, 4, NULL), 0, "then the end");
	open_unref(&fs, open);
	tap_ok(open_path("/tmp/x", OPEN_WRITE | OPEN_CREATE | OPEN_EXCLUSIVE) == NULL, "once only");
	tap_ok(open_path("/tmp", OPEN_WRITE) == NULL, "no directory for writing");
	tap_ok(open_path("/tmp/x", OPEN_READ | OPEN_DIRECTORY) == NULL, "no file as directory");
	at = (uint64_t)FS_FILE_PAGES * FS_PAGE;
	open = open_path("/tmp/x", OPEN_WRITE);
	tap_eq(open_write(&fs, open, (uintptr_t)&byte, 1, &at), FS_E_TOO_BIG, "not beyond 1 GiB");
	fs_host.fail_after = 0;
	at = 100 * FS_PAGE;
	tap_eq(open_write(&fs, open, (uintptr_t)&byte, 1, &at), FS_E_MEMORY, "nor without memory");
	fs_host.fail_after = -1;
	open_unref(&fs, open);
}

static void check_descriptors(void)
{
	struct fs_open *open = open_path("/dev/zero", OPEN_READ | OPEN_WRITE);
	unsigned i;

	tap_eq(files_add(&fs, files, open, 0, false), 0, "the lowest descriptor");
	for (i = 1; i < OPEN_FILES; i++) {
		open->refs++;
		if (files_add(&fs, files, open, 0, true) != (err_t)i)
			break;
	}
	tap_eq(i, OPEN_FILES, "and so on to the last");
	open->refs++;
	tap_eq(files_add(&fs, files, open, 0, true), FS_E_TOO_MANY, "then none is left");
	tap_ok(!files_is_close_on_exec(files, 0) && files_is_close_on_exec(files, 255),
		"each has its own flag");
	tap_eq(files_remove(&fs, files, 77), 0, "one is closed");
	tap_eq(files_remove(&fs, files, 77), FS_E_BAD_FILE, "once");
	tap_ok(files_find(files, 77) == NULL && files_find(files, 1u << 31) == NULL, "gone");
	open->refs++;
	tap_eq(files_add(&fs, files, open, 3, false), 77, "and is the lowest again");
	open->refs++;
	tap_eq(files_put(&fs, files, open, 9, false), 9, "another is replaced");
	tap_eq(open->refs, OPEN_FILES, "every descriptor holds one reference");
	for (i = 0; i < OPEN_FILES; i++)
		if (files_remove(&fs, files, i) < 0)
			break;
	tap_eq(i, OPEN_FILES, "all closed");
}

static void check_freed(void)
{
	struct fs_node *node;

	tap_eq(path_find(&fs, fs.root, "/file", 0, &node), 0, "the archive's file");
	tap_eq(node_remove(&fs, node), 0, "is removed");
	tap_eq(path_find(&fs, fs.root, "/tmp/x", 0, &node), 0, "the other");
	tap_eq(node_remove(&fs, node), 0, "too");
}

int main(void)
{
	long before;

	srandom((unsigned)tap_seed(1));
	check_archive_file();
	check_model("/file", tap_iterations(20000));
	memset(&model, 0, sizeof(model));
	before = fs_host.allocations;
	check_model("/tmp/new", tap_iterations(20000));
	check_errors();
	check_descriptors();
	check_freed();
	tap_ok(fs_host.allocations < before + 20, "what was removed is freed");
	return tap_done("tests/host/files_keep_what_is_written.tap");
}
