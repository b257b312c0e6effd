/* SPDX-License-Identifier: ISC */
/*
 * Where a machine is that does not end, as QEMU's monitor and its RAM say: for a kernel that takes
 * no interrupt that it could answer (AArch64 on `virt`, which has no NMI). Kernel stacks are read
 * from outside by frame pointers, so the kernel need not work at all.
 */
#ifndef TOOLS_HANG_H
#define TOOLS_HANG_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/memory.h"
#include "tools/symbolize.h"

enum { HANG_BYTES = 65536 };

struct hang {
	char text[HANG_BYTES];		/* what the monitor has said since it was asked */
	size_t length_bytes;
};

/* What to write to the monitor. */
#define HANG_QUESTION "stop\ninfo registers -a\n"

/* Take what the monitor says. True: that was the last of `cpus` CPUs. */
bool hang_take(struct hang *hang, const char *bytes, size_t size_bytes, unsigned int cpus);

/* Print on standard error each CPU's backtrace, one line `#N 0xADDR` a return address, as the
 * kernel's own are, and have them symbolized. */
void hang_print(const struct hang *hang, const struct memory *memory,
	struct symbolize *symbolize);

#endif
