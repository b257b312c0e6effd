/* SPDX-License-Identifier: ISC */
/*
 * The contents of a file: pages in memory over a part of the archive over zeros. A page comes into
 * memory when it is first written, so a file of the archive costs nothing until then.
 */
#ifndef LIBOS_FS_DATA_H
#define LIBOS_FS_DATA_H

#include "libos/fs/node.h"

/*
 * The bytes from offset on that lie together in memory, for reading: *bytes of them, at least 1,
 * at most to the end of the page or the file. offset < node->size.
 */
const char *data_read(const struct fs_node *node, uint64_t offset, size_t *bytes);

/*
 * The same for writing: the page is brought into memory. Does not change the size. Errors:
 * FS_E_MEMORY, FS_E_TOO_BIG.
 */
err_t data_write(struct fs *fs, struct fs_node *node, uint64_t offset, char **to, size_t *bytes)
	MUST_USE;

/* Has the file anything of its own on that page, in memory or in the archive? */
bool data_is_there(const struct fs_node *node, uint64_t offset);

/* Cut or lengthen (with zeros) the file. Errors: FS_E_TOO_BIG. */
err_t data_resize(struct fs *fs, struct fs_node *node, uint64_t size) MUST_USE;

/*
 * The file as one run of the archive: its bytes, or NULL if it is not that (any more). A file
 * without bytes has none.
 */
const char *data_image(const struct fs_node *node);

/* Free what the file has in memory, one after another: whoever began may have died. */
void data_destroy(struct fs *fs, struct fs_node *node);

#endif
