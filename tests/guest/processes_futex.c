/* SPDX-License-Identifier: ISC */
/*
 * Futexes between processes: what libc builds of them in shared memory (semaphores, mutexes,
 * conditions, barriers, robust mutexes), and waiters that are killed. What this prints is the same
 * here and on Linux (tests/tools/processes_match_linux.sh).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "tests/same.h"

enum { PROCESSES = 6, ROUNDS = 200 };
enum { FUTEX_WAIT, FUTEX_WAKE, FUTEX_REQUEUE = 3 };

static struct shared {
	sem_t sem, done;
	pthread_mutex_t mutex, robust;
	pthread_cond_t cond;
	pthread_barrier_t barrier;
	_Atomic int word, other, begun;
	int count, turn;
} *shared;

static void make(void)
{
	pthread_mutexattr_t mutex;
	pthread_condattr_t cond;
	pthread_barrierattr_t barrier;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		-1, 0);
	sem_init(&shared->sem, 1, 0);
	sem_init(&shared->done, 1, 0);
	pthread_mutexattr_init(&mutex);
	pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared->mutex, &mutex);
	pthread_mutexattr_setrobust(&mutex, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&shared->robust, &mutex);
	pthread_condattr_init(&cond);
	pthread_condattr_setpshared(&cond, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&shared->cond, &cond);
	pthread_barrierattr_init(&barrier);
	pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&shared->barrier, &barrier, PROCESSES);
}

/* Start that many processes; each runs part(n) and ends with its result. */
static void start(pid_t *pid, int n, int (*part)(int))
{
	int i;

	fflush(stdout);
	for (i = 0; i < n; i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			_exit(part(i));
	}
}

static int join(const pid_t *pid, int n)
{
	int i, sum = 0;

	for (i = 0; i < n; i++)
		sum += ended(pid[i]);
	return sum;
}

static int answers(int n)
{
	int i;

	(void)n;
	for (i = 0; i < ROUNDS; i++) {
		sem_wait(&shared->sem);
		shared->count++;
		sem_post(&shared->done);
	}
	return 1;
}

static void check_semaphores(void)
{
	pid_t pid;
	int i;

	start(&pid, 1, answers);
	for (i = 0; i < ROUNDS; i++) {
		sem_post(&shared->sem);
		sem_wait(&shared->done);
	}
	say("answered", join(&pid, 1));
	say("times", shared->count);
}

static int counts(int n)
{
	int i;

	(void)n;
	for (i = 0; i < ROUNDS; i++) {
		int seen;

		pthread_mutex_lock(&shared->mutex);
		seen = shared->count;
		if (i % 20 == 0)
			nap(1);
		shared->count = seen + 1;
		pthread_mutex_unlock(&shared->mutex);
	}
	return 1;
}

static int takes_turn(int n)
{
	int i;

	for (i = 0; i < 20; i++) {
		pthread_mutex_lock(&shared->mutex);
		while (shared->turn != n)
			pthread_cond_wait(&shared->cond, &shared->mutex);
		shared->turn = (n + 1) % PROCESSES;
		shared->count++;
		pthread_cond_broadcast(&shared->cond);
		pthread_mutex_unlock(&shared->mutex);
	}
	return 1;
}

static int meets(int n)
{
	int i, first = 0;

	(void)n;
	for (i = 0; i < 30; i++)
		first += pthread_barrier_wait(&shared->barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
	return first;
}

static void check_many(void)
{
	pid_t pid[PROCESSES];

	shared->count = 0;
	start(pid, PROCESSES, counts);
	say("a mutex", join(pid, PROCESSES));
	say("counted", shared->count);
	shared->count = shared->turn = 0;
	start(pid, PROCESSES, takes_turn);
	say("a condition", join(pid, PROCESSES));
	say("turns", shared->count);
	start(pid, PROCESSES, meets);
	say("a barrier", join(pid, PROCESSES));
}

/* ---- Ends ---- */

static int dies_with_lock(int n)
{
	(void)n;
	pthread_mutex_lock(&shared->robust);
	shared->begun = 1;
	pause();
	return 1;
}

static void check_robust(void)
{
	pid_t pid;
	int error;

	shared->begun = 0;
	start(&pid, 1, dies_with_lock);
	while (!shared->begun)
		nap(1);
	kill(pid, SIGTERM);
	error = pthread_mutex_lock(&shared->robust);
	say("its owner died", error == EOWNERDEAD);
	say("made good", pthread_mutex_consistent(&shared->robust));
	pthread_mutex_unlock(&shared->robust);
	say("again", pthread_mutex_lock(&shared->robust));
	pthread_mutex_unlock(&shared->robust);
	say("it ended", ended(pid));
}

static int waits(int n)
{
	(void)n;
	shared->begun++;
	syscall(SYS_futex, &shared->word, FUTEX_WAIT, 0, NULL);
	return 1;
}

/* How many wait on the word: requeueing them where they are counts them. */
static long waiting(void)
{
	return syscall(SYS_futex, &shared->word, FUTEX_REQUEUE, 0, 99L, &shared->word);
}

/* A waiter that is killed takes no wake away. */
static void check_killed(void)
{
	pid_t pid[4];

	shared->word = 0;
	start(pid, 4, waits);
	while (waiting() < 4)
		nap(1);
	kill(pid[0], SIGKILL);
	ended(pid[0]);
	kill(pid[2], SIGTERM);
	ended(pid[2]);
	say("one is woken", syscall(SYS_futex, &shared->word, FUTEX_WAKE, 1));
	say("the other too", syscall(SYS_futex, &shared->word, FUTEX_WAKE, 9));
	say("no more", syscall(SYS_futex, &shared->word, FUTEX_WAKE, 9));
	say("they end", ended(pid[1]) + ended(pid[3]));
}

/* The same memory at another address, and of a file. */
static void check_elsewhere(void)
{
	int fd = open("shared", O_RDWR | O_CREAT | O_TRUNC, 0600);
	_Atomic int *one, *two;
	pid_t pid;

	if (ftruncate(fd, 4096) < 0)
		say("ftruncate", -1);
	one = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	two = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	*one = 0;
	pid = fork();
	if (pid == 0) {
		syscall(SYS_futex, two, FUTEX_WAIT, 0, NULL);
		_exit(5);
	}
	while (syscall(SYS_futex, one, FUTEX_WAKE, 1) == 0)
		nap(1);
	say("woken in a file", ended(pid));
	munmap((void *)one, 4096);
	munmap((void *)two, 4096);
	close(fd);
	unlink("shared");
}

int main(void)
{
	struct timespec little = { 0, 30000000 };

	same_begin();
	make();
	check_semaphores();
	check_many();
	check_robust();
	check_killed();
	check_elsewhere();
	shared->word = 7;
	say("another value", syscall(SYS_futex, &shared->word, FUTEX_WAIT, 6, NULL));
	say("a timeout", syscall(SYS_futex, &shared->word, FUTEX_WAIT, 7, &little));
	return 0;
}
