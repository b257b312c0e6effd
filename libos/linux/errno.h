/* SPDX-License-Identifier: ISC */
/* Linux's error numbers, positive; system calls return them negated. */
#ifndef LIBOS_LINUX_ERRNO_H
#define LIBOS_LINUX_ERRNO_H

#include <stdint.h>

enum linux_errno {
#define ERRNO(number, NAME) LINUX_##NAME = number,
#include "libos/linux/errno.def"
#undef ERRNO
	LINUX_ERRNO_MAX = 4095
};

/* A library or file tree error as a system call's result; what is not negative stays. */
int64_t errno_from(int64_t error);

/* The name of a positive number, or NULL. */
const char *errno_name(int64_t number);

#endif
