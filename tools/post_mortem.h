/* SPDX-License-Identifier: ISC */
/* What the machine's memory tells after a kernel panic. */
#ifndef TOOLS_POST_MORTEM_H
#define TOOLS_POST_MORTEM_H

#include "tools/memory.h"

/* On standard error: each CPU's env with what its tables map (x86-64), and the last records of the
 * trace if there is one. Nothing if the kernel had not come so far as to say where its tables
 * are. */
void post_mortem_print(const struct memory *memory, const struct run_options *options);

#endif
