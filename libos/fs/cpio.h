/* SPDX-License-Identifier: ISC */
/*
 * Reads a newc cpio archive in memory, member by member. The archive is hostile input: every
 * length is checked against what is left, and a malformed one ends the walk with an error.
 */
#ifndef LIBOS_FS_CPIO_H
#define LIBOS_FS_CPIO_H

#include <stdint.h>

#include "libos/fs/fs.h"

/* cpio modes: the type of a member, and the bits that chmod changes. */
enum {
	CPIO_TYPE = 0170000,
	CPIO_DIR = 0040000,
	CPIO_FILE = 0100000,
	CPIO_LINK = 0120000,
	CPIO_BITS = 07777,
};

/* A member; name and data point into the archive. */
struct cpio_member {
	const char *name;    /* not terminated: name_bytes of it, without a NUL */
	const char *data;
	uint64_t name_bytes;
	uint64_t data_bytes;
	uint32_t mode;
	uint32_t mtime_s;
};

/*
 * Read the member at *offset and move *offset behind it. Result: 1 with the member filled in; 0 at
 * the trailer, or where the archive ends at a member's border. FS_E_FORMAT: no header there, or
 * name or data reach beyond the archive; then the member and *offset are as they were.
 */
err_t cpio_find(const char *archive, uint64_t archive_bytes, uint64_t *offset,
	struct cpio_member *member) MUST_USE;

#endif
