/* SPDX-License-Identifier: ISC */
/*
 * A process's whole life (memory, a pipe, a signal, a child that copies, a thread, a program
 * executed) with 0, 1, 2, ... frames left, until it meets no refusal; then with so many envs, vcpus
 * and slices. The kernel itself refuses: all else of the limit lies with an env that does nothing.
 * Each life ends, by an errno that Linux would give or killed for want of memory; its parent goes
 * on, and everything is back.
 * run-guest: --icount
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/sysinfo.h>

#include <machine/call.h>

#include "tests/process.h"

enum { PAGES = 24, FRAMES_MOST = 2000, SECONDS_MOST = 20, CROWD = 24 };

/* How a life ends. */
enum end { WHOLE, TOLD, WRONG_ERRNO, WRONG_DATA, KILLED, HUNG, OTHER, ENDS };

static const char *const end_name[ENDS] = {
	"whole", "told", "wrong errno", "wrong data", "killed", "hung", "other",
};

/* Shared by all: who waits for whom, and where a life has come to. */
struct report {
	volatile uint32_t is_ready, gate, is_over;
	const char *volatile step[2]; /* of who lives, and of its child */
	volatile int error;
};

struct lot {
	const char *name;
	enum exo_resource resource;
	uint64_t env;     /* has what is kept from the family */
	unsigned ends[ENDS];
};

static struct report *report;
static volatile int handled;
static bool is_child;
static unsigned alone; /* processes that there are without a life */
static unsigned crowd; /* live_behind: processes before */

/* ---- The life ---- */

/* What a call said that was refused: the end of this process. */
static _Noreturn void refused(int error)
{
	report->error = error;
	_exit(error == ENOMEM || error == EAGAIN || error == ENFILE ? TOLD : WRONG_ERRNO);
}

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
	error = pthread_create(&thread, NULL, run_thread, memory);
	if (error)
		refused(error);
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
	if (signal(SIGUSR1, handle) == SIG_ERR || raise(SIGUSR1))
		refused(errno);
	if (handled != SIGUSR1 || memory[4096] != 1)
		_exit(WRONG_DATA);
	live_thread((char *)memory);
	step("exec");
	argv[1] = number;
	execv("/proc/self/exe", argv);
	refused(errno);
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
	error = posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, NULL);
	if (error)
		refused(error);
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
	memory = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS
		| MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED)
		refused(errno);
	for (i = 0; i < PAGES; i++)
		memory[i * 4096] = 1;
	step("pipe");
	if (pipe(ends))
		refused(errno);
	step("fork");
	pid = fork();
	if (pid < 0)
		refused(errno);
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

/* Only a fork, whose child would be the first ever at its place in the family's table. */
static _Noreturn void live_behind(void)
{
	unsigned i;

	for (i = 0; i < crowd; i++) {
		if (fork())
			continue;
		while (!report->is_over)
			libos_sleep(libos_clock() + process_ms(1));
		_exit(0);
	}
	wait_at_gate();
	step("fork");
	if (fork() < 0)
		refused(errno);
	_exit(WHOLE);
}

/* The program that it executes. */
static int small(const char *to)
{
	return write(*to - '0', "s", 1) == 1 ? 0 : KILLED;
}

/* ---- Who looks on ---- */

static uint64_t account(unsigned operation, uint64_t env, enum exo_resource resource,
			uint64_t amount)
{
	struct exo_result r = exo_call(EXO_CALL_ACCOUNT, operation, env, resource, amount, 0);

	return r.value < 0 ? (uint64_t)r.value : r.second;
}

/* Leave the family that much of it. */
static void keep(struct lot *lot, uint64_t left)
{
	uint64_t unused = account(EXO_ACCOUNT_LIMIT, 0, lot->resource, 0)
		- account(EXO_ACCOUNT_USED, 0, lot->resource, 0);

	if (unused > left)
		account(EXO_ACCOUNT_GRANT, lot->env, lot->resource, unused - left);
}

static void give_back(struct lot *lot)
{
	uint64_t kept = account(EXO_ACCOUNT_LIMIT, lot->env, lot->resource, 0)
		- account(EXO_ACCOUNT_USED, lot->env, lot->resource, 0);

	account(EXO_ACCOUNT_RETURN, lot->env, lot->resource, kept);
}

static void wait_until_alone(void)
{
	struct sysinfo info;

	while (sysinfo(&info) == 0 && info.procs > alone)
		libos_sleep(libos_clock() + process_ms(1));
}

/* One life with that much. */
static enum end try(struct lot *lot, unsigned long left, void (*life)(void))
{
	uint64_t end = libos_clock() + SECONDS_MOST * libos_clock_hz();
	int status = 0;
	pid_t pid;

	report->is_ready = report->gate = report->is_over = 0;
	report->error = 0;
	report->step[0] = report->step[1] = "begin";
	pid = fork();
	if (pid == 0)
		life();
	while (!report->is_ready)
		libos_sleep(libos_clock() + process_ms(1));
	libos_sleep(libos_clock() + process_ms(3)); /* what all write at once is copied */
	keep(lot, left);
	report->gate = 1;
	while (waitpid(pid, &status, WNOHANG) != pid && libos_clock() < end)
		libos_sleep(libos_clock() + process_ms(1));
	give_back(lot);
	report->is_over = 1;
	if (libos_clock() >= end)
		return HUNG;
	wait_until_alone();
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGKILL ? KILLED : OTHER;
	return WEXITSTATUS(status) < ENDS ? WEXITSTATUS(status) : OTHER;
}

/* Places in the family's table that none ever had: their pages are refused, too. */
static void check_behind(struct lot *lot)
{
	unsigned told = 0;

	for (crowd = 0; crowd < CROWD; crowd++) {
		enum end end = try(lot, 0, live_behind);

		told += end == TOLD;
		if (end != TOLD)
			printf("# behind %u: %s\n", crowd, end_name[end]);
	}
	tap_eq(told, CROWD, "who forks when no frame is left is told, however many there are");
}

/* More and more, till a life is whole. */
static void check(struct lot *lot)
{
	uint64_t before = process_frames(), after, most = 0;
	unsigned long n;
	enum end end = OTHER;

	for (n = 0; n < FRAMES_MOST && end != WHOLE; n++) {
		end = try(lot, n, live);
		lot->ends[end]++;
		after = process_frames();
		most = after > most ? after : most;
		if (end != WHOLE && end != TOLD && end != KILLED)
			tap_ok(false, "%s: with %lu the end is %s at %s/%s, errno %d", lot->name, n,
			       end_name[end], report->step[0], report->step[1], report->error);
	}
	tap_eq(end, WHOLE, "%s: with %lu a life is whole", lot->name, n - 1);
	tap_ok(n > 1, "%s: with less it is not: %u told, %u killed", lot->name,
	       lot->ends[TOLD], lot->ends[KILLED]);
	tap_ok(lot->ends[TOLD] + lot->ends[KILLED] + 1 == n, "%s: told, or killed", lot->name);
	tap_ok(lot->resource == EXO_RESOURCE_FRAMES || !lot->ends[KILLED],
	       "%s: nobody is killed but for want of memory", lot->name);
	tap_ok(most <= before, "%s: frames are back (%lu, then %lu)", lot->name, before, most);
}

int main(int argc, char **argv)
{
	static const struct exo_limits least = { { 1, 0, 1, 0, 0 } };
	static struct lot lots[] = {
		{ .name = "frames", .resource = EXO_RESOURCE_FRAMES },
		{ .name = "envs", .resource = EXO_RESOURCE_ENVS },
		{ .name = "vcpus", .resource = EXO_RESOURCE_VCPUS },
		{ .name = "slices", .resource = EXO_RESOURCE_SLICES },
	};
	struct sysinfo info = { 0 };
	uint64_t env;
	unsigned i;

	if (argc == 2)
		return small(argv[1]);
	report = process_map(sizeof(*report), true);
	sysinfo(&info);
	alone = info.procs;
	env = exo_call(EXO_CALL_ENV_CREATE, (uint64_t)&least, 0, 0, 0, 0).second;
	for (i = 0; i < 4; i++)
		lots[i].env = env;
	check_behind(&lots[0]);
	for (i = 0; i < 3; i++)
		tap_eq(try(&lots[0], FRAMES_MOST, live), WHOLE, "a life with plenty");
	for (i = 0; i < 4; i++)
		check(&lots[i]);
	return tap_done("tests/guest/every_refusal_is_told.guest");
}
