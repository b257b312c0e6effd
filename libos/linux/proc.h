/* SPDX-License-Identifier: ISC */
/* What /proc says, for the file tree. */
#ifndef LIBOS_LINUX_PROC_H
#define LIBOS_LINUX_PROC_H

#include "libos/linux/linux.h"

extern const struct fs_proc linux_proc;

/* A program starts: its arguments, as far as there is room, into the process table. */
void proc_note_command(struct libos *os);

#endif
