/* SPDX-License-Identifier: ISC */
/*
 * How processes begin and end: waits, groups, programs of all kinds and what they keep, vfork,
 * orphans. What this prints is the same here and on Linux (tests/tools/processes_match_linux.sh).
 * Standard C library only; argv[1]: a part of its own.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>

#include "tests/same.h"

#define SELF "/proc/self/exe"

/* ---- Waits, groups ---- */

static struct gate gate;

/* A child that waits for the gate and ends with a code. */
static pid_t child_that(int code)
{
	pid_t pid = fork();

	if (pid == 0) {
		gate_wait(&gate);
		_exit(code);
	}
	return pid;
}

static void check_waits(void)
{
	int status = 0;
	pid_t a, b;

	gate_make(&gate);
	say("no child", waitpid(-1, &status, 0));
	a = child_that(3);
	say("not yet", waitpid(a, &status, WNOHANG));
	say("not mine", waitpid(1, &status, 0));
	say("a bad option", waitpid(a, &status, 0x100));
	gate_open(&gate);
	say("the child", waitpid(a, &status, 0) == a);
	say("its code", WEXITSTATUS(status));
	a = fork();
	if (a == 0) {
		pause();
		_exit(1);
	}
	b = child_that(5);
	gate_open(&gate);
	say("the first to end", waitpid(-1, &status, 0) == b);
	kill(a, SIGTERM);
	say("then the other", wait(&status) == a);
	a = child_that(8);
	signal(SIGCHLD, SIG_IGN);
	gate_open(&gate);
	say("children are not wanted", waitpid(a, &status, 0));
	signal(SIGCHLD, SIG_DFL);
}

static void check_waitid(void)
{
	siginfo_t info;
	pid_t a = child_that(6);

	gate_open(&gate);
	memset(&info, 0, sizeof(info));
	say("waitid that leaves it", waitid(P_PID, (id_t)a, &info, WEXITED | WNOWAIT));
	say("whose", info.si_pid == a && info.si_signo == SIGCHLD);
	say("how", info.si_code);
	say("with what", info.si_status);
	say("waitid", waitid(P_ALL, 0, &info, WEXITED));
	say("no more", waitid(P_ALL, 0, &info, WEXITED));
	say("waitid for nothing", waitid(P_ALL, 0, &info, 0));
	a = child_that(7);
	kill(a, SIGTERM);
	waitid(P_PID, (id_t)a, &info, WEXITED);
	say("killed", info.si_code * 100 + info.si_status);
	gate_end(&gate);
}

static void check_groups(void)
{
	int ends[2], status;
	pid_t a, b;

	pipe(ends);
	a = fork();
	if (a == 0) {
		read(ends[0], &status, 1);
		_exit(0);
	}
	say("a child's group is mine", getpgid(a) == getpgrp());
	say("its own", setpgid(a, 0));
	say("is its number", getpgid(a) == a);
	b = fork();
	if (b == 0) {
		read(ends[0], &status, 1);
		_exit(0);
	}
	say("another joins", setpgid(b, a));
	say("a group that is not", setpgid(b, SAME_NOBODY));
	say("a bad group", setpgid(b, -1));
	say("nobody's", setpgid(SAME_NOBODY, 0));
	say("the session", getsid(a) == getsid(0));
	say("of nobody", getsid(SAME_NOBODY));
	write(ends[1], "xx", 2);
	say("wait for the group", waitpid(-a, &status, 0) > 0);
	say("all of it", waitpid(-a, &status, 0) > 0);
	say("that is all", waitpid(-a, &status, 0));
	a = fork();
	if (a == 0) {
		int good = setsid() == getpid() && getpgrp() == getpid() && getsid(0) == getpid();

		good = good && setsid() < 0 && errno == EPERM && setpgid(0, 0) < 0;
		_exit(good);
	}
	say("a session of its own", ended(a));
	close(ends[0]);
	close(ends[1]);
}

/* ---- Programs ---- */

static int run(const char *path, char *const argv[])
{
	static char *const envp[] = { (char *)"VAR=value", NULL };
	pid_t pid = fork();

	if (pid == 0) {
		fflush(stdout);
		execve(path, argv, envp);
		_exit(100 + errno);
	}
	return ended(pid);
}

static void make_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	write(fd, text, strlen(text));
	fchmod(fd, mode);
	close(fd);
}

static void copy_self(const char *path)
{
	static char buffer[65536];
	int from = open(SELF, O_RDONLY), to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);
	long n;

	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		write(to, buffer, (size_t)n);
	close(from);
	close(to);
}

static void check_exec(void)
{
	char *words[] = { (char *)"name", (char *)"say", (char *)"a b", NULL };
	char *plain[] = { (char *)"x", NULL };
	char line[64], here[256];

	say("itself", run(SELF, words));
	copy_self("copy");
	say("a program made here", run("./copy", words));
	snprintf(line, sizeof(line), "#!%s/copy say\n", getcwd(here, 40));
	make_file("script", line, 0700);
	say("a script", run("script", words));
	make_file("script2", "#! /nowhere/at/all\n", 0700);
	say("without its interpreter", run("script2", words) - 100);
	make_file("text", "just text\n", 0700);
	say("a text", run("text", plain) - 100);
	make_file("text", "just text\n", 0600);
	say("without x", run("text", plain) - 100);
	say("nothing", run("nowhere", plain) - 100);
	say("a directory", run("/", plain) - 100);
	say("below a file", run("text/x", plain) - 100);
	say("an empty path", run("", plain) - 100);
	say("a bad path", run((char *)16, plain) - 100);
	say("bad arguments", run(SELF, (char *const *)16) - 100);
	unlink("copy");
	unlink("script");
	unlink("script2");
	unlink("text");
}

/* What goes through exec: descriptors but those that close, directory, mask, pid. */
static void check_kept(void)
{
	char *argv[] = { (char *)"x", (char *)"kept", NULL, NULL };
	char number[16];
	int a = open("kept", O_RDWR | O_CREAT | O_TRUNC, 0600);
	int b = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid;

	write(a, "place", 5);
	mkdir("dir", 0700);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		snprintf(number, sizeof(number), "%d %d %d", a, b, getpid());
		argv[2] = number;
		chdir("dir");
		umask(0123);
		execv(SELF, argv);
		_exit(1);
	}
	say("exec", ended(pid));
	say("the file goes on", lseek(a, 0, SEEK_CUR));
	close(a);
	close(b);
	unlink("kept");
	rmdir("dir");
}

static int part_kept(const char *text)
{
	char here[256], *last;
	int a, b, pid;

	sscanf(text, "%d %d %d", &a, &b, &pid);
	say("its place", lseek(a, 0, SEEK_CUR));
	write(a, "more", 4);
	say("the other is closed", fcntl(b, F_GETFD));
	say("the same process", getpid() == pid);
	last = strrchr(getcwd(here, sizeof(here)), '/');
	printf("in %s, mask %o\n", last, umask(0));
	return 9;
}

static void check_vfork(void)
{
	char *argv[] = { (char *)"x", (char *)"code", (char *)"21", NULL };
	pid_t pid = vfork();
	int status = 0;

	if (pid == 0) {
		execv(SELF, argv);
		_exit(1);
	}
	say("vfork and exec", ended(pid));
	pid = vfork();
	if (pid == 0)
		_exit(22);
	say("vfork and exit", ended(pid));
	argv[2] = (char *)"23";
	say("posix_spawn", posix_spawn(&pid, SELF, NULL, NULL, argv, NULL));
	say("it ran", waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 23);
}

/* Orphans, and a parent that ends before its children. */
static void check_orphan(void)
{
	int ends[2];
	char byte = 'n';
	pid_t pid;

	pipe(ends);
	pid = fork();
	if (pid == 0) {
		pid_t parent = getpid();

		if (fork() == 0) {
			while (getppid() == parent)
				nap(1);
			write(ends[1], "y", 1);
		}
		_exit(0);
	}
	ended(pid);
	close(ends[1]);
	read(ends[0], &byte, 1);
	printf("the orphan has another parent: %c\n", byte);
	say("and is not mine", wait(NULL));
	close(ends[0]);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "say")) {
		int i;

		for (i = 1; i < argc; i++)
			printf("[%s]", strchr(argv[i], '/') ? strrchr(argv[i], '/') : argv[i]);
		printf(" %s\n", getenv("VAR") ? getenv("VAR") : "no VAR");
		return 7;
	}
	if (argc > 2 && !strcmp(argv[1], "kept"))
		return part_kept(argv[2]);
	if (argc > 2 && !strcmp(argv[1], "code"))
		return atoi(argv[2]);
	same_begin();
	check_waits();
	check_waitid();
	check_groups();
	check_exec();
	check_kept();
	check_vfork();
	check_orphan();
	return 0;
}
