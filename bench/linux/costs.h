/* SPDX-License-Identifier: ISC */
/*
 * What the files of bench/linux share: the program's one root and the list of groups. A group is
 * what is measured together and gives some rows; if it fails, each of its rows that is not out
 * by then is printed as `na<TAB>NAME<TAB>reason`, never as a number. No locks.
 */
#ifndef BENCH_LINUX_COSTS_H
#define BENCH_LINUX_COSTS_H

#include "bench/bench.h"
#include "bench/linux/os.h"

#include <setjmp.h>

#define PAGE 4096u
#define MIB  ((size_t)1 << 20)

enum {
	COSTS_ROWS = 16,
	COSTS_OUT = 16384,
	/* Linux's scheduler lets the woken side interrupt the other until both have used as much
	 * time; only then do both sleep each round, as they go on to do. */
	COSTS_SETTLE = 5000,
};

struct costs_group {
	const char *name;
	void (*run)(void);
	const char *rows[COSTS_ROWS]; /* up to a NULL */
};

struct costs {
	struct bench bench, other, third;
	const struct costs_group *group;
	unsigned reported;          /* rows of the group, a bit each */
	jmp_buf failed;
	const char *what;           /* failed */
	char out[COSTS_OUT];        /* printed when the group is over, so that no row pays for it */
	size_t out_bytes;
	const char *self;           /* this program's path, for exec */
	uint64_t first_line;        /* the clock when main began */
	char *area;                 /* pages that rows work on */
	char *at, *other_at;        /* of these, what a round is about */
	unsigned char order[BENCH_SHUFFLED]; /* in which rounds take them */
	size_t area_bytes;
	volatile uint64_t *shared;  /* what a child tells: some pages */
	volatile uint32_t turn, answer;
	volatile bool is_done;
	unsigned calls;
	pid_t pid;
};

extern struct costs costs;

/* Groups, by file. */
extern const struct costs_group costs_boot_groups[], costs_call_groups[], costs_memory_groups[],
	costs_page_groups[], costs_fork_groups[], costs_process_groups[], costs_thread_groups[],
	costs_write_groups[];

/* What is done about a fault by a store of two bytes that is not allowed. */
enum costs_fault {
	COSTS_FAULT_NONE,      /* the usual */
	COSTS_FAULT_SKIP,      /* the instruction is stepped over */
	COSTS_FAULT_UNPROTECT, /* its page becomes writable */
	COSTS_FAULT_EXCHANGE,  /* costs.at does, and costs.other_at becomes read-only */
};

/* posix.c; for the native program native.c: handlers, and all groups that it has, up to a NULL. */
void costs_handle_faults(enum costs_fault fault);
extern const struct costs_group *const costs_all_groups[];

void costs_text(const char *text);
/* The row `name` of the group is out. */
void costs_reported(const char *name);
/* One row is not available; the group goes on. */
void costs_na(const char *name, const char *reason);

static void bench_text(const char *text)
{
	costs_text(text);
}

static inline void costs_run(const struct bench_row *row)
{
	bench_sample(&costs.bench, row);
	bench_report(&costs.bench, row->name);
	costs_reported(row->name);
}

/* Rounds that do not count, until two who wake each other have settled. */
static inline void costs_settle(const struct bench_row *row)
{
	unsigned i;

	for (i = 0; i < COSTS_SETTLE; i++)
		row->body();
}

static inline void costs_report(struct bench *bench, const char *name)
{
	bench_report(bench, name);
	costs_reported(name);
}

static inline void costs_value(const char *name, uint64_t value)
{
	bench_add(&costs.bench, value);
	costs_report(&costs.bench, name);
}

/* The clock's difference, less what measuring costs. */
static inline uint64_t costs_since(uint64_t start)
{
	uint64_t cost = machine_clock() - start;

	return cost > costs.bench.nothing ? cost - costs.bench.nothing : 0;
}

#endif
