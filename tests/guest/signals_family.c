/* SPDX-License-Identifier: ISC */
/*
 * Signals between processes: to children, parents and groups, stops and their news, SIGCHLD in all
 * its forms, SIGPIPE, reads and writes that a signal ends, what exec keeps. What this prints is the
 * same here and on Linux (tests/tools/signals_match_linux.sh). Standard C library only.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct state {
	volatile int hits, code, status;
	volatile pid_t pid, self;
	volatile int *shared;
} state;

static void hit(int number)
{
	(void)number;
	state.hits++;
}

static void on_child(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	state.hits++;
	state.code = info->si_code;
	state.status = info->si_status;
	state.pid = info->si_pid;
}

static void handle(int number, void (*handler)(int), int flags)
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = flags };

	sigemptyset(&act.sa_mask);
	sigaction(number, &act, NULL);
}

static void handle_child(int flags)
{
	struct sigaction act = { .sa_sigaction = on_child, .sa_flags = flags | SA_SIGINFO };

	sigemptyset(&act.sa_mask);
	sigaction(SIGCHLD, &act, NULL);
	state.hits = state.code = state.status = state.pid = 0;
}

static void sleep_ms(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&time, &time) != 0)
		;
}

/* What a call says, and its error. */
#define SAY(title, call) do {							\
	long result = (call);							\
	int error = result < 0 ? errno : 0;					\
	printf("%s: %ld %d\n", title, result, error);				\
	fflush(stdout);								\
} while (0)

static pid_t start(void)
{
	fflush(stdout);
	return fork();
}

static void show_status(const char *title, int status)
{
	if (WIFSTOPPED(status))
		printf("%s: stopped %d\n", title, WSTOPSIG(status));
	else if (WIFCONTINUED(status))
		printf("%s: continued\n", title);
	else if (WIFSIGNALED(status))
		printf("%s: signal %d\n", title, WTERMSIG(status));
	else
		printf("%s: exit %d\n", title, WEXITSTATUS(status));
	fflush(stdout);
}

static void show_end(const char *title, pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, 0) != pid)
		printf("%s: not there\n", title);
	else
		show_status(title, status);
}

static void show_child(const char *title, pid_t pid)
{
	printf("%s: %d hits, code %d, status %d, pid %d\n", title, state.hits, state.code,
		state.status, state.pid == pid);
	state.hits = state.code = state.status = state.pid = 0;
}

/* Children that sleep, compute, wait and block are all killed. */
static void check_kill(void)
{
	sigset_t all;
	pid_t pid;
	int i;

	for (i = 0; i < 4; i++) {
		*state.shared = 0;
		pid = start();
		if (pid == 0) {
			sigfillset(&all);
			sigprocmask(SIG_BLOCK, &all, NULL);
			*state.shared = 1;
			while (i == 0)
				;
			while (i == 1)
				pause();
			while (i == 2)
				getppid();
			raise(SIGSTOP);
			_exit(0);
		}
		while (*state.shared == 0)
			sleep_ms(1);
		sleep_ms(5);
		kill(pid, SIGTERM);
		kill(pid, SIGKILL);
		show_end("killed", pid);
	}
	SAY("gone", kill(pid, 0));
	SAY("a group whose number is none", kill(INT_MIN, 0));
}

static void check_child_codes(void)
{
	pid_t pid;

	handle_child(SA_RESTART);
	pid = start();
	if (pid == 0)
		_exit(5);
	show_end("exits", pid);
	show_child("SIGCHLD", pid);
	pid = start();
	if (pid == 0)
		for (;;)
			pause();
	kill(pid, SIGUSR2);
	show_end("is killed", pid);
	show_child("SIGCHLD", pid);
	pid = start();
	if (pid == 0) {
		raise(SIGSTOP);
		sleep_ms(100);
		_exit(6);
	}
	{
		int status;

		waitpid(pid, &status, WUNTRACED);
		show_status("stops", status);
		show_child("SIGCHLD", pid);
		printf("still: %d\n", waitpid(pid, &status, WUNTRACED | WNOHANG));
		handle_child(SA_RESTART | SA_NOCLDSTOP);
		kill(pid, SIGCONT);
		waitpid(pid, &status, WCONTINUED);
		show_status("goes on", status);
		printf("SA_NOCLDSTOP: %d\n", state.hits);
		show_end("ends", pid);
		show_child("SIGCHLD", pid);
	}
}

/* Nobody need wait for the children of who does not want to know. */
static void check_no_wait(int flags, void (*handler)(int))
{
	pid_t pid;
	int status;

	state.hits = 0;
	handle(SIGCHLD, handler, flags);
	pid = start();
	if (pid == 0) {
		sleep_ms(20);
		_exit(5);
	}
	SAY("no child", wait(&status));
	printf("hits: %d\n", state.hits);
	handle(SIGCHLD, SIG_DFL, 0);
}

static void echo(int number)
{
	(void)number;
	state.hits++;
	kill(getppid(), SIGUSR2);
}

/* Back and forth. */
static void check_exchange(void)
{
	sigset_t both, old, none;
	pid_t pid;
	int i;

	sigemptyset(&none);
	sigemptyset(&both);
	sigaddset(&both, SIGUSR1);
	sigaddset(&both, SIGUSR2);
	sigprocmask(SIG_BLOCK, &both, &old);
	handle(SIGUSR2, hit, 0);
	handle(SIGUSR1, echo, 0);
	state.hits = 0;
	pid = start();
	if (pid == 0) {
		while (state.hits < 20)
			sigsuspend(&none);
		_exit(state.hits);
	}
	for (i = 0; i < 20; i++) {
		kill(pid, SIGUSR1);
		while (state.hits <= i)
			sigsuspend(&none);
	}
	show_end("exchange", pid);
	printf("hits: %d\n", state.hits);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void on_info(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	state.code = info->si_code;
	state.status = info->si_value.sival_int;
	state.pid = info->si_pid;
	state.hits++;
}

static void check_queue(void)
{
	struct sigaction act = { .sa_sigaction = on_info, .sa_flags = SA_SIGINFO };
	sigset_t one, old, none;
	siginfo_t own;
	pid_t pid;

	sigemptyset(&none);
	sigemptyset(&one);
	sigaddset(&one, SIGUSR1);
	sigprocmask(SIG_BLOCK, &one, &old);
	sigemptyset(&act.sa_mask);
	sigaction(SIGUSR1, &act, NULL);
	state.hits = 0;
	pid = start();
	if (pid == 0) {
		while (state.hits == 0)
			sigsuspend(&none);
		printf("queued: code %d, value %d, from the parent %d\n", state.code, state.status,
			state.pid == getppid());
		fflush(stdout);
		_exit(0);
	}
	memset(&own, 0, sizeof(own));
	own.si_code = SI_USER;
	SAY("forged", syscall(SYS_rt_sigqueueinfo, pid, SIGUSR1, &own));
	sigqueue(pid, SIGUSR1, (union sigval){ .sival_int = 31 });
	show_end("queued", pid);
	sigprocmask(SIG_SETMASK, &old, NULL);
	SAY("tgkill, gone", syscall(SYS_tgkill, pid, pid, 0));
	SAY("tgkill, never there", syscall(SYS_tgkill, 0x3ffffff, 5, 0));
	pid = start();
	if (pid == 0)
		for (;;)
			pause();
	SAY("tgkill, there", syscall(SYS_tgkill, pid, pid, 0));
	syscall(SYS_tgkill, pid, pid, SIGALRM);
	show_end("tgkill", pid);
	pid = start();
	if (pid == 0)
		for (;;)
			pause();
	syscall(SYS_tkill, pid, SIGALRM);
	show_end("tkill", pid);
}

static void check_groups(void)
{
	pid_t one, two, three;

	one = start();
	if (one == 0) {
		for (;;)
			pause();
	}
	setpgid(one, one);
	two = start();
	if (two == 0) {
		setpgid(0, one);
		*state.shared = 2;
		for (;;)
			pause();
	}
	three = start();
	if (three == 0) {
		sleep_ms(100);
		_exit(33);
	}
	while (getpgid(two) != one)
		sleep_ms(1);
	printf("to a group: %d\n", kill(-one, SIGTERM));
	show_end("one", one);
	show_end("two", two);
	show_end("three", three);
	SAY("no group", kill(-one, SIGTERM));
}

static void check_pipe(void)
{
	char text[8] = "";
	int fds[2], full = 0;
	pid_t pid;
	long n;

	if (pipe(fds) != 0)
		perror("pipe");
	handle(SIGALRM, hit, 0);
	state.hits = 0;
	ualarm(20000, 0);
	SAY("read", read(fds[0], text, 8));
	printf("hits: %d\n", state.hits);
	handle(SIGALRM, hit, SA_RESTART);
	pid = start();
	if (pid == 0) {
		sleep_ms(200);
		n = write(fds[1], "late", 4);
		_exit((int)n);
	}
	state.hits = 0;
	ualarm(20000, 0);
	n = read(fds[0], text, 8);
	printf("restarted: %ld %s, hits %d\n", n, text, state.hits);
	show_end("writer", pid);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	while (write(fds[1], text, 8) > 0)
		full++;
	fcntl(fds[1], F_SETFL, 0);
	handle(SIGALRM, hit, 0);
	state.hits = 0;
	ualarm(20000, 0);
	SAY("write", write(fds[1], text, 8));
	printf("full: %d, hits: %d\n", full > 0, state.hits);
	ualarm(20000, 0);
	SAY("poll", poll(&(struct pollfd){ fds[1], POLLOUT, 0 }, 1, 5000));
	close(fds[0]);
	handle(SIGPIPE, hit, 0);
	state.hits = 0;
	SAY("SIGPIPE", write(fds[1], text, 8));
	printf("hits: %d\n", state.hits);
	handle(SIGPIPE, SIG_IGN, 0);
	SAY("ignored", write(fds[1], text, 8));
	handle(SIGPIPE, SIG_DFL, 0);
	pid = start();
	if (pid == 0)
		_exit((int)write(fds[1], text, 8));
	show_end("default", pid);
	close(fds[1]);
}

/* Stopped, it does nothing until it is continued; SIGCONT's handler runs then. */
static void check_stop(void)
{
	int status, seen;
	pid_t pid;

	*state.shared = state.hits = 0;
	pid = start();
	if (pid == 0) {
		handle(SIGCONT, hit, 0);
		while (state.hits == 0)
			++*state.shared;
		_exit(44);
	}
	while (*state.shared == 0)
		sleep_ms(1);
	kill(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
	show_status("stop", status);
	seen = *state.shared;
	kill(pid, SIGUSR1);
	sleep_ms(50);
	printf("stands still: %d\n", seen == *state.shared);
	kill(pid, SIGCONT);
	show_end("and ends by what waited", pid);
	pid = start();
	if (pid == 0) {
		setpgid(0, 0);
		handle(SIGTSTP, SIG_IGN, 0);
		raise(SIGTSTP);
		raise(SIGSTOP); /* a terminal's stop does nothing to an orphaned group */
		_exit(45);
	}
	waitpid(pid, &status, WUNTRACED);
	show_status("stops itself", status);
	if (WIFSTOPPED(status)) {
		kill(pid, SIGKILL);
		show_end("killed while stopped", pid);
	}
	pid = start();
	if (pid == 0) {
		setsid();
		raise(SIGTSTP);
		raise(SIGTTIN);
		_exit(46);
	}
	waitpid(pid, &status, WUNTRACED);
	show_status("with nobody to continue it", status);
}

/* What a program finds that was executed: this one, with an argument. */
static int executed(void)
{
	struct sigaction act;
	struct itimerval timer;
	sigset_t now, waiting;
	stack_t stack;

	sigprocmask(SIG_BLOCK, NULL, &now);
	sigpending(&waiting);
	getitimer(ITIMER_REAL, &timer);
	sigaltstack(NULL, &stack);
	printf("executed: blocked %d %d, pending %d %d, alarm %d, stack %d\n",
		sigismember(&now, SIGUSR1), sigismember(&now, SIGUSR2),
		sigismember(&waiting, SIGUSR1), sigismember(&waiting, SIGUSR2),
		timer.it_value.tv_sec > 50, stack.ss_flags);
	sigaction(SIGTERM, NULL, &act);
	printf("SIGTERM default: %d", act.sa_handler == SIG_DFL);
	sigaction(SIGHUP, NULL, &act);
	printf(", SIGHUP ignored: %d\n", act.sa_handler == SIG_IGN);
	fflush(stdout);
	sigemptyset(&now);
	sigprocmask(SIG_SETMASK, &now, NULL);
	return 55;
}

static void check_exec(void)
{
	stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 };
	char *argv[] = { "/proc/self/exe", "executed", NULL };
	sigset_t one;
	pid_t pid = start();

	if (pid != 0) {
		show_end("executed", pid);
		return;
	}
	sigemptyset(&one);
	sigaddset(&one, SIGUSR1);
	sigprocmask(SIG_BLOCK, &one, NULL);
	handle(SIGTERM, hit, 0);
	handle(SIGHUP, SIG_IGN, 0);
	handle(SIGUSR1, hit, 0);
	sigaltstack(&stack, NULL);
	alarm(100);
	raise(SIGUSR1);
	execv(argv[0], argv);
	_exit(1);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "executed") == 0)
		return executed();
	state.shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check_kill();
	check_child_codes();
	check_no_wait(0, SIG_IGN);
	check_no_wait(SA_NOCLDWAIT, SIG_DFL);
	check_no_wait(SA_NOCLDWAIT | SA_RESTART, hit);
	check_exchange();
	check_queue();
	check_groups();
	check_pipe();
	check_stop();
	check_exec();
	return 0;
}
