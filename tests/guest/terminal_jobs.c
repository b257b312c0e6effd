/* SPDX-License-Identifier: ISC */
/*
 * Job control on a terminal whose session this program leads: who is in the foreground reads, who
 * is in the background stops, nobody stops without a shell to continue it. What this prints is the
 * same here and on Linux (tests/tools/terminal_matches_linux.sh).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "tests/same.h"

static struct gate gate;
static int terminal;

static void show(const char *what, pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, WUNTRACED) != pid)
		say(what, -1);
	else if (WIFSTOPPED(status))
		printf("%s: stopped %d\n", what, WSTOPSIG(status));
	else if (WIFSIGNALED(status))
		printf("%s: signal %d\n", what, WTERMSIG(status));
	else
		printf("%s: exit %d\n", what, WEXITSTATUS(status));
	fflush(stdout);
}

/* A child in a group of its own. */
static pid_t job(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		return 0;
	}
	setpgid(pid, pid);
	return pid;
}

static int read_errno(void)
{
	char byte;

	return read(terminal, &byte, 1) < 0 ? errno : 100;
}

static void check_state(void)
{
	int number = -1;

	say("the session is mine", tcgetsid(terminal) == getpid());
	say("the foreground too", tcgetpgrp(terminal) == getpgrp());
	say("TIOCGPGRP", ioctl(terminal, TIOCGPGRP, &number));
	say("my group", number == getpgrp());
	say("to a group that is not", tcsetpgrp(terminal, SAME_NOBODY));
	say("a bad one", tcsetpgrp(terminal, -1));
	say("of a pipe", tcgetpgrp(gate.ends[0]));
	say("a pipe's", tcsetpgrp(gate.ends[0], getpgrp()));
	say("to itself", tcsetpgrp(terminal, getpgrp()));
}

static void check_background(void)
{
	struct termios modes;
	pid_t pid = job();

	if (pid == 0) {
		tcgetattr(terminal, &modes);
		if (write(terminal, "", 0) != 0)
			_exit(1);
		read_errno();
		_exit(2);
	}
	show("a reader in the background", pid);
	kill(pid, SIGCONT);
	show("again", pid);
	kill(pid, SIGKILL);
	show("killed", pid);
	pid = job();
	if (pid == 0) {
		signal(SIGTTIN, SIG_IGN);
		_exit(read_errno() == EIO ? 3 : 4);
	}
	show("that ignores the signal", pid);
	pid = job();
	if (pid == 0) {
		sigset_t set;

		sigemptyset(&set);
		sigaddset(&set, SIGTTIN);
		sigprocmask(SIG_BLOCK, &set, NULL);
		_exit(read_errno() == EIO ? 5 : 6);
	}
	show("that blocks it", pid);
	tcgetattr(terminal, &modes);
	pid = job();
	if (pid == 0)
		_exit(tcsetattr(terminal, TCSANOW, &modes) == 0 ? 7 : 8);
	show("that changes modes", pid);
	kill(pid, SIGKILL);
	show("killed", pid);
	pid = job();
	if (pid == 0) {
		signal(SIGTTOU, SIG_IGN);
		_exit(tcsetattr(terminal, TCSANOW, &modes) == 0 ? 9 : 10);
	}
	show("that ignores it", pid);
}

static volatile int hits;

static void hit(int number)
{
	hits += number;
}

static void check_handler(void)
{
	struct sigaction act = { .sa_handler = hit };
	pid_t pid = job();

	if (pid == 0) {
		sigaction(SIGTTIN, &act, NULL);
		_exit(read_errno() == EINTR && hits == SIGTTIN ? 11 : 12);
	}
	show("with a handler", pid);
}

/* A shell's way: the job gets the terminal, ends, and the shell takes it back. */
static void check_foreground(void)
{
	pid_t pid;

	signal(SIGTTOU, SIG_IGN);
	pid = job();
	if (pid == 0) {
		signal(SIGTTOU, SIG_DFL);
		gate_wait(&gate);
		_exit(tcgetpgrp(terminal) == getpgrp() ? 13 : 14);
	}
	say("the job to the foreground", tcsetpgrp(terminal, pid));
	gate_open(&gate);
	show("is there", pid);
	say("back", tcsetpgrp(terminal, getpgrp()));
	pid = job();
	if (pid == 0) {
		signal(SIGTTOU, SIG_IGN);
		if (tcsetpgrp(terminal, getpgrp()) != 0)
			_exit(15);
		signal(SIGTTOU, SIG_DFL);
		_exit(tcgetpgrp(terminal) == getpgrp() ? 16 : 17);
	}
	show("one that takes it", pid);
	say("and back", tcsetpgrp(terminal, getpgrp()));
	signal(SIGTTOU, SIG_DFL);
}

/* Parent and child both say which group has the terminal, in any order. */
static void check_race(void)
{
	int i, good = 0;

	signal(SIGTTOU, SIG_IGN);
	for (i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			setpgid(0, 0);
			tcsetpgrp(terminal, getpid());
			_exit(tcgetpgrp(terminal) == getpid());
		}
		setpgid(pid, pid);
		tcsetpgrp(terminal, pid);
		good += ended(pid) == 1;
		tcsetpgrp(terminal, getpgrp());
	}
	say("in the foreground", good);
	signal(SIGTTOU, SIG_DFL);
}

static void check_elsewhere(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		int good = setsid() == getpid();

		good = good && tcsetpgrp(terminal, getpid()) == -1 && errno == ENOTTY;
		_exit(good ? 18 : 19);
	}
	show("another session", pid);
}

/* Whose shell has gone is told so and goes on. */
static void hup(int number)
{
	char text[2] = { number == SIGHUP ? 'h' : 'c', '\n' };

	write(1, text, 2);
	if (number == SIGHUP)
		hits++;
}

static void check_orphans(void)
{
	pid_t shell, pid;
	int status;

	fflush(stdout);
	shell = fork();
	if (shell == 0) {
		pid = job();
		if (pid == 0) {
			signal(SIGHUP, hup);
			hits = 0;
			raise(SIGSTOP);
			while (hits == 0)
				pause();
			/* Its group is an orphan now. */
			printf("a terminal's stop does nothing\n");
			fflush(stdout);
			raise(SIGTSTP);
			printf("nor does reading: %d\n", read_errno() == EIO);
			fflush(stdout);
			gate_open(&gate);
			_exit(0);
		}
		waitpid(pid, &status, WUNTRACED);
		printf("stopped: %d\n", WIFSTOPPED(status));
		fflush(stdout);
		_exit(20);
	}
	gate_wait(&gate);
	show("the shell", shell);
}

int main(void)
{
	same_begin();
	gate_make(&gate);
	terminal = open("/dev/tty", O_RDWR);
	if (terminal < 0)
		return 1;
	check_state();
	check_background();
	check_handler();
	check_foreground();
	check_race();
	check_elsewhere();
	check_orphans();
	return 0;
}
