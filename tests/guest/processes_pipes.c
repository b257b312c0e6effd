/* SPDX-License-Identifier: ISC */
/*
 * Pipes between processes: parts, flags, ends that go away while others wait, and the locks and
 * flags of descriptors. What this prints is the same here and on Linux
 * (tests/tools/processes_match_linux.sh).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "tests/same.h"

static char block[200000];
static volatile int hits;

static void hit(int number)
{
	(void)number;
	hits++;
}

static void show_flags(const char *what, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	printf("%s: mode %d nonblocking %d append %d, close-on-exec %d\n", what,
		flags & O_ACCMODE, (flags & O_NONBLOCK) != 0, (flags & O_APPEND) != 0,
		fcntl(fd, F_GETFD));
	fflush(stdout);
}

static void check_flags(void)
{
	int ends[2], fd;

	pipe2(ends, O_CLOEXEC);
	show_flags("pipe2, close-on-exec", ends[0]);
	show_flags("the writer", ends[1]);
	say("make it nonblocking", fcntl(ends[0], F_SETFL, O_NONBLOCK));
	show_flags("the reader", ends[0]);
	show_flags("not the writer", ends[1]);
	say("the rest is left", fcntl(ends[0], F_SETFL, O_WRONLY | O_APPEND | O_CREAT));
	show_flags("the reader", ends[0]);
	fd = dup3(ends[0], 60, O_CLOEXEC);
	show_flags("dup3", fd);
	say("F_DUPFD_CLOEXEC", fcntl(ends[0], F_DUPFD_CLOEXEC, 61));
	show_flags("dup", 61);
	say("F_SETFD", fcntl(61, F_SETFD, 0xfe));
	show_flags("has one flag only", 61);
	say("FIONBIO", ioctl(61, FIONBIO, &(int){ 1 }));
	show_flags("is that of all", fd);
	close(60);
	close(61);
	close(ends[0]);
	close(ends[1]);
	fd = open("file", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NONBLOCK, 0600);
	show_flags("a file", fd);
	say("not append", fcntl(fd, F_SETFL, 0));
	show_flags("a file", fd);
	close(fd);
	unlink("file");
}

static void check_parts(void)
{
	int ends[2];

	pipe2(ends, O_NONBLOCK);
	say("more than fits", write(ends[1], block, sizeof(block)));
	say("more", write(ends[1], block, 1));
	say("a page is read", read(ends[0], block, 4096));
	say("a page fits", write(ends[1], block, 4096));
	say("two pages are read", read(ends[0], block, 8192));
	say("a part of three is written", write(ends[1], block, 12288));
	say("all of it is read", read(ends[0], block, sizeof(block)));
	say("nothing left", read(ends[0], block, 1));
	say("write", write(ends[1], "abc", 3));
	say("write again", write(ends[1], "defgh", 5));
	say("read is not by writes", read(ends[0], block, 7));
	say("rest", read(ends[0], block, 7));
	close(ends[1]);
	say("the end", read(ends[0], block, 7));
	say("again", read(ends[0], block, 7));
	close(ends[0]);
}

/* A megabyte, written and read in pieces that never fit, one side or both not blocking. */
static void check_megabyte(int reader_flags, int writer_flags)
{
	static unsigned char piece[70001];
	unsigned long want = 0, sum = 0, done = 0, left;
	int ends[2], i;
	long n;
	pid_t pid;

	pipe(ends);
	fcntl(ends[0], F_SETFL, reader_flags);
	fcntl(ends[1], F_SETFL, writer_flags);
	for (i = 0; i < (int)sizeof(piece); i++)
		piece[i] = (unsigned char)(i * 7 + (i >> 8));
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		for (i = 0; i < 15; i++) {
			for (left = sizeof(piece); left > 0; left -= n > 0 ? (unsigned long)n : 0) {
				n = write(ends[1], piece + sizeof(piece) - left, left);
				if (n < 0 && errno == EAGAIN)
					nap(1);
				else if (n <= 0)
					_exit(1);
			}
		}
		_exit(0);
	}
	close(ends[1]);
	for (i = 0; i < 15; i++)
		for (left = 0; left < sizeof(piece); left++)
			want = want * 31 + piece[left];
	while ((n = read(ends[0], block, 3000 + done % 9000)) != 0) {
		if (n < 0 && errno == EAGAIN)
			nap(1);
		else if (n < 0)
			break;
		for (i = 0; i < n; i++, done++)
			sum = sum * 31 + (unsigned char)block[i];
	}
	say("bytes", (long)done);
	say("the same", sum == want);
	say("the writer", ended(pid));
	close(ends[0]);
}

/* ---- Ends that go away while somebody waits ---- */

/* Is the process asleep? Only then does its peer go away. Not all systems can say; a little time
 * makes it likely, and the result is the same without. */
static void settle(void)
{
	nap(20);
}

static void check_killed_writer(void)
{
	int ends[2];
	char byte;
	pid_t pid;

	pipe(ends);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		pause();
		_exit(1);
	}
	close(ends[1]);
	if (fork() == 0) {
		settle();
		kill(pid, SIGKILL);
		_exit(0);
	}
	say("the writer is killed, the reader", read(ends[0], &byte, 1));
	say("killed", ended(pid));
	ended(-1);
	while (wait(NULL) > 0)
		;
	close(ends[0]);
}

static void check_killed_reader(void)
{
	int ends[2], status, n = 0;
	pid_t reader, writer;

	pipe(ends);
	reader = fork();
	if (reader == 0) {
		close(ends[1]);
		pause();
		_exit(1);
	}
	writer = fork();
	if (writer == 0) {
		close(ends[0]);
		signal(SIGPIPE, hit);
		while (write(ends[1], block, 24576) > 0)
			;
		_exit(errno == EPIPE && hits == 1 ? 5 : 6);
	}
	close(ends[1]);
	while (n < 65536) { /* all of it, the last write in part */
		ioctl(ends[0], FIONREAD, &n);
		nap(1);
	}
	close(ends[0]);
	kill(reader, SIGKILL);
	say("the reader is killed, the writer", ended(writer));
	waitpid(reader, &status, 0);
}

/* A write of which a part was taken when the last reader goes: so much was written. */
static void check_partly(void)
{
	int ends[2], n = 0;
	ssize_t written;
	pid_t pid;

	pipe(ends);
	pid = fork();
	if (pid == 0) {
		while (n < 65536) {
			ioctl(ends[0], FIONREAD, &n);
			nap(1);
		}
		_exit(0);
	}
	close(ends[0]);
	signal(SIGPIPE, hit);
	hits = 0;
	/* Linux may hold a page more than it says. */
	written = write(ends[1], block, sizeof(block));
	say("a part was written", written >= 65536 && written < (ssize_t)sizeof(block));
	say("with a signal", hits);
	say("then nothing", write(ends[1], block, 1));
	say("and another", hits);
	signal(SIGPIPE, SIG_DFL);
	ended(pid);
	close(ends[1]);
}

/* All that is inherited must be closed before a reader sees the end. */
static void check_inherited(void)
{
	struct gate gate;
	int ends[2], i;
	pid_t pid[5];
	char byte;

	gate_make(&gate);
	pipe(ends);
	for (i = 0; i < 5; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			close(ends[0]);
			gate_wait(&gate);
			_exit(0);
		}
	}
	close(ends[1]);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	for (i = 0; i < 5; i++) {
		say("not the end", read(ends[0], &byte, 1));
		gate_open(&gate);
		wait(NULL);
	}
	say("the end", read(ends[0], &byte, 1));
	close(ends[0]);
	gate_end(&gate);
}

/* A reader that a signal ends; one that it does not. */
static void check_interrupted(int flags)
{
	struct sigaction act = { .sa_handler = hit, .sa_flags = flags };
	struct gate gate;
	int ends[2];
	char byte = 0;
	pid_t pid;

	pipe(ends);
	gate_make(&gate);
	sigaction(SIGUSR1, &act, NULL);
	hits = 0;
	fcntl(gate.ends[0], F_SETFL, O_NONBLOCK);
	pid = fork();
	if (pid == 0) {
		/* Again and again, if it is to end the read: it may not have begun. */
		do {
			settle();
			kill(getppid(), SIGUSR1);
		} while (flags == 0 && read(gate.ends[0], &byte, 1) < 0);
		write(ends[1], "x", 1);
		_exit(0);
	}
	say(flags != 0 ? "restarted" : "interrupted", read(ends[0], &byte, 1));
	say("hits", hits > 0);
	gate_open(&gate);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(ends[0]);
	close(ends[1]);
	gate_end(&gate);
	signal(SIGUSR1, SIG_DFL);
}

static void check_vectors(void)
{
	struct iovec many[4] = { { block, 0 }, { block, 3 }, { NULL, 0 }, { block + 10, 3 } };
	int ends[2];

	pipe(ends);
	memcpy(block, "abc", 3);
	memcpy(block + 10, "def", 3);
	say("writev", writev(ends[1], many, 4));
	memset(block, '.', 20);
	many[1].iov_len = 2;
	many[3].iov_len = 20;
	say("readv", readv(ends[0], many, 4));
	printf("%.2s %.4s\n", block, block + 10);
	say("writev of none", writev(ends[1], many, 0));
	close(ends[0]);
	say("to nobody", writev(ends[1], many, 0));
	close(ends[1]);
}

int main(void)
{
	same_begin();
	check_flags();
	check_parts();
	check_megabyte(0, 0);
	check_megabyte(O_NONBLOCK, 0);
	check_megabyte(0, O_NONBLOCK);
	check_megabyte(O_NONBLOCK, O_NONBLOCK);
	check_killed_writer();
	check_killed_reader();
	check_partly();
	check_inherited();
	check_interrupted(0);
	check_interrupted(SA_RESTART);
	check_vectors();
	return 0;
}
