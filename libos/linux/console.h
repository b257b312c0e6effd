/* SPDX-License-Identifier: ISC */
/* The console as the file tree sees it: exokernel calls, and sleeping for input. */
#ifndef LIBOS_LINUX_CONSOLE_H
#define LIBOS_LINUX_CONSOLE_H

#include "libos/base.h"

struct libos;

/* How much input has come so far: look at this before looking for input. */
uint32_t console_seen(void);

/*
 * Sleep until more has come than `seen`, or until the deadline (clock units). EXO_OK: look again;
 * EXO_E_EARLY: the deadline passed; EXO_E_PENDING: interrupted. Takes sched.
 */
err_t console_sleep(struct libos *os, uint32_t seen, uint64_t deadline) MUST_USE;

/* Wake who sleeps: the doorbell rang. Takes sched. */
void console_wake(struct libos *os);

/* As struct fs_outside wants them. */
void console_put(const char *bytes, size_t count);
err_t console_get(char *bytes, size_t count, bool may_sleep);

#endif
