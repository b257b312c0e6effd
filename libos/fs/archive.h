/* SPDX-License-Identifier: ISC */
/*
 * The boot archive as it lies at EXO_INFO_ARCHIVE, without a file tree: for whoever starts
 * programs before there is one. Touches the archive only; no locks.
 */
#ifndef LIBOS_FS_ARCHIVE_H
#define LIBOS_FS_ARCHIVE_H

#include "libos/base.h"

struct archive_file {
	uint64_t offset; /* of its bytes from EXO_INFO_ARCHIVE; a multiple of the page size */
	uint64_t bytes;
	uint32_t mode;   /* as in cpio: type and permissions */
};

/*
 * The member of that name (a leading slash does not count); links are not followed. Where a name
 * is there twice the last one counts, as in the tree. Errors: EXO_E_EMPTY: none, or the archive is
 * malformed before it.
 */
err_t archive_find(const char *path, struct archive_file *file) MUST_USE;

#endif
