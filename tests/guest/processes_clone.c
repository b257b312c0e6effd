/* SPDX-License-Identifier: ISC */
/*
 * clone, clone3, vfork: whose numbers are written where, stacks, signals at the end, numbers of
 * threads. What this prints is the same here and on Linux (tests/tools/processes_match_linux.sh).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "tests/same.h"

/* As clone3 has it. */
struct clone_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

static volatile int words[4];
static volatile int hits;

static void hit(int number)
{
	(void)number;
	hits++;
}

static long clone_raw(unsigned long flags, void *stack, volatile void *parent, volatile void *child)
{
	fflush(stdout);
	return syscall(SYS_clone, flags, stack, parent, child, 0);
}

static void check_numbers(void)
{
	long pid;

	memset((void *)words, 0, sizeof(words));
	pid = clone_raw(SIGCHLD | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID,
		NULL, &words[0], &words[1]);
	if (pid == 0) {
		int good = words[1] == getpid() && syscall(SYS_gettid) == getpid();

		_exit(good + 10 * (syscall(SYS_set_tid_address, &words[2]) == getpid()));
	}
	say("in the child", ended((pid_t)pid));
	say("in the parent", words[0] == pid && words[1] == 0);
	pid = clone_raw(SIGCHLD | CLONE_CHILD_SETTID, NULL, NULL, (void *)16);
	if (pid == 0)
		_exit(3);
	say("a number to nowhere", ended((pid_t)pid));
	pid = clone_raw(SIGCHLD | CLONE_PARENT_SETTID, NULL, (void *)16, NULL);
	if (pid == 0)
		_exit(4);
	say("the parent's to nowhere", pid > 0 ? ended((pid_t)pid) : -1);
	pid = clone_raw(SIGCHLD | CLONE_CHILD_CLEARTID, NULL, NULL, (void *)16);
	if (pid == 0)
		_exit(5);
	say("clear nothing", ended((pid_t)pid));
}

/* A child that is told of by another signal, or by none. */
static void check_end_signal(void)
{
	long pid;
	int status;

	signal(SIGUSR1, hit);
	hits = 0;
	pid = clone_raw(SIGUSR1, NULL, NULL, NULL);
	if (pid == 0)
		_exit(6);
	say("not waited for by all", waitpid((pid_t)pid, &status, 0));
	say("__WALL", waitpid((pid_t)pid, &status, __WALL) == pid);
	say("told by SIGUSR1", hits);
	pid = clone_raw(0, NULL, NULL, NULL);
	if (pid == 0)
		_exit(7);
	say("__WCLONE", waitpid(-1, &status, __WCLONE) == pid);
	say("code", WEXITSTATUS(status));
	signal(SIGUSR1, SIG_DFL);
}

static int on_stack(void *argument)
{
	char here;

	return *(char **)argument < &here && &here < *(char **)argument + 65536 ? 8 : 9;
}

static void check_stack(void)
{
	char *stack = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct clone_args args = { .flags = CLONE_PARENT_SETTID, .exit_signal = SIGCHLD };
	long pid;

	fflush(stdout);
	say("a stack of its own", ended(clone(on_stack, stack + 65536, SIGCHLD, &stack)));
	args.parent_tid = (uint64_t)&words[3];
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		_exit(10);
	say("clone3", ended((pid_t)pid));
	say("its number", words[3] == pid);
	args.exit_signal = 65;
	say("a signal that is none", syscall(SYS_clone3, &args, sizeof(args)));
	args.exit_signal = SIGCHLD;
	args.stack = (uint64_t)stack;
	say("a stack without a size", syscall(SYS_clone3, &args, sizeof(args)));
	args.stack = 0;
	args.stack_size = 4096;
	say("a size without a stack", syscall(SYS_clone3, &args, sizeof(args)));
	munmap(stack, 65536);
}

static int tells(void *argument)
{
	strcpy(argument, "told");
	return 17;
}

/* What the child writes to its parent's stack the parent finds. */
static void check_told(void)
{
	char *stack = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char text[16] = "not told";
	char *argv[] = { (char *)"x", NULL };
	volatile int failed = 0;
	pid_t pid = vfork();

	if (pid == 0) {
		execv("./nowhere", argv);
		failed = errno;
		_exit(16);
	}
	say("vfork", ended(pid));
	say("not found", failed == ENOENT);
	fflush(stdout);
	pid = clone(tells, stack + 65536, CLONE_VM | CLONE_VFORK | SIGCHLD, text);
	say("on a stack of its own", ended(pid));
	printf("%s\n", text);
	munmap(stack, 65536);
}

static void check_vfork(void)
{
	struct gate gate;
	pid_t pid;
	int i, sum = 0;

	gate_make(&gate);
	pid = vfork();
	if (pid == 0) {
		/* The parent stands still: what it would write comes later. */
		nap(20);
		write(gate.ends[1], "c", 1);
		_exit(11);
	}
	write(gate.ends[1], "p", 1);
	for (i = 0; i < 2; i++) {
		char byte;

		read(gate.ends[0], &byte, 1);
		printf("%c", byte);
	}
	printf("\n");
	say("vfork", ended(pid));
	for (i = 0; i < 20; i++) {
		pid = vfork();
		if (pid == 0)
			_exit(i);
		sum += ended(pid);
	}
	say("twenty", sum);
	signal(SIGUSR1, hit);
	hits = 0;
	pid = vfork();
	if (pid == 0) {
		kill(getppid(), SIGUSR1);
		_exit(12);
	}
	say("a signal waits", hits);
	say("vfork", ended(pid));
	gate_end(&gate);
}

/* Numbers go on and are not given twice while somebody has them. */
static void check_pids(void)
{
	struct gate gate;
	pid_t pid[30];
	int i, k, twice = 0;

	gate_make(&gate);
	for (i = 0; i < 30; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			gate_wait(&gate);
			_exit(i);
		}
	}
	for (i = 0; i < 30; i++)
		for (k = 0; k < i; k++)
			twice += pid[i] == pid[k];
	say("given twice", twice);
	for (i = 0; i < 30; i++)
		gate_open(&gate);
	for (i = 0, k = 0; i < 30; i++)
		k += ended(pid[i]) == i;
	say("each its own code", k);
	gate_end(&gate);
}

int main(void)
{
	same_begin();
	check_numbers();
	check_end_signal();
	check_stack();
	check_told();
	check_vfork();
	check_pids();
	return 0;
}
