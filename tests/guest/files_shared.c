/* SPDX-License-Identifier: ISC */
/*
 * Files between processes: shared mappings (coherent with read and write, over fork, of a file that
 * shrinks and grows), record locks of processes and of open descriptions, flock, pipes with names.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <sys/file.h>
#include <sys/mman.h>

#include "tests/same.h"

enum { PAGE = 4096 };

static sigjmp_buf beyond;

static void on_bus(int number)
{
	siglongjmp(beyond, number);
}

static int make(const char *name, size_t bytes)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || ftruncate(fd, (off_t)bytes) < 0)
		perror(name);
	return fd;
}

/* Run in a child; its exit status. */
static int child(int (*run)(int fd, char *map), int fd, char *map)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(run(fd, map));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static int write_both(int fd, char *map)
{
	map[1] = 'c';
	map[PAGE] = 'd';
	return pwrite(fd, "e", 1, 2 * PAGE) == 1 && map[0] == 'a' ? 0 : 1;
}

static int touch(int fd, char *map)
{
	(void)fd;
	if (sigsetjmp(beyond, 1) != 0)
		return 7;
	signal(SIGBUS, on_bus);
	return *(volatile char *)(map + 2 * PAGE) & 1;
}

static void test_maps(void)
{
	int fd = make("map", 3 * PAGE), reader = open("map", O_RDONLY);
	char *map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *seen, *own;
	char bytes[8] = "";

	say("mapped", map != MAP_FAILED);
	seen = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reader, PAGE);
	own = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	map[0] = 'a';
	say("a write to memory is read", pread(fd, bytes, 3, 0));
	say("as it was", bytes[0] == 'a');
	say("a write to the file", pwrite(fd, "xyz", 3, PAGE));
	say("is seen", map[PAGE + 2] == 'z' && seen[1] == 'y');
	own[0] = 'p';
	say("a private page is one's own", map[0] == 'a' && own[0] == 'p');
	say("a child writes", child(write_both, fd, map));
	say("by memory", map[1] == 'c' && seen[0] == 'd' && own[1] != 'c');
	say("and by file", map[2 * PAGE] == 'e');
	say("beyond the end", child(touch, fd, map + PAGE));
	say("cut", ftruncate(fd, PAGE));
	say("beyond the new end", child(touch, fd, map));
	say("longer again", ftruncate(fd, 4 * PAGE));
	say("it is zero", child(touch, fd, map) + map[PAGE] + map[2 * PAGE] + map[3 * PAGE]);
	map[3 * PAGE] = 'q';
	say("and the file's", pread(reader, bytes, 1, 3 * PAGE) == 1 && bytes[0] == 'q');
	say("a mapping for reading", mprotect(seen, PAGE, PROT_READ | PROT_WRITE));
	say("for writing, of a file that is not",
		mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, reader, 0) == MAP_FAILED);
	say("msync", msync(map, PAGE, MS_SYNC));
	say("msync, badly", msync(map, PAGE, MS_SYNC | MS_ASYNC));
	say("msync of nothing", msync(own + 64 * PAGE, PAGE, MS_SYNC) < 0);
	close(fd);
	unlink("map");
	map[5] = 's';
	say("without a name it is still there", pread(reader, bytes, 1, 5) == 1 && bytes[0] == 's');
	close(reader);
	say("unmapped", munmap(map, 4 * PAGE) + munmap(seen, PAGE) + munmap(own, PAGE));
}

static int lock(int fd, int command, int type, off_t start, off_t bytes)
{
	struct flock l = { .l_type = (short)type, .l_start = start, .l_len = bytes };

	return fcntl(fd, command, &l);
}

/* What is in the way, in one number: type, start and length; 0: nothing. */
static long in_the_way(int fd, int type, off_t start, off_t bytes)
{
	struct flock l = { .l_type = (short)type, .l_start = start, .l_len = bytes };

	if (fcntl(fd, F_GETLK, &l) < 0)
		return -errno;
	return l.l_type == F_UNLCK ? 0
		: (l.l_type == F_WRLCK ? 1000000 : 2000000) + l.l_start * 1000 + l.l_len;
}

static int ask(int fd, char *map)
{
	(void)map;
	say("child: whole file", in_the_way(fd, F_RDLCK, 0, 0));
	say("child: first ten", in_the_way(fd, F_WRLCK, 0, 10));
	say("child: the hole", in_the_way(fd, F_WRLCK, 30, 10));
	say("child: after it", in_the_way(fd, F_WRLCK, 40, 5));
	say("child: shared", lock(fd, F_SETLK, F_RDLCK, 100, 50));
	say("child: not shared", lock(fd, F_SETLK, F_WRLCK, 100, 50));
	say("child: what is free", lock(fd, F_SETLK, F_WRLCK, 30, 10));
	fflush(stdout);
	return 3;
}

static int wait_for_lock(int fd, char *map)
{
	int result = lock(fd, F_SETLKW, F_WRLCK, 0, 10);

	return result == 0 && map[0] == 'u' ? 4 : 5;
}

static void test_records(void)
{
	int fd = make("records", 200), other = open("records", O_RDWR), status;
	char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct flock back = { .l_type = F_RDLCK, .l_whence = SEEK_END, .l_start = -50,
		.l_len = -50 };
	struct flock bad = { .l_type = 9 };
	pid_t pid;

	say("a lock", lock(fd, F_SETLK, F_WRLCK, 10, 50));
	say("a hole in it", lock(fd, F_SETLK, F_UNLCK, 30, 10));
	say("joined", lock(fd, F_SETLK, F_WRLCK, 60, 10));
	say("shared, backwards from the end", fcntl(fd, F_SETLK, &back));
	say("one's own is not in the way", in_the_way(fd, F_WRLCK, 0, 0));
	say("a child asks", child(ask, fd, map));
	say("what it had is free", in_the_way(fd, F_WRLCK, 30, 10));
	say("bad type", fcntl(fd, F_SETLK, &bad));
	say("before the start", lock(fd, F_SETLK, F_RDLCK, 5, -10));
	say("for reading only", lock(open("records", O_RDONLY), F_SETLK, F_WRLCK, 0, 1));
	say("for writing only", lock(open("records", O_WRONLY), F_SETLK, F_RDLCK, 0, 1));
	lock(fd, F_SETLK, F_WRLCK, 0, 10);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(wait_for_lock(fd, map));
	usleep(1000);
	map[0] = 'u';
	lock(fd, F_SETLK, F_UNLCK, 0, 10);
	waitpid(pid, &status, 0);
	say("a child waited", WEXITSTATUS(status));
	lock(fd, F_SETLK, F_WRLCK, 0, 0);
	close(other);
	say("closing any descriptor drops them", child(ask, fd, map));
	close(fd);
}

static int try_flock(int fd, char *map)
{
	(void)map;
	return flock(open("whole", O_RDWR), LOCK_EX | LOCK_NB) == 0 ? 0
		: flock(fd, LOCK_EX | LOCK_NB) == 0 ? 1 : 2;
}

static void test_whole(void)
{
	int fd = make("whole", 10), other = open("whole", O_RDWR);

	say("flock", flock(fd, LOCK_EX));
	say("of another description", flock(other, LOCK_SH | LOCK_NB));
	say("a child has its parent's", child(try_flock, fd, NULL));
	say("shared", flock(fd, LOCK_SH) + flock(other, LOCK_SH));
	say("not alone", flock(fd, LOCK_EX | LOCK_NB));
	say("unlocked", flock(other, LOCK_UN));
	say("alone", flock(fd, LOCK_EX | LOCK_NB));
	say("by a description", lock(other, F_OFD_SETLK, F_WRLCK, 0, 5));
	say("whose process is none", in_the_way(fd, F_WRLCK, 0, 0));
	say("in the way of the process", lock(fd, F_SETLK, F_RDLCK, 4, 4));
	close(other);
	say("until it is closed", lock(fd, F_SETLK, F_RDLCK, 4, 4));
	close(fd);
}

static int say_hello(int fd, char *map)
{
	int out = open("pipe", O_WRONLY);

	(void)map;
	return fd + (write(out, "hello", 5) == 5 ? 0 : 1);
}

static void test_pipe(void)
{
	char bytes[8] = "";
	struct stat info;
	int fd, status;
	pid_t pid;

	say("made", mkfifo("pipe", 0640));
	say("again", mkfifo("pipe", 0640));
	stat("pipe", &info);
	say("is one", S_ISFIFO(info.st_mode));
	say("with a mode", info.st_mode & 0777);
	say("nobody reads", open("pipe", O_WRONLY | O_NONBLOCK));
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(say_hello(0, NULL));
	fd = open("pipe", O_RDONLY);
	say("read", read(fd, bytes, sizeof(bytes)));
	say("hello", strcmp(bytes, "hello"));
	say("the end", read(fd, bytes, sizeof(bytes)));
	waitpid(pid, &status, 0);
	say("written", WEXITSTATUS(status));
	close(fd);
	fd = open("pipe", O_RDWR);
	say("both ends", write(fd, "x", 1) + read(fd, bytes, 1));
	say("a position", lseek(fd, 0, SEEK_SET));
	say("removed", unlink("pipe"));
	say("a device", mknod("device", S_IFIFO | S_IFREG, 0));
}

int main(void)
{
	same_begin();
	test_maps();
	test_records();
	test_whole();
	test_pipe();
	return 0;
}
