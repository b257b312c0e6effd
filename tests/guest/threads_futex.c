/* SPDX-License-Identifier: ISC */
/*
 * Futexes as libc uses them: wait, wake, requeue, bits, timeouts of both kinds, signals, robust
 * lists, the word that a thread's end clears. What this prints is the same here and on Linux
 * (tests/tools/processes_match_linux.sh).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sched.h>
#include <semaphore.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "tests/same.h"

/* As Linux numbers them: private ones have bit 7. */
enum {
	FUTEX_WAIT = 0, FUTEX_WAIT_PRIVATE = 0x80, FUTEX_WAKE_PRIVATE, FUTEX_REQUEUE_PRIVATE = 0x83,
	FUTEX_CMP_REQUEUE_PRIVATE, FUTEX_WAIT_BITSET_PRIVATE = 0x89, FUTEX_WAKE_BITSET_PRIVATE,
	FUTEX_CLOCK_REALTIME = 0x100,
	FUTEX_TID_MASK = 0x3fffffff, FUTEX_OWNER_DIED = 0x40000000,
};
#define FUTEX_WAITERS 0x80000000u

static _Atomic int word, other, woken;

static long futex(_Atomic int *at, int op, long value, const struct timespec *timeout,
	_Atomic int *second, long third)
{
	return syscall(SYS_futex, at, op, value, timeout, second, third);
}

static void *waits(void *argument)
{
	while (futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0) < 0 && errno == EINTR)
		;
	woken++;
	return argument;
}

/* Threads that wait on `word`. Requeueing them where they are counts them. */
static void start(pthread_t *thread, int n, void *(*entry)(void *))
{
	int i;

	word = other = woken = 0;
	for (i = 0; i < n; i++)
		pthread_create(&thread[i], NULL, entry, (void *)(long)i);
	while (futex(&word, FUTEX_REQUEUE_PRIVATE, 0, (void *)9, &word, 0) < n)
		sched_yield();
}

static void join(pthread_t *thread, int n)
{
	while (n-- > 0)
		pthread_join(thread[n], NULL);
}

static void check_wake(void)
{
	pthread_t thread[5];
	int i;

	say("nobody waits", futex(&word, FUTEX_WAKE_PRIVATE, 5, NULL, NULL, 0));
	word = 1;
	say("another value", futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0));
	start(thread, 5, waits);
	say("two are woken", futex(&word, FUTEX_WAKE_PRIVATE, 2, NULL, NULL, 0));
	while (woken < 2)
		sched_yield();
	nap(20);
	say("two", woken);
	say("nobody at the next word", futex(&other, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0));
	say("all others", futex(&word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0));
	join(thread, 5);
	start(thread, 5, waits);
	say("compared with what is not", futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2,
		&other, 7));
	say("one woken, two moved", futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2,
		&other, 0));
	say("two wait there", futex(&other, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0));
	say("requeue of the rest", futex(&word, FUTEX_REQUEUE_PRIVATE, 0, (void *)9, &other, 0));
	say("one", futex(&other, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
	for (i = 0; woken < 5; i++)
		futex(&other, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0);
	join(thread, 5);
	say("all woken", woken);
}

static void *waits_bit(void *argument)
{
	while (futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, 1 << (long)argument) < 0
			&& errno == EINTR)
		;
	woken |= 1 << (long)argument;
	return NULL;
}

static void check_bits(void)
{
	pthread_t thread[4];

	start(thread, 4, waits_bit);
	say("bits 1 and 2", futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 6));
	while (woken != 6)
		sched_yield();
	say("bit 7", futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 128));
	say("any", futex(&word, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0));
	join(thread, 4);
}

static long ms_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

static struct timespec in_ms(clockid_t clock, long ms)
{
	struct timespec t;

	clock_gettime(clock, &t);
	t.tv_nsec += ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static void check_timeouts(void)
{
	struct timespec at, little = { 0, 40000000 }, start;

	word = 0;
	clock_gettime(CLOCK_MONOTONIC, &start);
	say("relative", futex(&word, FUTEX_WAIT_PRIVATE, 0, &little, NULL, 0));
	say("lasts", ms_since(&start) >= 40);
	clock_gettime(CLOCK_MONOTONIC, &start);
	at = in_ms(CLOCK_MONOTONIC, 40);
	say("until then", futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, &at, NULL, -1));
	say("lasts", ms_since(&start) >= 40);
	clock_gettime(CLOCK_MONOTONIC, &start);
	at = in_ms(CLOCK_REALTIME, 40);
	say("by the other clock", futex(&word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 0,
		&at, NULL, -1));
	say("lasts", ms_since(&start) >= 40);
	at = (struct timespec){ 0, 1 };
	say("long ago", futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, &at, NULL, -1));
	at = (struct timespec){ 0, 0 };
	say("no time", futex(&word, FUTEX_WAIT_PRIVATE, 0, &at, NULL, 0));
	at = (struct timespec){ -1, 0 };
	say("negative", futex(&word, FUTEX_WAIT_PRIVATE, 0, &at, NULL, 0));
	at = (struct timespec){ 0, 1000000000 };
	say("too many nanoseconds", futex(&word, FUTEX_WAIT_PRIVATE, 0, &at, NULL, 0));
	say("shared, times out", futex(&word, FUTEX_WAIT, 0, &little, NULL, 0));
}

static void nothing(int number)
{
	(void)number;
}

static void check_signals(void)
{
	struct sigaction act = { .sa_handler = nothing, .sa_flags = 0 };
	struct timespec ten = { 10, 0 };

	word = 0;
	sigaction(SIGALRM, &act, NULL);
	alarm(1);
	say("a handler ends it", futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0));
	alarm(1);
	say("with a timeout too", futex(&word, FUTEX_WAIT_PRIVATE, 0, &ten, NULL, 0));
	signal(SIGALRM, SIG_DFL);
}

/* What libc builds of them. */
static void check_libc(void)
{
	pthread_condattr_t attributes;
	pthread_mutexattr_t robust;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	struct timespec at;
	sem_t sem;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&cond, &attributes);
	pthread_mutexattr_init(&robust);
	pthread_mutexattr_settype(&robust, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&mutex, &robust);
	pthread_mutex_lock(&mutex);
	at = in_ms(CLOCK_MONOTONIC, 30);
	say("a condition times out", pthread_cond_timedwait(&cond, &mutex, &at) == ETIMEDOUT);
	say("twice locked", pthread_mutex_lock(&mutex) == EDEADLK);
	pthread_mutex_unlock(&mutex);
	sem_init(&sem, 0, 0);
	at = in_ms(CLOCK_REALTIME, 30);
	say("a semaphore times out", sem_timedwait(&sem, &at));
	sem_post(&sem);
	say("has one", sem_timedwait(&sem, &at));
}

/* ---- Robust lists ---- */

static struct {
	struct {
		void *next;
	} head;
	long offset;
	void *pending;
} list;

static struct lock {
	void *next;
	_Atomic uint32_t word;
} locks[4];

static void *holds_locks(void *argument)
{
	uint32_t tid = (uint32_t)syscall(SYS_gettid);
	void *head;
	size_t bytes;

	list.offset = offsetof(struct lock, word);
	locks[0].word = tid;
	locks[1].word = tid | FUTEX_WAITERS;
	locks[2].word = 77;         /* another's */
	locks[3].word = tid;        /* about to be entered */
	locks[0].next = &locks[1];
	locks[1].next = &locks[2];
	locks[2].next = &list.head;
	list.head.next = &locks[0];
	list.pending = &locks[3];
	say("set_robust_list", syscall(SYS_set_robust_list, &list, sizeof(list)));
	syscall(SYS_get_robust_list, 0, &head, &bytes);
	say("is there", head == &list && bytes == sizeof(list));
	/* Without libc, which would look at its own list. */
	syscall(SYS_exit, 0);
	return argument;
}

static void check_robust(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int i;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_create(&thread, &attributes, holds_locks, NULL);
	while (!(locks[3].word & FUTEX_OWNER_DIED))
		sched_yield();
	for (i = 0; i < 4; i++)
		printf("lock %d: %s%s%u\n", i,
			locks[i].word & FUTEX_OWNER_DIED ? "owner died " : "",
			locks[i].word & FUTEX_WAITERS ? "waiters " : "",
			locks[i].word & FUTEX_TID_MASK);
}

int main(void)
{
	same_begin();
	check_wake();
	check_bits();
	check_timeouts();
	check_signals();
	check_libc();
	check_robust();
	return 0;
}
