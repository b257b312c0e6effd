/* SPDX-License-Identifier: ISC */
/*
 * The file tree after a process has died while it changed it. How often a node or an open
 * description is named, and by how many a pipe is read and written, is counted in several places
 * that no single store keeps together; but who names what is always right (libos/fs/fs.h). So the
 * counts are made anew from that: the tree, and what every process has in its struct fs_files.
 */
#ifndef LIBOS_FS_RECOUNT_H
#define LIBOS_FS_RECOUNT_H

#include "libos/fs/fs.h"

/*
 * Put everything right; `next` gives the files of all processes, from *place = 0 on, NULL: no
 * more. Finishes a move, takes away locks whose owner has closed the file, frees the node that was
 * ending. Then `name` is called with all that is in use of what may be longer than a page (NULL
 * and others, too). Whoever does it may die, too: then it is done again. The family's lock `file`
 * is held.
 */
void fs_recount(struct fs *fs, struct fs_files *(*next)(uint32_t *place),
	void (*name)(const void *memory));

#endif
