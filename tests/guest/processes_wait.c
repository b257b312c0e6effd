/* SPDX-License-Identifier: ISC */
/*
 * Waiting for children: every form of wait4 and waitid, for what is ended, stopped and continued;
 * groups and sessions; what a signal does to a wait. What this prints is the same here and on Linux
 * (tests/tools/processes_match_linux.sh). argv[1]: a child that was executed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "tests/same.h"

static struct gate gate;

static void show(const char *what, int status)
{
	if (WIFEXITED(status))
		printf("%s: exit %d\n", what, WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		printf("%s: signal %d, core %d\n", what, WTERMSIG(status), WCOREDUMP(status));
	else if (WIFSTOPPED(status))
		printf("%s: stopped %d\n", what, WSTOPSIG(status));
	else if (WIFCONTINUED(status))
		printf("%s: continued\n", what);
	else
		printf("%s: status %x\n", what, status);
	fflush(stdout);
}

static void show_info(const char *what, const siginfo_t *info, pid_t pid)
{
	printf("%s: signal %d code %d status %d it %d\n", what, info->si_signo, info->si_code,
		info->si_status, info->si_pid == pid);
	fflush(stdout);
}

/* A child that does nothing until it is told to, or killed. */
static pid_t child(int code)
{
	pid_t pid = fork();

	if (pid == 0) {
		gate_wait(&gate);
		_exit(code);
	}
	return pid;
}

static void check_stops(void)
{
	siginfo_t info;
	int status = 0;
	pid_t pid = child(3);

	/* Not orphaned: a terminal's stop stops it. */
	setpgid(pid, pid);
	kill(pid, SIGSTOP);
	say("stopped", waitpid(pid, &status, WUNTRACED) == pid);
	show("so", status);
	say("once", waitpid(pid, &status, WUNTRACED | WNOHANG));
	kill(pid, SIGCONT);
	say("continued", waitpid(pid, &status, WCONTINUED) == pid);
	show("so", status);
	say("once", waitpid(pid, &status, WCONTINUED | WNOHANG));
	kill(pid, SIGTSTP);
	memset(&info, 0, sizeof(info));
	say("waitid, kept", waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT));
	show_info("so", &info, pid);
	say("waitid", waitid(P_PID, (id_t)pid, &info, WSTOPPED | WEXITED));
	show_info("so", &info, pid);
	say("a stop that nobody waits for", waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG));
	kill(pid, SIGCONT);
	memset(&info, 0, sizeof(info));
	say("waitid", waitid(P_ALL, 0, &info, WCONTINUED));
	show_info("continued", &info, pid);
	kill(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
	kill(pid, SIGKILL);
	say("killed while stopped", waitpid(pid, &status, 0) == pid);
	show("so", status);
	pid = child(4);
	kill(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
	kill(pid, SIGTERM);
	say("what waits until it goes on", waitpid(pid, &status, WNOHANG));
	kill(pid, SIGCONT);
	say("ends it", waitpid(pid, &status, 0) == pid);
	show("so", status);
}

/* By pid, by group, the caller's group, any. */
static void check_whom(void)
{
	siginfo_t info;
	int status = 0;
	pid_t a = child(1), b = child(2), c;

	setpgid(b, 0);
	say("none of that group", waitpid(-a, &status, WNOHANG));
	say("none yet of b's", waitpid(-b, &status, WNOHANG));
	kill(b, SIGTERM);
	say("b by its group", waitpid(-b, &status, 0) == b);
	show("b", status);
	say("that group is no more", waitpid(-b, &status, 0));
	kill(a, SIGINT);
	say("a by my group", waitpid(0, &status, 0) == a);
	show("a", status);
	a = child(1);
	b = child(2);
	c = child(3);
	setpgid(b, b);
	setpgid(c, b);
	kill(-b, SIGQUIT);
	memset(&info, 0, sizeof(info));
	say("one of two", waitid(P_PGID, (id_t)b, &info, WEXITED));
	say("the other", waitid(P_PGID, (id_t)b, &info, WEXITED));
	say("no more", waitid(P_PGID, (id_t)b, &info, WEXITED));
	say("nobody", waitid(P_PGID, SAME_NOBODY, &info, WEXITED));
	gate_open(&gate);
	memset(&info, 0, sizeof(info));
	say("my group", waitid(P_PGID, (id_t)getpgrp(), &info, WEXITED));
	show_info("so", &info, a);
	say("no more children", wait(&status));
}

static void check_usage(void)
{
	struct rusage usage;
	int status;
	pid_t pid = child(5);

	gate_open(&gate);
	memset(&usage, 0xff, sizeof(usage));
	say("wait4", wait4(pid, &status, 0, &usage) == pid);
	say("a usage", usage.ru_utime.tv_sec >= 0 && usage.ru_utime.tv_usec >= 0
		&& usage.ru_utime.tv_usec < 1000000 && usage.ru_nswap == 0);
	memset(&usage, 0xff, sizeof(usage));
	say("of all children", getrusage(RUSAGE_CHILDREN, &usage));
	say("is one", usage.ru_stime.tv_sec >= 0 && usage.ru_stime.tv_usec < 1000000);
}

static void *wait_here(void *argument)
{
	int status = 0;

	return (void *)(long)(waitpid(*(pid_t *)argument, &status, 0) == *(pid_t *)argument
		? WEXITSTATUS(status) : -1);
}

/* Children are those of all threads. */
static void check_threads(void)
{
	pthread_t thread[2];
	pid_t pid[2] = { child(6), child(6) };
	void *value;
	int i, sum = 0;

	for (i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, wait_here, &pid[i]);
	for (i = 0; i < 2; i++)
		gate_open(&gate);
	for (i = 0; i < 2; i++) {
		pthread_join(thread[i], &value);
		sum += (int)(long)value;
	}
	say("two threads wait for one each", sum);
}

/* ---- Signals and waits ---- */

static volatile int hits;

static void hit(int number)
{
	(void)number;
	hits++;
	gate_open(&gate);
}

static void check_interrupted(int flags)
{
	struct sigaction act = { .sa_handler = hit, .sa_flags = flags };
	int status = 0;
	pid_t pid = child(7), killer;

	hits = 0;
	sigaction(SIGUSR1, &act, NULL);
	killer = fork();
	if (killer == 0) {
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	/* The handler lets the child go; only then does the wait return, or it is ended. */
	if (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		waitpid(pid, &status, 0);
	printf("flags %x, %d hits, exit %d\n", flags != 0, hits, WEXITSTATUS(status));
	ended(killer);
	signal(SIGUSR1, SIG_DFL);
}

static void reap(int number)
{
	int saved = errno, status;

	(void)number;
	while (waitpid(-1, &status, WNOHANG) > 0)
		hits++;
	errno = saved;
}

static void check_reaper(void)
{
	sigset_t child_only, old;
	int i;

	hits = 0;
	sigemptyset(&child_only);
	sigaddset(&child_only, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child_only, &old);
	signal(SIGCHLD, reap);
	for (i = 0; i < 20; i++)
		if (fork() == 0)
			_exit(0);
	while (hits < 20)
		sigsuspend(&old);
	say("reaped by the handler", hits);
	say("all", wait(NULL));
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

/* Nobody is to wait: a wait lasts until the last child has ended. */
static void check_unwanted(void)
{
	struct sigaction act = { .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT };
	pid_t pid;

	sigaction(SIGCHLD, &act, NULL);
	pid = child(8);
	say("not yet", waitpid(pid, NULL, WNOHANG));
	gate_open(&gate);
	say("SA_NOCLDWAIT", waitpid(pid, NULL, 0));
	signal(SIGCHLD, SIG_DFL);
}

/* ---- Groups and sessions ---- */

static void check_executed(void)
{
	char *argv[] = { (char *)"x", (char *)"wait", NULL };
	int ends[2];
	char byte;
	pid_t pid;

	pipe(ends);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], 9);
		dup2(gate.ends[0], 8);
		execv("/proc/self/exe", argv);
		_exit(1);
	}
	read(ends[0], &byte, 1);
	say("a group for one that has executed", setpgid(pid, pid));
	say("its own", setpgid(0, 0));
	gate_open(&gate);
	say("it ends", ended(pid));
	close(ends[0]);
	close(ends[1]);
}

static int in_session(void)
{
	pid_t pid;
	int status;

	if (setsid() != getpid() || getpgid(0) != getpid() || getsid(0) != getpid())
		return 1;
	if (setsid() != -1 || errno != EPERM)
		return 2;
	pid = child(9);
	if (getsid(pid) != getpid() || getpgid(pid) != getpid())
		return 3;
	if (setpgid(pid, pid) != 0 || getpgid(pid) != pid)
		return 4;
	/* Another session's group. */
	if (setpgid(pid, getppid()) != -1 || errno != EPERM)
		return 5;
	if (setpgid(0, pid) != -1 || errno != EPERM)
		return 6;
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return 40;
}

static void check_sessions(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(in_session());
	say("a session", ended(pid));
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		_exit(setsid() == -1 ? errno == EPERM : 7);
	}
	say("the leader of a group gets none", ended(pid));
}

/* Both the parent and the child put the child into its group, whoever comes first. */
static void check_race(void)
{
	int i, good = 0;

	for (i = 0; i < 30; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			setpgid(0, 0);
			_exit(getpgrp() == getpid());
		}
		setpgid(pid, pid);
		good += ended(pid) == 1;
	}
	say("in their groups", good);
}

int main(int argc, char **argv)
{
	char byte = 0;

	if (argc > 1 && !strcmp(argv[1], "wait")) {
		write(9, &byte, 1);
		read(8, &byte, 1);
		return 11;
	}
	same_begin();
	gate_make(&gate);
	check_stops();
	check_whom();
	check_usage();
	check_threads();
	check_interrupted(0);
	check_interrupted(SA_RESTART);
	check_reaper();
	check_unwanted();
	check_executed();
	check_sessions();
	check_race();
	return 0;
}
