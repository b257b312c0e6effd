/* SPDX-License-Identifier: ISC */
/*
 * Threads of an unmodified libc: made by clone, joined by futex, with mutexes, condition variables,
 * thread-local storage; preempted by the library's ticks.
 *
 * run-guest: --icount --hz 1000
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>

#include "tests/tap.h"

enum { THREADS = 8 };

static struct shared {
	pthread_mutex_t mutex;
	pthread_cond_t started;
	sem_t done;
	bool is_started;
	unsigned long count;
	unsigned long rounds;
	volatile unsigned spinning;
} shared = { .mutex = PTHREAD_MUTEX_INITIALIZER, .started = PTHREAD_COND_INITIALIZER };

static _Thread_local unsigned long own;

static void *add(void *argument)
{
	unsigned long i;

	pthread_mutex_lock(&shared.mutex);
	while (!shared.is_started)
		pthread_cond_wait(&shared.started, &shared.mutex);
	pthread_mutex_unlock(&shared.mutex);
	for (i = 0; i < shared.rounds; i++) {
		pthread_mutex_lock(&shared.mutex);
		shared.count++;
		own++;
		if (i % 97 == 0)
			sched_yield();
		pthread_mutex_unlock(&shared.mutex);
	}
	sem_post(&shared.done);
	return own == shared.rounds ? argument : NULL;
}

static void check_sharing(void)
{
	pthread_t threads[THREADS];
	unsigned i, made = 0, joined = 0;
	void *value;

	shared.rounds = tap_iterations(20000);
	sem_init(&shared.done, 0, 0);
	for (i = 0; i < THREADS; i++)
		made += pthread_create(&threads[i], NULL, add, &threads[i]) == 0;
	tap_eq(made, THREADS, "threads are made");
	sched_yield();
	pthread_mutex_lock(&shared.mutex);
	shared.is_started = true;
	pthread_cond_broadcast(&shared.started);
	pthread_mutex_unlock(&shared.mutex);
	for (i = 0; i < THREADS; i++)
		sem_wait(&shared.done);
	for (i = 0; i < THREADS; i++)
		joined += pthread_join(threads[i], &value) == 0 && value == &threads[i];
	tap_eq(joined, THREADS, "each is joined, had its own storage, and gives its value");
	tap_eq(shared.count, THREADS * shared.rounds, "no count was lost");
}

/* Spins until its bit is set by its neighbour: nobody yields. */
static void *spin(void *argument)
{
	unsigned me = (unsigned)(size_t)argument;

	while (shared.spinning != me)
		;
	shared.spinning = me + 1;
	return NULL;
}

static void check_preemption(void)
{
	pthread_t threads[THREADS];
	size_t i;

	shared.spinning = THREADS;
	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, spin, (void *)i);
	shared.spinning = 0;
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	tap_eq(shared.spinning, THREADS, "threads that only spin are preempted");
}

static void check_timeout(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t never = PTHREAD_COND_INITIALIZER;
	struct timespec when;

	clock_gettime(CLOCK_REALTIME, &when);
	when.tv_nsec += 20000000;
	when.tv_sec += when.tv_nsec / 1000000000;
	when.tv_nsec %= 1000000000;
	pthread_mutex_lock(&mutex);
	tap_eq(pthread_cond_timedwait(&never, &mutex, &when), ETIMEDOUT, "a wait ends in time");
}

/* Threads come and go many times over: slots, stacks and numbers are used again. */
static void check_many(void)
{
	unsigned long i, count = tap_iterations(4000), done = 0;
	pthread_t thread;

	shared.rounds = 0;
	for (i = 0; i < count; i++)
		done += pthread_create(&thread, NULL, add, &thread) == 0
			&& pthread_join(thread, NULL) == 0;
	tap_eq(done, count, "made and joined %lu times", count);
}

int main(void)
{
	check_sharing();
	check_preemption();
	check_timeout();
	check_many();
	return tap_done("tests/guest/pthreads_share_and_wait.guest");
}
