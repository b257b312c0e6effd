/* SPDX-License-Identifier: ISC */
/* Rows of memory: Appel and Li's primitives (ASPLOS 1991). No locks. */
#define _GNU_SOURCE
#include "bench/linux/costs.h"

enum { READ = PROT_READ, WRITE = PROT_READ | PROT_WRITE, AROUND = 14, ALL = 256 };

/* `ALL` touched pages; the rows work on those from the 14th. */
static void area_create(void)
{
	costs.area_bytes = ALL * PAGE;
	costs.area = os_map(costs.area_bytes, false);
	os_touch(costs.area, costs.area_bytes);
	costs.area += AROUND * PAGE;
}

static void area_destroy(void)
{
	os_unmap(costs.area - AROUND * PAGE, costs.area_bytes);
}

static void read_1(void)
{
	os_protect(costs.area, PAGE, READ);
}

static void write_1(void)
{
	os_protect(costs.area, PAGE, WRITE);
}

static void read_100(void)
{
	os_protect(costs.area, 100 * PAGE, READ);
}

static void write_100(void)
{
	os_protect(costs.area, 100 * PAGE, WRITE);
}

static void read_scattered(void)
{
	unsigned i;

	for (i = 0; i < 50; i++)
		os_protect(costs.area + 2 * i * PAGE, PAGE, READ);
}

static void write_scattered(void)
{
	unsigned i;

	for (i = 0; i < 50; i++)
		os_protect(costs.area + 2 * i * PAGE, PAGE, WRITE);
}

static void run_protect(void)
{
	static const struct bench_row rows[] = {
		{ "al_prot1", write_1, read_1, write_1, 0, 0, 0 },
		{ "al_unprot1", read_1, write_1, NULL, 0, 0, 0 },
		{ "al_prot100", write_100, read_100, write_100, 0, 0, 0 },
		{ "al_unprot100", read_100, write_100, NULL, 0, 0, 0 },
		{ "al_prot_scattered_per_page", NULL, read_scattered, write_scattered, 25, 50, 0 },
		{ "al_unprot_scattered_per_page", read_scattered, write_scattered, NULL, 25, 50,
			0 },
	};
	unsigned i;

	area_create();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		costs_run(&rows[i]);
	area_destroy();
}

/* ---- Faults ---- */

static void store(char *at)
{
	bench_store((uintptr_t)at);
}

static void body_store(void)
{
	store(costs.area);
}

/* Each of 100 protected pages is freed by a fault. */
static void body_store_100(void)
{
	unsigned i;

	for (i = 0; i < 100; i++)
		store(costs.area + costs.order[i] * PAGE);
}

static void body_appel2(void)
{
	read_100();
	body_store_100();
}

static void body_store_next(void)
{
	store(costs.at);
}

/* Of 100 scattered pages half are protected: the oldest faults. */
static void before_exchange(void)
{
	costs.calls = (costs.calls + 1) % 100;
	costs.at = costs.area + 2 * costs.calls * PAGE;
	costs.other_at = costs.area + 2 * ((costs.calls + 50) % 100) * PAGE;
}

static void run_trap(void)
{
	static const struct bench_row trap = {
		"al_trap", NULL, body_store, NULL, 0, 0, 0
	};

	area_create();
	read_1();
	costs_handle_faults(COSTS_FAULT_SKIP);
	costs_run(&trap);
	costs_handle_faults(COSTS_FAULT_NONE);
	area_destroy();
}

static void run_appel1(void)
{
	static const struct bench_row row = {
		"al_appel1", before_exchange, body_store_next, NULL, 0, 0, 0
	};

	area_create();
	read_scattered();
	costs.calls = 99;
	costs_handle_faults(COSTS_FAULT_EXCHANGE);
	costs_run(&row);
	costs_handle_faults(COSTS_FAULT_NONE);
	area_destroy();
}

static void run_unprotect(void)
{
	static const struct bench_row rows[] = {
		{ "al_trap_unprot", read_100, body_store_100, NULL, 25, 100, 0 },
		{ "al_appel2_per_page", NULL, body_appel2, NULL, 25, 100, 0 },
	};
	unsigned i;

	area_create();
	bench_shuffle(costs.order);
	costs_handle_faults(COSTS_FAULT_UNPROTECT);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		costs_run(&rows[i]);
	costs_handle_faults(COSTS_FAULT_NONE);
	area_destroy();
}

const struct costs_group costs_memory_groups[] = {
	{ "protect", run_protect, { "al_prot1", "al_unprot1", "al_prot100", "al_unprot100",
		"al_prot_scattered_per_page", "al_unprot_scattered_per_page" } },
	{ "trap", run_trap, { "al_trap" } },
	{ "trap_unprotect", run_unprotect, { "al_trap_unprot", "al_appel2_per_page" } },
	{ "appel1", run_appel1, { "al_appel1" } },
	{ NULL, NULL, { NULL } },
};
