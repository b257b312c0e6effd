/* SPDX-License-Identifier: ISC */
/*
 * A process's whole life, for tests in which something is refused to it: memory, a pipe, a signal,
 * a child that copies, a thread, a program executed. The test says what who is refused something
 * does. Shared by all its processes: struct life_report.
 */
#ifndef TESTS_LIFE_REFUSED_H
#define TESTS_LIFE_REFUSED_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/sysinfo.h>

#include "tests/process.h"

enum { PAGES = 24, SECONDS_MOST = 20 };

/* How a life ends. */
enum end { WHOLE, TOLD, WRONG_ERRNO, WRONG_DATA, KILLED, HUNG, OTHER, ENDS };

static const char *const end_name[ENDS] = {
	"whole", "told", "wrong errno", "wrong data", "killed", "hung", "other",
};

/* Who waits for whom, and where a life has come to. */
struct life_report {
	volatile uint32_t is_ready, gate, is_over;
	const char *volatile step[2]; /* of who lives, and of its child */
	volatile int error;
	_Atomic uint32_t told;        /* refusals, if the test counts them */
};

static struct life_report *report;
static volatile int handled;
static bool is_child;
static unsigned alone; /* processes that there are without a life */

/* A call was refused with that errno. True: try again; or it does not return. */
static bool life_refused(int error);

/* ---- The life ---- */

static void step(const char *name)
{
	report->step[is_child] = name;
}

static void handle(int signal)
{
	handled = signal;
}

static void *run_thread(void *page)
{
	return (void *)(uintptr_t)(*(char *)page + 1);
}

/* A thread with its stack, its own and libc's data. */
static void live_thread(char *memory)
{
	pthread_t thread;
	void *value;
	int error;

	step("thread");
	do {
		error = pthread_create(&thread, NULL, run_thread, memory);
	} while (error && life_refused(error));
	pthread_join(thread, &value);
	if (value != (void *)(uintptr_t)(memory[0] + 1))
		_exit(WRONG_DATA);
}

/* Its child's way: copies, a signal, a thread, then another program, which writes to the pipe. */
static _Noreturn void live_child(volatile char *memory, int to)
{
	char *argv[] = { (char *)"small", NULL, NULL }, number[2] = { (char)('0' + to), 0 };
	unsigned i;

	is_child = true;
	step("copy");
	for (i = 0; i < PAGES; i += 3)
		memory[i * 4096] = 2;
	step("signal");
	while ((signal(SIGUSR1, handle) == SIG_ERR || raise(SIGUSR1)) && life_refused(errno))
		;
	if (handled != SIGUSR1 || memory[4096] != 1)
		_exit(WRONG_DATA);
	live_thread((char *)memory);
	step("exec");
	argv[1] = number;
	do {
		execv("/proc/self/exe", argv);
	} while (life_refused(errno));
	_exit(OTHER);
}

/* The end of a child: what it was refused is refused to us. */
static void live_wait(pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, 0) != pid)
		_exit(OTHER);
	if (WIFSIGNALED(status))
		_exit(WTERMSIG(status) == SIGKILL ? KILLED : OTHER);
	if (WEXITSTATUS(status))
		_exit(WEXITSTATUS(status));
}

static void live_spawn(int to)
{
	char *argv[] = { (char *)"small", NULL, NULL }, number[2] = { (char)('0' + to), 0 };
	pid_t pid;
	int error;

	argv[1] = number;
	step("spawn");
	do {
		error = posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, NULL);
	} while (error && life_refused(error));
	live_wait(pid);
}

/* Till somebody has taken away what there is. */
static void wait_at_gate(void)
{
	report->is_ready = 1;
	while (!report->gate)
		libos_sleep(libos_clock() + process_ms(1));
}

static _Noreturn void live(void)
{
	volatile char *memory;
	char text[4] = "";
	int ends[2];
	unsigned i;
	pid_t pid;

	wait_at_gate();
	step("map");
	do {
		memory = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	} while (memory == MAP_FAILED && life_refused(errno));
	for (i = 0; i < PAGES; i++)
		memory[i * 4096] = 1;
	step("pipe");
	while (pipe(ends) && life_refused(errno))
		;
	step("fork");
	do {
		pid = fork();
	} while (pid < 0 && life_refused(errno));
	if (pid == 0)
		live_child(memory, ends[1]);
	for (i = 0; i < PAGES; i += 2)
		memory[i * 4096] = 3;
	live_spawn(ends[1]);
	close(ends[1]);
	if (read(ends[0], text, 1) != 1 || read(ends[0], text + 1, 1) != 1 || text[1] != 's')
		_exit(KILLED);
	live_wait(pid);
	for (i = 0; i < PAGES; i++)
		if (memory[i * 4096] != (i % 2 ? 1 : 3))
			_exit(WRONG_DATA);
	_exit(WHOLE);
}

/* The program that it executes. */
static int small(const char *to)
{
	return write(*to - '0', "s", 1) == 1 ? 0 : KILLED;
}

/* ---- Who looks on ---- */

/* Before the first life. */
static void life_prepare(void)
{
	struct sysinfo info = { 0 };

	report = process_map(sizeof(*report), true);
	sysinfo(&info);
	alone = info.procs;
}

static void wait_until_alone(void)
{
	struct sysinfo info;

	while (sysinfo(&info) == 0 && info.procs > alone)
		libos_sleep(libos_clock() + process_ms(1));
}

/* A life begins, and waits at the gate. */
static pid_t life_begin(void (*life)(void))
{
	pid_t pid;

	report->is_ready = report->gate = report->is_over = 0;
	report->error = 0;
	report->told = 0;
	report->step[0] = report->step[1] = "begin";
	pid = fork();
	if (pid == 0)
		life();
	while (!report->is_ready)
		libos_sleep(libos_clock() + process_ms(1));
	libos_sleep(libos_clock() + process_ms(3)); /* what all write at once is copied */
	return pid;
}

/* The gate opens: how it ends. Others go on till is_over. */
static enum end life_end(pid_t pid)
{
	uint64_t end = libos_clock() + SECONDS_MOST * libos_clock_hz();
	int status = 0;

	report->gate = 1;
	while (waitpid(pid, &status, WNOHANG) != pid && libos_clock() < end)
		libos_sleep(libos_clock() + process_ms(1));
	if (libos_clock() >= end)
		return HUNG;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGKILL ? KILLED : OTHER;
	return WEXITSTATUS(status) < ENDS ? WEXITSTATUS(status) : OTHER;
}

#endif
