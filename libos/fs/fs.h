/* SPDX-License-Identifier: ISC */
/*
 * The file tree of a process: the boot archive, read where it lies, and over it what the process
 * makes in memory. What the module needs from the rest of the library comes through struct
 * fs_outside, so that the host's tests run it as it is.
 *
 * Everything below libos/fs is called by one thread at a time, with asynchronous upcalls masked;
 * only a console read sleeps, and then it holds nothing but its open description.
 */
#ifndef LIBOS_FS_FS_H
#define LIBOS_FS_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libos/fs/tty.h"

/* Zero, or a count, or a negative error. */
typedef int32_t err_t;
#ifndef MUST_USE
#define MUST_USE __attribute__((warn_unused_result))
#endif

enum fs_error {
#define FS_ERROR(number, NAME, LINUX, text) FS_E_##NAME = number,
#include "libos/fs/error.def"
#undef FS_ERROR
	FS_OK = 0
};

enum {
	FS_PAGE = 4096,
	FS_NAME_MAX = 255,          /* bytes of a name */
	FS_PATH_MAX = 4096,         /* bytes of a path, its NUL among them */
	FS_LINKS_MAX = 40,          /* symbolic links on the way of one path */
	FS_FILE_PAGES = 1 << 18,    /* most pages of a file: 1 GiB */
};

/* What the file tree asks of its surroundings. */
struct fs_outside {
	/* Zeroed memory of the library, or NULL; and back. */
	void *(*alloc)(size_t bytes);
	void (*free)(void *memory);
	/* Copy from or to the program's memory; 0, or negative if it is not accessible there. */
	err_t (*copy_in)(void *to, uint64_t from, size_t bytes);
	err_t (*copy_out)(uint64_t to, const void *from, size_t bytes);
	/* Nanoseconds since 1970 or since the boot. */
	uint64_t (*clock_ns)(void);
	/* All bytes to the console. */
	void (*console_write)(const char *bytes, size_t count);
	/* What there is, 1..count bytes; sleeps for it if it may; else FS_E_AGAIN. */
	err_t (*console_read)(char *bytes, size_t count, bool may_sleep);
	/* Bytes that are hard to guess (as far as the machine can). */
	void (*random)(void *bytes, size_t count);
};

struct fs_node;

struct fs {
	const struct fs_outside *outside;
	struct fs_node *root;
	uint64_t last_ino;
	struct tty tty; /* the line discipline of the console */
};

/*
 * Make the tree: every member of the archive, the directories on their paths, /dev with its
 * devices, /tmp. Names in the archive that make no sense (empty, with "..") and kinds other than
 * file, directory and link are left out. Errors: FS_E_FORMAT: the archive is malformed; what came
 * before the bad member is there. FS_E_MEMORY.
 */
err_t fs_create(struct fs *fs, const struct fs_outside *outside, const char *archive,
	uint64_t archive_bytes) MUST_USE;

#endif
