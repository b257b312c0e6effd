/* SPDX-License-Identifier: ISC */
/* What the calls on open files share: flags and descriptors. The family's lock `file` is held. */
#ifndef LIBOS_LINUX_FILE_H
#define LIBOS_LINUX_FILE_H

#include "libos/linux/linux.h"

/* Flags of open that are the same everywhere. */
enum {
	FILE_O_WRONLY = 01,
	FILE_O_RDWR = 02,
	FILE_O_CREAT = 0100,
	FILE_O_EXCL = 0200,
	FILE_O_TRUNC = 01000,
	FILE_O_APPEND = 02000,
	FILE_O_NONBLOCK = 04000,
	FILE_O_CLOEXEC = 02000000,
	FILE_O_PATH = 010000000,
};

/* OPEN_... (libos/fs/open.h) for these. */
uint32_t file_flags_in(uint64_t flags);
/* The open description that the call's first argument names, or NULL. */
struct fs_open *file_find(struct linux_call *c);
/* fcntl's commands on locks. */
int64_t locks_fcntl(struct linux_call *c, struct fs_open *open);

#endif
