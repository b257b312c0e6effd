/* SPDX-License-Identifier: ISC */
/*
 * Fork of a process with much memory touched, then 1 % of the pages written on each side; fork
 * again while still copy-on-write; three generations; ends in any order: contents right
 * everywhere, and every frame is back.
 *
 * run-guest: --memory 1G
 */
#include "tests/process.h"

static uint64_t *memory;
static size_t pages;

enum { WORDS = 4096 / 8 };

static uint64_t word(size_t page, uint64_t generation)
{
	return page * 1000003 + generation;
}

/* Write every `step`-th page from `first` on as `generation`. */
static void write_pages(size_t first, size_t step, uint64_t generation)
{
	size_t i;

	for (i = first; i < pages; i += step)
		memory[i * WORDS + i % WORDS] = word(i, generation);
}

/* Wrong pages among those of which whose(i) says who wrote them last. */
static size_t wrong_pages(uint64_t (*whose)(size_t))
{
	size_t i, wrong = 0;

	for (i = 0; i < pages; i++)
		wrong += memory[i * WORDS + i % WORDS] != word(i, whose(i));
	return wrong;
}

static uint64_t by_parent(size_t i)
{
	return i % 100 == 1 ? 2 : 1;
}

static uint64_t by_child(size_t i)
{
	return i % 100 == 2 ? 3 : 1;
}

static uint64_t by_grandchild(size_t i)
{
	return i % 100 == 3 ? 4 : by_child(i);
}

static uint64_t by_second(size_t i)
{
	return i % 100 == 4 ? 5 : by_parent(i);
}

/* The child: its own pages, then a grandchild, which ends after or before it. */
static void child(bool is_grandchild_last)
{
	long pid;

	write_pages(2, 100, 3);
	if (wrong_pages(by_child))
		libos_exit(1);
	pid = libos_fork();
	if (pid == 0) {
		if (is_grandchild_last)
			libos_sleep(libos_clock() + process_ms(50));
		write_pages(3, 100, 4);
		libos_exit(wrong_pages(by_grandchild) ? 2 : 0);
	}
	if (!is_grandchild_last && process_join(pid))
		libos_exit(3);
	libos_exit(wrong_pages(by_child) ? 4 : 0);
}

static void check(size_t mib, bool is_grandchild_last)
{
	uint64_t before = process_frames(), after;
	long first, second;
	int tries;

	pages = mib * 256;
	memory = process_map(pages * 4096, false);
	write_pages(0, 1, 1);
	first = libos_fork();
	if (first == 0)
		child(is_grandchild_last);
	write_pages(1, 100, 2);
	second = libos_fork();
	if (second == 0) {
		write_pages(4, 100, 5);
		libos_exit(wrong_pages(by_second) ? 5 : 0);
	}
	tap_eq(wrong_pages(by_parent), 0, "%zu MiB: parent, children alive", mib);
	tap_eq(process_join(first), 0, "%zu MiB: first child", mib);
	tap_eq(process_join(second), 0, "%zu MiB: second child, forked while copy-on-write", mib);
	tap_eq(wrong_pages(by_parent), 0, "%zu MiB: parent, alone", mib);
	munmap(memory, pages * 4096);
	for (tries = 0; tries < 100; tries++) {
		libos_sleep(libos_clock() + process_ms(10));
		after = process_frames();
		if (after <= before + 8)
			break;
	}
	tap_ok(after <= before + 8, "%zu MiB: frames are back (%lu, then %lu)", mib, before, after);
}

int main(void)
{
	check(1, false);
	check(1, true);
	check(16, false);
	check(256, true);
	return tap_done("tests/guest/fork_keeps_contents.guest");
}
