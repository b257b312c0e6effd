/* SPDX-License-Identifier: ISC */
/* The nodes of the file tree (see node.h). Touches the tree and the library's heap; no locks. */
#include "libos/fs/node.h"

#include "libos/fs/data.h"
#include "libos/fs/locks.h"
#include "libos/fs/pipe.h"
#include "libos/fs/proc.h"

static bool node_has_name(const struct fs_node *node, const char *name, size_t name_bytes)
{
	return node->name_bytes == name_bytes
		&& __builtin_memcmp(node->name, name, name_bytes) == 0;
}

static bool node_is_dots(const char *name, size_t name_bytes)
{
	return name[0] == '.' && (name_bytes == 1 || (name_bytes == 2 && name[1] == '.'));
}

static err_t node_name_check(const char *name, size_t name_bytes)
{
	size_t i;

	if (name_bytes == 0 || node_is_dots(name, name_bytes))
		return FS_E_ARGUMENT;
	if (name_bytes > FS_NAME_MAX)
		return FS_E_NAME_LONG;
	for (i = 0; i < name_bytes; i++)
		if (name[i] == '/' || name[i] == '\0')
			return FS_E_ARGUMENT;
	return FS_OK;
}

static char *node_name_create(struct fs *fs, const char *name, size_t name_bytes)
{
	char *copy = fs->outside->alloc(name_bytes + 1);

	if (copy != NULL)
		__builtin_memcpy(copy, name, name_bytes);
	return copy;
}

/* What is stored before is there before what is stored after, for whoever comes after a death. */
static void node_order(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

void node_attach(struct fs *fs, struct fs_node *dir, struct fs_node *node)
{
	struct fs_node **last = &dir->child;

	while (*last != NULL)
		last = &(*last)->sibling;
	node->sibling = NULL;
	node->parent = dir;
	node->cookie = ++fs->shared->last_ino;
	if (node->ino == 0)
		node->ino = node->cookie;
	dir->mtime_ns = fs->outside->clock_ns();
	node_order();
	*last = node;
}

static void node_unlink(struct fs *fs, struct fs_node *node)
{
	struct fs_node **link = &node->parent->child;

	while (*link != NULL && *link != node)
		link = &(*link)->sibling;
	if (*link != NULL)
		*link = node->sibling;
	node_order();
	node->parent->mtime_ns = fs->outside->clock_ns();
	node->parent = NULL;
	node->sibling = NULL;
}

struct fs_node *node_entry(struct fs_node *dir, const char *name, size_t name_bytes)
{
	struct fs_node *node = dir->child;

	while (node != NULL && !node_has_name(node, name, name_bytes))
		node = node->sibling;
	return node;
}

struct fs_node *node_find(struct fs_node *dir, const char *name, size_t name_bytes)
{
	struct fs_node *node;

	if (dir->kind != FS_DIR || name_bytes == 0)
		return NULL;
	if (node_is_dots(name, name_bytes))
		return name_bytes == 1 ? dir : dir->parent;
	node = node_entry(dir, name, name_bytes);
	return node != NULL && node->same != NULL ? node->same : node;
}

struct fs_node *node_next(struct fs_node *dir, uint64_t cookie)
{
	struct fs_node *node = dir->child;

	while (node != NULL && node->cookie <= cookie)
		node = node->sibling;
	return node;
}

err_t node_make(struct fs *fs, struct fs_node *dir, const char *name, size_t name_bytes,
	enum fs_kind kind, uint32_t mode, struct fs_node **node)
{
	err_t error = node_name_check(name, name_bytes);
	struct fs_node *made;

	if (error < 0)
		return error;
	if (dir->kind != FS_DIR)
		return FS_E_NOT_DIR;
	if (dir->parent == NULL)
		return FS_E_MISSING;
	if (node_find(dir, name, name_bytes) != NULL)
		return FS_E_EXISTS;
	made = fs->outside->alloc(sizeof(*made));
	if (made == NULL)
		return FS_E_MEMORY;
	made->name = node_name_create(fs, name, name_bytes);
	if (made->name == NULL) {
		fs->outside->free(made);
		return FS_E_MEMORY;
	}
	made->name_bytes = name_bytes;
	made->kind = kind;
	made->mode = mode;
	made->refs = 1;
	made->links = 1;
	made->mtime_ns = fs->outside->clock_ns();
	*node = made;
	return FS_OK;
}

err_t node_create(struct fs *fs, struct fs_node *dir, const char *name, size_t name_bytes,
	enum fs_kind kind, uint32_t mode, struct fs_node **node)
{
	err_t error = node_make(fs, dir, name, name_bytes, kind, mode, node);

	if (error >= 0)
		node_attach(fs, dir, *node);
	return error;
}

err_t node_create_nameless(struct fs *fs, enum fs_kind kind, uint32_t mode, struct fs_node **node)
{
	struct fs_node *made = fs->outside->alloc(sizeof(*made));

	if (made == NULL)
		return FS_E_MEMORY;
	made->kind = kind;
	made->mode = mode;
	made->refs = 1;
	made->ino = ++fs->shared->last_ino;
	made->mtime_ns = fs->outside->clock_ns();
	*node = made;
	return FS_OK;
}

err_t node_link(struct fs *fs, struct fs_node *node, struct fs_node *dir, const char *name,
	size_t name_bytes)
{
	struct fs_node *made;
	err_t error;

	if (node->kind == FS_DIR)
		return FS_E_DENIED;
	if (node->links == 0)
		return FS_E_MISSING;
	error = node_make(fs, dir, name, name_bytes, node->kind, 0, &made);
	if (error < 0)
		return error;
	node_ref(node);
	node->links++;
	made->same = node;
	node_attach(fs, dir, made);
	return FS_OK;
}

static struct fs_node *node_first(struct fs_node *entry)
{
	return entry->same != NULL ? entry->same : entry;
}

/* A name goes, and with the last one its reference. */
static void node_drop_name(struct fs *fs, struct fs_node *entry)
{
	node_end_begin(fs, node_first(entry));
	node_unlink(fs, entry);
	node_first(entry)->links--;
	node_unref(fs, entry);
	node_end(fs);
}

err_t node_remove(struct fs *fs, struct fs_node *node)
{
	if (node == fs->root)
		return FS_E_BUSY;
	if (node->proc != PROC_NONE)
		return FS_E_DENIED;
	if (node->child != NULL)
		return FS_E_NOT_EMPTY;
	node_drop_name(fs, node);
	return FS_OK;
}

static err_t node_move_check(struct fs *fs, struct fs_node *node, struct fs_node *dir,
	struct fs_node *old)
{
	struct fs_node *up;

	if (dir->kind != FS_DIR)
		return FS_E_NOT_DIR;
	if (dir->parent == NULL)
		return FS_E_MISSING;
	if (node == fs->root)
		return FS_E_BUSY;
	if (node->proc != PROC_NONE || (old != NULL && old->proc != PROC_NONE))
		return FS_E_DENIED;
	for (up = dir; up != fs->root; up = up->parent)
		if (up == node)
			return FS_E_ARGUMENT;
	if (old == NULL)
		return FS_OK;
	if (node->kind == FS_DIR && old->kind != FS_DIR)
		return FS_E_NOT_DIR;
	if (node->kind != FS_DIR && old->kind == FS_DIR)
		return FS_E_IS_DIR;
	return old->child != NULL ? FS_E_NOT_EMPTY : FS_OK;
}

void node_move_on(struct fs *fs)
{
	struct fs_move *move = &fs->shared->move;
	struct fs_node *node = move->node, *old;
	char *old_name;

	if (node == NULL)
		return;
	old = node_entry(move->dir, move->name, move->name_bytes);
	if (old != NULL && old != node)
		node_drop_name(fs, old);
	if (node->name != move->name) {
		if (node->parent != NULL)
			node_unlink(fs, node);
		old_name = node->name;
		node->name_bytes = move->name_bytes;
		node_order();
		node->name = move->name;
		fs->outside->free(old_name);
	}
	if (old != node)
		node_attach(fs, move->dir, node);
	node_order();
	move->node = NULL;
}

err_t node_move(struct fs *fs, struct fs_node *node, struct fs_node *dir, const char *name,
	size_t name_bytes)
{
	struct fs_node *old = node_entry(dir, name, name_bytes);
	err_t error = node_name_check(name, name_bytes);
	struct fs_move *move = &fs->shared->move;

	if (error >= 0)
		error = node_move_check(fs, node, dir, old);
	if (error < 0 || (old != NULL && node_first(old) == node_first(node)))
		return error;
	move->name = node_name_create(fs, name, name_bytes);
	if (move->name == NULL)
		return FS_E_MEMORY;
	move->name_bytes = name_bytes;
	move->dir = dir;
	node_order();
	move->node = node;
	node_move_on(fs);
	return FS_OK;
}

err_t node_set_target(struct fs *fs, struct fs_node *link, const char *target)
{
	size_t bytes = __builtin_strlen(target);
	char *copy = node_name_create(fs, target, bytes);

	if (copy == NULL)
		return FS_E_MEMORY;
	data_destroy(fs, link);
	link->image = copy;
	link->image_bytes = bytes;
	link->size = bytes;
	link->has_image = true;
	return FS_OK;
}

const char *node_target(struct fs *fs, const struct fs_node *link, size_t *bytes)
{
	const char *target = link->image;

	*bytes = link->size;
	if (target == NULL) {
		target = proc_text(fs, link);
		*bytes = __builtin_strlen(target);
	}
	return target;
}

void node_ref(struct fs_node *node)
{
	node->refs++;
}

void node_unref(struct fs *fs, struct fs_node *node)
{
	if (--node->refs == 0)
		node_destroy(fs, node);
}

void node_destroy(struct fs *fs, struct fs_node *node)
{
	if (node->same != NULL)
		node_unref(fs, node->same);
	data_destroy(fs, node);
	if (node->pipe != NULL)
		pipe_destroy(fs, node);
	locks_destroy(fs, node);
	if (fs->shared->ending == node)
		node_end(fs);
	node_order();
	fs->outside->free(node->name);
	fs->outside->free(node);
}

err_t node_path(struct fs *fs, const struct fs_node *node, char *path, size_t path_bytes)
{
	const struct fs_node *at;
	size_t left = node == fs->root ? 2 : 1;

	for (at = node; at != fs->root; at = at->parent) {
		if (at->parent == NULL)
			return FS_E_MISSING;
		left += at->name_bytes + 1;
	}
	if (left > path_bytes)
		return FS_E_NAME_LONG;
	path[--left] = '\0';
	if (node == fs->root)
		path[--left] = '/';
	for (; node != fs->root; node = node->parent) {
		left -= node->name_bytes;
		__builtin_memcpy(path + left, node->name, node->name_bytes);
		path[--left] = '/';
	}
	return FS_OK;
}
