/* SPDX-License-Identifier: ISC */
/* The console as the file tree sees it: exokernel calls. */
#ifndef LIBOS_LINUX_CONSOLE_H
#define LIBOS_LINUX_CONSOLE_H

#include "libos/base.h"

/* As struct fs_outside wants them. */
void console_put(const char *bytes, size_t count);
size_t console_get(char *bytes, size_t count);

#endif
