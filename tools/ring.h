/* SPDX-License-Identifier: ISC */
/* One CPU's ring of the kernel's trace, read from the oldest record on. */
#ifndef TOOLS_RING_H
#define TOOLS_RING_H

#include <stdbool.h>

#include "tools/memory.h"

struct ring {
	const struct memory *memory;
	uint64_t first;		/* element of EXO_ARRAY_TRACE with which it begins */
	uint32_t records;
	uint64_t next, end;	/* numbers of records, counted since boot */
};

/* False: there is no such CPU, or no trace. ring->next: as many have been overwritten. */
bool ring_open(const struct memory *memory, unsigned int cpu, struct ring *ring);
/* The next record. False: that was the last. */
bool ring_next(struct ring *ring, struct exo_trace *record);
/* Nanoseconds since boot. */
uint64_t ring_ns(const struct ring *ring, uint64_t units);

#endif
