/* SPDX-License-Identifier: ISC */
/*
 * A signal's frame goes on a stack whose pages are still copy-on-write after fork, in the child and
 * in the parent, on the main stack, deep below it, and on an alternate stack. Each side's handler
 * runs and finds its own memory; neither writes into the other's.
 */
#include <signal.h>
#include <string.h>

#include "tests/process.h"

enum { DEEP = 512 * 1024, ALTERNATE = 64 * 1024 };

static struct state {
	volatile long handled;
	volatile long who;	/* written before the fork, read by handlers */
	char *stack;
} state;

static void on_signal(int number)
{
	volatile char page[2 * 4096];

	page[0] = page[4096] = (char)number;
	state.handled += page[0] + page[4096] == 2 * number && state.who == 77;
}

static void handle(int number, int flags)
{
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = flags };

	sigemptyset(&act.sa_mask);
	sigaction(number, &act, NULL);
}

/* Touch the stack far below, so that it is there and shared by the fork that follows. */
__attribute__((noinline))
static void deepen(void)
{
	volatile char block[DEEP];
	size_t i;

	for (i = 0; i < sizeof(block); i += 4096)
		block[i] = 1;
}

/* Fork with the stack pointer far below where it usually is. */
__attribute__((noinline))
static long deep_fork(int number)
{
	volatile char block[DEEP / 2];
	long pid = fork();

	block[0] = 1;
	if (pid == 0) {
		raise(number);
		_exit(state.handled == 1 ? 0 : 1);
	}
	raise(number);
	return pid;
}

static void check(const char *title, int flags, long (*make)(int))
{
	unsigned long rounds = tap_iterations(200), i, good = 0;

	handle(SIGUSR1, flags);
	state.handled = 0;
	for (i = 0; i < rounds; i++) {
		long before = state.handled, pid;

		state.handled = 0;
		pid = make(SIGUSR1);
		good += state.handled == 1 && process_join(pid) == 0;
		state.handled += before;
	}
	tap_eq(good, rounds, "%s: handled on both sides, %lu times", title, rounds);
}

static long plain_fork(int number)
{
	long pid = fork();

	raise(number);
	if (pid == 0)
		_exit(state.handled == 1 ? 0 : 1);
	return pid;
}

/* The signal comes by itself, from the timer, while both sides write to fresh copies. */
static long busy_fork(int number)
{
	long pid = fork();

	(void)number;
	alarm(0);
	handle(SIGALRM, 0);
	ualarm(2000, 0);
	while (state.handled == 0)
		deepen();
	if (pid == 0)
		_exit(state.handled == 1 ? 0 : 1);
	return pid;
}

int main(void)
{
	stack_t alternate = { .ss_size = ALTERNATE };

	state.stack = process_map(ALTERNATE, false);
	memset(state.stack, 1, ALTERNATE);
	alternate.ss_sp = state.stack;
	state.who = 77;
	deepen();
	check("the stack", 0, plain_fork);
	check("deep in the stack", 0, deep_fork);
	check("from the timer", 0, busy_fork);
	sigaltstack(&alternate, NULL);
	check("the alternate stack", SA_ONSTACK, plain_fork);
	return tap_done("tests/guest/signal_on_cow_stack.guest");
}
