/* SPDX-License-Identifier: ISC */
/* Open descriptions (see open.h). Touches the tree and the library's heap; no locks. */
#include "libos/fs/open.h"

#include "libos/fs/data.h"
#include "libos/fs/device.h"
#include "libos/fs/locks.h"
#include "libos/fs/path.h"
#include "libos/fs/pipe.h"
#include "libos/fs/proc.h"

err_t open_node(struct fs *fs, struct fs_node *node, uint32_t flags, struct fs_open **open)
{
	struct fs_open *made = fs->outside->alloc(sizeof(*made));

	if (made == NULL)
		return FS_E_MEMORY;
	node_ref(node);
	made->node = node;
	made->flags = flags & (OPEN_READ | OPEN_WRITE | OPEN_APPEND | OPEN_NONBLOCK | OPEN_PATH);
	made->refs = 1;
	if (node->pipe != NULL)
		pipe_ref(node->pipe, made->flags);
	*open = made;
	return FS_OK;
}

/* May the node at the end of the walk be opened so? Makes it if asked. */
static err_t open_check(struct fs *fs, struct fs_walk *walk, uint32_t flags, uint32_t mode)
{
	if (walk->node == NULL) {
		if (!(flags & OPEN_CREATE))
			return FS_E_MISSING;
		if (walk->is_dir)
			return FS_E_IS_DIR;
		return node_create(fs, walk->dir, walk->name, walk->name_bytes, FS_FILE, mode,
			&walk->node);
	}
	if (flags & OPEN_CREATE && flags & OPEN_EXCLUSIVE)
		return FS_E_EXISTS;
	if (walk->node->kind == FS_LINK && !(flags & OPEN_PATH))
		return FS_E_LOOP;
	if (flags & OPEN_DIRECTORY && walk->node->kind != FS_DIR)
		return FS_E_NOT_DIR;
	if (walk->node->kind == FS_DIR && flags & (OPEN_WRITE | OPEN_CREATE))
		return FS_E_IS_DIR;
	return FS_OK;
}

err_t open_create(struct fs *fs, struct fs_node *from, const char *path, uint32_t flags,
	uint32_t mode, struct fs_open **open)
{
	bool is_link = flags & OPEN_NOFOLLOW || (flags & OPEN_CREATE && flags & OPEN_EXCLUSIVE);
	struct fs_walk walk;
	err_t error = path_walk(fs, from, path, is_link ? PATH_LINK : 0, &walk);

	if (error >= 0)
		error = open_check(fs, &walk, flags, mode);
	if (error >= 0 && flags & OPEN_TRUNCATE && flags & OPEN_WRITE && walk.node->kind == FS_FILE)
		error = data_resize(fs, walk.node, 0);
	if (error >= 0 && walk.node->proc != PROC_NONE)
		error = proc_open(fs, walk.node, flags, open);
	else if (error >= 0)
		error = open_node(fs, walk.node, flags, open);
	return error;
}

void open_unref(struct fs *fs, struct fs_open *open)
{
	if (--open->refs > 0)
		return;
	if (open->node->pipe != NULL)
		pipe_unref(fs, open->node->pipe, open->flags);
	locks_drop(fs, open->node, open);
	node_unref(fs, open->node);
	fs->outside->free(open);
}

static unsigned open_poll_pipe(const struct fs_open *open)
{
	const struct fs_pipe *pipe = open->node->pipe;
	unsigned can = 0;

	if (open->flags & OPEN_READ && pipe_count(pipe) > 0)
		can |= OPEN_CAN_READ;
	if (open->flags & OPEN_READ && pipe->writers == 0)
		can |= OPEN_HUNG_UP;
	if (open->flags & OPEN_WRITE && PIPE_BYTES - pipe_count(pipe) >= PIPE_ATOMIC)
		can |= OPEN_CAN_WRITE;
	if (open->flags & OPEN_WRITE && pipe->readers == 0)
		can |= OPEN_BROKEN;
	return can;
}

unsigned open_poll(struct fs *fs, const struct fs_open *open)
{
	if (open->node->kind == FS_PIPE)
		return open_poll_pipe(open);
	if (open->node->kind == FS_DEVICE && !device_is_ready(fs, open->node->device))
		return OPEN_CAN_WRITE;
	return OPEN_CAN_READ | OPEN_CAN_WRITE;
}

void open_wait(struct fs *fs, const struct fs_open *open)
{
	if (open->node->kind == FS_PIPE)
		fs->outside->wait(&open->node->pipe->waiters);
	else if (open->node->kind == FS_DEVICE && device_is_tty(open->node->device))
		fs->outside->wait(&fs->shared->readers);
}

/* Has it no position? */
static bool open_is_stream(const struct fs_node *node)
{
	return node->kind == FS_PIPE
		|| (node->kind == FS_DEVICE && device_is_tty(node->device));
}

static err_t open_read_file(struct fs *fs, struct fs_node *node, uint64_t to, size_t count,
	uint64_t *position)
{
	size_t done = 0, part;

	while (done < count && *position < node->size) {
		const char *from = data_read(node, *position, &part);

		if (part > count - done)
			part = count - done;
		if (fs->outside->copy_out(to + done, from, part) < 0)
			return done > 0 ? (err_t)done : FS_E_POINTER;
		done += part;
		*position += part;
	}
	return (err_t)done;
}

err_t open_read(struct fs *fs, struct fs_open *open, uint64_t to, size_t count,
	uint64_t *position)
{
	struct fs_node *node = open->node;

	if (position != NULL && open_is_stream(node))
		return FS_E_PIPE;
	if (!(open->flags & OPEN_READ))
		return FS_E_BAD_FILE;
	if (node->kind == FS_DIR)
		return FS_E_IS_DIR;
	if (count > INT32_MAX)
		count = INT32_MAX & -FS_PAGE;
	if (node->kind == FS_PIPE)
		return pipe_read(fs, node->pipe, to, count);
	if (node->kind == FS_DEVICE)
		return device_read(fs, node->device, to, count);
	return open_read_file(fs, node, to, count, position != NULL ? position : &open->offset);
}

static err_t open_write_file(struct fs *fs, struct fs_node *node, uint64_t from, size_t count,
	uint64_t *position)
{
	size_t done = 0, part = 0;
	err_t error = FS_OK;
	char *to;

	while (error >= 0 && done < count) {
		error = data_write(fs, node, *position, &to, &part);
		if (error < 0)
			break;
		if (part > count - done)
			part = count - done;
		if (fs->outside->copy_in(to, from + done, part) < 0) {
			error = FS_E_POINTER;
			break;
		}
		done += part;
		*position += part;
		if (*position > node->size)
			node->size = *position;
	}
	if (done > 0)
		node->mtime_ns = fs->outside->clock_ns();
	return done > 0 ? (err_t)done : error;
}

err_t open_write(struct fs *fs, struct fs_open *open, uint64_t from, size_t count,
	uint64_t *position)
{
	struct fs_node *node = open->node;

	if (position != NULL && open_is_stream(node))
		return FS_E_PIPE;
	if (!(open->flags & OPEN_WRITE))
		return FS_E_BAD_FILE;
	if (count > INT32_MAX)
		count = INT32_MAX & -FS_PAGE;
	if (node->kind == FS_PIPE)
		return pipe_write(fs, node->pipe, from, count);
	if (node->kind == FS_DEVICE)
		return device_write(fs, node->device, from, count);
	if (position == NULL)
		position = &open->offset;
	if (open->flags & OPEN_APPEND)
		*position = node->size;
	return open_write_file(fs, node, from, count, position);
}

err_t open_seek(struct fs_open *open, int64_t offset, enum open_whence whence, uint64_t *result)
{
	const struct fs_node *node = open->node;
	int64_t base = 0, sum;

	if (open_is_stream(node))
		return FS_E_PIPE;
	if (whence == OPEN_CURRENT)
		base = (int64_t)open->offset;
	else if (whence == OPEN_END)
		base = (int64_t)node->size;
	else if (whence != OPEN_SET)
		return FS_E_ARGUMENT;
	if (__builtin_add_overflow(base, offset, &sum) || sum < 0)
		return FS_E_ARGUMENT;
	open->offset = (uint64_t)sum;
	*result = (uint64_t)sum;
	return FS_OK;
}
