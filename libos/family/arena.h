/* SPDX-License-Identifier: ISC */
/*
 * The family's memory: blocks and runs of pages in its common tables, for whatever several
 * processes reach. Small blocks are cut from pages that begin with their class; a map has a word
 * for each page. A page alone has its frame at once, or is refused; those of a longer run come when
 * they are touched (level 0 of the fault path). They go back with the run; a few single pages are
 * kept. Runs longer than a page are the files' (libos/fs), taken and given back with the lock
 * `file` held: so whoever takes that over from the dead finds those that nobody names any more.
 */
#ifndef LIBOS_FAMILY_ARENA_H
#define LIBOS_FAMILY_ARENA_H

#include "libos/base.h"
#include "libos/layout.h"

struct libos;

#define ARENA_CLASSES 8u      /* blocks of 16 to 2048 bytes */
#define ARENA_PAGES (LIBOS_FAMILY_BYTES / EXO_PAGE_SIZE)

/* At the family's root; guarded by the lock `arena`. */
struct family_arena {
	uint64_t base;               /* address of page 0 */
	uint32_t pages;              /* that there are */
	uint32_t end;                /* first page never used */
	uint32_t hint;               /* no free page before this one */
	uint32_t kept_count;
	void *kept;                  /* single pages with their frames, linked */
	void *free[ARENA_CLASSES];   /* free blocks by class, linked */
	/* For arena_sweep: bit n: a run that somebody names begins at page n. The lock `file`'s.
	 * Between what is always in use, so that a sweep needs no frame. */
	uint64_t named[(ARENA_PAGES + 63) / 64];
	uint32_t map[ARENA_PAGES];   /* at the first page of a run: its length << 2 | kind */
};

/* The first process: the arena begins at `base`, page-aligned, in the family's part. */
void arena_init(struct family_arena *arena, uint64_t base);
/* At least n bytes, zeroed, aligned to 16 (from a page up: to a page, whole pages). NULL: none
 * left. Takes arena. */
void *arena_alloc(struct libos *os, size_t n) MUST_USE;
/* Give it back; NULL is allowed. Takes arena. */
void arena_free(struct libos *os, void *p);
/* Pages of it that are free. Takes arena. */
uint32_t arena_free_pages(struct libos *os);
/* Who takes the lock over from the dead puts what is counted right. False: the map makes no
 * sense. */
bool arena_repair(struct family_arena *arena) MUST_USE;
/* After a death with the lock `file`, which is held: somebody names the run that begins there, if
 * one does; those longer than a page that nobody has named are free, and none is named any more.
 * The second takes arena. */
void arena_name(const void *p);
void arena_sweep(struct libos *os);

#endif
