/* SPDX-License-Identifier: ISC */
/* Makes the file tree from the boot archive (see fs.h). No locks. */
#include "libos/fs/fs.h"

#include "libos/fs/cpio.h"
#include "libos/fs/device.h"
#include "libos/fs/proc.h"

static err_t fs_create_root(struct fs *fs)
{
	struct fs_node *root = fs->outside->alloc(sizeof(*root));

	if (root == NULL)
		return FS_E_MEMORY;
	root->kind = FS_DIR;
	root->mode = 0755;
	root->refs = 1;
	root->parent = root;
	root->links = 1;
	root->ino = ++fs->shared->last_ino;
	fs->shared->root = fs->root = root;
	return FS_OK;
}

/* The directory of that name, made if there is none; NULL if the name is another thing's. */
static struct fs_node *fs_directory(struct fs *fs, struct fs_node *dir, const char *name,
	size_t name_bytes)
{
	struct fs_node *node = node_find(dir, name, name_bytes);

	if (name_bytes <= 2 && name[0] == '.' && name[name_bytes - 1] == '.')
		return NULL;
	if (node == NULL && node_create(fs, dir, name, name_bytes, FS_DIR, 0755, &node) < 0)
		return NULL;
	return node->kind == FS_DIR ? node : NULL;
}

/* Cut the next part off a member's name. */
static size_t fs_name_part(const char **name, size_t *left)
{
	size_t bytes = 0;

	while (*left > 0 && **name == '/') {
		++*name;
		--*left;
	}
	while (bytes < *left && (*name)[bytes] != '/')
		bytes++;
	return bytes;
}

static void fs_fill(struct fs_node *node, const struct cpio_member *member)
{
	node->image = member->data;
	node->image_bytes = member->data_bytes;
	node->size = member->data_bytes;
}

/* Put one member in its place; a later member of the same name replaces the contents. */
static err_t fs_create_member(struct fs *fs, const struct cpio_member *member)
{
	uint32_t type = member->mode & CPIO_TYPE, mode = member->mode & CPIO_BITS;
	size_t left = member->name_bytes, bytes;
	const char *name = member->name;
	struct fs_node *dir = fs->root, *node;
	err_t error;

	bytes = fs_name_part(&name, &left);
	while (bytes < left && dir != NULL) {
		dir = fs_directory(fs, dir, name, bytes);
		name += bytes;
		left -= bytes;
		bytes = fs_name_part(&name, &left);
	}
	if (dir == NULL || bytes == 0)
		return FS_OK;
	if (type == CPIO_DIR) {
		node = fs_directory(fs, dir, name, bytes);
		if (node != NULL)
			node->mode = mode;
		return FS_OK;
	}
	if (type != CPIO_FILE && type != CPIO_LINK)
		return FS_OK;
	node = node_find(dir, name, bytes);
	if (node == NULL) {
		error = node_create(fs, dir, name, bytes, type == CPIO_FILE ? FS_FILE : FS_LINK,
			mode, &node);
		if (error == FS_E_MEMORY)
			return error;
		if (error < 0)
			return FS_OK;
	}
	if (node->kind != FS_FILE && node->kind != FS_LINK)
		return FS_OK;
	fs_fill(node, member);
	node->mtime_ns = member->mtime_s * UINT64_C(1000000000);
	return FS_OK;
}

void fs_attach(struct fs *fs, const struct fs_outside *outside, struct fs_shared *shared)
{
	fs->outside = outside;
	fs->shared = shared;
	fs->root = shared->root;
}

err_t fs_create(struct fs *fs, const struct fs_outside *outside, struct fs_shared *shared,
	const char *archive, uint64_t archive_bytes)
{
	struct cpio_member member;
	uint64_t offset = 0;
	err_t error, found = 0;

	fs_attach(fs, outside, shared);
	tty_init(&shared->tty);
	error = fs_create_root(fs);
	if (error >= 0)
		error = device_create(fs);
	if (error >= 0 && fs_directory(fs, fs->root, "tmp", 3) == NULL)
		error = FS_E_MEMORY;
	while (error >= 0 && (found = cpio_find(archive, archive_bytes, &offset, &member)) > 0)
		error = fs_create_member(fs, &member);
	if (error >= 0)
		error = proc_create(fs);
	return error < 0 ? error : found;
}
