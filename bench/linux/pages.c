/* SPDX-License-Identifier: ISC */
/* Rows of mapping, of first touches and of asking which pages are dirty. No locks. */
#define _GNU_SOURCE
#include "bench/linux/costs.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

enum { READ = PROT_READ, WRITE = PROT_READ | PROT_WRITE };

/* ---- Which pages are dirty: Linux's soft-dirty bits ---- */

/* The files of /proc that tell and reset. Linux looks at all pages up to a
 * multiple of 2 MiB, however few are asked for: here 120, or 70 if one is. */
struct dirty {
	int tell, reset;
};

static struct dirty dirty;

static void read_dirty(unsigned pages)
{
	uint64_t entry[100];
	char *from = costs.area + (pages == 1 ? 50 * PAGE : 0);
	off_t at = (off_t)((uintptr_t)from / PAGE * sizeof(entry[0]));

	if (pread(dirty.tell, entry, pages * sizeof(entry[0]), at)
	    != (ssize_t)(pages * sizeof(entry[0])))
		costs_fail("reading pagemap");
}

static void body_dirty(void)
{
	read_dirty(1);
}

static void body_dirty_100(void)
{
	read_dirty(100);
}

static void body_dirty_reset(void)
{
	os_must(write(dirty.reset, "4", 1), "clear_refs");
}

/* The bit must come and go, or the rows would be of something else. */
static void check_dirty(void)
{
	uint64_t entry[2], bit = UINT64_C(1) << 55;
	off_t at = (off_t)((uintptr_t)costs.area / PAGE * sizeof(entry[0]));

	body_dirty_reset();
	os_touch(costs.area, PAGE);
	if (pread(dirty.tell, entry, sizeof(entry), at) != sizeof(entry) || !(entry[0] & bit)
	    || (entry[1] & bit))
		costs_fail("soft-dirty bits");
}

static void run_dirty(void)
{
	static const struct bench_row rows[] = {
		{ "al_dirty", NULL, body_dirty, NULL, 0, 0, 0 },
		{ "al_dirty100", NULL, body_dirty_100, NULL, 0, 0, 0 },
		{ "al_dirty_reset", NULL, body_dirty_reset, NULL, 0, 0, 0 },
	};
	char *all;
	unsigned i;

	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, NULL); /* Linux's first process has to */
	dirty.tell = open("/proc/self/pagemap", O_RDONLY);
	os_must(dirty.tell, "pagemap");
	dirty.reset = open("/proc/self/clear_refs", O_WRONLY);
	os_must(dirty.reset, "clear_refs");
	all = os_map(2 * MIB, false);
	os_unmap(all, 2 * MIB - 128 * PAGE);
	all += 2 * MIB - 128 * PAGE;
	os_touch(all, 128 * PAGE);
	costs.area = all + 8 * PAGE;
	check_dirty();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		costs_run(&rows[i]);
	os_unmap(all, 128 * PAGE);
	close(dirty.tell);
	close(dirty.reset);
}

/* ---- Mapping and first touches ---- */

static void body_map(void)
{
	char *at = mmap(NULL, costs.area_bytes, WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);

	if (at == MAP_FAILED)
		costs_fail("mmap");
	os_touch(at, costs.area_bytes);
	os_unmap(at, costs.area_bytes);
}

static void run_map(void)
{
	static const struct bench_row rows[] = {
		{ "mmap_touch_munmap_1p_per_page", NULL, body_map, NULL, 0, 1, 0 },
		{ "mmap_touch_munmap_16p_per_page", NULL, body_map, NULL, 0, 16, 0 },
		{ "mmap_touch_munmap_256p_per_page", NULL, body_map, NULL, 25, 256, 0 },
	};
	unsigned i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		costs.area_bytes = rows[i].per * PAGE;
		costs_run(&rows[i]);
	}
}

static void before_touch(void)
{
	costs.area_bytes = 4 * MIB;
	costs.area = os_map(costs.area_bytes, false);
}

static void before_touch_huge(void)
{
	before_touch();
	madvise(costs.area, costs.area_bytes, MADV_HUGEPAGE);
}

static void body_touch(void)
{
	os_touch(costs.area, costs.area_bytes);
}

static void after_touch(void)
{
	os_unmap(costs.area, costs.area_bytes);
}

static void run_touch(void)
{
	static const struct bench_row row = {
		"first_touch_4MiB_per_page", before_touch, body_touch, after_touch, 25, 1024, 0
	};

	costs_run(&row);
}

static void run_touch_huge(void)
{
	static const struct bench_row row = {
		"first_touch_4MiB_per_page_thp", before_touch_huge, body_touch, after_touch, 25,
		1024, 0
	};

	before_touch();
	os_make_large(costs.area, costs.area_bytes);
	after_touch();
	costs_run(&row);
}

/* Each round another page of one table, which the first page has made. */
static void before_touch_one(void)
{
	costs.area += PAGE;
}

static void run_touch_one(void)
{
	static const struct bench_row row = {
		"first_touch_one_page", before_touch_one, body_touch, NULL, 0, 0, 0
	};
	char *all = os_map(2 * MIB, false);

	costs.area = all;
	costs.area_bytes = PAGE;
	os_touch(all, PAGE);
	costs_run(&row);
	os_unmap(all, 2 * MIB);
}

/* ---- A large range ---- */

static void large_read(void)
{
	os_protect(costs.area, MIB, READ);
}

static void large_write(void)
{
	os_protect(costs.area, MIB, WRITE);
}

static void run_large(void)
{
	static const struct bench_row rows[] = {
		{ "mprotect_1MiB_ro", large_write, large_read, NULL, 0, 0, 0 },
		{ "mprotect_1MiB_rw", large_read, large_write, NULL, 0, 0, 0 },
	};
	char *all = os_map(2 * MIB, false);
	unsigned i;

	os_touch(all, 2 * MIB);
	costs.area = all + MIB / 2;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		costs_run(&rows[i]);
	os_unmap(all, 2 * MIB);
}

const struct costs_group costs_page_groups[] = {
	{ "map", run_map, { "mmap_touch_munmap_1p_per_page", "mmap_touch_munmap_16p_per_page",
		"mmap_touch_munmap_256p_per_page" } },
	{ "touch", run_touch, { "first_touch_4MiB_per_page" } },
	{ "touch_huge", run_touch_huge, { "first_touch_4MiB_per_page_thp" } },
	{ "touch_one", run_touch_one, { "first_touch_one_page" } },
	{ "protect_large", run_large, { "mprotect_1MiB_ro", "mprotect_1MiB_rw" } },
	{ "dirty", run_dirty, { "al_dirty", "al_dirty100", "al_dirty_reset" } },
	{ NULL, NULL, { NULL } },
};
