/* SPDX-License-Identifier: ISC */
/*
 * Waiting and signals: what a signal ends and what goes on, alarms, sigsuspend, sigtimedwait, the
 * masks of ppoll and pselect. What this prints is the same here and on Linux
 * (tests/tools/signals_match_linux.sh). Standard C library only.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MS = 1000000 };

static volatile int hits;

static void hit(int number)
{
	(void)number;
	hits++;
}

static void handle(int number, void (*handler)(int), int flags)
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = flags };

	sigemptyset(&act.sa_mask);
	sigaction(number, &act, NULL);
}

static void alarm_in(long ms, long every_ms)
{
	struct itimerval value = { { every_ms / 1000, every_ms % 1000 * 1000 },
		{ ms / 1000, ms % 1000 * 1000 } };

	hits = 0;
	if (setitimer(ITIMER_REAL, &value, NULL) != 0)
		perror("setitimer");
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / MS;
}

/* A call that lasts longer than the alarm; how it ends, and whether it lasted `least` ms. */
#define LASTS(least, call) do {							\
	long begin = now_ms(), result = (call);					\
	int error = result < 0 ? errno : 0;					\
	printf("%s: %ld %d, %d hits, lasted: %d\n", #call, result, error, hits,	\
		now_ms() - begin >= (least));					\
	fflush(stdout);								\
} while (0)

static void check_sleeps(int flags)
{
	struct timespec time = { 3, 0 }, rest = { 7, 7 };

	printf("flags: %d\n", flags != 0);
	handle(SIGALRM, hit, flags);
	alarm_in(50, 0);
	LASTS(45, nanosleep(&time, &rest));
	printf("rest: %d\n", rest.tv_sec < 3 && (rest.tv_sec > 0 || rest.tv_nsec > 0));
	alarm_in(50, 0);
	LASTS(45, clock_nanosleep(CLOCK_MONOTONIC, 0, &time, &rest));
	alarm_in(50, 0);
	LASTS(45, poll(NULL, 0, 3000));
	LASTS(0, syscall(SYS_restart_syscall));
	alarm_in(50, 0);
	LASTS(45, select(0, NULL, NULL, NULL, &(struct timeval){ 3, 0 }));
	alarm_in(50, 0);
	LASTS(45, pause());
	alarm_in(50, 0);
	LASTS(45, syscall(SYS_futex, &hits, 0 /* FUTEX_WAIT */, 0, &time, NULL, 0));
	alarm_in(0, 0);
}

/* Without a handler a wait goes on to its end. */
static void check_ignored(void)
{
	struct timespec time = { 0, 100 * MS };

	handle(SIGALRM, SIG_IGN, 0);
	alarm_in(20, 0);
	LASTS(95, nanosleep(&time, NULL));
	handle(SIGALRM, SIG_DFL, 0);
	handle(SIGCHLD, SIG_DFL, 0);
	if (fork() == 0)
		_exit(0);
	LASTS(95, nanosleep(&time, NULL));
	wait(NULL);
}

static void child_after(long ms)
{
	struct timespec time = { 0, ms * MS };

	fflush(stdout);
	if (fork() != 0)
		return;
	handle(SIGALRM, SIG_DFL, 0);
	nanosleep(&time, NULL);
	_exit(3);
}

static void check_wait(void)
{
	int status = 0;

	handle(SIGALRM, hit, SA_RESTART);
	child_after(500);
	alarm_in(50, 0);
	LASTS(490, wait(&status) > 0 ? WEXITSTATUS(status) : -1);
	handle(SIGALRM, hit, 0);
	child_after(500);
	alarm_in(50, 0);
	LASTS(45, wait(&status) > 0 ? WEXITSTATUS(status) : -1);
	LASTS(0, wait(&status) > 0 ? WEXITSTATUS(status) : -1);
	LASTS(0, wait(&status));
}

static void check_alarms(void)
{
	struct itimerval value;
	struct timespec time = { 3, 0 };
	unsigned left;
	int i;

	handle(SIGALRM, hit, 0);
	alarm_in(20, 30);
	for (i = 0; i < 4; i++)
		pause();
	getitimer(ITIMER_REAL, &value);
	printf("%d hits, interval %ld us, left: %d\n", hits, (long)value.it_interval.tv_usec,
		value.it_value.tv_usec > 0 && value.it_value.tv_usec <= 30000);
	alarm_in(0, 0);
	getitimer(ITIMER_REAL, &value);
	printf("off: %ld %ld %ld\n", (long)value.it_interval.tv_usec, (long)value.it_value.tv_sec,
		(long)value.it_value.tv_usec);
	printf("alarm: %u\n", alarm(100));
	left = alarm(1);
	printf("left of 100: %u\n", left);
	LASTS(900, nanosleep(&time, NULL));
	/* Linux says 1 if the timer that has just rung is not yet put away on its CPU. */
	printf("alarm: %d\n", alarm(0) <= 1);
	LASTS(0, setitimer(9, &value, NULL));
	value.it_value.tv_usec = 1000000;
	LASTS(0, setitimer(ITIMER_REAL, &value, NULL));
	LASTS(0, syscall(SYS_setitimer, ITIMER_REAL, 8, 0));
	LASTS(0, syscall(SYS_getitimer, ITIMER_REAL, 8));
	LASTS(0, getitimer(7, &value));
}

/* An alarm while the program computes. */
static void check_busy(void)
{
	handle(SIGALRM, hit, 0);
	alarm_in(20, 20);
	while (hits < 3)
		;
	alarm_in(0, 0);
	printf("busy\n");
}

static volatile double spoilt;

static void spoil(int number)
{
	volatile double x = number;
	int i;

	for (i = 0; i < 10; i++)
		x = x * 1.7 + i / 3.0;
	spoilt = x;
	hits++;
}

/* Registers of both kinds outlive any number of handlers, at whatever instruction they come. */
static void check_storm(void)
{
	unsigned long first_a = 0, first_b = 0;
	double first_x = 0, first_y = 0;
	long rounds = 0, wrong = 0;

	handle(SIGALRM, spoil, SA_RESTART);
	alarm_in(1, 1);
	while (hits < 60) {
		unsigned long a = 1, b = 2;
		double x = 1, y = 0.5, z = 0;
		int i;

		for (i = 0; i < 2000; i++) {
			a = a * 6364136223846793005UL + b;
			b ^= a >> 29;
			x = x * 0.999 + y;
			y = y * 1.0001 - z;
			z += 0.001;
			if (i % 500 == 0)
				getppid();
		}
		if (rounds++ == 0) {
			printf("%lx %lx %.6f %.6f %.6f\n", a, b, x, y, z);
			first_a = a;
			first_b = b;
			first_x = x;
			first_y = y;
		}
		wrong += a != first_a || b != first_b || x != first_x || y != first_y;
	}
	alarm_in(0, 0);
	printf("storm: wrong %ld\n", wrong);
}

static void show_mask(int number)
{
	sigset_t now;

	sigprocmask(SIG_BLOCK, NULL, &now);
	printf("handler of %d: blocked USR1 %d USR2 %d\n", number, sigismember(&now, SIGUSR1),
		sigismember(&now, SIGUSR2));
	hits++;
}

static void check_suspend(void)
{
	struct timespec time = { 0, 50 * MS };
	sigset_t none, both, old, now;

	sigemptyset(&none);
	sigaddset(&none, SIGUSR2);
	sigemptyset(&both);
	sigaddset(&both, SIGUSR1);
	sigaddset(&both, SIGUSR2);
	handle(SIGUSR1, show_mask, 0);
	handle(SIGUSR2, show_mask, 0);
	sigprocmask(SIG_BLOCK, &both, &old);
	raise(SIGUSR1);
	hits = 0;
	LASTS(0, sigsuspend(&none));
	raise(SIGUSR1);
	hits = 0;
	LASTS(0, ppoll(NULL, 0, &time, &none));
	raise(SIGUSR1);
	hits = 0;
	LASTS(0, pselect(0, NULL, NULL, NULL, &time, &none));
	raise(SIGUSR2);
	hits = 0;
	LASTS(45, ppoll(NULL, 0, &time, &none));
	LASTS(45, pselect(0, NULL, NULL, NULL, &time, &none));
	sigprocmask(SIG_BLOCK, NULL, &now);
	printf("afterwards: %d %d\n", sigismember(&now, SIGUSR1), sigismember(&now, SIGUSR2));
	sigprocmask(SIG_SETMASK, &old, NULL);
	printf("%d hits\n", hits);
}

static void check_timedwait(void)
{
	struct timespec time = { 0, 30 * MS }, none = { 0, 0 }, ages = { 60, 0 };
	sigset_t both, old;
	siginfo_t info;

	memset(&info, 0xff, sizeof(info));
	sigemptyset(&both);
	sigaddset(&both, SIGUSR1);
	sigaddset(&both, SIGCHLD);
	sigaddset(&both, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &both, &old);
	LASTS(25, sigtimedwait(&both, NULL, &time));
	LASTS(0, sigtimedwait(&both, NULL, &none));
	raise(SIGUSR1);
	LASTS(0, sigtimedwait(&both, &info, &time));
	printf("%d %d %d\n", info.si_signo, info.si_code, info.si_pid == getpid());
	sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = 99 });
	sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = 98 });
	printf("%d\n", sigwaitinfo(&both, &info) - SIGRTMIN);
	printf("%d %d\n", info.si_value.sival_int, info.si_code);
	printf("%d\n", sigtimedwait(&both, &info, &none) - SIGRTMIN);
	printf("%d\n", info.si_value.sival_int);
	LASTS(0, sigtimedwait(&both, NULL, &none));
	handle(SIGALRM, hit, SA_RESTART);
	alarm_in(10, 0);
	LASTS(5, syscall(SYS_rt_sigtimedwait, &both, NULL, &ages, 8));
	handle(SIGALRM, SIG_IGN, 0);
	sigaddset(&both, SIGALRM);
	sigprocmask(SIG_BLOCK, &both, NULL);
	alarm_in(10, 0);
	LASTS(5, sigwaitinfo(&both, &info));
	printf("%d\n", info.si_code);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

int main(void)
{
	check_sleeps(0);
	check_sleeps(SA_RESTART);
	check_ignored();
	check_wait();
	check_alarms();
	check_busy();
	check_storm();
	check_suspend();
	check_timedwait();
	return 0;
}
