/* SPDX-License-Identifier: ISC */
/*
 * Locks that programs put on files: on ranges of bytes, owned by a process (its struct fs_files) or
 * by an open description, and on whole files (flock), owned by an open description; the two do
 * not see each other. An owner's ranges of one file are disjoint. They go when their owner closes
 * the file. In shared memory; the family's lock `file` is held.
 */
#ifndef LIBOS_FS_LOCKS_H
#define LIBOS_FS_LOCKS_H

#include "libos/fs/node.h"

enum locks_type { LOCKS_READ, LOCKS_WRITE, LOCKS_NONE };
enum locks_kind { LOCKS_RANGE, LOCKS_WHOLE, LOCKS_KINDS };

#define LOCKS_END UINT64_MAX /* of a range: wherever the file ends */

struct fs_range {
	struct fs_range *next;
	uint64_t start, end;     /* first and last byte */
	const void *owner;
	uint32_t pid;            /* who set it; 0: an open description's */
	enum locks_type type;
};

/* The locks of a node; it has none until the first is set. */
struct fs_locks {
	struct fs_range *first[LOCKS_KINDS]; /* by start */
	struct fs_waiters waiters;          /* for any that goes */
};

/*
 * Give the owner that lock on the range in the place of what it has there (LOCKS_NONE: take it
 * away). Errors: FS_E_AGAIN (another owner's is in the way; nothing is changed), FS_E_MEMORY.
 */
err_t locks_set(struct fs *fs, struct fs_node *node, enum locks_kind kind,
	const struct fs_range *wanted) MUST_USE;

/* Another owner's lock that is in the way of that one, or NULL. */
const struct fs_range *locks_find(const struct fs_node *node, enum locks_kind kind,
	const struct fs_range *wanted);

/* Let this process be told when a lock of the node goes. It has some. */
void locks_wait(struct fs *fs, struct fs_node *node);

/* All that the owner has on the node go. */
void locks_drop(struct fs *fs, struct fs_node *node, const void *owner);

/* The node goes; nobody has locks on it any more. */
void locks_destroy(struct fs *fs, struct fs_node *node);

#endif
