/* SPDX-License-Identifier: ISC */
/* The descriptors of a process (see open.h). Touches its struct fs_files and open descriptions; the
 * family's lock `file` is held. */
#include "libos/fs/locks.h"
#include "libos/fs/open.h"

struct fs_files *files_create(struct fs *fs)
{
	struct fs_files *files = fs->outside->alloc(sizeof(*files));

	if (files == NULL)
		return NULL;
	files->open = files->first;
	files->room = OPEN_FILES_FIRST;
	node_ref(fs->root);
	files->dir = fs->root;
	files->umask = 022;
	files->most = OPEN_FILES;
	return files;
}

void files_set_node(struct fs *fs, struct fs_node **which, struct fs_node *node)
{
	struct fs_node *old = *which;

	if (node != NULL)
		node_ref(node);
	node_end_begin(fs, old);
	*which = node;
	if (old != NULL)
		node_unref(fs, old);
	node_end(fs);
}

void files_hold(struct fs_files *files, struct fs_open *open)
{
	open->next_held = files->held;
	files->held = open;
}

void files_let_go(struct fs_files *files, struct fs_open *open)
{
	struct fs_open **link = &files->held;

	while (*link != open)
		link = &(*link)->next_held;
	*link = open->next_held;
}

/* Make room for that descriptor. */
static err_t files_grow(struct fs *fs, struct fs_files *files, uint64_t fd)
{
	struct fs_open **open, **old = files->open;
	uint32_t room = files->room;

	if (fd < room)
		return FS_OK;
	while (room <= fd)
		room *= 4;
	if (room > OPEN_FILES)
		room = OPEN_FILES;
	open = fs->outside->alloc(room * sizeof(*open));
	if (open == NULL)
		return FS_E_MEMORY;
	__builtin_memcpy(open, old, files->top * sizeof(*open));
	files->open = open;
	files->room = room;
	if (old != files->first)
		fs->outside->free(old);
	return FS_OK;
}

err_t files_map(struct fs *fs, struct fs_files *files, struct fs_node *node)
{
	struct fs_map *map = fs->outside->alloc(sizeof(*map));

	if (map == NULL)
		return FS_E_MEMORY;
	node_ref(node);
	node->maps++;
	map->node = node;
	map->next = files->maps;
	files->maps = map;
	return FS_OK;
}

void files_unmap(struct fs *fs, struct fs_files *files, struct fs_node *node)
{
	struct fs_map **link = &files->maps, *map;

	while ((*link)->node != node)
		link = &(*link)->next;
	map = *link;
	node_end_begin(fs, node);
	*link = map->next;
	fs->outside->free(map);
	node->maps--;
	node_unref(fs, node);
	node_end(fs);
}

static err_t files_copy_maps(struct fs *fs, const struct fs_files *files, struct fs_files *copy)
{
	const struct fs_map *map;
	err_t error = FS_OK;

	for (map = files->maps; error >= 0 && map != NULL; map = map->next)
		error = files_map(fs, copy, map->node);
	return error;
}

struct fs_files *files_copy(struct fs *fs, const struct fs_files *files, bool is_exec)
{
	struct fs_files *copy = files_create(fs);
	uint32_t fd;

	if (copy == NULL)
		return NULL;
	if ((files->top > 0 && files_grow(fs, copy, files->top - 1) < 0)
			|| (!is_exec && files_copy_maps(fs, files, copy) < 0)) {
		files_destroy(fs, &copy);
		return NULL;
	}
	files_set_node(fs, &copy->dir, files->dir);
	if (is_exec)
		files_set_node(fs, &copy->program, files->program);
	copy->umask = files->umask;
	copy->most = files->most;
	for (fd = 0; fd < files->top; fd++) {
		if (files->open[fd] == NULL || (is_exec && files_is_close_on_exec(files, fd)))
			continue;
		files->open[fd]->refs++;
		copy->open[fd] = files->open[fd];
		copy->top = fd + 1;
		if (files_is_close_on_exec(files, fd))
			files_set_close_on_exec(copy, fd, true);
	}
	return copy;
}

/* What belongs to the program that ran. */
static void files_drop(struct fs *fs, struct fs_files *files)
{
	struct fs_open *held;

	while (files->maps != NULL)
		files_unmap(fs, files, files->maps->node);
	while ((held = files->held) != NULL) {
		files_let_go(files, held);
		open_unref(fs, held);
	}
}

void files_exec(struct fs *fs, struct fs_files *files)
{
	uint32_t fd;

	files_drop(fs, files);
	for (fd = 0; fd < files->top; fd++)
		if (files->open[fd] != NULL && files_is_close_on_exec(files, fd))
			(void)files_remove(fs, files, fd);
}

void files_destroy(struct fs *fs, struct fs_files **owner)
{
	struct fs_files *files = *owner;

	files_drop(fs, files);
	files_set_node(fs, &files->program, NULL);
	/* Who died while it closed one may have left that free, and `top` above it. */
	while (files->top > 0)
		if (files_remove(fs, files, files->top - 1) < 0)
			files->top--;
	*owner = NULL;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	node_unref(fs, files->dir);
	if (files->open != files->first)
		fs->outside->free(files->open);
	fs->outside->free(files);
}

struct fs_open *files_find(const struct fs_files *files, uint64_t fd)
{
	return fd < files->top ? files->open[fd] : NULL;
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

/* A free descriptor gets a description. */
static void files_set(struct fs_files *files, uint64_t fd, struct fs_open *open,
	bool is_close_on_exec)
{
	files_set_close_on_exec(files, fd, is_close_on_exec);
	files->open[fd] = open;
	if (fd >= files->top)
		files->top = (uint32_t)fd + 1;
}

err_t files_add(struct fs *fs, struct fs_files *files, struct fs_open *open, uint64_t least,
	bool is_close_on_exec)
{
	uint64_t fd = least;
	err_t error = FS_OK;

	while (fd < files->top && files->open[fd] != NULL)
		fd++;
	if (fd >= files->most)
		error = least >= files->most ? FS_E_ARGUMENT : FS_E_TOO_MANY;
	else
		error = files_grow(fs, files, fd);
	if (error < 0) {
		open_unref(fs, open);
		return error;
	}
	files_set(files, fd, open, is_close_on_exec);
	return (err_t)fd;
}

err_t files_put(struct fs *fs, struct fs_files *files, struct fs_open *open, uint64_t fd,
	bool is_close_on_exec)
{
	err_t error = fd < files->most ? files_grow(fs, files, fd) : FS_E_BAD_FILE;

	if (error < 0) {
		open_unref(fs, open);
		return error;
	}
	if (files_find(files, fd) != NULL)
		(void)files_remove(fs, files, fd);
	files_set(files, fd, open, is_close_on_exec);
	return (err_t)fd;
}

err_t files_remove(struct fs *fs, struct fs_files *files, uint64_t fd)
{
	struct fs_open *open = files_find(files, fd);

	if (open == NULL)
		return FS_E_BAD_FILE;
	node_end_begin(fs, open->node);
	files->open[fd] = NULL;
	files_set_close_on_exec(files, fd, false);
	while (files->top > 0 && files->open[files->top - 1] == NULL)
		files->top--;
	locks_drop(fs, open->node, files);
	open_unref(fs, open);
	node_end(fs);
	return FS_OK;
}
