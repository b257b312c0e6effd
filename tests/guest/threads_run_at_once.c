/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount --cpus 2
 * Threads of one process on two CPUs: they hand a word to and fro by looking at it alone, more
 * often than the library switches threads or the kernel vcpus, so both ran at once. One that sleeps
 * is woken on the CPU that has nothing to do while its waker goes on.
 */
#include <pthread.h>
#include <stdatomic.h>

#include <machine/call.h>

#include "tests/process.h"

static const struct exo_info *const info = (const struct exo_info *)EXO_INFO_PAGE;

enum { ROUNDS = 2000, WAKES = 200 };

static _Atomic unsigned turn, woken;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static unsigned asked;

/* What either side can have been taken off its CPU by. */
static uint64_t switches(void)
{
	const char *cpus = exo_table(info, EXO_ARRAY_CPUS);
	struct libos_statistics s;
	uint64_t sum;
	unsigned i;

	libos_statistics(&s);
	sum = s.thread_switches;
	for (i = 0; i < info->cpus; i++, cpus += info->arrays[EXO_ARRAY_CPUS].size)
		sum += ((const struct exo_table_cpu *)cpus)->switches;
	return sum;
}

static void play(unsigned me)
{
	unsigned i;

	for (i = 0; i < ROUNDS; i++) {
		while (atomic_load(&turn) % 2 != me)
			machine_relax(); /* QEMU: the other CPU's turn */
		atomic_fetch_add(&turn, 1);
	}
}

static void *player(void *argument)
{
	play(1);
	return argument;
}

static void *sleeper(void *argument)
{
	unsigned i;

	for (i = 1; i <= WAKES; i++) {
		pthread_mutex_lock(&mutex);
		while (asked < i)
			pthread_cond_wait(&condition, &mutex);
		pthread_mutex_unlock(&mutex);
		atomic_store(&woken, i);
	}
	return argument;
}

int main(void)
{
	uint64_t before, after;
	pthread_t thread;
	unsigned i;

	tap_eq(info->cpus, 2, "there are two CPUs");
	tap_ok(!pthread_create(&thread, NULL, player, NULL), "a thread");
	while (!atomic_load(&turn)) /* until both are under way */
		atomic_store(&turn, 1);
	before = switches();
	atomic_store(&turn, 0);
	play(0);
	after = switches();
	tap_ok(after - before < ROUNDS / 4, "%u times to and fro with %llu switches", ROUNDS,
	       (unsigned long long)(after - before));
	tap_ok(!pthread_join(thread, NULL), "it ends");
	tap_eq(atomic_load(&turn), 2 * ROUNDS, "and missed no turn");

	tap_ok(!pthread_create(&thread, NULL, sleeper, NULL), "one that sleeps");
	before = switches();
	for (i = 1; i <= WAKES; i++) {
		pthread_mutex_lock(&mutex);
		asked = i;
		pthread_cond_signal(&condition);
		pthread_mutex_unlock(&mutex);
		while (atomic_load(&woken) != i) /* without ever giving way */
			machine_relax();
	}
	tap_ok(!pthread_join(thread, NULL), "woke %u times while its waker ran", WAKES);
	return tap_done("tests/guest/threads_run_at_once.guest");
}
