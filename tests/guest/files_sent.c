/* SPDX-License-Identifier: ISC */
/*
 * sendfile from files to files, pipes and closed pipes, with a position of its own and without;
 * files of memfd_create; what statx says; each with what it must refuse.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>

#include "tests/same.h"

enum { BYTES = 10000 };

static char bytes[BYTES], got[200000];

/* Linux's struct statx, as far as it is looked at. */
struct moments {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, zero;
	uint64_t ino, size, blocks, attributes_mask;
	struct {
		int64_t s;
		uint32_t ns, zero;
	} accessed, born, changed, modified;
	uint32_t rdev_major, rdev_minor;
	uint64_t more[20];
};

static long sent(int out, int in, off_t *at, size_t count)
{
	return syscall(SYS_sendfile, out, in, at, count);
}

static int made(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644), i;

	for (i = 0; i < BYTES; i++)
		bytes[i] = (char)(i * 7 + i / 256);
	if (write(fd, bytes, BYTES) != BYTES)
		perror(name);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void check(const char *what, int fd, int from, long count)
{
	long n = pread(fd, got, sizeof(got), 0);

	printf("%s: %ld bytes, %s\n", what, n, n == count
		&& memcmp(got, bytes + from, (size_t)n) == 0 ? "the same" : "others");
}

static void to_files(void)
{
	int in = made("in"), out = open("out", O_RDWR | O_CREAT | O_TRUNC, 0644);
	off_t at = 4090;

	say("to a file", sent(out, in, NULL, 5000));
	say("the position moves", lseek(in, 0, SEEK_CUR));
	say("the rest, more wanted", sent(out, in, NULL, 1000000));
	say("at the end", sent(out, in, NULL, 10));
	check("all", out, 0, BYTES);
	say("cut", ftruncate(out, 0));
	lseek(out, 0, SEEK_SET);
	say("from a position", sent(out, in, &at, 20));
	printf("which is now %ld, that of the file %ld\n", (long)at, (long)lseek(in, 0, SEEK_CUR));
	check("these", out, 4090, 20);
	at = 1000000;
	say("beyond the end", sent(out, in, &at, 20));
	say("nothing", sent(out, in, NULL, 0));
	at = -1;
	say("a negative position", sent(out, in, &at, 1));
	say("no memory", sent(out, in, (off_t *)8, 1));
	say("no source", sent(out, 99, NULL, 1));
	say("no target", sent(99, in, NULL, 1));
	say("the wrong way", sent(open("in", O_RDONLY), in, NULL, 1));
	say("not to read", sent(out, open("in", O_WRONLY), NULL, 1));
	at = 0;
	say("only to append", sent(open("out", O_WRONLY | O_APPEND), in, &at, 1));
	say("from a directory", sent(out, open(".", O_RDONLY), NULL, 1));
	close(in);
	close(out);
}

/* More than a pipe takes, to a child that reads it slowly. */
static void to_pipes(void)
{
	int in = memfd_create("a name", 0), ends[2], i, status = 0;
	off_t at = 0;
	pid_t pid;

	for (i = 0; i < 20; i++)
		if (write(in, bytes, BYTES) != BYTES)
			perror("memfd");
	if (pipe(ends) < 0)
		perror("pipe");
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		long n, all = 0;

		close(ends[1]);
		while ((n = read(ends[0], got, 1000)) > 0) {
			for (i = 0; i < n; i++)
				if (got[i] != bytes[all++ % BYTES])
					_exit(1);
		}
		_exit(all == 20 * BYTES ? 7 : 2);
	}
	close(ends[0]);
	while (at < 20 * BYTES && sent(ends[1], in, &at, (size_t)(20 * BYTES - at)) > 0)
		;
	say("through a pipe", (long)at);
	close(ends[1]);
	waitpid(pid, &status, 0);
	say("the reader has it all", status_of(status));
	if (pipe2(ends, O_NONBLOCK) < 0)
		perror("pipe");
	at = 0;
	say("what fits without waiting is something", sent(ends[1], in, &at, 20 * BYTES) > 4095);
	say("then nothing", sent(ends[1], in, &at, 20 * BYTES));
	say("from a pipe at a position", sent(in, ends[0], &at, 1));
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	say("nobody reads", sent(ends[1], in, &at, 1));
	close(ends[1]);
	close(in);
}

static void nameless(void)
{
	char long_name[300];
	struct stat info;
	int fd = memfd_create("some", MFD_CLOEXEC);
	char *memory;

	say("closed by exec", fcntl(fd, F_GETFD));
	say("long enough", ftruncate(fd, 8192));
	memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memory[4096] = 'x';
	say("written by memory, read", pread(fd, got, 1, 4096));
	fstat(fd, &info);
	printf("%c, %ld bytes, mode %o, %d names\n", got[0], (long)info.st_size,
		(unsigned)info.st_mode, (int)info.st_nlink);
	memset(long_name, 'x', sizeof(long_name));
	long_name[249] = '\0';
	say("the longest name", memfd_create(long_name, 0) > 0);
	long_name[249] = 'x';
	long_name[250] = '\0';
	say("one longer", memfd_create(long_name, 0));
	say("no name", memfd_create((const char *)8, 0));
	say("no such flag", memfd_create("x", 0x8000));
}

static void extended(const char *what, int fd, const char *path, int flags)
{
	struct moments m = { .mask = 1 };
	long error = syscall(SYS_statx, fd, path, flags, 0x7ffu, &m);

	if (error < 0)
		return say(what, error);
	printf("%s: %o, %u names, %lu bytes, %u:%u, modified %ld.%09u, known %x\n", what, m.mode,
		m.nlink, (unsigned long)m.size, m.rdev_major, m.rdev_minor, (long)m.modified.s,
		m.modified.ns, m.mask & 0x7ff);
}

static void statx_says(void)
{
	struct timespec times[2] = { { 5, 6 }, { 1000000000, 123456789 } };
	int fd = open("in", O_RDONLY), dir = open(".", O_RDONLY);
	struct moments m;
	struct stat info;

	utimensat(AT_FDCWD, "in", times, 0);
	if (symlink("in", "link") < 0 || link("in", "other") < 0)
		perror("link");
	utimensat(AT_FDCWD, "link", times, AT_SYMLINK_NOFOLLOW);
	extended("a file", AT_FDCWD, "in", 0);
	extended("by a directory", dir, "other", 0);
	extended("by a descriptor", fd, "", AT_EMPTY_PATH);
	extended("a link", AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW);
	extended("through it", AT_FDCWD, "link", 0);
	syscall(SYS_statx, AT_FDCWD, "/dev/null", 0, 0x7ffu, &m);
	printf("/dev/null: %o %u:%u\n", m.mode & 0170000u, m.rdev_major, m.rdev_minor);
	stat("in", &info);
	syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0x7ffu, &m);
	say("as stat says", m.ino == info.st_ino && m.blksize == (uint32_t)info.st_blksize
		&& m.uid == info.st_uid && m.changed.s == info.st_ctim.tv_sec);
	extended("nothing there", AT_FDCWD, "nothing", 0);
	extended("no descriptor", 99, "in", 0);
	extended("no path", AT_FDCWD, "", 0);
	extended("no memory there", AT_FDCWD, (const char *)8, 0);
	extended("no such flag", AT_FDCWD, "in", 1);
	extended("synchronised both ways", AT_FDCWD, "in", 0x6000);
	say("reserved", syscall(SYS_statx, AT_FDCWD, "in", 0, 0x80000000u, &m));
	say("nowhere to", syscall(SYS_statx, AT_FDCWD, "in", 0, 0x7ffu, (void *)8));
}

int main(void)
{
	same_begin();
	to_files();
	to_pipes();
	nameless();
	statx_says();
	return 0;
}
