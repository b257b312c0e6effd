/* SPDX-License-Identifier: ISC */
/*
 * What every bench program needs: rounds of a row, their median and spread, printed as one line
 *
 *   bench<TAB>NAME<TAB>median<TAB>q1<TAB>q3<TAB>min<TAB>max
 *
 * which bench/run makes its table of. Under icount the clock counts instructions. The program
 * defines bench_text(). Touches its own struct bench; no locks.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <bench_cpu.h>
#include <machine/call.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BENCH_ROUNDS = 101, BENCH_WARM = 3, BENCH_SHUFFLED = 100 };

struct bench {
	const char *wanted[16]; /* rows to run; none: all */
	unsigned wanted_count;
	uint64_t nothing;       /* what measuring costs by itself */
	uint64_t sample[BENCH_ROUNDS];
	unsigned count;
};

/* One row: before, body, after, `rounds` times and a few more that do not count; the body alone is
 * measured. `less` is taken off each round, which is then divided by `per` (0: 1). Without a name
 * it is only sampled, and not profiled. */
struct bench_row {
	const char *name;
	void (*before)(void);
	void (*body)(void);
	void (*after)(void);
	unsigned rounds; /* 0: BENCH_ROUNDS */
	unsigned per;
	uint64_t less;
};

/* Print; the program's. */
static void bench_text(const char *text);

/* bench/profile counts what runs from the one to the other. (Functions that are the same become
 * one.) */
__attribute__((noinline)) static void bench_start(void)
{
	__asm__ volatile("# start" : : : "memory");
}

__attribute__((noinline)) static void bench_stop(void)
{
	__asm__ volatile("# stop" : : : "memory");
}

static inline void bench_number(uint64_t value)
{
	char text[24];
	char *at = text + sizeof(text);

	*--at = '\0';
	do {
		*--at = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	bench_text(at);
}

static inline bool bench_is_same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static inline bool bench_is_wanted(const struct bench *b, const char *name)
{
	unsigned i;

	for (i = 0; i < b->wanted_count; i++)
		if (bench_is_same(b->wanted[i], name))
			return true;
	return b->wanted_count == 0;
}

static inline void bench_add(struct bench *b, uint64_t value)
{
	unsigned at = b->count;

	if (at == BENCH_ROUNDS)
		return;
	b->count++;
	while (at > 0 && b->sample[at - 1] > value) {
		b->sample[at] = b->sample[at - 1];
		at--;
	}
	b->sample[at] = value;
}

/* The middle of the samples, which stay. */
static inline uint64_t bench_median(const struct bench *b)
{
	return b->sample[b->count / 2];
}

/* Print the samples under a name and forget them. */
static inline void bench_report(struct bench *b, const char *name)
{
	const unsigned at[] = { b->count / 2, b->count / 4, b->count * 3 / 4, 0, b->count - 1 };
	unsigned i;

	bench_text("bench\t");
	bench_text(name);
	for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		bench_text("\t");
		bench_number(b->sample[at[i]]);
	}
	bench_text("\n");
	b->count = 0;
}

/* A row of one number that is known. */
static inline void bench_value(struct bench *b, const char *name, uint64_t value)
{
	if (!bench_is_wanted(b, name))
		return;
	bench_add(b, value);
	bench_report(b, name);
}

static inline void bench_nop(void)
{
	__asm__ volatile("" : : : "memory");
}

/* One measured round, less what measuring itself costs. */
static inline uint64_t bench_round(const struct bench *b, const struct bench_row *row)
{
	uint64_t cost;

	if (row->before)
		row->before();
	if (row->name)
		bench_start();
	cost = machine_clock();
	row->body();
	cost = machine_clock() - cost;
	if (row->name)
		bench_stop();
	if (row->after)
		row->after();
	return cost > b->nothing + row->less ? cost - b->nothing - row->less : 0;
}

/* Take the samples of a row without printing. */
__attribute__((noinline)) static void bench_sample(struct bench *b, const struct bench_row *row)
{
	unsigned rounds = row->rounds ? row->rounds : BENCH_ROUNDS, i;

	for (i = 0; i < rounds + BENCH_WARM; i++) {
		uint64_t cost = bench_round(b, row);

		if (i >= BENCH_WARM)
			bench_add(b, cost / (row->per ? row->per : 1));
	}
}

static void bench_run(struct bench *b, const struct bench_row *row)
{
	if (!bench_is_wanted(b, row->name))
		return;
	bench_sample(b, row);
	bench_report(b, row->name);
}

/* The numbers below BENCH_SHUFFLED in a random order, always the same. */
static inline void bench_shuffle(unsigned char order[BENCH_SHUFFLED])
{
	uint64_t random = 1;
	unsigned i;

	for (i = 0; i < BENCH_SHUFFLED; i++) {
		unsigned k;

		random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		k = (unsigned)(random >> 33) % (i + 1);
		order[i] = order[k];
		order[k] = (unsigned char)i;
	}
}

/* Measure what measuring costs. Before anything else. */
static inline void bench_init(struct bench *b)
{
	static const struct bench_row row = { NULL, NULL, bench_nop, NULL, 0, 0, 0 };

	b->nothing = 0;
	bench_sample(b, &row);
	b->nothing = bench_median(b);
	b->count = 0;
}

/* The counter against loops of known length. */
static inline void bench_calib_body(void)
{
	bench_loop(1000000);
}

static inline void bench_calib(struct bench *b)
{
	static const struct bench_row row = {
		"calib_loop_2000000", NULL, bench_calib_body, NULL, 5, 0, 0
	};

	bench_run(b, &row);
}

#endif
