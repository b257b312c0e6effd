/* SPDX-License-Identifier: ISC */
/* What Linux does differently on each machine, for the simulated one: as on x86-64, whose numbers
 * of calls it has. User side only. */
#ifndef MACHINE_LINUX_H
#define MACHINE_LINUX_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/exo.h"

#define LINUX_MACHINE "host"

/* The sixth argument of a system call. */
#define LINUX_ARG5(r) ((r)->general[0])

enum { LINUX_RESTART_SYSCALL = 219 };

/* A handler without SA_RESTORER is refused; else what it returns to is Linux's own. */
enum { LINUX_NEEDS_RESTORER = 1 };

enum { LINUX_O_DIRECTORY = 0200000, LINUX_O_NOFOLLOW = 0400000 };

/* Arguments of clone, in this machine's order. */
enum { LINUX_CLONE_PARENT = 2, LINUX_CLONE_CHILD = 3, LINUX_CLONE_TLS = 4 };

/* No program's: in an order of its own, without the holes. */
struct linux_stat {
	uint64_t dev, ino, nlink, rdev;
	uint32_t mode, uid, gid;
	int64_t size, blksize, blocks;
	int64_t atime_s, atime_ns, mtime_s, mtime_ns, ctime_s, ctime_ns;
};

#define LINUX_RED_ZONE 128u

/* Bytes of the instruction that makes a system call. */
enum { LINUX_CALL_BYTES = 2 };

/* The simulated machine has no generator: what is random is the same each time. */
static inline bool machine_random(uint64_t *value)
{
	(void)value;
	return false;
}

#endif
