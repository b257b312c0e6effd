/* SPDX-License-Identifier: ISC */
/*
 * System calls with descriptors, sizes, flags and numbers that make no sense. What this prints is
 * the same here and on Linux (tests/tools/arguments_match_linux.sh).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/same.h"

enum {
	PAGE = 4096,
	BASE = 0x20000000,
	GOOD = BASE,           /* two pages, then a hole of two, then two read-only ones */
	HOLE = BASE + 2 * PAGE,
	ZEROS = BASE + 4 * PAGE,
	FILE_FD = 10, DIR_FD, PIPE_IN_FD, PIPE_OUT_FD, NULL_FD, READ_FD, WRITE_FD, ZERO_FD,
	FREE_FD,
};

#define HALF LONG_MIN
#define HIGH (1L << 32)

struct row {
	const char *name;
	long number;
	const char *text;
	long arg[6];
};

#define ROW(name, ...) { #name, SYS_##name, #__VA_ARGS__, { __VA_ARGS__ } }
#define PATH(text) ((long)(text))

/* Calls whose first argument is a descriptor, for each of some that are not good for them. One is
 * of /dev/null, which on the host, for root, they must leave as it is. */
static const struct row descriptors[] = {
	ROW(read, 0, GOOD, 4), ROW(write, 0, GOOD, 4), ROW(pread64, 0, GOOD, 4, 0),
	ROW(pwrite64, 0, GOOD, 4, 0), ROW(readv, 0, ZEROS, 1), ROW(writev, 0, ZEROS, 1),
	ROW(lseek, 0, 0, SEEK_CUR), ROW(fstat, 0, GOOD), ROW(ftruncate, 0, 10),
	ROW(fchmod, 0, 0666), ROW(fchown, 0, -1, -1), ROW(fstatfs, 0, GOOD),
	ROW(getdents64, 0, GOOD, PAGE), ROW(openat, 0, PATH("nothing"), 0),
	ROW(mkdirat, 0, PATH("file"), 0700), ROW(unlinkat, 0, PATH("nothing"), 0),
	ROW(newfstatat, 0, PATH("nothing"), GOOD, 0), ROW(newfstatat, 0, PATH(""), GOOD, 0x1000),
	ROW(readlinkat, 0, PATH("nothing"), GOOD, 8), ROW(faccessat, 0, PATH("nothing"), 0),
	ROW(fchmodat, 0, PATH("nothing"), 0600), ROW(utimensat, 0, PATH("nothing"), 0, 0),
	ROW(flock, 0, 8), ROW(fcntl, 0, F_GETFD), ROW(fcntl, 0, F_SETFD, 0),
	ROW(fcntl, 0, F_GETLK, ZEROS), ROW(fcntl, 0, 9999), ROW(ioctl, 0, 0x12345678, 0),
	ROW(dup2, 0, 30), ROW(dup3, 0, 30, 0),
	ROW(mmap, PAGE * 7, PAGE, PROT_READ, MAP_PRIVATE, 0, 1),
};

static const long some[] = {
	-1, FREE_FD, 1 << 20, INT_MAX, HIGH | FREE_FD, FILE_FD, HIGH | FILE_FD, DIR_FD, PIPE_IN_FD,
	PIPE_OUT_FD, NULL_FD, READ_FD, WRITE_FD,
};

static const struct row sizes[] = {
	ROW(read, FILE_FD, GOOD, -1), ROW(read, FILE_FD, GOOD, LONG_MAX),
	ROW(read, FILE_FD, GOOD, 1L << 40), ROW(read, FILE_FD, GOOD, HIGH),
	ROW(write, FILE_FD, GOOD, -1), ROW(write, FILE_FD, GOOD, 1L << 40),
	ROW(write, FILE_FD, GOOD, 0), ROW(read, NULL_FD, GOOD, 1L << 40),
	ROW(pread64, FILE_FD, GOOD, 4, -1), ROW(pread64, FILE_FD, GOOD, 4, LONG_MAX),
	ROW(pread64, FILE_FD, GOOD, 4, HALF), ROW(pwrite64, FILE_FD, GOOD, 4, -1),
	ROW(readv, FILE_FD, GOOD, -1), ROW(readv, FILE_FD, GOOD, 1025),
	ROW(writev, FILE_FD, GOOD, -1), ROW(writev, FILE_FD, GOOD, 0),
	ROW(readv, FILE_FD, ZEROS, 512), ROW(lseek, FILE_FD, -1, SEEK_SET),
	ROW(lseek, FILE_FD, HALF, SEEK_CUR), ROW(lseek, FILE_FD, -1000000, SEEK_END),
	ROW(lseek, FILE_FD, 0, 99), ROW(lseek, FILE_FD, 0, -1), ROW(ftruncate, FILE_FD, -1),
	ROW(truncate, PATH("file"), -1), ROW(truncate, PATH("dir"), 0),
	ROW(truncate, PATH("nothing"), 0), ROW(truncate, PATH(""), 0), ROW(getcwd, GOOD, 0),
	ROW(getcwd, GOOD, 1), ROW(getcwd, GOOD, 2), ROW(readlink, PATH("link"), GOOD, 0),
	ROW(readlink, PATH("link"), GOOD, -1), ROW(readlink, PATH("link"), GOOD, 2),
	ROW(readlink, PATH("file"), GOOD, 8), ROW(getdents64, DIR_FD, GOOD, 0),
	ROW(getdents64, DIR_FD, GOOD, 10), ROW(getrandom, GOOD, -1, 0),
	ROW(getrandom, GOOD, 4, 0xff00), ROW(poll, GOOD, -1, 0), ROW(poll, GOOD, 1 << 30, 0),
	ROW(select, -1, 0, 0, 0, ZEROS), ROW(select, 0, 0, 0, 0, GOOD),
	ROW(ppoll, GOOD, 0, ZEROS, GOOD, 4), ROW(ppoll, GOOD, 1 << 30, ZEROS, 0, 8),
	ROW(sched_getaffinity, 0, 1, GOOD), ROW(sched_getaffinity, 0, 129, GOOD),
	ROW(sched_getaffinity, SAME_NOBODY, 128, GOOD), ROW(sched_setaffinity, 0, 0, GOOD),
	ROW(sched_setaffinity, SAME_NOBODY, 8, GOOD),
};

static const struct row memory[] = {
	ROW(mmap, 0, 0, 3, 0x22, -1, 0), ROW(mmap, 0, PAGE, 3, 0x20, -1, 0),
	ROW(mmap, 0, PAGE, 3, 0x24, -1, 0), ROW(mmap, 0, PAGE, 3, 0x22, -1, 1),
	ROW(mmap, 0, -1, 3, 0x22, -1, 0), ROW(mmap, 0, LONG_MAX, 3, 0x22, -1, 0),
	ROW(mmap, 0, 1L << 47, 3, 0x22, -1, 0), ROW(mmap, 0, PAGE, 3, 2, -1, 0),
	ROW(mmap, 1, PAGE, 3, 0x32, -1, 0), ROW(mmap, HALF, PAGE, 3, 0x32, -1, 0),
	ROW(mmap, -PAGE, PAGE, 3, 0x32, -1, 0), ROW(mmap, GOOD, PAGE, 3, 0x100022, -1, 0),
	ROW(mmap, GOOD, 1, 3, 0x100022, -1, 0), ROW(mmap, 0, PAGE, 1, 2, FREE_FD, 0),
	ROW(mmap, 0, PAGE, 1, 2, DIR_FD, 0), ROW(mmap, 0, PAGE, 1, 2, PIPE_IN_FD, 0),
	ROW(mmap, 0, PAGE, 1, 2, WRITE_FD, 0), ROW(mmap, 0, PAGE, 3, 1, READ_FD, 0),
	ROW(mmap, 0, PAGE, 2, 1, ZERO_FD, 0), ROW(mmap, 0, PAGE, 1, 2, PIPE_OUT_FD, 0),
	ROW(mmap, 0, PAGE, 1, 2, FILE_FD, 5), ROW(mmap, 0, PAGE, 1, 2, FILE_FD, -PAGE),
	ROW(munmap, 1, PAGE), ROW(munmap, GOOD, 0), ROW(munmap, HALF, PAGE),
	ROW(munmap, GOOD, -1), ROW(munmap, HOLE, PAGE), ROW(munmap, GOOD, LONG_MAX),
	ROW(mprotect, 1, PAGE, 1), ROW(mprotect, HOLE, PAGE, 1), ROW(mprotect, GOOD, 0, 1),
	ROW(mprotect, GOOD, PAGE, 0x100), ROW(mprotect, GOOD, -1, 1),
	ROW(mprotect, HALF, PAGE, 1), ROW(mprotect, GOOD, 3 * PAGE, 3),
	ROW(mprotect, GOOD, LONG_MAX, 3), ROW(mprotect, 1, 0, 1), ROW(madvise, 1, PAGE, 0),
	ROW(madvise, GOOD, PAGE, 999), ROW(madvise, HOLE, PAGE, 4), ROW(madvise, HOLE, PAGE, 0),
	ROW(madvise, GOOD, -1, 4), ROW(madvise, GOOD, 0, 4), ROW(madvise, GOOD, 3 * PAGE, 4),
	ROW(mremap, 1, PAGE, PAGE, 0), ROW(mremap, GOOD, PAGE, 0, 0),
	ROW(mremap, HOLE, PAGE, PAGE, 0), ROW(mremap, GOOD, PAGE, PAGE, 99),
	ROW(mremap, GOOD, PAGE, PAGE, 2, BASE + 9 * PAGE), ROW(mremap, GOOD, PAGE, PAGE, 3, 1),
	ROW(mremap, GOOD, 2 * PAGE, 2 * PAGE, 3, GOOD + PAGE), ROW(mremap, GOOD, PAGE, -1, 1),
	ROW(mremap, GOOD, 3 * PAGE, 4 * PAGE, 1), ROW(mremap, GOOD, PAGE, 8 * PAGE, 0),
	ROW(mremap, GOOD, 2 * PAGE, 2 * PAGE, 0), ROW(mremap, HALF, PAGE, PAGE, 1),
	ROW(mlock, HOLE, PAGE), ROW(munlock, HOLE, PAGE), ROW(mlock, GOOD, PAGE),
	ROW(munlock, GOOD, PAGE), ROW(mlockall, 0x100), ROW(mlockall, 0),
	ROW(arch_prctl, 0x1002, HALF), ROW(arch_prctl, 0x1002, -1), ROW(arch_prctl, 0x9999, 0),
	ROW(membarrier, 0x1000000, 0, 0), ROW(membarrier, 0, 5, 0),
};

static const struct row signals[] = {
	ROW(rt_sigaction, 0, 0, GOOD, 8), ROW(rt_sigaction, 65, 0, GOOD, 8),
	ROW(rt_sigaction, -1, 0, GOOD, 8), ROW(rt_sigaction, SIGKILL, 0, GOOD, 8),
	ROW(rt_sigaction, SIGKILL, ZEROS, 0, 8), ROW(rt_sigaction, SIGSTOP, ZEROS, 0, 8),
	ROW(rt_sigaction, SIGUSR1, 0, GOOD, 4), ROW(rt_sigaction, SIGUSR1, 0, GOOD, 16),
	ROW(rt_sigaction, 64, 0, GOOD, 8), ROW(rt_sigprocmask, 99, ZEROS, 0, 8),
	ROW(rt_sigprocmask, 99, 0, GOOD, 8), ROW(rt_sigprocmask, 0, ZEROS, 0, 4),
	ROW(rt_sigpending, GOOD, 16), ROW(rt_sigpending, GOOD, 4), ROW(rt_sigsuspend, ZEROS, 4),
	ROW(rt_sigtimedwait, ZEROS, 0, ZEROS, 4), ROW(kill, SAME_NOBODY, 0),
	ROW(kill, -SAME_NOBODY, 0), ROW(kill, SAME_NOBODY, 65), ROW(kill, SAME_NOBODY, -1),
	ROW(kill, INT_MIN, 0), ROW(tkill, 0, 0), ROW(tkill, -1, 0), ROW(tkill, SAME_NOBODY, 0),
	ROW(tkill, SAME_NOBODY, 65), ROW(tgkill, 0, 1, 0), ROW(tgkill, SAME_NOBODY, -1, 0),
	ROW(tgkill, SAME_NOBODY, SAME_NOBODY, 0), ROW(rt_sigqueueinfo, SAME_NOBODY, 0, ZEROS),
	ROW(alarm, 0), ROW(setitimer, 3, ZEROS, 0), ROW(setitimer, -1, ZEROS, 0),
	ROW(getitimer, 3, GOOD), ROW(getitimer, -1, GOOD),
};

static const struct row others[] = {
	ROW(clock_gettime, 99, GOOD), ROW(clock_getres, 99, GOOD), ROW(clock_gettime, 12, GOOD),
	ROW(clock_settime, 99, GOOD), ROW(clock_settime, CLOCK_MONOTONIC, ZEROS),
	ROW(clock_nanosleep, 99, 0, ZEROS, 0), ROW(clock_nanosleep, 99, 0, 0, 0),
	ROW(clock_nanosleep, CLOCK_MONOTONIC, 99, ZEROS, 0),
	ROW(clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, ZEROS, 0), ROW(getrusage, 5, GOOD),
	ROW(getrusage, -3, GOOD), ROW(getrusage, -1, GOOD), ROW(getrusage, 1, GOOD),
	ROW(getrlimit, 16, GOOD), ROW(getrlimit, -1, GOOD), ROW(setrlimit, 16, ZEROS),
	ROW(prlimit64, SAME_NOBODY, 7, 0, GOOD), ROW(prlimit64, 0, 16, 0, GOOD),
	ROW(prlimit64, 0, 16, ZEROS, 0), ROW(prlimit64, 0, 16, 0, 0), ROW(wait4, -1, 0, 0x100, 0),
	ROW(wait4, -1, 0, WNOHANG, 0), ROW(wait4, INT_MIN, 0, WNOHANG, 0),
	ROW(wait4, SAME_NOBODY, 0, WNOHANG, 0), ROW(wait4, -SAME_NOBODY, 0, 0, 0),
	ROW(wait4, 0, 0, 0, 0), ROW(wait4, -1, 0, WNOWAIT, 0), ROW(wait4, -1, 0, WEXITED, 0),
	ROW(waitid, 9, 0, GOOD, WEXITED, 0), ROW(waitid, P_PID, 0, GOOD, WEXITED, 0),
	ROW(waitid, P_PID, -1, GOOD, WEXITED, 0), ROW(waitid, P_PGID, -1, GOOD, WEXITED, 0),
	ROW(waitid, P_ALL, 0, GOOD, 0, 0), ROW(waitid, P_ALL, 0, GOOD, 0x10, 0),
	ROW(waitid, P_ALL, 0, GOOD, WNOHANG, 0), ROW(waitid, P_PGID, 0, GOOD, WEXITED, 0),
	ROW(waitid, P_ALL, 0, GOOD, WEXITED | WSTOPPED | WNOHANG, 0),
	ROW(waitid, 3, FREE_FD, GOOD, WEXITED, 0), ROW(setpgid, SAME_NOBODY, 0),
	ROW(setpgid, 0, -1), ROW(setpgid, -1, 0), ROW(getpgid, SAME_NOBODY), ROW(getpgid, -1),
	ROW(getsid, SAME_NOBODY), ROW(getsid, -1), ROW(prctl, 99999, 0),
	ROW(prctl, PR_SET_NAME, PATH("a name of many letters")), ROW(futex, GOOD, 0x7f, 0),
	ROW(futex, GOOD + 1, 1, 1), ROW(futex, GOOD, 0x8a, 1, 0, 0, 0),
	ROW(futex, GOOD, 0x89, 0, ZEROS, 0, 0), ROW(futex, GOOD, 0x83, -1, 1, GOOD + 8),
	ROW(futex, GOOD, 0x83, 1, -1, GOOD + 8), ROW(futex, GOOD, 0x83, 0, 0, GOOD + 1),
	ROW(futex, GOOD, 0x84, 1, 1, GOOD + 8, 7), ROW(futex, GOOD, 0x181, 1),
	ROW(futex, GOOD, 0x81, 0), ROW(set_robust_list, GOOD, 23),
	ROW(get_robust_list, SAME_NOBODY, GOOD, GOOD), ROW(clone3, GOOD, 0),
	ROW(clone3, GOOD, 63), ROW(clone3, GOOD, 1L << 40), ROW(clone, 0x10000, 0),
	ROW(clone, 0x10800, 0), ROW(clone, 0x800, 0),
	ROW(openat, AT_FDCWD, PATH("dir"), O_WRONLY),
	ROW(openat, AT_FDCWD, PATH("dir"), O_CREAT, 0),
	ROW(openat, AT_FDCWD, PATH("file"), O_DIRECTORY),
	ROW(openat, AT_FDCWD, PATH("file/x"), 0), ROW(openat, AT_FDCWD, PATH("link"), O_NOFOLLOW),
	ROW(openat, AT_FDCWD, PATH("nothing/x"), 0),
	ROW(openat, AT_FDCWD, PATH("file"), O_CREAT | O_EXCL, 0600),
	ROW(open, PATH(""), O_CREAT, 0), ROW(openat, AT_FDCWD, PATH("loop"), 0),
	ROW(open, PATH("new/"), O_CREAT, 0600), ROW(unlinkat, AT_FDCWD, PATH("file"), 0x99),
	ROW(unlinkat, AT_FDCWD, PATH("dir"), 0), ROW(unlinkat, AT_FDCWD, PATH("file"), 0x200),
	ROW(rmdir, PATH("file")), ROW(rmdir, PATH(".")), ROW(rmdir, PATH("/")),
	ROW(unlink, PATH("/")), ROW(unlink, PATH("dir/")), ROW(rmdir, PATH("dir/..")),
	ROW(newfstatat, AT_FDCWD, PATH("file"), GOOD, 0x99999), ROW(access, PATH("file"), 0x99),
	ROW(faccessat, AT_FDCWD, PATH("file"), 0x99), ROW(mkdir, PATH(""), 0),
	ROW(mkdir, PATH("/"), 0), ROW(mkdir, PATH("dir"), 0), ROW(mkdir, PATH("file/x"), 0),
	ROW(mkdir, PATH("."), 0), ROW(rename, PATH("dir"), PATH("dir/x")),
	ROW(rename, PATH("nothing"), PATH("x")), ROW(rename, PATH("file"), PATH("dir")),
	ROW(rename, PATH("dir"), PATH("file")), ROW(rename, PATH("."), PATH("x")),
	ROW(rename, PATH("file"), PATH("dir/..")),
	ROW(renameat2, AT_FDCWD, PATH("file"), AT_FDCWD, PATH("x"), 0x99),
	ROW(renameat2, AT_FDCWD, PATH("file"), AT_FDCWD, PATH("link"), 1),
	ROW(symlink, PATH("x"), PATH("file")), ROW(symlink, PATH(""), PATH("x")),
	ROW(symlink, PATH("x"), PATH("")), ROW(readlink, PATH(""), GOOD, 8),
	ROW(chdir, PATH("file")), ROW(chdir, PATH("")), ROW(fchdir, FILE_FD),
	ROW(fchdir, FREE_FD), ROW(utimensat, AT_FDCWD, PATH("file"), GOOD + 64, 0),
	ROW(utimensat, AT_FDCWD, PATH("file"), 0, 0x99), ROW(dup2, FILE_FD, -1),
	ROW(dup2, FILE_FD, 1 << 30), ROW(dup2, FILE_FD, FILE_FD), ROW(dup2, FREE_FD, FREE_FD),
	ROW(dup3, FILE_FD, FILE_FD, 0), ROW(dup3, FILE_FD, 30, 1), ROW(dup3, FILE_FD, -1, 0),
	ROW(fcntl, FILE_FD, F_DUPFD, -1), ROW(fcntl, FILE_FD, F_DUPFD, 1 << 30),
	ROW(fcntl, FILE_FD, F_SETLK, GOOD + 128), ROW(fcntl, READ_FD, F_SETLK, GOOD + 192),
	ROW(fcntl, FILE_FD, F_GETLK, GOOD + 256), ROW(pipe2, GOOD, 0x1), ROW(close, -1),
	ROW(close, FREE_FD), ROW(umask, -1), ROW(umask, 022), ROW(flock, FILE_FD, 99),
	ROW(execve, PATH(""), 0, 0), ROW(execve, PATH("nothing"), 0, 0),
	ROW(execve, PATH("dir"), 0, 0), ROW(execve, PATH("file"), 0, 0),
	ROW(execve, PATH("file/x"), 0, 0), ROW(execve, PATH("loop"), 0, 0),
};

/* What the tables expect to find. */
static void restore(void)
{
	struct timespec *times = (void *)(GOOD + 64);
	struct flock *lock = (void *)(GOOD + 128);
	int flags[2] = { FILE_FD, PIPE_IN_FD };
	char drain[64];
	unsigned i;

	for (i = 0; i < 2; i++)
		lseek(flags[i], 0, SEEK_SET);
	fcntl(PIPE_IN_FD, F_SETFL, O_NONBLOCK);
	while (read(PIPE_IN_FD, drain, sizeof(drain)) > 0)
		;
	write(PIPE_OUT_FD, "12345678", 8);
	lseek(DIR_FD, 0, SEEK_SET);
	memset((void *)GOOD, 0, 2 * PAGE);
	((long *)GOOD)[0] = -1;
	((long *)GOOD)[1] = -1;
	times[0].tv_nsec = times[1].tv_nsec = 1000000000;
	lock->l_type = 77;
	lock = (void *)(GOOD + 192);
	lock->l_type = F_WRLCK;
	lock = (void *)(GOOD + 256);
	lock->l_type = F_UNLCK;
}

static void map(void)
{
	const int fixed = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

	mmap((void *)BASE, 16 * PAGE, PROT_NONE, fixed, -1, 0);
	munmap((void *)BASE, 16 * PAGE);
	mmap((void *)GOOD, 2 * PAGE, PROT_READ | PROT_WRITE, fixed, -1, 0);
	mmap((void *)ZEROS, 2 * PAGE, PROT_READ, fixed, -1, 0);
}

static void try_call(const struct row *row, long first)
{
	const long *a = row->arg;
	long result;

	restore();
	result = syscall(row->number, first, a[1], a[2], a[3], a[4], a[5]);
	if (result == -1)
		printf(" %s", strerror(errno));
	else if (result > 100000 || result < -1)
		printf(" ok");
	else
		printf(" %ld", result);
}

static void try_rows(const struct row *row, size_t rows)
{
	for (; rows-- > 0; row++) {
		printf("%s(%s):", row->name, row->text);
		map();
		try_call(row, row->arg[0]);
		printf("\n");
		fflush(stdout);
	}
}

static void try_descriptors(void)
{
	size_t i, k;

	for (i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++) {
		printf("%s(%s):", descriptors[i].name, descriptors[i].text);
		for (k = 0; k < sizeof(some) / sizeof(some[0]); k++)
			try_call(&descriptors[i], some[k]);
		printf("\n");
		fflush(stdout);
	}
}

static void put(int fd, int at)
{
	dup2(fd, at);
	close(fd);
}

static void make(void)
{
	int ends[2], fd;

	mkdir("folder", 0700);
	chdir("folder");
	mkdir("dir", 0700);
	symlink("file", "link");
	symlink("loop", "loop");
	fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	write(fd, "0123456789", 10);
	pipe(ends);
	put(fd, FILE_FD);
	put(ends[0], PIPE_IN_FD);
	put(ends[1], PIPE_OUT_FD);
	put(open("dir", O_RDONLY), DIR_FD);
	put(open("/dev/null", O_RDWR), NULL_FD);
	put(open("file", O_RDONLY), READ_FD);
	put(open("file", O_WRONLY), WRITE_FD);
	put(open("/dev/zero", O_RDONLY), ZERO_FD);
}

#define ROWS(rows) try_rows(rows, sizeof(rows) / sizeof(rows[0]))

int main(void)
{
	same_begin();
	make();
	map();
	try_descriptors();
	ROWS(sizes);
	ROWS(memory);
	ROWS(signals);
	ROWS(others);
	return 0;
}
