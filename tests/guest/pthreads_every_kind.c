/* SPDX-License-Identifier: ISC */
/*
 * POSIX threads of every kind, said in an order that does not depend on who runs when: mutexes
 * (plain, recursive, checking, timed), conditions, barriers, read-write locks, semaphores, once,
 * keys with destructors, thread-local variables, cancellation with its clean-up, ends and results,
 * detached threads, fifty at once.
 */
#include <pthread.h>
#include <semaphore.h>

#include "tests/same.h"

enum { THREADS = 50, ROUNDS = 200, WORKERS = 4, ITEMS = 500, PHASES = 20 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t empty, full, reached;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static __thread long own = 7;
static long counter, onces, destroyed, cleaned, queue[8], taken[WORKERS], phase[PHASES];

static void create(pthread_t *thread, void *(*start)(void *), long argument)
{
	int error = pthread_create(thread, NULL, start, (void *)argument);

	if (error != 0) {
		printf("pthread_create: %s\n", strerror(error));
		exit(1);
	}
}

static long join(pthread_t thread)
{
	void *result = NULL;
	int error = pthread_join(thread, &result);

	return error != 0 ? -error : (long)result;
}

static void once_only(void)
{
	onces++;
}

static void destroy(void *value)
{
	__atomic_add_fetch(&destroyed, (long)value, __ATOMIC_RELAXED);
}

/* Fifty at once: a counter under a mutex, a variable and a key of each one's own. */
static void *many(void *argument)
{
	long i, n = (long)argument;

	pthread_once(&once, once_only);
	pthread_setspecific(key, (void *)n);
	for (i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
		own += n;
	}
	pthread_barrier_wait(&barrier);
	if (own != 7 + n * ROUNDS || pthread_getspecific(key) != (void *)n)
		return (void *)-1L;
	return (void *)own;
}

static void test_many(void)
{
	pthread_t thread[THREADS];
	long n, sum = 0;

	pthread_key_create(&key, destroy);
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (n = 0; n < THREADS; n++)
		create(&thread[n], many, n + 1);
	for (n = 0; n < THREADS; n++)
		sum += join(thread[n]);
	say("fifty counted", counter);
	say("and returned", sum);
	say("once", onces);
	say("destructors of a key", destroyed);
	say("a variable of the first thread's own", own);
	pthread_barrier_destroy(&barrier);
}

/* A queue of eight between one who puts and some who take. */
static void *take(void *argument)
{
	long which = (long)argument, item;

	do {
		pthread_mutex_lock(&mutex);
		while (counter == 0)
			pthread_cond_wait(&condition, &mutex);
		item = queue[--counter];
		pthread_cond_broadcast(&condition);
		pthread_mutex_unlock(&mutex);
		taken[which] += item;
	} while (item != 0);
	return NULL;
}

static void put(long item)
{
	pthread_mutex_lock(&mutex);
	while (counter == 8)
		pthread_cond_wait(&condition, &mutex);
	queue[counter++] = item;
	pthread_cond_broadcast(&condition);
	pthread_mutex_unlock(&mutex);
}

static void test_queue(void)
{
	pthread_t thread[WORKERS];
	long i, sum = 0;

	counter = 0;
	for (i = 0; i < WORKERS; i++)
		create(&thread[i], take, i);
	for (i = 1; i <= ITEMS; i++)
		put(i);
	for (i = 0; i < WORKERS; i++) {
		pthread_mutex_lock(&mutex);
		while (counter > 0)
			pthread_cond_wait(&condition, &mutex);
		queue[counter++] = 0;
		pthread_cond_broadcast(&condition);
		pthread_mutex_unlock(&mutex);
	}
	for (i = 0; i < WORKERS; i++) {
		join(thread[i]);
		sum += taken[i];
	}
	say("what was put was taken", sum);
}

static void *step(void *argument)
{
	long i, serial = 0;

	(void)argument;
	for (i = 0; i < PHASES; i++) {
		__atomic_add_fetch(&phase[i], 1, __ATOMIC_RELAXED);
		serial += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
		if (__atomic_load_n(&phase[i], __ATOMIC_RELAXED) != WORKERS)
			return (void *)-1000L;
		pthread_barrier_wait(&barrier);
	}
	return (void *)serial;
}

static void test_barrier(void)
{
	pthread_t thread[WORKERS];
	long i, serial = 0;

	pthread_barrier_init(&barrier, NULL, WORKERS);
	for (i = 0; i < WORKERS; i++)
		create(&thread[i], step, i);
	for (i = 0; i < WORKERS; i++)
		serial += join(thread[i]);
	say("one a phase is told that it was the last", serial);
}

static void test_mutexes(void)
{
	struct timespec past = { 0, 1 };
	pthread_mutexattr_t attribute;
	pthread_mutex_t m;

	pthread_mutexattr_init(&attribute);
	pthread_mutexattr_settype(&attribute, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&m, &attribute);
	say("recursive", pthread_mutex_lock(&m) + pthread_mutex_lock(&m) + pthread_mutex_trylock(&m)
		+ pthread_mutex_unlock(&m) + pthread_mutex_unlock(&m) + pthread_mutex_unlock(&m));
	say("once too often", pthread_mutex_unlock(&m) == EPERM);
	pthread_mutexattr_settype(&attribute, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&m, &attribute);
	say("checking", pthread_mutex_lock(&m));
	say("locked twice", pthread_mutex_lock(&m) == EDEADLK);
	say("unlocked", pthread_mutex_unlock(&m));
	pthread_mutex_init(&m, NULL);
	pthread_mutex_lock(&m);
	say("tried", pthread_mutex_trylock(&m) == EBUSY);
	say("timed", pthread_mutex_timedlock(&m, &past) == ETIMEDOUT);
	say("a condition that nobody tells",
		pthread_cond_timedwait(&condition, &m, &past) == ETIMEDOUT);
	pthread_mutex_unlock(&m);
}

static void *read_lock(void *argument)
{
	long before;

	(void)argument;
	pthread_rwlock_rdlock(&rwlock);
	before = counter;
	sem_post(&reached);
	sem_wait(&full);
	before = counter - before;
	pthread_rwlock_unlock(&rwlock);
	return (void *)before;
}

static void *write_lock(void *argument)
{
	(void)argument;
	pthread_rwlock_wrlock(&rwlock);
	counter++;
	pthread_rwlock_unlock(&rwlock);
	return NULL;
}

static void test_rwlock(void)
{
	pthread_t reader[WORKERS], writer;
	long i, changed = 0;

	counter = 0;
	for (i = 0; i < WORKERS; i++)
		create(&reader[i], read_lock, 0);
	for (i = 0; i < WORKERS; i++)
		sem_wait(&reached);
	say("all read at once; nobody writes", pthread_rwlock_trywrlock(&rwlock) == EBUSY);
	create(&writer, write_lock, 0);
	for (i = 0; i < WORKERS; i++)
		sem_post(&full);
	for (i = 0; i < WORKERS; i++)
		changed += join(reader[i]);
	join(writer);
	say("changes under the readers", changed);
	say("and after them", counter);
}

static void clean(void *argument)
{
	cleaned += (long)argument;
}

static void *cancelled(void *argument)
{
	char byte;

	pthread_cleanup_push(clean, (void *)1);
	pthread_cleanup_push(clean, (void *)10);
	sem_post(&reached);
	if (read((int)(long)argument, &byte, 1) == 1)
		cleaned = -1000;
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *cancelled_later(void *argument)
{
	int old;

	(void)argument;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	sem_post(&reached);
	sem_wait(&full);
	cleaned += 100;
	pthread_setcancelstate(old, NULL);
	pthread_testcancel();
	cleaned = -1000;
	return NULL;
}

static void *cancelled_anywhere(void *argument)
{
	int old;

	(void)argument;
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
	sem_post(&reached);
	for (;;)
		__asm__ volatile("" ::: "memory");
	return NULL;
}

static void unlock(void *argument)
{
	pthread_mutex_unlock(argument);
}

static void *cancelled_waiting(void *argument)
{
	(void)argument;
	pthread_mutex_lock(&mutex);
	pthread_cleanup_push(unlock, &mutex);
	sem_post(&reached);
	for (;;)
		pthread_cond_wait(&condition, &mutex);
	pthread_cleanup_pop(1);
	return NULL;
}

static void test_cancel(void)
{
	pthread_t thread;
	int pipes[2];

	if (pipe(pipes) < 0)
		exit(1);
	create(&thread, cancelled, pipes[0]);
	sem_wait(&reached);
	say("cancel in read", pthread_cancel(thread));
	say("result", join(thread) == (long)PTHREAD_CANCELED);
	say("cleaned up", cleaned);
	create(&thread, cancelled_later, 0);
	sem_wait(&reached);
	pthread_cancel(thread);
	sem_post(&full);
	say("held back", join(thread) == (long)PTHREAD_CANCELED);
	say("until it could", cleaned);
	create(&thread, cancelled_anywhere, 0);
	sem_wait(&reached);
	pthread_cancel(thread);
	say("in a loop", join(thread) == (long)PTHREAD_CANCELED);
	create(&thread, cancelled_waiting, 0);
	sem_wait(&reached);
	pthread_cancel(thread);
	say("in a wait for a condition", join(thread) == (long)PTHREAD_CANCELED);
	say("whose mutex is free again", pthread_mutex_trylock(&mutex));
	pthread_mutex_unlock(&mutex);
}

static void *ends(void *argument)
{
	pthread_exit((void *)((long)argument * 3));
}

static void *detached(void *argument)
{
	pthread_detach(pthread_self());
	sem_post((sem_t *)argument);
	return NULL;
}

static void test_ends(void)
{
	pthread_attr_t attribute;
	size_t bytes = 0;
	pthread_t thread;
	long i;

	create(&thread, ends, 14);
	say("pthread_exit", join(thread));
	for (i = 0; i < 3 * THREADS; i++) {
		create(&thread, detached, (long)&empty);
		sem_wait(&empty);
	}
	say("detached ones, one after another", i);
	pthread_attr_init(&attribute);
	pthread_attr_setstacksize(&attribute, 1 << 20);
	pthread_attr_getstacksize(&attribute, &bytes);
	say("a stack's size", (long)bytes);
	if (pthread_create(&thread, &attribute, ends, (void *)5) == 0)
		say("with it", join(thread));
	say("equal", pthread_equal(pthread_self(), pthread_self()) != 0);
}

static void *last(void *argument)
{
	join(*(pthread_t *)argument);
	say("the first thread has ended, the process not yet", 1);
	return NULL;
}

int main(void)
{
	static pthread_t self;
	pthread_t thread;

	same_begin();
	sem_init(&empty, 0, 0);
	sem_init(&full, 0, 0);
	sem_init(&reached, 0, 0);
	test_many();
	test_queue();
	test_barrier();
	test_mutexes();
	test_rwlock();
	test_cancel();
	test_ends();
	fflush(stdout);
	self = pthread_self();
	create(&thread, last, (long)&self);
	pthread_exit(NULL);
}
