/* SPDX-License-Identifier: ISC */
/* Walks paths: the way from a text to a node, through directories and symbolic links. */
#ifndef LIBOS_FS_PATH_H
#define LIBOS_FS_PATH_H

#include "libos/fs/node.h"

enum { PATH_LINK = 1 }; /* do not follow a link that is the path's last part */

/* Where a path leads. */
struct fs_walk {
	struct fs_node *dir;   /* the directory of the last part */
	struct fs_node *node;  /* what is there, or NULL: to be made in dir */
	const char *name;      /* the last part, inside the path or a link's target */
	size_t name_bytes;     /* 0: the path is a directory by form ("/", "a/..") */
	bool is_dir;           /* it ended in a slash: only a directory will do */
};

/*
 * Walk a terminated path from the directory `from` (from the root if it starts with a slash).
 * Errors: FS_E_MISSING: a directory on the way, or the whole path is empty; FS_E_NOT_DIR: a part
 * on the way or, with a slash behind it, the last is no directory; FS_E_LOOP; FS_E_NAME_LONG.
 */
err_t path_walk(struct fs *fs, struct fs_node *from, const char *path, unsigned flags,
	struct fs_walk *walk) MUST_USE;

/* The same for a path whose node must be there (else FS_E_MISSING). */
err_t path_find(struct fs *fs, struct fs_node *from, const char *path, unsigned flags,
	struct fs_node **node) MUST_USE;

#endif
