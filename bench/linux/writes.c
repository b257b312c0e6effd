/* SPDX-License-Identifier: ISC */
/*
 * The first write to each page of 16 MiB after a fork, each timed by itself: in the child while the
 * parent waits, and in the parent while the child does; and how long the parent is kept from its
 * own work at most, by the call or by one of its first writes. Of all forks together the median,
 * the 99th and the 99.9th percentile, and the longest; reported, not aimed at. No locks.
 */
#define _GNU_SOURCE
#include "bench/linux/costs.h"

#include <stdlib.h>

enum { PAGES = 16 * 256, FORKS = 8, SAMPLES = PAGES * FORKS };

/* Shared with the child: the samples, and a word after them. */
static uint32_t *samples;
static int hold[2], ready[2];

static void writes_create(void)
{
	size_t bytes = (SAMPLES * sizeof(*samples) + PAGE - 1) / PAGE * PAGE;

	samples = (uint32_t *)(void *)os_map(bytes, true);
	os_touch((char *)samples, bytes);
	costs.area_bytes = PAGES * PAGE;
	costs.area = os_map(costs.area_bytes, false);
	os_touch(costs.area, costs.area_bytes);
}

static void writes_destroy(void)
{
	os_unmap((char *)samples, (SAMPLES * sizeof(*samples) + PAGE - 1) / PAGE * PAGE);
	os_unmap(costs.area, costs.area_bytes);
}

static void write_each(unsigned fork)
{
	unsigned i;

	for (i = 0; i < PAGES; i++) {
		uint64_t start = machine_clock();

		((volatile char *)costs.area)[i * PAGE] = 2;
		samples[fork * PAGES + i] = (uint32_t)costs_since(start);
	}
}

static int compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

/* The group's rows are median, 99 %, 99.9 % and the longest. */
static void report(void)
{
	const unsigned at[] = {
		SAMPLES / 2, SAMPLES - SAMPLES / 100, SAMPLES - SAMPLES / 1000, SAMPLES - 1
	};
	unsigned i;

	qsort(samples, SAMPLES, sizeof(*samples), compare);
	for (i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		costs_value(costs.group->rows[i], samples[at[i]]);
}

static void run_child(void)
{
	unsigned i;

	writes_create();
	for (i = 0; i < FORKS; i++) {
		pid_t child = os_fork();

		if (child == 0) {
			write_each(i);
			_exit(0);
		}
		os_wait(child);
	}
	report();
	writes_destroy();
}

/* A child that waits until it may go; by then it has said so, and will not run in between. */
static void hold_child(void)
{
	char byte = 1;

	if (write(ready[1], &byte, 1) != 1 || read(hold[0], &byte, 1) != 1)
		_exit(1);
	_exit(0);
}

static void run_parent(void)
{
	uint64_t start, call;
	unsigned i, k;
	char byte = 1;

	os_must(pipe(hold), "pipe");
	os_must(pipe(ready), "pipe");
	writes_create();
	for (i = 0; i < FORKS; i++) {
		pid_t child;

		start = machine_clock();
		child = os_fork();
		call = costs_since(start);
		if (child == 0)
			hold_child();
		if (read(ready[0], &byte, 1) != 1)
			costs_fail("the child's word");
		sched_yield();
		write_each(i);
		for (k = 0; k < PAGES; k++)
			if (samples[i * PAGES + k] > call)
				call = samples[i * PAGES + k];
		bench_add(&costs.other, call);
		if (write(hold[1], &byte, 1) != 1)
			costs_fail("a word to the child");
		os_wait(child);
	}
	report();
	costs_report(&costs.other, "fork_stall_parent_16MiB");
	writes_destroy();
	for (i = 0; i < 2; i++) {
		close(hold[i]);
		close(ready[i]);
	}
}

const struct costs_group costs_write_groups[] = {
	{ "first_write_child", run_child, { "first_write_child_p50", "first_write_child_p99",
		"first_write_child_p999", "first_write_child_max" } },
	{ "first_write_parent", run_parent, { "first_write_parent_p50", "first_write_parent_p99",
		"first_write_parent_p999", "first_write_parent_max",
		"fork_stall_parent_16MiB" } },
	{ NULL, NULL, { NULL } },
};
