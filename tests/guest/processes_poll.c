/* SPDX-License-Identifier: ISC */
/*
 * poll, ppoll, select and pselect on pipes, files, directories and devices: what is ready, what
 * wakes, timeouts, masks. What this prints is the same here and on Linux
 * (tests/tools/processes_match_linux.sh).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/select.h>
#include <sys/syscall.h>

#include "tests/same.h"

#define ALL (POLLIN | POLLOUT | POLLPRI | POLLRDNORM | POLLWRNORM | POLLRDBAND | POLLWRBAND)

static char block[65536];

static void show_one(const char *what, int fd)
{
	struct pollfd p = { .fd = fd, .events = ALL, .revents = 0x7fff };
	int result = poll(&p, 1, 0);
	fd_set in, out, except;
	struct timeval none = { 0, 0 };
	int ready;

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&except);
	FD_SET(fd, &in);
	FD_SET(fd, &out);
	FD_SET(fd, &except);
	ready = select(fd + 1, &in, &out, &except, &none);
	printf("%s: poll %d %x, select %d %d%d%d\n", what, result, p.revents, ready,
		FD_ISSET(fd, &in) != 0, FD_ISSET(fd, &out) != 0, FD_ISSET(fd, &except) != 0);
	fflush(stdout);
}

static void check_kinds(void)
{
	int file = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600), ends[2];

	show_one("an empty file", file);
	write(file, "x", 1);
	show_one("a file at its end", file);
	close(file);
	file = open("file", O_RDONLY);
	show_one("a file to read", file);
	close(file);
	file = open(".", O_RDONLY);
	show_one("a directory", file);
	close(file);
	file = open("/dev/null", O_RDWR);
	show_one("/dev/null", file);
	close(file);
	file = open("/dev/zero", O_RDONLY);
	show_one("/dev/zero", file);
	close(file);
	pipe2(ends, O_NONBLOCK);
	show_one("an empty pipe's reader", ends[0]);
	show_one("its writer", ends[1]);
	write(ends[1], "x", 1);
	show_one("with a byte, the reader", ends[0]);
	while (write(ends[1], block, 4096) > 0)
		;
	show_one("full, the reader", ends[0]);
	show_one("the writer", ends[1]);
	read(ends[0], block, 4096);
	show_one("with room, the writer", ends[1]);
	file = dup(ends[1]);
	close(ends[1]);
	show_one("one writer left, the reader", ends[0]);
	close(file);
	show_one("none left, the reader", ends[0]);
	while (read(ends[0], block, sizeof(block)) > 0)
		;
	show_one("empty and none left", ends[0]);
	close(ends[0]);
	pipe(ends);
	close(ends[0]);
	show_one("nobody reads, the writer", ends[1]);
	close(ends[1]);
	unlink("file");
}

static void check_entries(void)
{
	struct pollfd p[4];
	int ends[2];

	pipe(ends);
	write(ends[1], "x", 1);
	p[0] = (struct pollfd){ .fd = -1, .events = POLLIN, .revents = 99 };
	p[1] = (struct pollfd){ .fd = 200, .events = 0, .revents = 99 };
	p[2] = (struct pollfd){ .fd = ends[0], .events = 0, .revents = 99 };
	p[3] = (struct pollfd){ .fd = ends[0], .events = POLLIN, .revents = 99 };
	say("negative, closed, nothing wanted, ready", poll(p, 4, 1000));
	printf("%x %x %x %x\n", p[0].revents, p[1].revents, p[2].revents, p[3].revents);
	say("negative alone", poll(p, 1, 10));
	say("none", poll(NULL, 0, 10));
	p[1].fd = ends[0];
	p[1].events = POLLIN;
	say("the same twice", poll(p + 1, 3, 0));
	close(ends[0]);
	close(ends[1]);
}

/* ---- What wakes ---- */

static int ends_of[2];

static void *write_soon(void *argument)
{
	nap(20);
	write(ends_of[1], "x", 1);
	return argument;
}

static void check_wakes(void)
{
	struct pollfd p = { .events = POLLIN };
	struct timespec ten = { 10, 0 };
	struct timeval limit = { 10, 0 };
	pthread_t thread;
	fd_set set;
	char byte;
	pid_t pid;
	int status;

	pipe(ends_of);
	p.fd = ends_of[0];
	pthread_create(&thread, NULL, write_soon, NULL);
	say("a thread writes", poll(&p, 1, 10000));
	pthread_join(thread, NULL);
	read(ends_of[0], &byte, 1);
	pid = fork();
	if (pid == 0) {
		write_soon(NULL);
		_exit(0);
	}
	say("a child writes", ppoll(&p, 1, &ten, NULL));
	read(ends_of[0], &byte, 1);
	waitpid(pid, &status, 0);
	FD_ZERO(&set);
	FD_SET(ends_of[0], &set);
	pid = fork();
	if (pid == 0) {
		write_soon(NULL);
		_exit(0);
	}
	say("select", select(ends_of[0] + 1, &set, NULL, NULL, &limit));
	say("says how long is left", limit.tv_sec < 10 && limit.tv_sec > 5);
	read(ends_of[0], &byte, 1);
	waitpid(pid, &status, 0);
	pid = fork();
	if (pid == 0) {
		close(ends_of[0]);
		nap(20);
		_exit(0);
	}
	close(ends_of[1]);
	say("the last writer ends", poll(&p, 1, 10000));
	printf("%x\n", p.revents);
	waitpid(pid, &status, 0);
	close(ends_of[0]);
}

/* A writer that waits for room, and one whose reader goes away. */
static void check_room(void)
{
	struct pollfd p = { .events = POLLOUT };
	int ends[2], status;
	pid_t pid;

	pipe2(ends, O_NONBLOCK);
	while (write(ends[1], block, 4096) > 0)
		;
	p.fd = ends[1];
	pid = fork();
	if (pid == 0) {
		nap(20);
		read(ends[0], block, 8192);
		_exit(0);
	}
	say("room", poll(&p, 1, 10000));
	printf("%x\n", p.revents);
	waitpid(pid, &status, 0);
	while (write(ends[1], block, 4096) > 0)
		;
	pid = fork();
	if (pid == 0) {
		close(ends[1]);
		nap(20);
		_exit(0);
	}
	close(ends[0]);
	say("the reader goes", poll(&p, 1, 10000));
	printf("%x\n", p.revents);
	waitpid(pid, &status, 0);
	close(ends[1]);
}

/* ---- Signals ---- */

static volatile int hits;

static void hit(int number)
{
	(void)number;
	hits++;
}

static long ms_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

static void check_masks(void)
{
	struct timespec ten = { 10, 0 }, little = { 0, 30000000 }, start;
	struct timeval limit = { 10, 0 };
	sigset_t usr1, none;

	sigemptyset(&none);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	signal(SIGUSR1, hit);
	raise(SIGUSR1);
	say("pending, ppoll that takes it", ppoll(NULL, 0, &ten, &none));
	say("hits", hits);
	raise(SIGUSR1);
	say("pselect that takes it", pselect(0, NULL, NULL, NULL, &ten, &none));
	say("hits", hits);
	raise(SIGUSR1);
	say("one that does not", ppoll(NULL, 0, &little, &usr1));
	say("hits", hits);
	say("one with another mask", pselect(0, NULL, NULL, NULL, &little, NULL));
	sigprocmask(SIG_SETMASK, &none, NULL);
	say("hits", hits);
	sigprocmask(SIG_BLOCK, NULL, &usr1);
	say("the mask is as it was", sigismember(&usr1, SIGUSR1));
	signal(SIGALRM, hit);
	alarm(1);
	say("poll by a signal", poll(NULL, 0, 10000));
	alarm(1);
	say("select by a signal", select(0, NULL, NULL, NULL, &limit));
	clock_gettime(CLOCK_MONOTONIC, &start);
	say("a timeout", poll(NULL, 0, 50));
	say("lasts", ms_since(&start) >= 50);
	signal(SIGALRM, SIG_IGN);
	clock_gettime(CLOCK_MONOTONIC, &start);
	alarm(1);
	say("an ignored signal", poll(NULL, 0, 1200));
	say("does not shorten it", ms_since(&start) >= 1200);
}

/* select's sets hold more than one word, and only what was asked for comes back. */
static void check_sets(void)
{
	struct timeval none = { 0, 0 };
	unsigned long in[4] = { ~0ul, 0, 0, 0 }, out[4] = { 0 };
	int ends[2], i;

	pipe(ends);
	write(ends[1], "x", 1);
	dup2(ends[0], 100);
	dup2(ends[1], 130);
	in[0] = 1ul << ends[0];
	in[1] = 1ul << (100 - 64);
	in[2] = out[2] = 1ul << (130 - 128);
	in[3] = ~0ul;
	i = (int)syscall(SYS_select, 131, in, out, NULL, &none);
	printf("%d: %d %lx %lx, %lx\n", i, in[0] == 1ul << ends[0], in[1], in[2], out[2]);
	printf("beyond: %d\n", in[3] == ~0ul);
	in[1] |= 1ul << 40;
	say("one that is closed", syscall(SYS_select, 131, in, out, NULL, &none));
	say("is not looked at", syscall(SYS_select, 90, in, NULL, NULL, &none));
	close(100);
	close(130);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	same_begin();
	check_kinds();
	check_entries();
	check_wakes();
	check_room();
	check_masks();
	check_sets();
	return 0;
}
