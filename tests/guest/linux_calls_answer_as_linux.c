/* SPDX-License-Identifier: ISC */
/*
 * System calls made raw, as a program that was never made for us makes them: results, errors, and
 * above all bad pointers, which are EFAULT and never the end of the process. The same file passes
 * on Linux.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "tests/calls.h"
#include "tests/tap.h"

/* A call by number: its result, or the error negated. */
static long call(long number, long a, long b, long c, long d)
{
	long result = syscall(number, a, b, c, d);

	return result == -1 ? -errno : result;
}

static void check_start(char **argv)
{
	const char *random = (const char *)getauxval(AT_RANDOM);

	tap_ok(argv[0] != NULL && argv[0][0] != '\0', "argv[0] is there");
	tap_ok(getenv("ITERATIONS") != NULL, "the environment is there");
	tap_eq(getauxval(AT_PAGESZ), 4096, "AT_PAGESZ");
	tap_ok(getauxval(AT_PHDR) != 0 && getauxval(AT_PHNUM) > 0, "AT_PHDR");
	tap_ok(random != NULL && memcmp(random, random + 8, 8) != 0, "AT_RANDOM");
	tap_ok(getauxval(AT_ENTRY) != 0, "AT_ENTRY");
}

static void check_files(void)
{
	char back[16] = "";
	struct stat info;
	int fd = open("/tmp/file", O_RDWR | O_CREAT | O_TRUNC, 0600), copy;

	tap_ok(fd >= 0, "make a file");
	tap_eq(write(fd, "abcdef", 6), 6, "write");
	tap_eq(lseek(fd, -2, SEEK_END), 4, "seek");
	tap_eq(read(fd, back, sizeof(back)), 2, "read to the end");
	tap_eq(pwrite(fd, "X", 1, 1), 1, "pwrite");
	tap_eq(pread(fd, back, 6, 0), 6, "pread");
	tap_ok(memcmp(back, "aXcdef", 6) == 0, "what was written");
	tap_ok(fstat(fd, &info) == 0 && info.st_size == 6 && S_ISREG(info.st_mode)
		&& (info.st_mode & 0777) == 0600, "fstat");
	copy = dup2(fd, 77);
	tap_eq(copy, 77, "dup2");
	tap_eq(lseek(copy, 0, SEEK_CUR), 6, "shares the position");
	tap_eq(fcntl(copy, F_SETFD, FD_CLOEXEC), 0, "F_SETFD");
	tap_eq(fcntl(copy, F_GETFD), FD_CLOEXEC, "F_GETFD");
	tap_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR, "F_GETFL");
	tap_eq(ftruncate(fd, 3), 0, "ftruncate");
	tap_eq(stat("/tmp/../tmp/file", &info) == 0 ? info.st_size : -1, 3, "stat by path");
	tap_ok(close(fd) == 0 && close(copy) == 0 && close(copy) == -1, "close");
	tap_eq(call(SYS_openat, AT_FDCWD, (long)"/tmp/file", O_RDONLY | O_DIRECTORY, 0), -ENOTDIR,
		"ENOTDIR");
	tap_eq(call(SYS_openat, AT_FDCWD, (long)"/tmp", O_WRONLY, 0), -EISDIR, "EISDIR");
	tap_eq(call(SYS_openat, AT_FDCWD, (long)"/no/where", O_RDONLY, 0), -ENOENT, "ENOENT");
	tap_eq(call(SYS_read, 77, (long)back, 1, 0), -EBADF, "EBADF");
}

static void check_names(void)
{
	struct dirent *entry;
	char text[64] = "";
	unsigned seen = 0;
	DIR *dir;

	tap_eq(mkdir("/tmp/dir", 0755), 0, "mkdir");
	tap_eq(symlink("file", "/tmp/link"), 0, "symlink");
	tap_eq(readlink("/tmp/link", text, sizeof(text)), 4, "readlink");
	tap_eq(rename("/tmp/file", "/tmp/dir/moved"), 0, "rename");
	tap_eq(rmdir("/tmp/dir") == -1 ? errno : 0, ENOTEMPTY, "rmdir of a full directory");
	tap_eq(chdir("/tmp/dir"), 0, "chdir");
	tap_ok(getcwd(text, sizeof(text)) != NULL && strcmp(text, "/tmp/dir") == 0, "getcwd");
	tap_eq(access("moved", R_OK), 0, "a relative path");
	dir = opendir("..");
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		seen += strcmp(entry->d_name, "dir") == 0 || strcmp(entry->d_name, "link") == 0
			|| strcmp(entry->d_name, ".") == 0;
	tap_eq(seen, 3, "a listing names what is there");
	closedir(dir);
	tap_ok(unlink("moved") == 0 && chdir("/") == 0 && rmdir("/tmp/dir") == 0
		&& unlink("/tmp/link") == 0, "all removed");
}

static void check_memory(void)
{
	char *page = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		0), *moved;
	long start = call(SYS_brk, 0, 0, 0, 0);

	tap_ok(page != MAP_FAILED && page[4096] == 0, "mmap gives zeros");
	memset(page, 'm', 3 * 4096);
	tap_eq(munmap(page + 4096, 4096), 0, "munmap in the middle");
	tap_ok(page[0] == 'm' && page[8192] == 'm', "leaves both sides");
	tap_eq(call(SYS_write, 1, (long)(page + 4090), 10, 0), -EFAULT, "a hole is EFAULT");
	tap_eq(mprotect(page, 4096, PROT_READ), 0, "mprotect");
	tap_eq(call(SYS_getcwd, (long)page, 4096, 0, 0), -EFAULT, "no writing where none may");
	tap_ok(mmap(page + 4096, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS
		| MAP_FIXED, -1, 0) == page + 4096, "MAP_FIXED");
	tap_eq(munmap(page, 3 * 4096), 0, "munmap of all");
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	page[7] = 'r';
	moved = mremap(page, 4096, 64 * 4096, MREMAP_MAYMOVE);
	tap_ok(moved != MAP_FAILED && moved[7] == 'r' && moved[63 * 4096] == 0, "mremap grows");
	tap_eq(call(SYS_brk, start + 100000, 0, 0, 0), start + 100000, "brk moves");
	((char *)start)[99999] = 1;
	tap_eq(call(SYS_brk, start, 0, 0, 0), start, "and back");
}

static void check_map_file(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	char first[64], *map;

	tap_eq(read(fd, first, sizeof(first)), sizeof(first), "read the program's own file");
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	tap_ok(map != MAP_FAILED && memcmp(map, first, sizeof(first)) == 0, "mapped it is that");
	map[0] = 'x';
	tap_ok(pread(fd, first, 1, 0) == 1 && first[0] == 0x7f, "a private write stays private");
	tap_eq(munmap(map, 4096), 0, "unmapped");
	close(fd);
}

/* Every call of the list with every pointer bad: EFAULT or another error, never death. */
static void check_bad_pointers(void)
{
	static const long bad[] = { 8, 0x1000, 0x7fffffffe000, 0x7f0000000000, 0x7f8000000000,
		(long)0xffff800000000000, -1, -4096 };
	static const long calls[] = {
		SYS_read, SYS_write, SYS_open, SYS_stat, SYS_fstat, SYS_readv, SYS_writev,
		SYS_access,
		SYS_nanosleep, SYS_getcwd, SYS_chdir, SYS_rename, SYS_mkdir, SYS_unlink,
		SYS_readlink, SYS_gettimeofday, SYS_getrlimit, SYS_uname, SYS_sysinfo, SYS_times,
		SYS_clock_gettime, SYS_getdents64, SYS_openat, SYS_newfstatat, SYS_getrandom,
		SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_ioctl, SYS_prctl, SYS_poll, SYS_execve,
		SYS_sched_getaffinity, SYS_prlimit64, SYS_wait4, SYS_arch_prctl, SYS_utimensat,
	};
	unsigned i, j, faults = 0;
	int fd = open("/", O_RDONLY | O_DIRECTORY);

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		for (j = 0; j < sizeof(bad) / sizeof(bad[0]); j++) {
			if (calls[i] == CALL_NONE)
				continue;
			if (calls[i] == SYS_arch_prctl)
				faults += call(calls[i], 0x1003, bad[j], 8, 8) == -EFAULT;
			else if (calls[i] == SYS_getdents64)
				faults += call(calls[i], fd, bad[j], 4096, 0) == -EFAULT;
			else if (calls[i] == SYS_ioctl)
				faults += call(calls[i], 1, TCGETS, bad[j], 0) == -EFAULT;
			else if (calls[i] == SYS_read)
				call(calls[i], fd, bad[j], 8, 0);
			else
				faults += call(calls[i], bad[j], bad[j], bad[j], 8) == -EFAULT;
			if (calls[i] != SYS_read && calls[i] != SYS_readv)
				call(calls[i], 1, bad[j], calls[i] == SYS_poll ? 0 : 8, 8);
		}
	close(fd);
	tap_ok(faults > 100, "bad pointers are EFAULT (%u times) and nobody dies", faults);
}

static void check_time(void)
{
	struct timespec before, after, pause = { 0, 20000000 };

	clock_gettime(CLOCK_MONOTONIC, &before);
	tap_eq(nanosleep(&pause, NULL), 0, "nanosleep");
	clock_gettime(CLOCK_MONOTONIC, &after);
	tap_ok((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec
		>= pause.tv_nsec, "slept as long as was asked");
	pause.tv_nsec = 1000000000;
	tap_eq(call(SYS_nanosleep, (long)&pause, 0, 0, 0), -EINVAL, "a wrong time is EINVAL");
}

static void check_rest(void)
{
	struct pollfd wanted = { .fd = 1, .events = POLLOUT };
	struct utsname name;
	char one[16], two[16];
	sigset_t set;

	tap_ok(uname(&name) == 0 && (strcmp(name.machine, "x86_64") == 0
		|| strcmp(name.machine, "aarch64") == 0), "uname");
	tap_ok(getrandom(one, 16, 0) == 16 && getrandom(two, 16, 0) == 16
		&& memcmp(one, two, 16) != 0, "getrandom");
	tap_eq(poll(&wanted, 1, 0), 1, "poll: the console can be written to");
	tap_ok(getpid() > 0 && getuid() == 0, "getpid, getuid");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	tap_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0, "sigprocmask");
	sigemptyset(&set);
	tap_ok(sigprocmask(SIG_BLOCK, NULL, &set) == 0 && sigismember(&set, SIGUSR1), "recorded");
	tap_ok(signal(SIGUSR2, SIG_IGN) == SIG_DFL && signal(SIGUSR2, SIG_DFL) == SIG_IGN,
		"sigaction too");
	signal(SIGUSR2, SIG_IGN);
	tap_eq(kill(getpid(), SIGUSR2), 0, "an ignored signal does nothing");
	tap_eq(call(SYS_write, 1, (long)"", 0, 0), 0, "an empty write");
}

/* A child that ends in a way; its status. */
static int child_status(void (*body)(void))
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		body();
		_exit(99);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

static void end_exit(void)
{
	_exit(42);
}

static void end_abort(void)
{
	abort();
}

static void end_write_null(void)
{
	*(volatile int *)8 = 1;
}

static void end_exec(void)
{
	char *argv[] = { "again", "exec", NULL };
	char *envp[] = { "SEEN=1", NULL };

	dup2(1, 9);
	chdir("/tmp");
	execve("/proc/self/exe", argv, envp);
}

static void check_processes(void)
{
	int status = child_status(end_exit);

	tap_ok(WIFEXITED(status) && WEXITSTATUS(status) == 42, "a child's exit status");
	status = child_status(end_abort);
	tap_ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "abort ends by SIGABRT");
	status = child_status(end_write_null);
	tap_ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "a bad write by SIGSEGV");
	status = child_status(end_exec);
	tap_ok(WIFEXITED(status) && WEXITSTATUS(status) == 7, "exec passes what it should");
	tap_eq(waitpid(-1, NULL, 0) == -1 ? errno : 0, ECHILD, "no more children");
	tap_eq(call(SYS_execve, (long)"/nowhere", 0, 0, 0), -ENOENT, "no such program");
}

/* The program that end_exec becomes: 7 if all is as it was left. */
static int after_exec(char **argv)
{
	char dir[64] = "";

	if (strcmp(argv[0], "again") != 0 || getenv("SEEN") == NULL)
		return 1;
	if (getcwd(dir, sizeof(dir)) == NULL || strcmp(dir, "/tmp") != 0)
		return 2;
	return write(9, "# written by the new program\n", 29) == 29 ? 7 : 3;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "exec") == 0)
		return after_exec(argv);
	check_start(argv);
	check_files();
	check_names();
	check_memory();
	check_map_file();
	check_bad_pointers();
	check_time();
	check_rest();
	check_processes();
	return tap_done("tests/guest/linux_calls_answer_as_linux.guest");
}
