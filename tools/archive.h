/* SPDX-License-Identifier: ISC */
/*
 * The boot archive: newc cpio whose members' data begin on page boundaries, so that the library
 * can map them. The alignment is bought in the name field, which is made long enough with NULs;
 * a reader takes the name up to the first NUL. Directories are implied by the paths.
 * The bytes between a member's end and the end of its last page belong to the next header: who
 * maps that page must clear them.
 */
#ifndef TOOLS_ARCHIVE_H
#define TOOLS_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

struct archive {
	int fd;
	uint64_t size_bytes;	/* written so far */
	uint32_t members;
};

/* Start an archive in the file open for writing at fd. */
void archive_create(struct archive *archive, int fd);

/* Append a member with these bytes. mode is a cpio mode, e.g. 0100644. Ends the run on errors. */
void archive_add_bytes(struct archive *archive, const char *name, uint32_t mode,
	const void *bytes, size_t size_bytes);

/* Append the host's file under that name, executable if it is so, with the time of its last
 * change. Ends the run on errors. */
void archive_add_file(struct archive *archive, const char *name, const char *file);

/* The same with the first `most` bytes of the file only. */
void archive_add_start(struct archive *archive, const char *name, const char *file, uint64_t most);

/* Append the trailer, after which nothing follows. */
void archive_end(struct archive *archive);

#endif
