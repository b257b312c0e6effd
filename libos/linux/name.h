/* SPDX-License-Identifier: ISC */
/* What the calls on paths share. The family's lock `file` is held. */
#ifndef LIBOS_LINUX_NAME_H
#define LIBOS_LINUX_NAME_H

#include "libos/fs/path.h"
#include "libos/linux/linux.h"

enum { NAME_CWD = LINUX_AT_CWD };

/* Copy a path into linux->path[which] and walk it from the directory of that descriptor. Errors:
 * those of linux_in_path, linux_dir, path_walk. */
int64_t name_walk(struct linux_call *c, unsigned which, uint64_t fd, uint64_t path,
	unsigned flags, struct fs_walk *walk);
/* The same where something must be there (else -LINUX_ENOENT). */
int64_t name_find(struct linux_call *c, uint64_t fd, uint64_t path, unsigned flags,
	struct fs_node **node);

#endif
