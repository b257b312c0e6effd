/* SPDX-License-Identifier: ISC */
/*
 * Every system call with a pointer that is none in each place where it takes one: nowhere, where
 * nothing is mapped, where writing is forbidden, in the kernel's half, over the end of what is
 * mapped. What this prints is the same here and on Linux (tests/tools/arguments_match_linux.sh).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/same.h"

/* Fixed places, so that the tables are constant. */
enum {
	PAGE = 4096,
	BASE = 0x20000000,
	EDGE = BASE,                /* a page; then a hole */
	HOLE = BASE + PAGE,
	ZEROS = BASE + 2 * PAGE,    /* may be read only */
	NONE = BASE + 4 * PAGE,     /* may not even be read */
	GOOD = BASE + 6 * PAGE,     /* two pages */
	FILE_FD = 10, DIR_FD, PIPE_IN_FD, PIPE_OUT_FD,
};

/* The place of a bad pointer in a row. */
#define P LONG_MIN

static const struct {
	const char *name;
	long address;
} bad[] = {
	{ "null", 0 }, { "low", 16 }, { "hole", HOLE }, { "edge", HOLE - 2 }, { "none", NONE },
	{ "zeros", ZEROS }, { "kernel", -0x7ff000000000 }, { "text", -0x7ff00000 },
	{ "half", LONG_MIN }, { "last", -1 },
};

enum { NULL_TOO = 1, ZEROS_TOO = 2 };

struct row {
	const char *name;
	long number;
	long arg[6];
	int left_out; /* what would not come back, or change more than can be told */
};

#define ROW(name, ...) { #name, SYS_##name, { __VA_ARGS__ }, 0 }
#define NOT_NULL(name, ...) { #name, SYS_##name, { __VA_ARGS__ }, NULL_TOO }
#define NOT_ZEROS(name, ...) { #name, SYS_##name, { __VA_ARGS__ }, ZEROS_TOO }
#define NEITHER(name, ...) { #name, SYS_##name, { __VA_ARGS__ }, NULL_TOO | ZEROS_TOO }

static const struct row files[] = {
	ROW(read, FILE_FD, P, 8), ROW(write, FILE_FD, P, 8),
	ROW(pread64, FILE_FD, P, 8, 0), ROW(pwrite64, FILE_FD, P, 8, 0),
	ROW(readv, FILE_FD, P, 1), ROW(writev, FILE_FD, P, 1),
	ROW(read, FILE_FD, P, 0), ROW(write, FILE_FD, P, 0), ROW(readv, FILE_FD, P, 0),
	ROW(read, PIPE_IN_FD, P, 8), ROW(write, PIPE_OUT_FD, P, 8),
	ROW(open, P, 0), ROW(openat, AT_FDCWD, P, 0), ROW(creat, P, 0600),
	ROW(stat, P, GOOD), ROW(stat, (long)"file", P), ROW(lstat, P, GOOD),
	ROW(lstat, (long)"file", P), ROW(fstat, FILE_FD, P),
	ROW(newfstatat, AT_FDCWD, P, GOOD, 0), ROW(newfstatat, AT_FDCWD, (long)"file", P, 0),
	ROW(access, P, 0), ROW(faccessat, AT_FDCWD, P, 0),
	ROW(poll, P, 1, 0), ROW(poll, P, 0, 0), ROW(select, 1, P, 0, 0, ZEROS),
	ROW(select, 1, 0, P, 0, ZEROS), ROW(select, 1, 0, 0, P, ZEROS),
	NOT_NULL(select, 0, 0, 0, 0, P), NOT_NULL(ppoll, 0, 0, P, 0, 8),
	ROW(ppoll, 0, 0, ZEROS, P, 8), NOT_NULL(pselect6, 0, 0, 0, 0, P, 0),
	ROW(pselect6, 0, 0, 0, 0, ZEROS, P), ROW(pipe, P), ROW(pipe2, P, 0),
	ROW(ioctl, PIPE_IN_FD, FIONREAD, P), ROW(ioctl, PIPE_IN_FD, FIONBIO, P),
	ROW(fcntl, FILE_FD, F_GETLK, P), ROW(fcntl, FILE_FD, F_SETLK, P),
	ROW(getcwd, P, PAGE), ROW(chdir, P), ROW(mkdir, P, 0700), ROW(rmdir, P), ROW(unlink, P),
	ROW(mkdirat, AT_FDCWD, P, 0700), ROW(unlinkat, AT_FDCWD, P, 0),
	ROW(rename, P, (long)"other"), ROW(rename, (long)"file", P),
	ROW(renameat, AT_FDCWD, P, AT_FDCWD, (long)"other"),
	ROW(renameat2, AT_FDCWD, (long)"file", AT_FDCWD, P, 0),
	ROW(symlink, P, (long)"other"), ROW(symlink, (long)"file", P),
	ROW(symlinkat, P, AT_FDCWD, (long)"other"), ROW(symlinkat, (long)"file", AT_FDCWD, P),
	ROW(readlink, P, GOOD, 8), ROW(readlink, (long)"link", P, 8),
	ROW(readlinkat, AT_FDCWD, P, GOOD, 8), ROW(readlinkat, AT_FDCWD, (long)"link", P, 8),
	ROW(chmod, P, 0600), ROW(fchmodat, AT_FDCWD, P, 0600), ROW(chown, P, -1, -1),
	ROW(lchown, P, -1, -1), ROW(fchownat, AT_FDCWD, P, -1, -1, 0),
	ROW(utime, P, 0), ROW(utime, (long)"file", P), ROW(utimensat, AT_FDCWD, P, 0, 0),
	ROW(utimensat, AT_FDCWD, (long)"file", P, 0), ROW(utimensat, FILE_FD, 0, P, 0),
	ROW(truncate, P, 0), ROW(statfs, P, GOOD), ROW(statfs, (long)"file", P),
	ROW(fstatfs, FILE_FD, P), ROW(getdents64, DIR_FD, P, PAGE),
};

static const struct row others[] = {
	ROW(rt_sigaction, SIGUSR1, P, 0, 8), ROW(rt_sigaction, SIGUSR1, 0, P, 8),
	ROW(rt_sigprocmask, SIG_BLOCK, P, 0, 8), ROW(rt_sigprocmask, SIG_BLOCK, 0, P, 8),
	ROW(rt_sigpending, P, 8), NOT_ZEROS(rt_sigsuspend, P, 8),
	ROW(rt_sigtimedwait, P, 0, ZEROS, 8), NOT_NULL(rt_sigtimedwait, ZEROS, 0, P, 8),
	ROW(sigaltstack, P, 0), ROW(sigaltstack, 0, P),
	ROW(nanosleep, P, 0), ROW(clock_nanosleep, CLOCK_MONOTONIC, 0, P, 0),
	ROW(getitimer, ITIMER_REAL, P), ROW(setitimer, ITIMER_REAL, P, 0),
	ROW(setitimer, ITIMER_REAL, ZEROS, P),
	ROW(gettimeofday, P, 0), ROW(gettimeofday, 0, P), NOT_NULL(time, P), NOT_NULL(times, P),
	ROW(clock_gettime, CLOCK_MONOTONIC, P), ROW(clock_getres, CLOCK_MONOTONIC, P),
	NOT_ZEROS(clock_settime, CLOCK_REALTIME, P),
	ROW(uname, P), ROW(sysinfo, P), ROW(getrusage, 0, P), ROW(getrlimit, 7, P),
	NOT_ZEROS(setrlimit, 7, P), NOT_ZEROS(prlimit64, 0, 7, P, 0), ROW(prlimit64, 0, 7, 0, P),
	ROW(getresuid, P, GOOD, GOOD), ROW(getresuid, GOOD, GOOD, P), ROW(getresgid, GOOD, P, GOOD),
	ROW(sched_getaffinity, 0, 128, P), ROW(sched_setaffinity, 0, 128, P), ROW(getcpu, P, 0),
	ROW(getcpu, 0, P), ROW(prctl, PR_SET_NAME, P), ROW(prctl, PR_GET_NAME, P),
	ROW(arch_prctl, 0x1003, P), ROW(getrandom, P, 8, 0),
	ROW(wait4, -1, P, WNOHANG, 0), ROW(wait4, -1, 0, WNOHANG, P),
	ROW(waitid, P_ALL, 0, P, WEXITED | WNOHANG, 0),
	ROW(futex, P, 0x80, 1, ZEROS), NOT_NULL(futex, GOOD, 0x80, 0, P),
	NOT_ZEROS(futex, P, 0, 1, ZEROS), ROW(futex, P, 0x89, 1, ZEROS, 0, 1),
	ROW(futex, P, 0x81, 1),
	ROW(futex, P, 0x83, 1, 1, GOOD), ROW(futex, P, 0x84, 1, 1, GOOD, 5),
	ROW(get_robust_list, 0, P, GOOD), ROW(get_robust_list, 0, GOOD, P),
	ROW(clone3, P, 7), NOT_ZEROS(clone3, P, 88), ROW(execve, P, 0, 0),
	NEITHER(execve, (long)"/proc/self/exe", P, 0),
	NEITHER(execve, (long)"/proc/self/exe", 0, P),
};

/* The same state before each call. */
static void restore(void)
{
	char drain[64];

	lseek(FILE_FD, 0, SEEK_SET);
	lseek(DIR_FD, 0, SEEK_SET);
	fcntl(PIPE_IN_FD, F_SETFL, O_NONBLOCK);
	while (read(PIPE_IN_FD, drain, sizeof(drain)) > 0)
		;
	write(PIPE_OUT_FD, "12345678", 8);
	memset((void *)GOOD, 0, PAGE);
	memset((void *)EDGE, '.', PAGE);
}

static void show(long result)
{
	static const struct {
		int number;
		const char *name;
	} names[] = {
		{ EFAULT, "EFAULT" }, { EINVAL, "EINVAL" }, { ENOENT, "ENOENT" },
		{ ECHILD, "ECHILD" }, { EAGAIN, "EAGAIN" }, { EBADF, "EBADF" },
	};
	unsigned i;

	for (i = 0; result == -1 && i < sizeof(names) / sizeof(names[0]); i++) {
		if (errno == names[i].number) {
			printf(" %s", names[i].name);
			return;
		}
	}
	if (result == -1)
		printf(" (%s)", strerror(errno));
	else if (result > 100)
		printf(" ok");
	else
		printf(" %ld", result);
}

static void try_row(const struct row *row)
{
	unsigned i, k;

	printf("%s(", row->name);
	for (k = 0; k < 6 && row->arg[k] != P; k++)
		printf("%s", ",");
	printf(")");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		long a[6];

		if ((bad[i].address == 0 && row->left_out & NULL_TOO)
				|| (bad[i].address == ZEROS && row->left_out & ZEROS_TOO))
			continue;
		for (k = 0; k < 6; k++)
			a[k] = row->arg[k] == P ? bad[i].address : row->arg[k];
		restore();
		printf(" %s", bad[i].name);
		show(syscall(row->number, a[0], a[1], a[2], a[3], a[4], a[5]));
	}
	printf("\n");
	fflush(stdout);
}

/* Signals to oneself need numbers that are not constant. */
static void try_signals(void)
{
	struct row row = ROW(rt_sigqueueinfo, 0, SIGUSR1, P);

	signal(SIGUSR1, SIG_IGN);
	row.arg[0] = getpid();
	try_row(&row);
}

/* A child that has ended is gone when its status went nowhere. */
static void try_wait(void)
{
	siginfo_t info;
	pid_t pid = fork();

	if (pid == 0)
		_exit(1);
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	say("wait4 to nowhere", syscall(SYS_wait4, pid, HOLE, 0, 0));
	say("and again", wait(NULL));
}

/* Elements of vectors are pointers too. */
static void try_vectors(void)
{
	struct {
		long base, bytes;
	} *vector = (void *)GOOD;
	unsigned i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		restore();
		vector[0].base = GOOD + 256;
		vector[0].bytes = 4;
		vector[1].base = bad[i].address;
		vector[1].bytes = 4;
		printf("%s:", bad[i].name);
		show(syscall(SYS_readv, FILE_FD, vector, 2));
		show(syscall(SYS_readv, FILE_FD, vector + 1, 1));
		show(syscall(SYS_writev, FILE_FD, vector, 2));
		show(syscall(SYS_writev, FILE_FD, vector + 1, 1));
		printf("\n");
	}
}

static void map(long address, long bytes, int protection)
{
	if (mmap((void *)address, (size_t)bytes, protection,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		say("mmap", -1);
}

static void put(int fd, int at)
{
	dup2(fd, at);
	close(fd);
}

int main(void)
{
	unsigned i;
	int ends[2], fd;

	same_begin();
	mkdir("a folder with a name", 0700);
	chdir("a folder with a name");
	map(EDGE, PAGE, PROT_READ | PROT_WRITE);
	map(ZEROS, PAGE, PROT_READ);
	map(NONE, PAGE, PROT_NONE);
	map(GOOD, 2 * PAGE, PROT_READ | PROT_WRITE);
	mkdir("dir", 0700);
	symlink("file", "link");
	fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	write(fd, "0123456789", 10);
	pipe(ends);
	put(fd, FILE_FD);
	put(ends[0], PIPE_IN_FD);
	put(ends[1], PIPE_OUT_FD);
	put(open("dir", O_RDONLY), DIR_FD);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		try_row(&files[i]);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		try_row(&others[i]);
	try_signals();
	try_wait();
	try_vectors();
	unlink("file");
	unlink("link");
	rmdir("dir");
	rmdir("../a folder with a name");
	return 0;
}
