/* SPDX-License-Identifier: ISC */
/*
 * What processes share: descriptors over fork, pipes, poll and select. What this prints is the same
 * here and on Linux (tests/tools/processes_match_linux.sh). Standard C library only.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "tests/same.h"

/* ---- Descriptors ---- */

static void check_offsets(void)
{
	int fd = open("share", O_RDWR | O_CREAT | O_TRUNC, 0644), copy;
	char text[16] = "";
	pid_t pid;

	write(fd, "0123456789", 10);
	lseek(fd, 2, SEEK_SET);
	pid = fork();
	if (pid == 0) {
		read(fd, text, 3);
		_exit(text[0]);
	}
	say("the child reads from the same place", ended(pid));
	say("and moves it", lseek(fd, 0, SEEK_CUR));
	copy = dup(fd);
	say("as a copy does", lseek(copy, 1, SEEK_CUR));
	say("for both", lseek(fd, 0, SEEK_CUR));
	fcntl(copy, F_SETFL, O_APPEND);
	say("flags are of both", (fcntl(fd, F_GETFL) & O_APPEND) != 0);
	fcntl(copy, F_SETFD, FD_CLOEXEC);
	say("close-on-exec is not", fcntl(fd, F_GETFD));
	unlink("share");
	say("removed, it can be read", pread(fd, text, 4, 0));
	say("closed", close(copy) + close(fd));
	say("once", close(fd));
}

static void check_numbers(void)
{
	int fd = open("/dev/null", O_RDWR);

	say("dup2 to itself", dup2(fd, fd));
	say("dup2 to another", dup2(fd, 77));
	say("F_DUPFD from", fcntl(fd, F_DUPFD, 77));
	say("dup3 to itself", dup3(fd, fd, 0));
	say("dup3", dup3(fd, 80, O_CLOEXEC));
	say("has the flag", fcntl(80, F_GETFD));
	say("F_DUPFD_CLOEXEC", fcntl(fd, F_DUPFD_CLOEXEC, 90));
	say("dup2 of nothing", dup2(200, 3));
	say("dup2 to too much", dup2(fd, 1 << 30));
	say("dup of nothing", dup(-1));
	say("fcntl of nothing", fcntl(201, F_GETFD));
	say("an unknown fcntl", fcntl(fd, 9999));
	close(fd);
	close(77);
	close(78);
	close(80);
	close(90);
}

static void check_append(void)
{
	int fd = open("log", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644), i, n;
	struct stat st;
	pid_t pid[4];

	for (i = 0; i < 4; i++) {
		pid[i] = fork();
		if (pid[i] != 0)
			continue;
		for (n = 0; n < 100; n++)
			write(fd, "0123456789\n", 11);
		_exit(0);
	}
	for (i = 0; i < 4; i++)
		ended(pid[i]);
	fstat(fd, &st);
	say("four append", (long)st.st_size);
	close(fd);
	unlink("log");
}

/* ---- Pipes ---- */

static void check_pipe(void)
{
	int ends[2], n = 0;
	char text[8] = "";
	struct stat st;

	say("pipe", pipe(ends));
	say("written", write(ends[1], "abcdef", 6));
	ioctl(ends[0], FIONREAD, &n);
	say("FIONREAD", n);
	say("read in parts", read(ends[0], text, 4));
	say("the rest", read(ends[0], text, 8));
	fstat(ends[0], &st);
	say("it is a pipe", S_ISFIFO(st.st_mode));
	say("it has no place", lseek(ends[0], 0, SEEK_SET));
	say("pread", pread(ends[0], text, 1, 0));
	say("read from the wrong end", read(ends[1], text, 1));
	say("write to the wrong end", write(ends[0], text, 1));
	say("nothing is read", read(ends[0], text, 0));
	say("to nowhere", read(ends[0], NULL, 0));
	write(ends[1], "x", 1);
	say("to a bad address", read(ends[0], (void *)16, 1));
	say("the byte is still there", read(ends[0], text, 1));
	say("from a bad address", write(ends[1], (void *)16, 1));
	close(ends[1]);
	say("the end", read(ends[0], text, 1));
	close(ends[0]);
	say("pipe2 with a bad flag", pipe2(ends, O_RDWR));
	say("pipe to a bad address", syscall(SYS_pipe2, (void *)16, 0));
}

static void check_full(void)
{
	static char block[4096];
	int ends[2], total = 0;
	long n;

	pipe2(ends, O_NONBLOCK | O_CLOEXEC);
	say("nothing there", read(ends[0], block, 1));
	while ((n = write(ends[1], block, sizeof(block))) > 0)
		total += (int)n;
	say("full", n);
	say("at", total);
	say("read a little", read(ends[0], block, 100));
	say("4096 do not fit", write(ends[1], block, 4096));
	say("flags", (fcntl(ends[0], F_GETFL) & O_NONBLOCK) != 0);
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	say("nobody reads", write(ends[1], block, 1));
	signal(SIGPIPE, SIG_DFL);
	close(ends[1]);
}

static void check_broken(void)
{
	int ends[2];
	pid_t pid;

	pipe(ends);
	close(ends[0]);
	pid = fork();
	if (pid == 0) {
		write(ends[1], "x", 1);
		_exit(1);
	}
	say("SIGPIPE", ended(pid));
	close(ends[1]);
}

/* A megabyte and a half in odd pieces through two pipes and a process between them. */
static void check_megabyte(void)
{
	static unsigned char buffer[30011];
	unsigned long sum = 0, want = 0, total = 0, i;
	int in[2], out[2];
	pid_t writer, middle;
	long n;

	pipe(in);
	pipe(out);
	writer = fork();
	if (writer == 0) {
		for (i = 0; i < 1572864; i += (unsigned long)n) {
			for (n = 0; n < 7919 && i + (unsigned long)n < 1572864; n++)
				buffer[n] = (unsigned char)((i + (unsigned long)n) * 31 >> 3);
			if (write(in[1], buffer, (size_t)n) != n)
				_exit(1);
		}
		_exit(0);
	}
	middle = fork();
	if (middle == 0) {
		close(in[1]);
		close(out[0]);
		while ((n = read(in[0], buffer, sizeof(buffer))) > 0)
			if (write(out[1], buffer, (size_t)n) != n)
				_exit(1);
		_exit(0);
	}
	close(in[0]);
	close(in[1]);
	close(out[1]);
	while ((n = read(out[0], buffer, 12345)) > 0)
		for (i = 0; i < (unsigned long)n; i++, total++)
			sum = sum * 17 + buffer[i];
	for (i = 0; i < 1572864; i++)
		want = want * 17 + (unsigned char)(i * 31 >> 3);
	say("bytes", (long)total);
	say("all right", sum == want);
	say("the writer", ended(writer));
	say("the one between", ended(middle));
	close(out[0]);
}

/* Pieces of 4096 are not mixed. */
static void check_atomic(void)
{
	static char block[4096];
	int ends[2], i, k, mixed = 0, blocks = 0;
	size_t have;
	long n;

	pipe(ends);
	for (i = 0; i < 4; i++) {
		if (fork() != 0)
			continue;
		memset(block, 'a' + i, sizeof(block));
		for (k = 0; k < 40; k++)
			write(ends[1], block, sizeof(block));
		_exit(0);
	}
	close(ends[1]);
	for (have = 0; (n = read(ends[0], block + have, sizeof(block) - have)) > 0;) {
		have += (size_t)n;
		if (have < sizeof(block))
			continue;
		for (k = 1; k < 4096; k++)
			mixed += block[k] != block[0];
		blocks++;
		have = 0;
	}
	say("blocks", blocks);
	say("mixed", mixed);
	while (wait(NULL) > 0)
		;
	close(ends[0]);
}

static void check_vectors(void)
{
	char a[4] = "", b[8] = "";
	struct iovec in[2] = { { (void *)"abc", 3 }, { (void *)"defgh", 5 } };
	struct iovec out[2] = { { a, 2 }, { b, 8 } };
	int ends[2];

	pipe(ends);
	say("writev", writev(ends[1], in, 2));
	say("readv", readv(ends[0], out, 2));
	printf("%s %s\n", a, b);
	close(ends[0]);
	close(ends[1]);
}

/* ---- Waiting for several ---- */

static void check_poll(void)
{
	int ends[2];
	struct pollfd p[3];
	fd_set set;
	struct timeval zero = { 0, 0 };
	pid_t pid;

	pipe(ends);
	p[0] = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	p[1] = (struct pollfd){ .fd = ends[1], .events = POLLOUT };
	p[2] = (struct pollfd){ .fd = -1, .events = POLLIN };
	say("poll", poll(p, 3, 0));
	printf("%x %x %x\n", p[0].revents, p[1].revents, p[2].revents);
	say("times out", poll(p, 1, 20));
	pid = fork();
	if (pid == 0) {
		nap(30);
		write(ends[1], "x", 1);
		_exit(0);
	}
	say("wakes", poll(p, 1, 10000));
	printf("%x\n", p[0].revents);
	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	say("select", select(ends[0] + 1, &set, NULL, NULL, &zero));
	ended(pid);
	read(ends[0], &pid, 1);
	close(ends[1]);
	say("hung up", poll(p, 1, 0));
	printf("%x\n", p[0].revents);
	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	say("select says so", select(ends[0] + 1, &set, NULL, NULL, &zero));
	close(ends[0]);
	say("closed", poll(p, 1, 0));
	printf("%x\n", p[0].revents);
	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	say("select of it", select(ends[0] + 1, &set, NULL, NULL, &zero));
	pipe(ends);
	close(ends[0]);
	p[0] = (struct pollfd){ .fd = ends[1], .events = POLLOUT };
	say("broken", poll(p, 1, 0));
	printf("%x\n", p[0].revents);
	close(ends[1]);
}

int main(void)
{
	same_begin();
	check_offsets();
	check_numbers();
	check_append();
	check_pipe();
	check_full();
	check_broken();
	check_megabyte();
	check_atomic();
	check_vectors();
	check_poll();
	return 0;
}
