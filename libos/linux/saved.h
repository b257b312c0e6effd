/* SPDX-License-Identifier: ISC */
/*
 * What a program hands to the one that it becomes or starts: descriptors, directory, masks, the
 * terminal's modes. One struct saved, then a struct saved_file with its path for each descriptor.
 * Files are opened again by path: one that was removed, or made in memory, is not there any more.
 */
#ifndef LIBOS_LINUX_SAVED_H
#define LIBOS_LINUX_SAVED_H

#include "libos/fs/tty.h"

enum { SAVED_VERSION = 2, SAVED_NONE = 0xffff };

struct saved {
	uint32_t version;
	uint32_t count;          /* of descriptors */
	uint64_t bytes;          /* of all */
	uint64_t ignored;        /* bit n: signal n + 1 is ignored */
	uint64_t blocked;
	uint64_t pending;        /* not what came along; a new process: 0, as alarm */
	uint64_t alarm, alarm_every;
	uint32_t umask;
	uint32_t dir_bytes;      /* of the directory's path, which follows; its NUL counts */
	struct tty_modes modes;
	uint16_t rows, columns;
};

struct saved_file {
	uint64_t offset;
	uint32_t flags;
	uint16_t fd;
	uint16_t same;           /* a lower descriptor of the same description, or SAVED_NONE */
	uint32_t path_bytes;     /* its NUL counts */
	uint32_t zero;
};

struct libos;

/* Take what the process was started with; without that, the console on 0, 1 and 2. */
void saved_load(struct libos *os);

#endif
