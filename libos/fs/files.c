/* SPDX-License-Identifier: ISC */
/* The descriptors of a process (see open.h). Touches its struct fs_files only; no locks. */
#include "libos/fs/open.h"

void files_init(struct fs *fs, struct fs_files *files)
{
	__builtin_memset(files, 0, sizeof(*files));
	node_ref(fs->root);
	files->dir = fs->root;
	files->umask = 022;
}

struct fs_open *files_find(const struct fs_files *files, uint64_t fd)
{
	return fd < OPEN_FILES ? files->open[fd] : NULL;
}

bool files_is_close_on_exec(const struct fs_files *files, uint64_t fd)
{
	return files->close_on_exec[fd / 64] >> fd % 64 & 1;
}

void files_set_close_on_exec(struct fs_files *files, uint64_t fd, bool is_on)
{
	uint64_t bit = UINT64_C(1) << fd % 64, *word = &files->close_on_exec[fd / 64];

	*word = is_on ? *word | bit : *word & ~bit;
}

err_t files_add(struct fs *fs, struct fs_files *files, struct fs_open *open, uint64_t least,
	bool is_close_on_exec)
{
	uint64_t fd = least;

	while (fd < OPEN_FILES && files->open[fd] != NULL)
		fd++;
	if (fd >= OPEN_FILES) {
		open_unref(fs, open);
		return least >= OPEN_FILES ? FS_E_ARGUMENT : FS_E_TOO_MANY;
	}
	files->open[fd] = open;
	files_set_close_on_exec(files, fd, is_close_on_exec);
	return (err_t)fd;
}

err_t files_put(struct fs *fs, struct fs_files *files, struct fs_open *open, uint64_t fd,
	bool is_close_on_exec)
{
	if (fd >= OPEN_FILES) {
		open_unref(fs, open);
		return FS_E_BAD_FILE;
	}
	if (files->open[fd] != NULL)
		open_unref(fs, files->open[fd]);
	files->open[fd] = open;
	files_set_close_on_exec(files, fd, is_close_on_exec);
	return (err_t)fd;
}

err_t files_remove(struct fs *fs, struct fs_files *files, uint64_t fd)
{
	struct fs_open *open = files_find(files, fd);

	if (open == NULL)
		return FS_E_BAD_FILE;
	files->open[fd] = NULL;
	files_set_close_on_exec(files, fd, false);
	open_unref(fs, open);
	return FS_OK;
}
