/* SPDX-License-Identifier: ISC */
/*
 * The library's heap, in two parts: the plain pages of the private table, which fork copies with
 * little work, then LIBOS_HEAP. A map has a word for each page: at the first page of a run its kind
 * and length. Small blocks are cut from pages that begin with their class. Frames come by level 0
 * when a page is touched. Takes heap.
 */
#include "libos/state.h"
#include "libos/vm/slots.h"

enum {
	HEAP_FREE = 1,     /* a free run, its pages without frames */
	HEAP_RUN = 2,      /* an allocated run */
	HEAP_BLOCKS = 3,   /* one page of small blocks */
	HEAP_KIND = 3,
	HEAP_HEADER = 16,  /* bytes at the start of a page of blocks: its class */
	HEAP_LEAST = 6,    /* the smallest class has 1 << 6 bytes */
	HEAP_CLASSES = ARRAY_COUNT(((struct heap *)0)->free),
	HEAP_BLOCK_MAX = 1 << (HEAP_LEAST + HEAP_CLASSES - 1),
	HEAP_MAP_PAGES = 1, /* of the plain pages, taken by their map */
};

/* One of the two parts. */
struct heap_part {
	uint64_t base;
	uint32_t pages;
	uint32_t *map;
};

static struct heap_part heap_part(unsigned part)
{
	if (part == 0)
		return (struct heap_part){ LIBOS_PLAIN + HEAP_MAP_PAGES * EXO_PAGE_SIZE,
					   LIBOS_PLAIN_PAGES - HEAP_MAP_PAGES,
					   (uint32_t *)LIBOS_PLAIN };
	return (struct heap_part){ LIBOS_HEAP, LIBOS_HEAP_PAGES, (uint32_t *)LIBOS_HEAP_MAP };
}

_Static_assert(LIBOS_PLAIN_PAGES * 4 <= HEAP_MAP_PAGES * EXO_PAGE_SIZE, "map of the plain pages");

/* First fit from the hint; free neighbours are joined on the way. NULL: no room in this part. */
REQUIRES(heap_class)
static void *heap_run_alloc(struct libos *os, unsigned which, uint32_t pages, uint32_t kind)
{
	struct heap_part part = heap_part(which);
	uint32_t *end = &os->heap.end[which], *hint = &os->heap.hint[which];
	uint32_t page = *hint;

	while (page < *end) {
		uint32_t n = part.map[page] >> 2;

		if ((part.map[page] & HEAP_KIND) != HEAP_FREE) {
			if (page == *hint)
				*hint += n;
			page += n;
			continue;
		}
		while (page + n < *end && (part.map[page + n] & HEAP_KIND) == HEAP_FREE)
			n += part.map[page + n] >> 2;
		part.map[page] = n << 2 | HEAP_FREE;
		if (n >= pages) {
			if (n > pages)
				part.map[page + pages] = (n - pages) << 2 | HEAP_FREE;
			break;
		}
		page += n;
	}
	if (page >= *end) {
		page = *end;
		if (pages > part.pages - page)
			return NULL;
		*end = page + pages;
	}
	part.map[page] = pages << 2 | kind;
	return (void *)(part.base + page * EXO_PAGE_SIZE);
}

REQUIRES(heap_class)
static void *heap_pages(struct libos *os, uint64_t pages, uint32_t kind)
{
	void *run = NULL;

	if (pages <= LIBOS_PLAIN_PAGES / 8)
		run = heap_run_alloc(os, 0, (uint32_t)pages, kind);
	if (!run && pages <= LIBOS_HEAP_PAGES)
		run = heap_run_alloc(os, 1, (uint32_t)pages, kind);
	return run;
}

/* A fresh page of blocks of one class, all on the free list. */
REQUIRES(heap_class)
static bool heap_refill(struct libos *os, unsigned class)
{
	uint64_t size = UINT64_C(1) << (HEAP_LEAST + class), at;
	uint64_t page = (uint64_t)heap_pages(os, 1, HEAP_BLOCKS);

	if (!page)
		return false;
	*(uint64_t *)page = class;
	for (at = page + HEAP_HEADER; at + size <= page + EXO_PAGE_SIZE; at += size) {
		*(void **)at = os->heap.free[class];
		os->heap.free[class] = (void *)at;
	}
	return true;
}

REQUIRES(heap_class)
static void *heap_block(struct libos *os, size_t n)
{
	unsigned class = 0;
	void *block;

	while ((UINT64_C(1) << (HEAP_LEAST + class)) < n)
		class++;
	if (!os->heap.free[class] && !heap_refill(os, class))
		return NULL;
	block = os->heap.free[class];
	os->heap.free[class] = *(void **)block;
	return memset(block, 0, UINT64_C(1) << (HEAP_LEAST + class));
}

void *heap_alloc(struct libos *os, size_t n)
{
	void *p;

	if (n > LIBOS_HEAP_PAGES * EXO_PAGE_SIZE)
		return NULL;
	heap_lock(os);
	if (n <= HEAP_BLOCK_MAX)
		p = heap_block(os, n);
	else
		p = heap_pages(os, PAGE_UP(n) / EXO_PAGE_SIZE, HEAP_RUN);
	heap_unlock(os);
	return p;
}

/* Drop the frames of a run, table by table. */
static void heap_drop(uint64_t address, uint64_t end)
{
	while (address < end) {
		uint64_t table_end = (address | (EXO_SPAN(2) - 1)) + 1, slot;
		uint64_t stop = end < table_end ? end : table_end;
		struct exo_slot_op ops[EXO_LEVELS];
		unsigned n;

		if (slots_read(address, 1, &slot)) {
			n = slots_unshare(ops, address, 1);
			ops[n] = (struct exo_slot_op){
				.op = EXO_OP_CLEAR, .level = 1, .target = address,
				.count = (uint16_t)((stop - address) / EXO_PAGE_SIZE),
			};
			if (slots_run(ops, n + 1, NULL) != EXO_OK)
				memset((void *)address, 0, stop - address);
		}
		address = stop;
	}
}

REQUIRES(heap_class)
static void heap_run_free(struct libos *os, unsigned which, uint64_t p)
{
	struct heap_part part = heap_part(which);
	uint32_t page = (uint32_t)((p - part.base) / EXO_PAGE_SIZE);

	assert((part.map[page] & HEAP_KIND) == HEAP_RUN);
	heap_drop(p, p + (part.map[page] >> 2) * EXO_PAGE_SIZE);
	part.map[page] = (part.map[page] & ~(uint32_t)HEAP_KIND) | HEAP_FREE;
	if (page < os->heap.hint[which])
		os->heap.hint[which] = page;
}

void heap_free(struct libos *os, void *p)
{
	uint64_t address = (uint64_t)p, class;

	if (!p)
		return;
	heap_lock(os);
	if (address % EXO_PAGE_SIZE == 0) {
		heap_run_free(os, address >= LIBOS_HEAP, address);
	} else {
		class = *(uint64_t *)PAGE_DOWN(address);
		assert(class < HEAP_CLASSES);
		*(void **)p = os->heap.free[class];
		os->heap.free[class] = p;
	}
	heap_unlock(os);
}
