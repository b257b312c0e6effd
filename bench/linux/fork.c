/* SPDX-License-Identifier: ISC */
/* Rows of fork over memory size, and of copy-on-write in a process of 16 MiB. No locks. */
#define _GNU_SOURCE
#include "bench/linux/costs.h"

/* ---- fork, and fork with the child's end ---- */

static void fork_round(bool is_counted)
{
	uint64_t start, call;
	pid_t child;

	bench_start();
	start = machine_clock();
	child = os_fork();
	if (child == 0)
		_exit(0);
	call = costs_since(start);
	os_wait(child);
	start = costs_since(start);
	bench_stop();
	if (is_counted) {
		bench_add(&costs.bench, call);
		bench_add(&costs.other, start);
	}
}

/* With so much touched memory; the group's two rows are the call and the whole. */
static void fork_with(size_t mib, bool is_huge, unsigned rounds)
{
	char *memory = NULL;
	unsigned i;

	if (mib) {
		memory = os_map(mib * MIB, false);
		if (is_huge)
			os_make_large(memory, mib * MIB);
		os_touch(memory, mib * MIB);
	}
	for (i = 0; i < rounds + BENCH_WARM; i++)
		fork_round(i >= BENCH_WARM);
	costs_report(&costs.bench, costs.group->rows[0]);
	costs_report(&costs.other, costs.group->rows[1]);
	if (mib)
		os_unmap(memory, mib * MIB);
}

static void run_small(void)
{
	fork_with(0, false, 51);
}

static void run_1(void)
{
	fork_with(1, false, 51);
}

static void run_16(void)
{
	fork_with(16, false, 25);
}

static void run_64(void)
{
	fork_with(64, false, 11);
}

static void run_256(void)
{
	fork_with(256, false, 7);
}

static void run_huge_16(void)
{
	fork_with(16, true, 25);
}

static void run_huge_64(void)
{
	fork_with(64, true, 25);
}

static void run_huge_256(void)
{
	fork_with(256, true, 25);
}

/* ---- Copy-on-write ---- */

enum { COW_PAGES = 16 * 256, COW_ROUNDS = 7 };

static void cow_create(void)
{
	costs.shared = (volatile uint64_t *)os_map(PAGE, true);
	costs.area_bytes = COW_PAGES * PAGE;
	costs.area = os_map(costs.area_bytes, false);
	costs.shared[0] = 0;
	os_touch(costs.area, costs.area_bytes);
}

static void cow_destroy(void)
{
	os_unmap(costs.area, costs.area_bytes);
	os_unmap((char *)(uintptr_t)costs.shared, PAGE);
}

static uint64_t timed_touch(char *at, size_t bytes)
{
	uint64_t start;

	bench_start();
	start = machine_clock();
	os_touch(at, bytes);
	start = costs_since(start);
	bench_stop();
	return start;
}

/* The child writes a page and the next, and ends. */
static uint64_t cow_write_2(void)
{
	uint64_t start = machine_clock();
	pid_t child = os_fork();

	if (child == 0) {
		costs.shared[0] = timed_touch(costs.area + MIB, PAGE);
		costs.shared[1] = timed_touch(costs.area + MIB + PAGE, PAGE);
		_exit(0);
	}
	os_wait(child);
	return costs_since(start);
}

static void run_cow_2(void)
{
	unsigned i;

	cow_create();
	for (i = 0; i < COW_ROUNDS + BENCH_WARM; i++) {
		uint64_t whole = cow_write_2();

		if (i < BENCH_WARM)
			continue;
		bench_add(&costs.bench, costs.shared[0]);
		bench_add(&costs.other, costs.shared[1]);
		bench_add(&costs.third, whole);
	}
	cow_destroy();
	costs_report(&costs.bench, "cow_write_1st_page");
	costs_report(&costs.other, "cow_write_2nd_page");
	costs_report(&costs.third, "cow_16MiB_fork_write2_exit_wait");
}

/* The child writes all pages; afterwards the parent does, to what the child has let go. */
static uint64_t cow_write_all(void)
{
	uint64_t start = machine_clock();
	pid_t child = os_fork();

	if (child == 0) {
		costs.shared[0] = timed_touch(costs.area, costs.area_bytes) / COW_PAGES;
		_exit(0);
	}
	os_wait(child);
	return costs_since(start);
}

static void run_cow_all(void)
{
	unsigned i;

	cow_create();
	for (i = 0; i < COW_ROUNDS; i++) {
		bench_add(&costs.third, cow_write_all());
		bench_add(&costs.bench, costs.shared[0]);
		bench_add(&costs.other, timed_touch(costs.area, costs.area_bytes) / COW_PAGES);
	}
	cow_destroy();
	costs_report(&costs.bench, "cow_write_16MiB_per_page");
	costs_report(&costs.third, "cow_16MiB_fork_writeall_exit_wait");
	costs_report(&costs.other, "cow_reuse_after_exit_per_page");
}

const struct costs_group costs_fork_groups[] = {
	{ "fork_small", run_small, { "fork_call_small", "fork_exit_wait_small" } },
	{ "fork_1MiB", run_1, { "fork_call_1MiB", "fork_exit_wait_1MiB" } },
	{ "fork_16MiB", run_16, { "fork_call_16MiB", "fork_exit_wait_16MiB" } },
	{ "fork_64MiB", run_64, { "fork_call_64MiB", "fork_exit_wait_64MiB" } },
	{ "fork_256MiB", run_256, { "fork_call_256MiB", "fork_exit_wait_256MiB" } },
	{ "fork_huge_16MiB", run_huge_16, { "fork_call_16MiB_thp", "fork_exit_wait_16MiB_thp" } },
	{ "fork_huge_64MiB", run_huge_64, { "fork_call_64MiB_thp", "fork_exit_wait_64MiB_thp" } },
	{ "fork_huge_256MiB", run_huge_256,
	  { "fork_call_256MiB_thp", "fork_exit_wait_256MiB_thp" } },
	{ "cow_2", run_cow_2, { "cow_write_1st_page", "cow_write_2nd_page",
		"cow_16MiB_fork_write2_exit_wait" } },
	{ "cow_all", run_cow_all, { "cow_write_16MiB_per_page",
		"cow_16MiB_fork_writeall_exit_wait", "cow_reuse_after_exit_per_page" } },
	{ NULL, NULL, { NULL } },
};
