/* SPDX-License-Identifier: ISC */
/* Rows of starting programs and of talking to another process. No locks. */
#define _GNU_SOURCE
#include "bench/linux/costs.h"

#include <spawn.h>
#include <errno.h>

extern char **environ;

/* ---- Another program: this one, which ends at once ---- */

static void execute(void)
{
	char *const argument[] = { (char *)(uintptr_t)costs.self, (char *)(uintptr_t)"-x", NULL };

	execve(costs.self, argument, environ);
	_exit(1);
}

static void body_fork_exec(void)
{
	pid_t child = os_fork();

	if (child == 0)
		execute();
	os_wait(child);
}

static void body_vfork_exec(void)
{
	pid_t child = vfork();

	if (child == 0)
		execute();
	os_must(child, "vfork");
	os_wait(child);
}

static void body_spawn(void)
{
	char *const argument[] = { (char *)(uintptr_t)costs.self, (char *)(uintptr_t)"-x", NULL };
	pid_t child;

	errno = posix_spawn(&child, costs.self, NULL, NULL, argument, environ);
	if (errno)
		costs_fail("posix_spawn");
	os_wait(child);
}

static void run_fork_exec(void)
{
	static const struct bench_row row = {
		"fork_exec_exit_wait", NULL, body_fork_exec, NULL, 51, 0, 0
	};

	costs_run(&row);
}

static void run_vfork_exec(void)
{
	static const struct bench_row row = {
		"vfork_exec_exit_wait", NULL, body_vfork_exec, NULL, 51, 0, 0
	};

	costs_run(&row);
}

static void run_spawn(void)
{
	static const struct bench_row row = {
		"posix_spawn_exit_wait", NULL, body_spawn, NULL, 51, 0, 0
	};

	costs_run(&row);
}

/* ---- Pipes ---- */

struct pipes {
	int there[2], back[2];
};

static struct pipes pipes;

static void body_pipe_self(void)
{
	char byte = 1;

	if (write(pipes.there[1], &byte, 1) != 1 || read(pipes.there[0], &byte, 1) != 1)
		costs_fail("a byte through a pipe");
}

static void run_pipe_self(void)
{
	static const struct bench_row row = {
		"pipe_write_read_self", NULL, body_pipe_self, NULL, 0, 0, 0
	};

	os_must(pipe(pipes.there), "pipe");
	costs_run(&row);
	close(pipes.there[0]);
	close(pipes.there[1]);
}

static void body_pipe_rtt(void)
{
	char byte = 1;

	if (write(pipes.there[1], &byte, 1) != 1 || read(pipes.back[0], &byte, 1) != 1)
		costs_fail("a byte there and back");
}

/* Until the other end is closed. */
static void answer_pipe(void)
{
	char byte;

	close(pipes.there[1]);
	close(pipes.back[0]);
	while (read(pipes.there[0], &byte, 1) == 1)
		if (write(pipes.back[1], &byte, 1) != 1)
			_exit(1);
	_exit(0);
}

static void run_pipe_rtt(void)
{
	static const struct bench_row row = {
		"pipe_rtt", NULL, body_pipe_rtt, NULL, 0, 0, 0
	};
	pid_t child;

	os_must(pipe(pipes.there), "pipe");
	os_must(pipe(pipes.back), "pipe");
	child = os_fork();
	if (child == 0)
		answer_pipe();
	close(pipes.there[0]);
	close(pipes.back[1]);
	costs_settle(&row);
	costs_run(&row);
	close(pipes.there[1]);
	os_wait(child);
	close(pipes.back[0]);
}

/* ---- Switches by yielding ---- */

/* Until the other has been here: on Linux a yield need not switch. */
static void body_yield(void)
{
	costs.calls = 0;
	costs.shared[0] = 1;
	while (costs.shared[0] == 1) {
		sched_yield();
		costs.calls++;
	}
}

static void after_yield(void)
{
	bench_add(&costs.other, costs.calls);
}

static void answer_yield(void)
{
	while (!costs.shared[1]) {
		costs.shared[0] = 0;
		sched_yield();
	}
	_exit(0);
}

static void run_yield(void)
{
	static const struct bench_row row = {
		"yield_rtt_proc", NULL, body_yield, after_yield, 0, 0, 0
	};
	pid_t child;

	costs.shared = (volatile uint64_t *)os_map(PAGE, true);
	costs.shared[0] = costs.shared[1] = 0;
	child = os_fork();
	if (child == 0)
		answer_yield();
	costs_run(&row);
	costs_report(&costs.other, "yield_own_calls_proc");
	costs.shared[1] = 1;
	os_wait(child);
	os_unmap((char *)(uintptr_t)costs.shared, PAGE);
}

const struct costs_group costs_process_groups[] = {
	{ "fork_exec", run_fork_exec, { "fork_exec_exit_wait" } },
	{ "vfork_exec", run_vfork_exec, { "vfork_exec_exit_wait" } },
	{ "spawn", run_spawn, { "posix_spawn_exit_wait" } },
	{ "pipe_self", run_pipe_self, { "pipe_write_read_self" } },
	{ "pipe_rtt", run_pipe_rtt, { "pipe_rtt" } },
	{ "yield_proc", run_yield, { "yield_rtt_proc", "yield_own_calls_proc" } },
	{ NULL, NULL, { NULL } },
};
