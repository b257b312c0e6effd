/* SPDX-License-Identifier: ISC */
/*
 * The family's memory (see arena.h). Touches the arena alone; takes the lock `arena`. Every change
 * is one store, made after everything it leads to: a member may die between any two.
 */
#include "libos/family/arena.h"

#include "libos/family/family.h"
#include "libos/state.h"
#include "libos/vm/slots.h"

enum {
	ARENA_FREE = 1,    /* a free run, its pages without frames */
	ARENA_RUN = 2,     /* an allocated run */
	ARENA_BLOCKS = 3,  /* one page of small blocks */
	ARENA_KIND = 3,
	ARENA_HEADER = 16, /* bytes at the start of a page of blocks: its class */
	ARENA_LEAST = 4,   /* the smallest class has 1 << 4 bytes */
	ARENA_BLOCK_MAX = 1 << (ARENA_LEAST + ARENA_CLASSES - 1),
	ARENA_KEPT = 32,   /* most single pages that are kept */
};

/* What is stored before is there before what is stored after, for whoever comes after a death. */
static void arena_order(void)
{
	atomic_signal_fence(memory_order_seq_cst);
}

void arena_init(struct family_arena *arena, uint64_t base)
{
	arena->base = base;
	arena->pages = (uint32_t)((LIBOS_FAMILY + LIBOS_FAMILY_BYTES - base) / EXO_PAGE_SIZE);
}

bool arena_repair(struct family_arena *arena)
{
	uint32_t page = 0;
	void *kept;

	arena->hint = 0;
	arena->kept_count = 0;
	for (kept = arena->kept; kept && arena->kept_count < ARENA_KEPT; kept = *(void **)kept)
		arena->kept_count++;

	while (page < arena->end) {
		uint32_t n = arena->map[page] >> 2;

		if (!(arena->map[page] & ARENA_KIND) || n == 0 || n > arena->end - page)
			return false;
		page += n;
	}
	return page == arena->end && arena->end <= arena->pages;
}

/* The free run at `page`, joined with the free ones behind it: its length. */
static uint32_t arena_join(struct family_arena *arena, uint32_t page)
{
	uint32_t n = arena->map[page] >> 2;

	while (page + n < arena->end && (arena->map[page + n] & ARENA_KIND) == ARENA_FREE)
		n += arena->map[page + n] >> 2;
	arena->map[page] = n << 2 | ARENA_FREE;
	return n;
}

/* First fit from the hint. The page where a run of that length begins, or `end`. */
static uint32_t arena_find(struct family_arena *arena, uint32_t pages)
{
	uint32_t page = arena->hint;

	while (page < arena->end) {
		uint32_t n = arena->map[page] >> 2;

		if ((arena->map[page] & ARENA_KIND) == ARENA_FREE) {
			n = arena_join(arena, page);
			if (n >= pages)
				break;
		} else if (page == arena->hint) {
			arena->hint += n;
		}
		page += n;
	}
	return page;
}

static void *arena_run(struct family_arena *arena, uint32_t pages, uint32_t kind)
{
	uint32_t page = arena_find(arena, pages), n;
	uint64_t at;

	if (page >= arena->end)
		page = arena->end;
	at = arena->base + page * EXO_PAGE_SIZE;
	if (pages > arena->pages - page
	    || (pages == 1 && slots_fill(at, at + EXO_PAGE_SIZE) != EXO_OK))
		return NULL;
	if (page == arena->end) {
		arena->map[page] = pages << 2 | kind;
		arena_order();
		arena->end = page + pages;
	} else {
		n = arena->map[page] >> 2;
		if (n > pages)
			arena->map[page + pages] = (n - pages) << 2 | ARENA_FREE;
		arena_order();
		arena->map[page] = pages << 2 | kind;
	}
	return (void *)at;
}

static void *arena_page(struct family_arena *arena)
{
	void *page = arena->kept;

	if (!page)
		return arena_run(arena, 1, ARENA_RUN);
	arena->kept = *(void **)page;
	arena->kept_count--;
	return memset(page, 0, EXO_PAGE_SIZE);
}

/* A fresh page of blocks of one class, all on the free list. */
static bool arena_refill(struct family_arena *arena, unsigned class)
{
	uint64_t size = UINT64_C(1) << (ARENA_LEAST + class), at;
	uint64_t page = (uint64_t)arena_run(arena, 1, ARENA_BLOCKS);
	void *list = NULL;

	if (!page)
		return false;
	*(uint64_t *)page = class;
	for (at = page + ARENA_HEADER; at + size <= page + EXO_PAGE_SIZE; at += size) {
		*(void **)at = list;
		list = (void *)at;
	}
	arena_order();
	arena->free[class] = list;
	return true;
}

static void *arena_block(struct family_arena *arena, size_t n)
{
	unsigned class = 0;
	void *block;

	while ((UINT64_C(1) << (ARENA_LEAST + class)) < n)
		class++;
	if (!arena->free[class] && !arena_refill(arena, class))
		return NULL;
	block = arena->free[class];
	arena->free[class] = *(void **)block;
	return memset(block, 0, UINT64_C(1) << (ARENA_LEAST + class));
}

void *arena_alloc(struct libos *os, size_t n)
{
	struct family_arena *arena = &family_root()->arena;
	void *p;

	if (n > LIBOS_FAMILY_BYTES)
		return NULL;
	family_lock(os, FAMILY_ARENA);
	if (n <= ARENA_BLOCK_MAX)
		p = arena_block(arena, n);
	else if (n <= EXO_PAGE_SIZE)
		p = arena_page(arena);
	else
		p = arena_run(arena, (uint32_t)(PAGE_UP(n) / EXO_PAGE_SIZE), ARENA_RUN);
	family_unlock(os, FAMILY_ARENA);
	return p;
}

uint32_t arena_free_pages(struct libos *os)
{
	struct family_arena *arena = &family_root()->arena;
	uint32_t page, free;

	family_lock(os, FAMILY_ARENA);
	free = arena->pages - arena->end + arena->kept_count;
	for (page = 0; page < arena->end; page += arena->map[page] >> 2)
		if ((arena->map[page] & ARENA_KIND) == ARENA_FREE)
			free += arena->map[page] >> 2;
	family_unlock(os, FAMILY_ARENA);
	return free;
}

/* Drop the frames of a run, table by table; where that fails, for want of time only, they stay and
 * are zero. */
static void arena_drop(uint64_t address, uint64_t end)
{
	while (address < end) {
		uint64_t stop = (address | (EXO_SPAN(2) - 1)) + 1;
		struct exo_slot_op op;

		stop = end < stop ? end : stop;
		op = (struct exo_slot_op){
			.op = EXO_OP_CLEAR, .level = 1, .target = address,
			.count = (uint16_t)((stop - address) / EXO_PAGE_SIZE),
		};
		if (slots_run(&op, 1, NULL) != EXO_OK)
			memset((void *)address, 0, stop - address);
		address = stop;
	}
}

static void arena_run_free(struct family_arena *arena, void *p)
{
	uint32_t page = (uint32_t)(((uint64_t)p - arena->base) / EXO_PAGE_SIZE);
	uint32_t n = arena->map[page] >> 2;

	assert((arena->map[page] & ARENA_KIND) == ARENA_RUN);
	if (n == 1 && arena->kept_count < ARENA_KEPT) {
		*(void **)p = arena->kept;
		arena->kept_count++;
		arena_order();
		arena->kept = p;
		return;
	}
	arena_drop((uint64_t)p, (uint64_t)p + n * EXO_PAGE_SIZE);
	arena->map[page] = n << 2 | ARENA_FREE;
	if (page < arena->hint)
		arena->hint = page;
}

void arena_name(const void *p)
{
	struct family_arena *arena = &family_root()->arena;
	uint64_t page = ((uint64_t)p - arena->base) / EXO_PAGE_SIZE;

	if (page < arena->end)
		arena->named[page / 64] |= UINT64_C(1) << page % 64;
}

void arena_sweep(struct libos *os)
{
	struct family_arena *arena = &family_root()->arena;
	uint32_t page, n;

	family_lock(os, FAMILY_ARENA);
	for (page = 0; page < arena->end; page += n) {
		n = arena->map[page] >> 2;
		if (n > 1 && (arena->map[page] & ARENA_KIND) == ARENA_RUN
		    && !(arena->named[page / 64] >> page % 64 & 1))
			arena_run_free(arena, (void *)(arena->base + page * EXO_PAGE_SIZE));
	}
	memset(arena->named, 0, sizeof(arena->named));
	family_unlock(os, FAMILY_ARENA);
}

void arena_free(struct libos *os, void *p)
{
	struct family_arena *arena = &family_root()->arena;
	uint64_t class;

	if (!p)
		return;
	family_lock(os, FAMILY_ARENA);
	if ((uint64_t)p % EXO_PAGE_SIZE == 0) {
		arena_run_free(arena, p);
	} else {
		class = *(uint64_t *)PAGE_DOWN((uint64_t)p);
		assert(class < ARENA_CLASSES);
		*(void **)p = arena->free[class];
		arena_order();
		arena->free[class] = p;
	}
	family_unlock(os, FAMILY_ARENA);
}
