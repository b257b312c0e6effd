/* SPDX-License-Identifier: ISC */
/* The family's memory for a host test in one file: blocks one after another, each used once; what
 * was freed is overwritten. Whoever looks on while one is taken or given back sees `is_in_use`. */
#ifndef TESTS_HOST_HEAP_OF_BLOCKS_H
#define TESTS_HOST_HEAP_OF_BLOCKS_H

#include <stdlib.h>
#include <string.h>

#include "libos/family/family.h"

enum { HEAP_BYTES = 1 << 20, HEAP_POISON = 0xa5 };

struct block_heap {
	bool is_in_use;
	uint32_t used;   /* bytes */
	uint32_t blocks; /* that are not free */
};

/* A block begins so. */
struct block {
	_Alignas(16) uint32_t bytes;
	bool is_used, is_named;
};

static struct {
	struct block_heap *heap;
	uint8_t *bytes;
} blocks;

static void heap_at(struct block_heap *heap, uint8_t *bytes)
{
	blocks.heap = heap;
	blocks.bytes = bytes;
}

static void *heap_take(size_t bytes)
{
	struct block_heap *heap = blocks.heap;
	struct block *block = (struct block *)(blocks.bytes + heap->used);

	heap->is_in_use = true;
	block->bytes = (uint32_t)((bytes + 15) / 16 * 16);
	block->is_used = true;
	heap->used += block->bytes + (uint32_t)sizeof(*block);
	heap->blocks++;
	if (heap->used > HEAP_BYTES)
		abort();
	heap->is_in_use = false;
	return block + 1;
}

static void heap_give(void *memory)
{
	struct block *block = (struct block *)memory - 1;

	if (!memory)
		return;
	blocks.heap->is_in_use = true;
	memset(memory, HEAP_POISON, block->bytes);
	block->is_used = false;
	blocks.heap->blocks--;
	blocks.heap->is_in_use = false;
}

/* The block after that, NULL: the first; NULL: no more. */
static struct block *heap_next(struct block *block)
{
	uint8_t *next = block ? (uint8_t *)(block + 1) + block->bytes : blocks.bytes;

	return next < blocks.bytes + blocks.heap->used ? (struct block *)next : NULL;
}

static bool heap_is_run(const struct block *block)
{
	return block->is_used && block->bytes > EXO_PAGE_SIZE;
}

/* How many are in use that are longer than a page. */
static unsigned heap_runs(void)
{
	struct block *block = NULL;
	unsigned runs = 0;

	while ((block = heap_next(block)))
		runs += heap_is_run(block);
	return runs;
}

void arena_name(const void *p)
{
	struct block *block = NULL;

	while ((block = heap_next(block)))
		block->is_named |= p == block + 1;
}

void arena_sweep(struct libos *os)
{
	struct block *block = NULL;

	(void)os;
	while ((block = heap_next(block))) {
		if (heap_is_run(block) && !block->is_named)
			heap_give(block + 1);
		block->is_named = false;
	}
}

#endif
