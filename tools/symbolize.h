/* SPDX-License-Identifier: ISC */
/*
 * Backtraces. The kernel prints addresses, one a line: "#0 0xffffffff80101234"; the library too,
 * and behind each the program's path in the archive, or "libos". They are picked out of what passes
 * on the console and, after the run, printed again with function, file and line, as far as
 * llvm-symbolizer or addr2line is there to tell.
 */
#ifndef TOOLS_SYMBOLIZE_H
#define TOOLS_SYMBOLIZE_H

#include <stddef.h>
#include <stdint.h>

#include "tools/run.h"

enum { SYMBOLIZE_FRAMES = 64, SYMBOLIZE_LINE = 320, SYMBOLIZE_OBJECT = 256 };

struct symbolize_frame {
	unsigned int number;		/* in its backtrace */
	uint64_t address;
	char object[SYMBOLIZE_OBJECT];	/* as the library said, or "" */
};

struct symbolize {
	struct symbolize_frame frame[SYMBOLIZE_FRAMES];
	unsigned int count;
	char line[SYMBOLIZE_LINE];	/* the unfinished line */
	unsigned int length;
};

/* Look through bytes of console output, which need not be whole lines. */
void symbolize_scan(struct symbolize *symbolize, const char *bytes, size_t size_bytes);

/* Print the collected addresses to standard error with their places; nothing if there are none. */
void symbolize_print(const struct symbolize *symbolize, const struct run_options *options);

#endif
