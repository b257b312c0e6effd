/* SPDX-License-Identifier: ISC */
/*
 * The kernel's trace (abi/trace.def), read from the machine's memory: as a timeline in the JSON
 * that Perfetto and chrome://tracing open, and as the last lines for a post-mortem.
 */
#ifndef TOOLS_TRACE_H
#define TOOLS_TRACE_H

#include <stdio.h>

#include "tools/memory.h"

enum { TRACE_NAME = 48 };

/* What a record is about, in a word: a call, an upcall, an operation. Always ended by a NUL. */
void trace_name(const struct memory *memory, const struct exo_trace *record,
	char name[static TRACE_NAME]);

/*
 * Write the trace as JSON: a track for each CPU, and one for each vcpu of each env. Returns how
 * many records had been overwritten before; -1: there is no trace.
 */
int64_t trace_write(const struct memory *memory, FILE *stream);

/* The last `most` records of an env (0: of all), oldest first, a line each. */
void trace_print_last(const struct memory *memory, FILE *stream, uint64_t env, unsigned int most);

#endif
