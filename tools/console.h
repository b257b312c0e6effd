/* SPDX-License-Identifier: ISC */
/* The time between a machine's start and its end: console, deadline, last words. */
#ifndef TOOLS_CONSOLE_H
#define TOOLS_CONSOLE_H

#include "tools/memory.h"
#include "tools/qemu.h"
#include "tools/run.h"

/*
 * Connect standard input and output with the machine's console until it ends, is left by
 * Ctrl-], or passes options->timeout_s. A terminal is raw meanwhile. Always leaves no QEMU
 * behind. Returns what chitin-run exits with: the first program's status or an enum run_status.
 */
int console_run(struct qemu *qemu, struct memory *memory, const struct run_options *options);

#endif
