/* SPDX-License-Identifier: ISC */
/*
 * execve: what a program finds, what it keeps of the one before, and all the files that are none.
 * What this prints is the same here and on Linux (tests/tools/processes_match_linux.sh). argv[1]:
 * what the executed program does.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "tests/same.h"

#define SELF "/proc/self/exe"

extern char **environ;

static int run(const char *path, char *const argv[], char *const envp[])
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		execve(path, argv, envp);
		_exit(100 + errno);
	}
	return ended(pid);
}

static void report(const char *what, const char *path)
{
	char *argv[] = { (char *)"zero", (char *)"say", (char *)"one", NULL };
	char *envp[] = { (char *)"A=b", NULL };
	int result = run(path, argv, envp);

	printf("%s: %s\n", what, result > 100 && result < 1000 ? strerror(result - 100) : "ran");
	fflush(stdout);
}

static void make(const char *path, const void *text, size_t bytes, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (write(fd, text, bytes) != (long)bytes)
		say("write", -1);
	fchmod(fd, mode);
	close(fd);
}

static void script(const char *what, const char *text)
{
	make("script", text, strlen(text), 0755);
	report(what, "./script");
}

static char *own_bytes(size_t *bytes)
{
	int fd = open(SELF, O_RDONLY);
	char *p;

	*bytes = (size_t)lseek(fd, 0, SEEK_END);
	p = malloc(*bytes);
	if (pread(fd, p, *bytes, 0) != (long)*bytes)
		say("read", -1);
	close(fd);
	return p;
}

static void check_files(void)
{
	size_t bytes;
	char *own = own_bytes(&bytes);

	make("copy", own, bytes, 0755);
	report("a copy", "./copy");
	make("empty", "", 0, 0755);
	report("an empty file", "./empty");
	make("zeros", "\0\0\0\0\0\0\0\0", 8, 0755);
	report("zeros", "./zeros");
	make("text", "echo hello\n", 11, 0755);
	report("a text", "./text");
	own[1]++;
	make("broken", own, bytes, 0755);
	report("another magic", "./broken");
	report("a directory", "/");
	report("/dev/null", "/dev/null");
	chmod("copy", 0644);
	report("without x", "./copy");
	chmod("copy", 0010);
	report("x for the group is x for root", "./copy");
	symlink("copy", "link");
	report("through a link", "./link");
	symlink("nowhere", "nothing");
	report("a link to nowhere", "./nothing");
	report("a slash after it", "./copy/");
	free(own);
}

static void check_scripts(void)
{
	char text[64] = "#!";

	chmod("copy", 0755);
	script("a script", "#!./copy say\n");
	script("with blanks", "#! \t ./copy \t say  more \t\n");
	script("without an argument", "#!./copy\n");
	script("without an end", "#!./copy say");
	script("no interpreter", "#!\n");
	script("blanks for one", "#!   \n");
	script("an interpreter that is not", "#!./nowhere say\n");
	script("a directory", "#!/\n");
	script("a text", "#!./text\n");
	make("inner", "#!./copy say inner\n", 19, 0755);
	script("a script by a script", "#!./inner outer\n");
	script("itself", "#!./script\n");
	memset(text + 2, 'x', sizeof(text) - 3);
	script("a long name", text);
	chmod("script", 0644);
	report("without x", "./script");
}

static void check_arguments(void)
{
	static char *many[100001];
	static char big[140000];
	char *huge[] = { (char *)"x", (char *)"count", big, NULL };
	char *one[] = { (char *)"x", (char *)"count", NULL };
	int i;

	memset(big, 'a', sizeof(big) - 1);
	say("a string of 140000", run(SELF, huge, NULL));
	big[120000] = 0;
	say("a string of 120000", run(SELF, huge, NULL));
	say("in the environment", run(SELF, one, huge));
	many[0] = many[1] = (char *)"count";
	for (i = 2; i < 2000; i++)
		many[i] = (char *)"argument";
	say("2000 arguments", run(SELF, many, NULL));
	for (; i < 100000; i++)
		many[i] = big;
	say("too many", run(SELF, many, NULL));
	one[1] = NULL;
	say("no environment", run(SELF, one, NULL));
	say("no name", run(SELF, one + 1, NULL));
}

/* ---- What is kept ---- */

static void *stands(void *argument)
{
	for (;;)
		pause();
	return argument;
}

static void check_kept(void)
{
	char *argv[] = { (char *)"x", (char *)"kept", NULL, NULL }, text[32];
	stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 };
	pthread_t thread;
	sigset_t set;
	int keep = open("/dev/null", O_RDONLY), drop = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid;

	dup2(keep, 40);
	fcntl(40, F_SETFD, FD_CLOEXEC);
	dup2(drop, 41);
	mkdir("sub", 0700);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		sigemptyset(&set);
		sigaddset(&set, SIGUSR1);
		sigaddset(&set, SIGUSR2);
		sigprocmask(SIG_BLOCK, &set, NULL);
		raise(SIGUSR1);
		signal(SIGHUP, SIG_IGN);
		signal(SIGTERM, (void (*)(int))check_arguments);
		sigaltstack(&stack, NULL);
		alarm(1000);
		chdir("sub");
		umask(0134);
		setpgid(0, 0);
		pthread_create(&thread, NULL, stands, NULL);
		snprintf(text, sizeof(text), "%d %d %d %d", keep, drop, getpid(), getppid());
		argv[2] = text;
		execv(SELF, argv);
		_exit(1);
	}
	say("kept", ended(pid));
	close(keep);
	close(drop);
	close(41);
	rmdir("sub");
}

static int part_kept(const char *text)
{
	struct sigaction hup, term;
	int keep, drop, pid, parent;
	sigset_t blocked, pending;
	char here[256];
	stack_t stack;

	sscanf(text, "%d %d %d %d", &keep, &drop, &pid, &parent);
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	sigpending(&pending);
	sigaction(SIGHUP, NULL, &hup);
	sigaction(SIGTERM, NULL, &term);
	sigaltstack(NULL, &stack);
	printf("pid %d %d, group %d, files %d %d %d %d\n", getpid() == pid, getppid() == parent,
		getpgrp() == pid, fcntl(keep, F_GETFD), fcntl(drop, F_GETFD), fcntl(40, F_GETFD),
		fcntl(41, F_GETFD));
	printf("blocked %d %d %d, pending %d %d\n", sigismember(&blocked, SIGUSR1),
		sigismember(&blocked, SIGUSR2), sigismember(&blocked, SIGINT),
		sigismember(&pending, SIGUSR1), sigismember(&pending, SIGUSR2));
	printf("ignored %d, default %d, stack %d\n", hup.sa_handler == SIG_IGN,
		term.sa_handler == SIG_DFL, stack.ss_flags == SS_DISABLE);
	printf("alarm %d, in %s, mask %o, tid %d\n", alarm(0) > 900,
		strrchr(getcwd(here, sizeof(here)), '/'), umask(0),
		syscall(SYS_gettid) == getpid());
	return 9;
}

/* A thread executes: the others are gone, the process is what it was. */
static void *executes(void *argument)
{
	char *argv[] = { (char *)"x", (char *)"tid", argument, NULL };

	execv(SELF, argv);
	return NULL;
}

static void check_thread(void)
{
	pthread_t thread;
	char text[16];
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		snprintf(text, sizeof(text), "%d", getpid());
		pthread_create(&thread, NULL, executes, text);
		for (;;)
			pause();
	}
	say("a thread executes", ended(pid));
}

/* ---- Spawning ---- */

static void check_spawn(void)
{
	char *argv[] = { (char *)"x", (char *)"spawned", NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t set;
	pid_t pid = -1;
	int error;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	signal(SIGHUP, SIG_IGN);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 50, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, 50, 51);
	posix_spawn_file_actions_addclose(&actions, 50);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK
		| POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &set);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	posix_spawnattr_setsigdefault(&attributes, &set);
	fflush(stdout);
	error = posix_spawn(&pid, SELF, &actions, &attributes, argv, environ);
	say("it ends", ended(pid));
	say("posix_spawn", error);
	signal(SIGHUP, SIG_DFL);
	say("of nothing", posix_spawn(&pid, "./nowhere", NULL, NULL, argv, environ) == ENOENT);
	say("leaves no child", wait(NULL));
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
}

static int part_spawned(void)
{
	struct sigaction hup;
	sigset_t blocked;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	sigaction(SIGHUP, NULL, &hup);
	printf("spawned: files %d %d, group %d, blocked %d %d, default %d\n", fcntl(50, F_GETFD),
		fcntl(51, F_GETFD), getpgrp() == getpid(), sigismember(&blocked, SIGUSR1),
		sigismember(&blocked, SIGUSR2), hup.sa_handler == SIG_DFL);
	return 12;
}

static int part(int argc, char **argv)
{
	int i;

	if (!strcmp(argv[1], "kept"))
		return part_kept(argv[2]);
	if (!strcmp(argv[1], "spawned"))
		return part_spawned();
	if (!strcmp(argv[1], "count"))
		return argc % 100 + (environ[0] != NULL);
	if (!strcmp(argv[1], "tid"))
		return atoi(argv[2]) == getpid() && syscall(SYS_gettid) == getpid() ? 13 : 1;
	for (i = 0; i < argc; i++)
		printf("[%s]", argv[i]);
	printf(" %s %s\n", environ[0] != NULL ? environ[0] : "nothing",
		getenv("B") ? getenv("B") : "no B");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return part(argc, argv);
	if (argc == 0 || !strcmp(argv[0], "x") || !strcmp(argv[0], ""))
		return environ[0] == NULL ? 14 : 15;
	same_begin();
	check_files();
	check_scripts();
	check_arguments();
	check_kept();
	check_thread();
	check_spawn();
	return 0;
}
