/* SPDX-License-Identifier: ISC */
/*
 * What a native program pays, by the names that doc/cost.md explains and Linux is measured by too
 * (bench/linux-x86_64.tsv). Linked with libos.a by chitin-cc; arguments: the rows wanted. The
 * machine needs 1 GiB. No locks.
 */
#include "bench/bench.h"
#include "libos/libos.h"

#define PAGE 4096u
#define MIB  (UINT64_C(1) << 20)

struct world {
	struct bench bench;
	struct bench other;
	char *area;             /* pages that rows work on */
	uint64_t area_bytes;
	unsigned char order[BENCH_SHUFFLED]; /* in which rounds take them */
	unsigned round;
	volatile bool is_done;
	volatile uint64_t *shared; /* what a child tells: one page */
};

static struct world w;

static void bench_text(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	libos_console_write(text, length);
}

static void fail(const char *what)
{
	bench_text("bench: ");
	bench_text(what);
	bench_text(" failed\n");
	libos_exit(1);
}

static void must(long result, const char *what)
{
	if (result < 0)
		fail(what);
}

/* ---- Memory ---- */

static char *map(uint64_t bytes, bool is_shared)
{
	void *at = NULL;

	must(libos_map(&at, bytes, EXO_READ | EXO_WRITE, is_shared), "map");
	return at;
}

static void touch(char *from, uint64_t bytes)
{
	uint64_t i;

	for (i = 0; i < bytes; i += PAGE)
		((volatile char *)from)[i] = 1;
}

static void protect(unsigned pages, unsigned access)
{
	must(libos_protect(w.area, pages * PAGE, access), "protect");
}

static void make_readable_1(void)
{
	protect(1, EXO_READ);
}

static void make_writable_1(void)
{
	protect(1, EXO_READ | EXO_WRITE);
}

static void make_readable_100(void)
{
	protect(100, EXO_READ);
}

static void make_writable_100(void)
{
	protect(100, EXO_READ | EXO_WRITE);
}

static void body_store(void)
{
	bench_store((uintptr_t)w.area);
}

static bool handler_skip(struct exo_frame *frame, void *argument)
{
	(void)argument;
	EXO_REG_PC(&frame->regs) += BENCH_ACCESS_BYTES;
	return true;
}

static bool handler_unprotect(struct exo_frame *frame, void *argument)
{
	uintptr_t page = (uintptr_t)frame->address & ~(uintptr_t)(PAGE - 1);

	(void)argument;
	return libos_handler_protect((void *)page, PAGE, EXO_READ | EXO_WRITE) == 0;
}

/* Each of 100 protected pages is freed by a fault. */
static void body_store_100(void)
{
	unsigned i;

	for (i = 0; i < BENCH_SHUFFLED; i++)
		bench_store((uintptr_t)w.area + w.order[i] * PAGE);
}

/* Appel and Li's primitives, on pages in the middle of a mapping. */
static void run_appel(void)
{
	static const struct bench_row rows[] = {
		{ "al_prot1", make_writable_1, make_readable_1, NULL, 0, 0, 0 },
		{ "al_unprot1", make_readable_1, make_writable_1, NULL, 0, 0, 0 },
		{ "al_prot100", make_writable_100, make_readable_100, NULL, 0, 0, 0 },
		{ "al_unprot100", make_readable_100, make_writable_100, NULL, 0, 0, 0 },
	};
	static const struct bench_row trap = {
		"al_trap", make_readable_1, body_store, NULL, 0, 0, 0
	};
	static const struct bench_row unprotect = {
		"al_trap_unprot", make_readable_100, body_store_100, NULL, 25, BENCH_SHUFFLED, 0
	};
	char *all = map(128 * PAGE, false);
	unsigned i;

	touch(all, 128 * PAGE);
	w.area = all + 14 * PAGE;
	bench_shuffle(w.order);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		bench_run(&w.bench, &rows[i]);
	must(libos_set_fault_handler(handler_skip, NULL, all, all + 128 * PAGE), "handler");
	bench_run(&w.bench, &trap);
	must(libos_set_fault_handler(handler_unprotect, NULL, all, all + 128 * PAGE), "handler");
	bench_run(&w.bench, &unprotect);
	must(libos_set_fault_handler(NULL, NULL, NULL, NULL), "no handler");
	must(libos_unmap(all, 128 * PAGE), "unmap");
}

static unsigned char dirty[BENCH_SHUFFLED];

static void body_dirty(void)
{
	must(libos_dirty(w.area, PAGE, dirty), "dirty");
}

static void body_dirty_100(void)
{
	must(libos_dirty(w.area, sizeof(dirty) * PAGE, dirty), "dirty");
}

static void body_clean_100(void)
{
	must(libos_clean(w.area, sizeof(dirty) * PAGE), "clean");
}

static void before_clean_100(void)
{
	touch(w.area, sizeof(dirty) * PAGE);
}

static void run_dirty(void)
{
	static const struct bench_row rows[] = {
		{ "al_dirty", NULL, body_dirty, NULL, 0, 0, 0 },
		{ "al_dirty100", NULL, body_dirty_100, NULL, 0, 0, 0 },
		{ "al_dirty_reset", before_clean_100, body_clean_100, NULL, 0, 0, 0 },
	};
	unsigned i;

	w.area = map(128 * PAGE, false);
	touch(w.area, 128 * PAGE);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		bench_run(&w.bench, &rows[i]);
	must(libos_unmap(w.area, 128 * PAGE), "unmap");
}

static void before_touch_one(void)
{
	w.area += PAGE;
}

static void body_touch_one(void)
{
	touch(w.area, PAGE);
}

static void before_touch_many(void)
{
	w.area = map(4 * MIB, false);
}

static void body_touch_many(void)
{
	touch(w.area, 4 * MIB);
}

static void after_touch_many(void)
{
	must(libos_unmap(w.area, 4 * MIB), "unmap");
}

static void run_touch(void)
{
	static const struct bench_row one = {
		"first_touch_one_page", before_touch_one, body_touch_one, NULL, 0, 0, 0
	};
	static const struct bench_row many = {
		"first_touch_4MiB_per_page", before_touch_many, body_touch_many,
		after_touch_many, 5, 1024, 0
	};
	char *all = map(MIB, false);

	w.area = all;
	touch(all, PAGE);
	bench_run(&w.bench, &one);
	must(libos_unmap(all, MIB), "unmap");
	bench_run(&w.bench, &many);
}

/* ---- Processes ---- */

struct fork_rows {
	const char *call, *wait;
	unsigned mib, rounds;
};

static void fork_round(bool is_wanted)
{
	uint64_t start, forked, ended;
	long child;

	bench_start();
	start = machine_clock();
	child = libos_fork();
	if (child == 0)
		libos_exit(0);
	forked = machine_clock();
	must(child, "fork");
	must(libos_wait(child, NULL), "wait");
	ended = machine_clock();
	bench_stop();
	if (is_wanted) {
		bench_add(&w.bench, forked - start - w.bench.nothing);
		bench_add(&w.other, ended - start - w.bench.nothing);
	}
}

static void run_fork(const struct fork_rows *row)
{
	uint64_t bytes = row->mib * MIB;
	char *memory = NULL;
	unsigned i;

	if (!bench_is_wanted(&w.bench, row->call) && !bench_is_wanted(&w.bench, row->wait))
		return;
	if (bytes) {
		memory = map(bytes, false);
		touch(memory, bytes);
	}
	for (i = 0; i < row->rounds + BENCH_WARM; i++)
		fork_round(i >= BENCH_WARM);
	bench_report(&w.bench, row->call);
	bench_report(&w.other, row->wait);
	if (bytes)
		must(libos_unmap(memory, bytes), "unmap");
}

static void run_forks(void)
{
	static const struct fork_rows rows[] = {
		{ "fork_call_small", "fork_exit_wait_small", 0, 51 },
		{ "fork_call_1MiB", "fork_exit_wait_1MiB", 1, 51 },
		{ "fork_call_16MiB", "fork_exit_wait_16MiB", 16, 25 },
		{ "fork_call_64MiB", "fork_exit_wait_64MiB", 64, 25 },
		{ "fork_call_256MiB", "fork_exit_wait_256MiB", 256, 11 },
	};
	unsigned i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		run_fork(&rows[i]);
}

static uint64_t timed_touch(char *from, uint64_t bytes)
{
	uint64_t start;

	bench_start();
	start = machine_clock();
	touch(from, bytes);
	start = machine_clock() - start;
	bench_stop();
	return start - w.bench.nothing;
}

/* The child of a process with 16 MiB writes: one page, the next, then the rest. Afterwards the
 * parent writes to what the child has let go. */
static void cow_round(char *memory, uint64_t bytes, uint64_t cost[4])
{
	long child = libos_fork();

	must(child, "fork");
	if (child == 0) {
		w.shared[0] = timed_touch(memory + MIB, PAGE);
		w.shared[1] = timed_touch(memory + MIB + PAGE, PAGE);
		w.shared[2] = timed_touch(memory + 2 * MIB, bytes - 2 * MIB)
			/ ((bytes - 2 * MIB) / PAGE);
		libos_exit(0);
	}
	must(libos_wait(child, NULL), "wait");
	cost[0] = w.shared[0];
	cost[1] = w.shared[1];
	cost[2] = w.shared[2];
	cost[3] = timed_touch(memory, bytes) / (bytes / PAGE);
}

static void run_cow(void)
{
	static const char *const names[] = {
		"cow_write_1st_page", "cow_write_2nd_page", "cow_write_16MiB_per_page",
		"cow_reuse_after_exit_per_page",
	};
	enum { ROUNDS = 7, ROWS = 4 };
	uint64_t cost[ROUNDS][ROWS], bytes = 16 * MIB;
	bool is_wanted = false;
	char *memory;
	unsigned i, n;

	for (n = 0; n < ROWS; n++)
		is_wanted |= bench_is_wanted(&w.bench, names[n]);
	if (!is_wanted)
		return;
	w.shared = (volatile uint64_t *)map(PAGE, true);
	w.shared[0] = 0;
	memory = map(bytes, false);
	touch(memory, bytes);
	for (i = 0; i < ROUNDS; i++)
		cow_round(memory, bytes, cost[i]);
	for (n = 0; n < ROWS; n++) {
		for (i = 0; i < ROUNDS; i++)
			bench_add(&w.bench, cost[i][n]);
		bench_report(&w.bench, names[n]);
	}
	must(libos_unmap(memory, bytes), "unmap");
	must(libos_unmap((void *)w.shared, PAGE), "unmap");
}

/* ---- Threads and time ---- */

static uint64_t yielder(void *argument)
{
	(void)argument;
	while (!w.is_done)
		libos_thread_yield();
	return 0;
}

static uint64_t nothing(void *argument)
{
	(void)argument;
	return 0;
}

static void body_yield(void)
{
	libos_thread_yield();
}

static void body_create_join(void)
{
	long thread = libos_thread_create(nothing, NULL);

	must(thread, "thread create");
	must(libos_thread_join(thread, NULL), "thread join");
}

static void body_spin(void)
{
	bench_loop(2500000);
}

/* What one tick costs: a long loop with ticks, less the same without, by the ticks. A tick comes
 * only if another thread is ready, which is run then and yields: that pair of switches is not the
 * tick's. */
static void run_tick(void)
{
	static const struct bench_row pair = { NULL, NULL, body_yield, NULL, 0, 0, 0 };
	struct bench_row row = { NULL, NULL, body_spin, NULL, 5, 0, 0 };
	struct libos_statistics before, after;
	uint64_t period, least, yields;

	bench_sample(&w.bench, &pair);
	yields = bench_median(&w.bench);
	w.bench.count = 0;
	period = (uint64_t)libos_switch(LIBOS_SWITCH_TICK, 0);
	bench_sample(&w.bench, &row);
	least = bench_median(&w.bench);
	w.bench.count = 0;
	libos_switch(LIBOS_SWITCH_TICK, 100000);
	libos_statistics(&before);
	bench_sample(&w.bench, &row);
	libos_statistics(&after);
	libos_switch(LIBOS_SWITCH_TICK, period);
	row.per = (unsigned)((after.ticks - before.ticks) / (5 + BENCH_WARM));
	row.less = bench_median(&w.bench) - least;
	w.bench.count = 0;
	if (row.per == 0)
		bench_text("na\ttimer_upcall\tno tick came\n");
	else
		bench_value(&w.bench, "timer_upcall", row.less / row.per - yields);
}

static void run_threads(void)
{
	static const struct bench_row yield = {
		"yield_rtt_thread", NULL, body_yield, NULL, 0, 0, 0
	};
	static const struct bench_row create = {
		"thread_create_join", NULL, body_create_join, NULL, 0, 0, 0
	};
	long thread = libos_thread_create(yielder, NULL);

	must(thread, "thread create");
	bench_run(&w.bench, &yield);
	if (bench_is_wanted(&w.bench, "timer_upcall"))
		run_tick();
	w.is_done = true;
	must(libos_thread_join(thread, NULL), "thread join");
	bench_run(&w.bench, &create);
}

static void body_null(void)
{
	exo_call(EXO_CALL_SELF, 0, 0, 0, 0, 0);
}

static void run_boot(uint64_t first_line)
{
	const struct exo_info *info = (const struct exo_info *)EXO_INFO_PAGE;
	/* All memory: the firmware keeps a little at the end of RAM. */
	uint64_t frames = (info->frames + 255) & ~UINT64_C(255);
	struct libos_statistics now;

	libos_statistics(&now);
	bench_value(&w.bench, "boot_first_line", first_line);
	bench_value(&w.bench, "boot_firmware", info->boot_clock);
	bench_value(&w.bench, "boot_without_firmware", first_line - info->boot_clock);
	bench_value(&w.bench, "boot_mem_used",
		    (frames - now.frames_limit + now.frames_used) * (PAGE / 1024));
}

int main(int argc, char **argv)
{
	static const struct bench_row null = { "null_call", NULL, body_null, NULL, 0, 0, 0 };
	uint64_t first_line = machine_clock();
	int i;

	for (i = 1; i < argc && w.bench.wanted_count < 16; i++)
		w.bench.wanted[w.bench.wanted_count++] = argv[i];
	run_boot(first_line);
	bench_init(&w.bench);
	bench_calib(&w.bench);
	bench_run(&w.bench, &null);
	run_appel();
	run_dirty();
	run_touch();
	run_forks();
	run_cow();
	run_threads();
	return 0;
}
