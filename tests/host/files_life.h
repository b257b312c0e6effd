/* SPDX-License-Identifier: ISC */
/* What a process does with files in killed_at_every_instruction.c: all that changes how often one
 * is named. The family's lock `file` is held. */
#ifndef TESTS_HOST_FILES_LIFE_H
#define TESTS_HOST_FILES_LIFE_H

#include <stdlib.h>
#include <string.h>

#include "libos/fs/locks.h"
#include "libos/fs/pipe.h"

enum { LONG_BYTES = 10 * 4096 };

/* What the first process has open, the other too: the reading end of a pipe, a file. */
enum { READER, WATCHED, BEGUN };

static inline err_t opens(struct fs *fs, struct fs_files *files, const char *path, uint32_t flags)
{
	struct fs_open *open;
	err_t error = open_create(fs, fs->root, path, flags, 0600, &open);

	return error < 0 ? error : files_add(fs, files, open, 0, false);
}

static inline void closes(struct fs *fs, struct fs_files *files, uint64_t fd)
{
	(void)files_remove(fs, files, fd);
}

static inline err_t dups(struct fs *fs, struct fs_files *files, uint64_t fd)
{
	struct fs_open *open = files_find(files, fd);

	open->refs++;
	return files_add(fs, files, open, 0, false);
}

/* Its reading end, and the next descriptor. */
static inline err_t pipes(struct fs *fs, struct fs_files *files)
{
	struct fs_open *reader, *writer;
	err_t fd;

	if (pipe_create(fs, 0, &reader, &writer) < 0)
		exit(1);
	fd = files_add(fs, files, reader, 0, false);
	(void)files_add(fs, files, writer, 0, true);
	return fd;
}

static inline void moves(struct fs *fs, const char *from, const char *to)
{
	struct fs_node *root = fs->root, *node = node_entry(root, from, strlen(from));

	if (!node || node_move(fs, node, root, to, strlen(to)) < 0)
		exit(1);
}

static inline void removes(struct fs *fs, const char *name)
{
	struct fs_node *node = node_entry(fs->root, name, strlen(name));

	if (node)
		(void)node_remove(fs, node);
}

/* It is in a directory that nothing else names. */
static inline void changes_directory(struct fs *fs, struct fs_files *files)
{
	struct fs_node **dir = &files->dir, *made;

	if (node_create(fs, fs->root, "dir", 3, FS_DIR, 0700, &made) < 0)
		exit(1);
	files_set_node(fs, dir, made);
	removes(fs, "dir");
	files_set_node(fs, dir, node_entry(fs->root, "tmp", 3));
}

static inline err_t locks(struct fs *fs, struct fs_files *files, uint64_t fd, enum locks_type type)
{
	struct fs_range range = { .end = LOCKS_END, .owner = files, .type = type };

	return locks_set(fs, files_find(files, fd)->node, LOCKS_RANGE, &range);
}

/* Somebody is the first to look into these directories; the last is made last. */
static inline bool looks_into_proc(struct fs *fs, struct fs_files *files)
{
	static const char *const names[] = {
		"/proc/meminfo", "/proc/self/stat", "/proc/self/status",
	};
	bool are_there = true;
	unsigned i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		err_t fd = opens(fs, files, names[i], OPEN_READ);

		are_there &= fd >= 0;
		if (fd >= 0)
			closes(fs, files, (uint64_t)fd);
	}
	return are_there;
}

static inline void uses_files(struct fs *fs, struct fs_files *files)
{
	err_t fd;

	(void)locks(fs, files, WATCHED, LOCKS_WRITE);
	closes(fs, files, WATCHED);
	fd = opens(fs, files, "/made", OPEN_CREATE | OPEN_READ | OPEN_WRITE);
	(void)open_write(fs, files_find(files, (uint64_t)fd), 0, LONG_BYTES, NULL);
	(void)node_link(fs, files_find(files, (uint64_t)fd)->node, fs->root, "also", 4);
	closes(fs, files, (uint64_t)dups(fs, files, (uint64_t)fd));
	moves(fs, "made", "moved");
	removes(fs, "moved");
	removes(fs, "also");
	closes(fs, files, (uint64_t)fd);
	moves(fs, "fresh", "kept");
	fd = pipes(fs, files);
	(void)dups(fs, files, (uint64_t)fd + 1);
	closes(fs, files, (uint64_t)fd);
	closes(fs, files, (uint64_t)fd + 1);
	changes_directory(fs, files);
	(void)looks_into_proc(fs, files);
}

#endif
