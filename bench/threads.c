/* SPDX-License-Identifier: ISC */
/*
 * Do slot operations scale? Their rate from one and from two threads of the host, each a simulated
 * CPU (arch/host) on an env, a vcpu and an account of its own; the kernel as it is released,
 * without points and ranks. Prints, of several rounds, median and quartiles of rates and of their
 * ratio: by the clock, and by the threads' own CPU time, which tells on a machine that has other
 * work. A thread touches nothing of another's but the machine; no locks but the kernel's.
 * usage: threads [ROW]...
 */
#define _GNU_SOURCE /* sched_getaffinity */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/host/lab.h"

enum { THREADS = 2, ROUNDS = 15, FRAMES = 8192, OWN_FRAMES = 2048, PAGES = 256 };

#define AREA (2 * EXO_ROOT_SPAN)

/* A row: what a turn does to a page, as first arguments of calls of one operation on one slot. */
struct row {
	const char *name;
	unsigned turns;  /* of a thread in a round */
	unsigned count;  /* operations a turn */
	uint64_t word[3];
};

/* A CPU's thread, and what it took. */
struct worker {
	const struct row *row;
	struct machine *m;
	pthread_barrier_t *start;
	pthread_t thread;
	unsigned cpu;
	double wall_s, own_s;
};

/* What a round gives: operations a second. */
enum { BY_CLOCK, BY_CPU_TIME, KINDS };

struct rates {
	double one[KINDS][ROUNDS], two[KINDS][ROUNDS], ratio[KINDS][ROUNDS];
};

static _Noreturn void give_up(const char *why)
{
	fprintf(stderr, "bench/threads: %s\n", why);
	exit(1);
}

static double now_s(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *worker_main(void *argument)
{
	struct worker *w = argument;
	struct cpu *c = &w->m->cpus[w->cpu];
	struct exo_regs *regs = &w->m->vcpus[c->current].regs;
	unsigned i, j;

	host_self = (struct host_self){ .index = w->cpu, .is_parallel = true };
	pthread_barrier_wait(w->start);
	w->wall_s = now_s(CLOCK_MONOTONIC);
	w->own_s = now_s(CLOCK_THREAD_CPUTIME_ID);
	for (i = 0; i < w->row->turns; i++)
		for (j = 0; j < w->row->count; j++) {
			EXO_REG_NUMBER(regs) = EXO_CALL_PREFIX | EXO_CALL_SLOT;
			EXO_REG_ARG0(regs) = w->row->word[j];
			EXO_REG_ARG1(regs) = AREA + (1 + i % PAGES) * EXO_PAGE_SIZE;
			EXO_REG_ARG2(regs) = j == 0 && w->row->count == 3 ? AREA : 0;
			EXO_REG_ARG3(regs) = EXO_REG_ARG4(regs) = 0;
			kernel_syscall(w->m, c);
			if (EXO_REG_RESULT(regs))
				give_up("an operation was refused");
		}
	w->own_s = now_s(CLOCK_THREAD_CPUTIME_ID) - w->own_s;
	w->wall_s = now_s(CLOCK_MONOTONIC) - w->wall_s;
	return NULL;
}

/* Let `threads` of them go at once: operations a second of all together. */
static void run_once(struct machine *m, const struct row *row, unsigned threads,
		     double rate[KINDS])
{
	const double operations = (double)row->turns * row->count;
	struct worker w[THREADS];
	pthread_barrier_t start;
	double longest_s = 0;
	unsigned i;

	pthread_barrier_init(&start, NULL, threads);
	for (i = 0; i < threads; i++) {
		w[i] = (struct worker){ .row = row, .m = m, .start = &start, .cpu = 1 + i };
		if (pthread_create(&w[i].thread, NULL, worker_main, &w[i]))
			give_up("no thread");
	}
	rate[BY_CPU_TIME] = 0;
	for (i = 0; i < threads; i++) {
		pthread_join(w[i].thread, NULL);
		longest_s = w[i].wall_s > longest_s ? w[i].wall_s : longest_s;
		rate[BY_CPU_TIME] += operations / w[i].own_s;
	}
	rate[BY_CLOCK] = threads * operations / longest_s;
	pthread_barrier_destroy(&start);
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void print_quartiles(const char *what, double *value, const char *unit)
{
	qsort(value, ROUNDS, sizeof(*value), by_size);
	printf("  %s %.2f%s (%.2f to %.2f)", what, value[ROUNDS / 2], unit, value[ROUNDS / 4],
	       value[ROUNDS - 1 - ROUNDS / 4]);
}

static void run_row(struct machine *m, const struct row *row)
{
	static const char *const names[KINDS] = { "by the clock", "by CPU time" };
	struct rates r;
	double one[KINDS], two[KINDS];
	unsigned round, kind;

	for (round = 0; round < ROUNDS; round++) {
		run_once(m, row, 1, one);
		run_once(m, row, 2, two);
		for (kind = 0; kind < KINDS; kind++) {
			r.one[kind][round] = one[kind] / 1e6;
			r.two[kind][round] = two[kind] / 1e6;
			r.ratio[kind][round] = two[kind] / one[kind];
		}
	}
	for (kind = 0; kind < KINDS; kind++) {
		printf("%-24s %-12s", row->name, names[kind]);
		print_quartiles("1 thread", r.one[kind], " M/s");
		print_quartiles("2 threads", r.two[kind], " M/s");
		print_quartiles("ratio", r.ratio[kind], "");
		printf("\n");
	}
}

/* An env for each thread, whose vcpu runs on its CPU; the first env's is on CPU 0, for the lab. */
static struct lab *threads_lab(void)
{
	struct lab *l = lab_create(FRAMES, 1 + THREADS);
	unsigned cpu;

	for (cpu = 1; cpu <= THREADS; cpu++) {
		uint64_t env = lab_child(l, OWN_FRAMES);

		lab_vcpu(l, env, LAB_BASE, cpu);
		lab_map(l, env, AREA, 1);
		host_self.index = cpu;
		kernel_interrupt(l->m, &l->m->cpus[cpu]);
		host_self.index = 0;
	}
	return l;
}

static bool is_wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(name, argv[i]))
			return true;
	return argc < 2;
}

int main(int argc, char **argv)
{
	const struct row rows[] = {
		{ "host_copy_protect_clear", 200000, 3, {
			exo_slot_word(EXO_OP_COPY, 1, 1, 0, EXO_RWX, EXO_READ),
			exo_slot_word(EXO_OP_PROTECT, 1, 1, 0, 0, 0),
			exo_slot_word(EXO_OP_CLEAR, 1, 1, 0, 0, 0) } },
		{ "host_alloc_clear", 100000, 2, {
			exo_slot_word(EXO_OP_ALLOC, 1, 1, 0, 0, EXO_RWX),
			exo_slot_word(EXO_OP_CLEAR, 1, 1, 0, 0, 0) } },
	};
	struct lab *l = NULL;
	cpu_set_t cpus;
	unsigned i;

	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		give_up("sched_getaffinity");
	for (i = 0; i < ARRAY_COUNT(rows); i++) {
		if (!is_wanted(rows[i].name, argc, argv))
			continue;
		if (CPU_COUNT(&cpus) < THREADS) {
			printf("%-24s na: this host gives it one CPU, and two threads need two\n",
			       rows[i].name);
			continue;
		}
		if (!l) {
			printf("\nslot operations a second, in millions, from threads of the host "
			       "on envs of their own: median and quartiles of %d rounds\n",
			       ROUNDS);
			l = threads_lab();
		}
		run_row(l->m, &rows[i]);
	}
	if (l)
		lab_destroy(l);
	return 0;
}
