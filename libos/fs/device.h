/* SPDX-License-Identifier: ISC */
/* The devices below /dev. Numbers are Linux's: major << 8 | minor. */
#ifndef LIBOS_FS_DEVICE_H
#define LIBOS_FS_DEVICE_H

#include "libos/fs/fs.h"

enum device_number {
	DEVICE_NULL = 0x103,
	DEVICE_ZERO = 0x105,
	DEVICE_FULL = 0x107,
	DEVICE_RANDOM = 0x108,
	DEVICE_URANDOM = 0x109,
	DEVICE_TTY = 0x500,
	DEVICE_CONSOLE = 0x501,
};

/* Make /dev and what is in it. Errors: as node_create. */
err_t device_create(struct fs *fs) MUST_USE;

/* Is that device the console's terminal? */
bool device_is_tty(uint32_t device);

/*
 * Read up to count bytes into the program's memory at `to`. Result: how many, 0 at the end.
 * Errors: FS_E_POINTER; FS_E_AGAIN (nothing there yet); FS_E_NO_DEVICE.
 */
err_t device_read(struct fs *fs, uint32_t device, uint64_t to, size_t count) MUST_USE;

/* Write likewise. Errors: FS_E_POINTER, FS_E_FULL, FS_E_NO_DEVICE. */
err_t device_write(struct fs *fs, uint32_t device, uint64_t from, size_t count) MUST_USE;

/* Can it be read without waiting? */
bool device_is_ready(struct fs *fs, uint32_t device);

/*
 * Take what the console has into the line discipline while that has room, echo it, tell readers.
 * Result: the signal that a key asked for (enum tty_signal), 0: none, and all is taken for which
 * there is room. Called by the one process that serves the terminal.
 */
unsigned device_pump(struct fs *fs) MUST_USE;

/* The terminal takes nothing more before something is read. */
bool device_is_full(const struct fs *fs);

#endif
