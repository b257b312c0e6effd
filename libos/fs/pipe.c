/* SPDX-License-Identifier: ISC */
/* Pipes (see pipe.h). Touches the pipe and the programs' memory; the family's lock `file` is
 * held. Bytes are in the buffer before they are counted, and counted off after they were read. */
#include "libos/fs/pipe.h"

static size_t pipe_least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* An empty pipe begins anew, so that one with little in it has few pages. */
static void pipe_set(struct fs_pipe *pipe, uint32_t start, uint32_t count)
{
	uint64_t content = count > 0 ? start % PIPE_BYTES | (uint64_t)count << 32 : 0;

	/* One store, after the bytes: relaxed, since a lock is held; for whoever comes after a
	 * death. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&pipe->content, content, __ATOMIC_RELAXED);
}

err_t pipe_create_named(struct fs *fs, struct fs_node *node)
{
	struct fs_pipe *pipe = fs->outside->alloc(sizeof(*pipe));
	char *buffer = fs->outside->alloc(PIPE_BYTES);

	if (pipe == NULL || buffer == NULL) {
		fs->outside->free(buffer);
		fs->outside->free(pipe);
		return FS_E_MEMORY;
	}
	pipe->buffer = buffer;
	node->pipe = pipe;
	return FS_OK;
}

static struct fs_node *pipe_create_node(struct fs *fs)
{
	struct fs_node *node;

	if (node_create_nameless(fs, FS_PIPE, 0600, &node) < 0)
		return NULL;
	if (pipe_create_named(fs, node) < 0) {
		node_unref(fs, node);
		return NULL;
	}
	node->links = 1;
	return node;
}

err_t pipe_create(struct fs *fs, uint32_t flags, struct fs_open **reader, struct fs_open **writer)
{
	struct fs_node *node = pipe_create_node(fs);
	err_t error;

	if (node == NULL)
		return FS_E_MEMORY;
	error = open_node(fs, node, flags | OPEN_READ, reader);
	if (error >= 0) {
		error = open_node(fs, node, flags | OPEN_WRITE, writer);
		if (error < 0)
			open_unref(fs, *reader);
	}
	node_unref(fs, node);
	return error;
}

void pipe_destroy(struct fs *fs, struct fs_node *node)
{
	struct fs_pipe *pipe = node->pipe;
	char *buffer = pipe->buffer;

	pipe->buffer = NULL;
	fs->outside->free(buffer);
	node->pipe = NULL;
	fs->outside->free(pipe);
}

void pipe_count_end(struct fs_pipe *pipe, uint32_t flags)
{
	pipe->readers += (flags & OPEN_READ) != 0;
	pipe->writers += (flags & OPEN_WRITE) != 0;
}

void pipe_ref(struct fs_pipe *pipe, uint32_t flags)
{
	pipe_count_end(pipe, flags);
	pipe->read_opens += (flags & OPEN_READ) != 0;
	pipe->write_opens += (flags & OPEN_WRITE) != 0;
}

void pipe_empty(struct fs_pipe *pipe)
{
	if (pipe->readers == 0 && pipe->writers == 0)
		pipe_set(pipe, 0, 0);
}

void pipe_unref(struct fs *fs, struct fs_pipe *pipe, uint32_t flags)
{
	pipe->readers -= (flags & OPEN_READ) != 0;
	pipe->writers -= (flags & OPEN_WRITE) != 0;
	pipe_empty(pipe);
	fs->outside->wake(&pipe->waiters);
}

err_t pipe_read(struct fs *fs, struct fs_pipe *pipe, uint64_t to, size_t count)
{
	uint32_t start = pipe_start(pipe), have = pipe_count(pipe);
	size_t done = 0, part;

	if (count == 0)
		return 0;
	if (have == 0)
		return pipe->writers == 0 ? 0 : FS_E_AGAIN;
	count = pipe_least(count, have);
	for (; done < count; done += part) {
		uint32_t at = (start + (uint32_t)done) % PIPE_BYTES;

		part = pipe_least(count - done, PIPE_BYTES - at);
		if (fs->outside->copy_out(to + done, pipe->buffer + at, part) < 0)
			return FS_E_POINTER;
	}
	pipe_set(pipe, start + (uint32_t)done, have - (uint32_t)done);
	fs->outside->wake(&pipe->waiters);
	return (err_t)done;
}

err_t pipe_write(struct fs *fs, struct fs_pipe *pipe, uint64_t from, size_t count)
{
	uint32_t start = pipe_start(pipe), have = pipe_count(pipe);
	size_t room = PIPE_BYTES - have, done = 0, part;

	if (count == 0)
		return 0;
	if (pipe->readers == 0)
		return FS_E_BROKEN;
	if (room == 0 || (count <= PIPE_ATOMIC && room < count))
		return FS_E_AGAIN;
	count = pipe_least(count, room);
	for (; done < count; done += part) {
		uint32_t at = (start + have + (uint32_t)done) % PIPE_BYTES;

		part = pipe_least(count - done, PIPE_BYTES - at);
		if (fs->outside->copy_in(pipe->buffer + at, from + done, part) < 0)
			return FS_E_POINTER;
	}
	pipe_set(pipe, start, have + (uint32_t)done);
	fs->outside->wake(&pipe->waiters);
	return (err_t)done;
}
