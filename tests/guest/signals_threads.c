/* SPDX-License-Identifier: ISC */
/*
 * Signals among the threads of a process: each has its mask and its own pending signals, one to the
 * process goes to whoever does not block it. What this prints is the same here and on Linux
 * (tests/tools/signals_match_linux.sh). Standard C library only.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 4 };

static struct state {
	sem_t ready, done;
	pthread_t thread[THREADS];
	volatile int taken[THREADS + 1];
	volatile int value;
	char stack[THREADS][16384];
} state;

static _Thread_local int me;
static _Thread_local sigjmp_buf back;

static void taken(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	state.taken[me]++;
	state.value = info->si_code;
	sem_post(&state.done);
}

static void handle(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction act = { .sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO };

	sigemptyset(&act.sa_mask);
	sigaction(number, &act, NULL);
}

static void show(const char *title)
{
	int i;

	printf("%s:", title);
	for (i = 0; i <= THREADS; i++) {
		printf(" %d", state.taken[i]);
		state.taken[i] = 0;
	}
	printf("\n");
}

/* Sleeps until it is told to end. */
static void *sleeper(void *argument)
{
	sigset_t usr2;

	me = (int)(size_t)argument;
	sigemptyset(&usr2);
	sigaddset(&usr2, SIGUSR2);
	if (me != 2)
		pthread_sigmask(SIG_BLOCK, &usr2, NULL);
	sem_post(&state.ready);
	for (;;)
		if (pause() < 0 && errno == EINTR && state.value == 1000)
			return NULL;
}

static void sem_take(sem_t *sem)
{
	while (sem_wait(sem) != 0)
		;
}

static void check_targets(void)
{
	sigset_t all, old;
	size_t i;
	int n;

	handle(SIGUSR1, taken, 0);
	handle(SIGUSR2, taken, 0);
	for (i = 0; i < THREADS; i++)
		pthread_create(&state.thread[i], NULL, sleeper, (void *)(i + 1));
	for (i = 0; i < THREADS; i++)
		sem_take(&state.ready);
	for (i = 0; i < THREADS; i++) {
		pthread_kill(state.thread[i], SIGUSR1);
		sem_take(&state.done);
	}
	raise(SIGUSR1);
	sem_take(&state.done);
	show("to each");
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	for (n = 0; n < 3; n++) {
		kill(getpid(), SIGUSR2);
		sem_take(&state.done);
	}
	show("to the one that takes it");
	pthread_kill(state.thread[3], SIGUSR2);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	kill(getpid(), SIGUSR2);
	sem_take(&state.done);
	show("to the first, another waits");
	printf("no such thread: %ld\n", syscall(SYS_tgkill, getpid(), 0x3ffffff0, SIGUSR1));
	state.value = 1000;
	handle(SIGUSR1, taken, 0);
	for (i = 0; i < THREADS; i++) {
		state.value = 1000;
		pthread_cancel(state.thread[i]);
		pthread_join(state.thread[i], NULL);
	}
	printf("cancelled and joined\n");
}

static void jump(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	(void)info;
	siglongjmp(back, 1);
}

/* Each thread overflows nothing but faults, on a stack of its own for the handler. */
static void *faulter(void *argument)
{
	size_t i = (size_t)argument;
	stack_t stack = { .ss_sp = state.stack[i], .ss_size = sizeof(state.stack[i]) }, old;
	volatile int faults = 0;

	sigaltstack(NULL, &old);
	sigaltstack(&stack, NULL);
	while (faults < 50) {
		if (sigsetjmp(back, 1) == 0)
			*(volatile int *)(size_t)(8 + i) = 1;
		faults++;
		sched_yield();
	}
	return old.ss_flags == SS_DISABLE ? (void *)(size_t)faults : NULL;
}

static void check_faults(void)
{
	void *value;
	size_t i, sum = 0;

	handle(SIGSEGV, jump, SA_ONSTACK);
	for (i = 0; i < THREADS; i++)
		pthread_create(&state.thread[i], NULL, faulter, (void *)i);
	for (i = 0; i < THREADS; i++) {
		pthread_join(state.thread[i], &value);
		sum += (size_t)value;
	}
	printf("faults: %zu\n", sum);
}

static void *waiter(void *argument)
{
	sigset_t *set = argument;
	int number = 0;

	sem_post(&state.ready);
	sigwait(set, &number);
	return (void *)(size_t)number;
}

static void check_sigwait(void)
{
	sigset_t set, old;
	pthread_t thread;
	void *value;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	pthread_create(&thread, NULL, waiter, &set);
	sem_take(&state.ready);
	kill(getpid(), SIGTERM);
	pthread_join(thread, &value);
	printf("sigwait: %d\n", (int)(size_t)value);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* A lock is waited for through a handler. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *locker(void *argument)
{
	(void)argument;
	me = 1;
	sem_post(&state.ready);
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
	return &mutex;
}

static void check_lock(void)
{
	struct timespec time = { 0, 20000000 };
	pthread_t thread;
	void *value;

	pthread_mutex_lock(&mutex);
	pthread_create(&thread, NULL, locker, NULL);
	sem_take(&state.ready);
	nanosleep(&time, NULL);
	handle(SIGUSR1, taken, 0);
	pthread_kill(thread, SIGUSR1);
	sem_take(&state.done);
	pthread_mutex_unlock(&mutex);
	pthread_join(thread, &value);
	printf("lock: %d\n", value == &mutex);
	show("in the lock");
}

static void *raiser(void *argument)
{
	(void)argument;
	raise(SIGTERM);
	return NULL;
}

/* A signal's default ends all threads. */
static void check_end(void)
{
	int status;
	pid_t pid;
	pthread_t thread;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		pthread_create(&thread, NULL, raiser, NULL);
		pthread_join(thread, NULL);
		_exit(9);
	}
	waitpid(pid, &status, 0);
	printf("ended by %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : -1);
}

int main(void)
{
	sem_init(&state.ready, 0, 0);
	sem_init(&state.done, 0, 0);
	check_targets();
	check_faults();
	check_sigwait();
	check_lock();
	check_end();
	return 0;
}
