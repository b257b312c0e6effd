/* SPDX-License-Identifier: ISC */
/*
 * Pipes: up to PIPE_BYTES between those who write and those who read. Its two ends are open
 * descriptions of one node; counted are descriptions, not descriptors. A pipe with a name (FIFO) is
 * a node of the tree; what is in it goes when nobody has it open.
 */
#ifndef LIBOS_FS_PIPE_H
#define LIBOS_FS_PIPE_H

#include "libos/fs/open.h"

enum {
	PIPE_BYTES = 65536,
	PIPE_ATOMIC = 4096, /* so much is written in one piece or not at all */
};

struct fs_pipe {
	uint32_t readers, writers;   /* open descriptions */
	uint32_t read_opens, write_opens; /* how many there ever were */
	/* Where in the buffer is what can be read, and in the upper half how many bytes: changed by
	 * one store. */
	uint64_t content;
	struct fs_waiters waiters;   /* for any change */
	char *buffer;                /* PIPE_BYTES */
};

/* Make a pipe: its reading and its writing end, with the flags that both have (OPEN_NONBLOCK).
 * Errors: FS_E_MEMORY. */
err_t pipe_create(struct fs *fs, uint32_t flags, struct fs_open **reader, struct fs_open **writer)
	MUST_USE;
/* A node of kind FS_PIPE in the tree gets its pipe. Errors: FS_E_MEMORY. */
err_t pipe_create_named(struct fs *fs, struct fs_node *node) MUST_USE;
/* The node goes. */
void pipe_destroy(struct fs *fs, struct fs_node *node);
/* It is one more in readers and writers. */
void pipe_count_end(struct fs_pipe *pipe, uint32_t flags);
/* An open description of an end with these flags begins or ends. */
void pipe_ref(struct fs_pipe *pipe, uint32_t flags);
void pipe_unref(struct fs *fs, struct fs_pipe *pipe, uint32_t flags);
/* If nobody has it open, what is in it goes. */
void pipe_empty(struct fs_pipe *pipe);

static inline uint32_t pipe_start(const struct fs_pipe *pipe)
{
	return (uint32_t)pipe->content;
}

static inline uint32_t pipe_count(const struct fs_pipe *pipe)
{
	return (uint32_t)(pipe->content >> 32);
}

/* Read what is there, at most count bytes; 0: nobody writes any more. FS_E_AGAIN: nothing yet;
 * FS_E_POINTER. */
err_t pipe_read(struct fs *fs, struct fs_pipe *pipe, uint64_t to, size_t count) MUST_USE;
/* Write what there is room for: all or nothing if that is not more than PIPE_ATOMIC. FS_E_AGAIN: no
 * room now; FS_E_BROKEN: nobody reads; FS_E_POINTER. */
err_t pipe_write(struct fs *fs, struct fs_pipe *pipe, uint64_t from, size_t count) MUST_USE;

#endif
