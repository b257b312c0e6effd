/* SPDX-License-Identifier: ISC */
/*
 * A process dies in the middle of a change of the family's memory: what is counted there is counted
 * anew by whoever takes the lock over, so that pages are not told as free that are not, and those
 * that are free are found; so are runs of pages that nobody names (runs-in-hand). Its own source on
 * the host's memory; the kernel's calls are made here.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "libos/state.h"
#include "tests/tap.h"

enum { PAGE = 4096 };

static struct {
	struct libos os;
	struct family *family;
} host;

char *linux_family(void)
{
	return (char *)host.family;
}

err_t slots_fill(uint64_t address, uint64_t end)
{
	(void)address, (void)end;
	return EXO_OK;
}

err_t slots_run(struct exo_slot_op *ops, unsigned count, unsigned *done)
{
	(void)ops, (void)count, (void)done;
	return EXO_OK;
}

void family_lock(struct libos *os, enum family_lock_rank rank)
{
	(void)os, (void)rank;
}

void family_unlock(struct libos *os, enum family_lock_rank rank)
{
	(void)os, (void)rank;
}

_Noreturn void libos_panic(const char *what, const char *file, unsigned line)
{
	printf("# %s:%u: %s\n", file, line, what);
	exit(1);
}

/* Dead between a page's place in the list of kept ones and its count. */
static void check_kept(struct family_arena *arena)
{
	uint32_t all = arena_free_pages(&host.os);
	void *first = arena_alloc(&host.os, PAGE), *second = arena_alloc(&host.os, PAGE);

	arena_free(&host.os, first);
	arena_free(&host.os, second);
	tap_eq(arena_free_pages(&host.os), all, "pages that are kept are free");
	arena->kept_count++;
	tap_ok(arena_repair(arena), "the map makes sense");
	tap_eq(arena_free_pages(&host.os), all, "a page that is not kept is not counted");
}

/* Dead between a run's end and the note that there is something free. */
static void check_hint(struct family_arena *arena)
{
	void *run = arena_alloc(&host.os, 2 * PAGE), *next = arena_alloc(&host.os, 2 * PAGE);

	arena_free(&host.os, run);
	arena->hint = (uint32_t)(((uint64_t)next - arena->base) / PAGE);
	tap_ok(arena_repair(arena), "the map makes sense");
	tap_ok(arena_alloc(&host.os, 2 * PAGE) == run, "what is free is found");
}

/* Dead with a run of pages that nothing leads to. Shorter ones may be in a list. */
static void check_unnamed(void)
{
	void *named, *lost, *page = arena_alloc(&host.os, PAGE), *block = arena_alloc(&host.os, 64);
	uint32_t all;

	arena_sweep(&host.os);
	named = arena_alloc(&host.os, 2 * PAGE);
	lost = arena_alloc(&host.os, 16 * PAGE);
	all = arena_free_pages(&host.os);
	arena_name(NULL);
	arena_name(named);
	arena_name(&host);
	arena_sweep(&host.os);
	tap_eq(arena_free_pages(&host.os), all + 16, "what is not named is free, if it is long");
	tap_ok(arena_alloc(&host.os, 16 * PAGE) == lost, "and is found");
	arena_sweep(&host.os);
	tap_eq(arena_free_pages(&host.os), all + 18, "who was named is so once");
	arena_free(&host.os, page);
	arena_free(&host.os, block);
}

int main(void)
{
	struct family_arena *arena;

	host.family = mmap(NULL, LIBOS_FAMILY_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (host.family == MAP_FAILED)
		return 1;
	arena = &host.family->arena;
	arena_init(arena, LIBOS_FAMILY + PAGE_UP(sizeof(struct family)));
	check_kept(arena);
	check_hint(arena);
	check_unnamed();
	arena->map[0] = 0;
	tap_ok(!arena_repair(arena), "a map that makes no sense is told");
	return tap_done("tests/host/arena_counts_after_a_death.tap");
}
