/* SPDX-License-Identifier: ISC */
/*
 * A program asks which of its pages have been written to: fresh ones, read ones, written ones,
 * after cleaning, after protecting, on both sides of a fork.
 */
#include "tests/process.h"

enum { PAGES = 600, BYTES = 4096 };

static unsigned char dirty[PAGES];

/* How many of the pages are dirty; all those below `all` must be. */
static unsigned count(char *pages, unsigned all)
{
	unsigned i, n = 0;

	memset(dirty, 7, sizeof(dirty));
	if (libos_dirty(pages, PAGES * BYTES, dirty))
		return PAGES + 1;
	for (i = 0; i < PAGES; i++) {
		if (dirty[i] > 1 || (i < all && !dirty[i]))
			return PAGES + 2;
		n += dirty[i];
	}
	return n;
}

static void touch(char *pages, unsigned step)
{
	unsigned i;

	for (i = 0; i < PAGES; i += step)
		((volatile char *)pages)[i * BYTES] = 1;
}

static void check_alone(char *pages)
{
	volatile char sum = 0;
	unsigned i;

	tap_eq(count(pages, 0), 0, "fresh pages are clean");
	for (i = 0; i < PAGES; i++)
		sum = (char)(sum + pages[i * BYTES]);
	tap_eq(sum, 0, "they are zero");
	tap_eq(count(pages, 0), 0, "read pages are clean");
	touch(pages, 3);
	tap_eq(count(pages, 0), PAGES / 3, "written ones are not");
	tap_ok(dirty[0] && !dirty[1] && !dirty[2] && dirty[3], "just these");
	touch(pages, 1);
	tap_eq(count(pages, PAGES), PAGES, "all are written");
	tap_eq(libos_protect(pages, PAGES * BYTES, EXO_READ), 0, "read-only");
	tap_eq(count(pages, PAGES), PAGES, "they stay dirty");
	tap_eq(libos_clean(pages, PAGES * BYTES), 0, "cleaned while read-only");
	tap_eq(libos_protect(pages, PAGES * BYTES, EXO_READ | EXO_WRITE), 0, "writable");
	tap_eq(count(pages, 0), 0, "clean");
	pages[511 * BYTES] = 2;
	tap_eq(count(pages, 0), 1, "a write is seen at once");
	tap_eq(dirty[511], 1, "in its page");
	tap_eq(libos_clean(pages + 511 * BYTES, BYTES), 0, "that page alone");
	pages[511 * BYTES] = 3;
	tap_eq(count(pages, 0), 1, "written to again");
}

static void check_fork(char *pages)
{
	long pid;

	touch(pages, 1);
	tap_eq(libos_clean(pages, PAGES * BYTES), 0, "cleaned before a fork");
	pid = libos_fork();
	if (pid == 0) {
		touch(pages, 2);
		if (count(pages, 0) != PAGES / 2)
			libos_exit(1);
		if (libos_clean(pages, PAGES * BYTES) || count(pages, 0) != 0)
			libos_exit(2);
		touch(pages, 5);
		libos_exit(count(pages, 0) == PAGES / 5 ? 0 : 3);
	}
	tap_eq(process_join(pid), 0, "the child sees its own writes");
	tap_eq(count(pages, 0), 0, "the parent sees none of them");
	touch(pages, 1);
	pid = libos_fork();
	if (pid == 0)
		libos_exit(libos_clean(pages, PAGES * BYTES) == 0 && count(pages, 0) == 0 ? 0 : 1);
	tap_eq(process_join(pid), 0, "a child cleans tables that it shares");
	tap_eq(count(pages, PAGES), PAGES, "not its parent's");
}

static void check_errors(char *pages)
{
	tap_eq(libos_dirty(pages + 1, BYTES, dirty), EXO_E_ARGUMENT, "not aligned");
	tap_eq(libos_clean(pages + 1, BYTES), EXO_E_ARGUMENT, "nor to clean");
	tap_eq(libos_dirty(pages + PAGES * BYTES, BYTES, dirty), EXO_E_RANGE, "not mapped");
	tap_eq(libos_clean(pages + PAGES * BYTES, BYTES), EXO_E_RANGE, "nor to clean");
	tap_eq(libos_dirty(pages, BYTES, (unsigned char *)8), EXO_E_POINTER, "a bad pointer");
	tap_eq(libos_dirty(pages, ~0ul, dirty), EXO_E_ARGUMENT, "too long");
	tap_eq(libos_clean(pages, 0), 0, "nothing");
}

int main(void)
{
	void *pages = NULL;

	tap_eq(libos_map(&pages, PAGES * BYTES, EXO_READ | EXO_WRITE, false), 0, "memory");
	check_alone(pages);
	check_fork(pages);
	check_errors(pages);
	return tap_done("tests/guest/dirty_pages_are_told.guest");
}
