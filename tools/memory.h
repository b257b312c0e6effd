/* SPDX-License-Identifier: ISC */
/*
 * The machine's RAM, seen from the host: a file in memory that QEMU maps as its RAM, so that what
 * the machine left can be read while it runs and after its end. And, once the kernel has said
 * where its info page is, the kernel's tables (abi/table.h).
 */
#ifndef TOOLS_MEMORY_H
#define TOOLS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/exo.h"
#include "tools/run.h"

struct memory {
	int fd;
	const uint8_t *bytes;
	uint64_t size_bytes;
	uint64_t start;			/* physical address at which RAM begins */
	uint64_t low_bytes;		/* of RAM there; the rest begins at 4 GiB */
	bool is_aarch64;
	const struct exo_info *info;	/* NULL: not known, or not where RAM is */
};

/* RAM for a machine of these options. Ends the run with RUN_QEMU if the host has none. */
void memory_create(struct memory *memory, const struct run_options *options);

/* The host's address of [physical, physical + size_bytes), which the machine's programs may be
 * changing; NULL: not all of it is RAM. */
const void *memory_at(const struct memory *memory, uint64_t physical, uint64_t size_bytes);

/* The kernel says that its info page is there. */
void memory_set_info(struct memory *memory, uint64_t physical);

/* The n-th element of one of the kernel's arrays, of which size_bytes are wanted; NULL: there is
 * none, or no info page. */
const void *memory_element(const struct memory *memory, unsigned int array, uint64_t n,
	uint64_t size_bytes);

#endif
