/* SPDX-License-Identifier: ISC */
/*
 * Handlers, masks and what is pending, as any Linux program uses them: what this prints is the same
 * here and on Linux (tests/tools/signals_match_linux.sh). Standard C library only.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static struct state {
	volatile int count;
	char log[256];
} state;

static void say(const char *what)
{
	strcat(state.log, what);
	strcat(state.log, " ");
}

static void flush(const char *title)
{
	printf("%s: %s\n", title, state.log);
	fflush(stdout);
	state.log[0] = '\0';
	state.count = 0;
}

static void set(int number, void (*handler)(int, siginfo_t *, void *), int flags, int masked)
{
	struct sigaction act = { .sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO };

	sigemptyset(&act.sa_mask);
	if (masked)
		sigaddset(&act.sa_mask, masked);
	if (sigaction(number, &act, NULL) != 0)
		perror("sigaction");
}

static void note(int number, siginfo_t *info, void *context)
{
	char text[64];

	(void)context;
	snprintf(text, sizeof(text), "%d/%d/%d%s", number, info->si_signo, info->si_code,
		info->si_pid == getpid() ? "/me" : "");
	say(text);
	state.count++;
}

static void check_info(void)
{
	union sigval value = { .sival_int = 4711 };

	set(SIGUSR1, note, 0, 0);
	kill(getpid(), SIGUSR1);
	raise(SIGUSR1);
	syscall(SYS_tgkill, getpid(), (int)syscall(SYS_gettid), SIGUSR1);
	sigqueue(getpid(), SIGUSR1, value);
	flush("codes");
}

static void with_value(int number, siginfo_t *info, void *context)
{
	char text[64];

	(void)context;
	snprintf(text, sizeof(text), "%d=%d", number - SIGRTMIN, info->si_value.sival_int);
	say(text);
}

/* Standard signals are kept once, queued ones all, lowest number first. */
static void check_queue(void)
{
	sigset_t all, old, waiting;
	int i;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	set(SIGUSR2, note, 0, 0);
	set(SIGRTMIN, with_value, 0, 0);
	set(SIGRTMIN + 2, with_value, 0, 0);
	for (i = 0; i < 3; i++) {
		sigqueue(getpid(), SIGRTMIN + 2, (union sigval){ .sival_int = i });
		sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 10 + i });
		kill(getpid(), SIGUSR2);
		kill(getpid(), SIGUSR1);
	}
	sigpending(&waiting);
	printf("pending: %d %d %d %d %d\n", sigismember(&waiting, SIGUSR1),
		sigismember(&waiting, SIGUSR2), sigismember(&waiting, SIGRTMIN),
		sigismember(&waiting, SIGRTMIN + 1), sigismember(&waiting, SIGRTMIN + 2));
	sigprocmask(SIG_SETMASK, &old, NULL);
	flush("queue");
	signal(SIGUSR2, SIG_DFL);
	sigprocmask(SIG_BLOCK, &all, &old);
	kill(getpid(), SIGUSR2);
	signal(SIGUSR2, SIG_IGN);
	sigpending(&waiting);
	printf("ignoring drops: %d\n", sigismember(&waiting, SIGUSR2));
	kill(getpid(), SIGUSR2);
	sigpending(&waiting);
	printf("ignored but blocked waits: %d\n", sigismember(&waiting, SIGUSR2));
	sigprocmask(SIG_SETMASK, &old, NULL);
	sigpending(&waiting);
	printf("and goes: %d\n", sigismember(&waiting, SIGUSR2));
}

static void nested(int number, siginfo_t *info, void *context)
{
	char text[32];

	(void)info;
	(void)context;
	snprintf(text, sizeof(text), "<%d", number);
	say(text);
	if (++state.count < 5)
		raise(number == SIGUSR1 ? SIGUSR2 : SIGUSR1);
	say(">");
}

static void check_nesting(void)
{
	set(SIGUSR1, nested, 0, 0);
	set(SIGUSR2, nested, 0, 0);
	raise(SIGUSR1);
	flush("each blocks itself");
	set(SIGUSR1, nested, SA_NODEFER, 0);
	set(SIGUSR2, nested, SA_NODEFER, 0);
	raise(SIGUSR1);
	flush("with SA_NODEFER");
	set(SIGUSR1, nested, 0, SIGUSR2);
	raise(SIGUSR1);
	flush("the action's mask");
	set(SIGUSR1, note, SA_RESETHAND, 0);
	raise(SIGUSR1);
	flush("SA_RESETHAND");
	{
		struct sigaction act;

		sigaction(SIGUSR1, NULL, &act);
		printf("is default: %d\n", act.sa_handler == SIG_DFL);
	}
}

/* What a handler changes in its context is what the program goes on with. */
static void change(int number, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)number;
	(void)info;
	sigaddset(&uc->uc_sigmask, SIGWINCH);
	uc->uc_mcontext.gregs[REG_R12] = 12345;
	say("changed");
}

static void check_context(void)
{
	register uint64_t r12 __asm__("r12") = 1;
	double x[4] = { 1.5, 2.5, 3.5, 4.5 }, y;
	sigset_t now;
	long result;

	set(SIGUSR1, change, 0, 0);
	__asm__ volatile("movsd %2, %%xmm7\n\tmovsd %3, %%xmm15\n\t"
		"syscall\n\t"
		"addsd %%xmm15, %%xmm7\n\tmovsd %%xmm7, %1"
		: "+r"(r12), "=m"(y), "+m"(x[0]), "+m"(x[1]), "=a"(result)
		: "a"(SYS_kill), "D"(getpid()), "S"(SIGUSR1)
		: "rcx", "r11", "memory", "xmm7", "xmm15");
	sigprocmask(SIG_BLOCK, NULL, &now);
	printf("context: result %ld, r12 %d, sum %.1f, mask %d\n", result, (int)r12, y,
		sigismember(&now, SIGWINCH));
	flush("context");
}

/* A function's data below its stack pointer stays. */
static void check_red_zone(void)
{
	uint64_t seen;

	set(SIGUSR1, note, 0, 0);
	__asm__ volatile("movq $77, -120(%%rsp)\n\tsyscall\n\tmovq -120(%%rsp), %0"
		: "=r"(seen) : "a"(SYS_kill), "D"(getpid()), "S"(SIGUSR1)
		: "rcx", "r11", "memory");
	printf("red zone: %d\n", (int)seen);
	flush("red zone");
}

static void check_errors(void)
{
	struct sigaction act = { .sa_handler = SIG_IGN };
	stack_t stack = { .ss_sp = state.log, .ss_size = 100 }, old;
	char mask[128] = { 0 };

#define SAY(call) do { long r = (call); \
	printf("%s: %ld %d\n", #call, r, r < 0 ? errno : 0); } while (0)
	SAY(kill(getpid(), 65));
	SAY(kill(getpid(), 0));
	SAY(kill(getpid(), -1));
	SAY(syscall(SYS_tkill, 0, SIGUSR1));
	SAY(kill(0x3fffffff, SIGUSR1));
	SAY(syscall(SYS_tgkill, getpid(), 0, SIGUSR1));
	SAY(syscall(SYS_tgkill, getpid(), 0x3fffffff, SIGUSR1));
	SAY(syscall(SYS_tgkill, -1, getpid(), SIGUSR1));
	SAY(syscall(SYS_rt_sigaction, SIGKILL, &act, NULL, 8));
	SAY(syscall(SYS_rt_sigaction, SIGKILL, NULL, mask, 8));
	SAY(syscall(SYS_rt_sigaction, 0, NULL, mask, 8));
	SAY(syscall(SYS_rt_sigaction, 65, NULL, mask, 8));
	SAY(syscall(SYS_rt_sigaction, SIGUSR1, 8, NULL, 8));
	SAY(syscall(SYS_rt_sigaction, SIGUSR1, NULL, 8, 8));
	SAY(syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4));
	SAY(syscall(SYS_rt_sigprocmask, 3, mask, NULL, 8));
	SAY(syscall(SYS_rt_sigprocmask, 3, NULL, mask, 8));
	SAY(syscall(SYS_rt_sigprocmask, SIG_BLOCK, 8, NULL, 8));
	SAY(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, 8, 8));
	SAY(syscall(SYS_rt_sigprocmask, SIG_BLOCK, mask, NULL, 16));
	SAY(syscall(SYS_rt_sigpending, mask, 16));
	SAY(syscall(SYS_rt_sigpending, 8, 8));
	SAY(syscall(SYS_rt_sigsuspend, mask, 16));
	SAY(syscall(SYS_rt_sigsuspend, 8, 8));
	SAY(syscall(SYS_rt_sigtimedwait, 8, NULL, NULL, 8));
	SAY(syscall(SYS_rt_sigtimedwait, mask, NULL, 8, 8));
	SAY(syscall(SYS_rt_sigtimedwait, mask, NULL, NULL, 7));
	SAY(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, 8));
	SAY(sigaltstack(&stack, NULL));
	stack.ss_size = 8192;
	stack.ss_flags = 77;
	SAY(sigaltstack(&stack, NULL));
	SAY(sigaltstack(NULL, &old));
	printf("flags %d\n", old.ss_flags);
	SAY(syscall(SYS_sigaltstack, 8, NULL));
	SAY(syscall(SYS_sigaltstack, NULL, 8));
	SAY(syscall(SYS_restart_syscall));
}

/* How a child ends by a signal; -1: it lives. */
static void child(const char *title, void (*body)(void))
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		body();
		fflush(stdout);
		_exit(7);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		printf("%s: signal %d\n", title, WTERMSIG(status));
	else
		printf("%s: exit %d\n", title, WEXITSTATUS(status));
}

static void abort_blocked(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	abort();
}

static void abort_handled(void)
{
	set(SIGABRT, note, 0, 0);
	abort();
}

static void kill_term(void)
{
	kill(getpid(), SIGTERM);
}

static void kill_urgent(void)
{
	kill(getpid(), SIGURG);
	kill(getpid(), SIGCHLD);
	kill(getpid(), SIGWINCH);
	kill(getpid(), SIGCONT);
}

static void kill_rt(void)
{
	kill(getpid(), SIGRTMAX);
}

static void kill_group(void)
{
	setpgid(0, 0);
	kill(0, SIGHUP);
}

/* The child has its parent's handlers and mask, and none of what waits for the parent. */
static void inherited(void)
{
	sigset_t now, waiting;

	sigprocmask(SIG_BLOCK, NULL, &now);
	sigpending(&waiting);
	printf("in the child: blocked %d, pending %d\n", sigismember(&now, SIGUSR2),
		sigismember(&waiting, SIGUSR2));
	raise(SIGUSR1);
	flush("in the child");
}

/* Both sides come back from the handler in which one became two. */
static void fork_here(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	(void)context;
	state.count = fork();
}

static void check_fork_in_handler(void)
{
	int status = 0;

	set(SIGUSR1, fork_here, 0, 0);
	fflush(stdout);
	raise(SIGUSR1);
	if (state.count == 0)
		_exit(23);
	printf("fork in a handler: %d", waitpid(state.count, &status, 0) == state.count);
	printf(" %d\n", WEXITSTATUS(status));
}

static void check_children(void)
{
	sigset_t one, old, waiting;

	child("abort, all blocked", abort_blocked);
	child("abort, handled", abort_handled);
	child("SIGTERM", kill_term);
	child("harmless", kill_urgent);
	child("queued", kill_rt);
	child("group", kill_group);
	set(SIGUSR1, note, 0, 0);
	set(SIGUSR2, note, 0, 0);
	sigemptyset(&one);
	sigaddset(&one, SIGUSR2);
	sigprocmask(SIG_BLOCK, &one, &old);
	kill(getpid(), SIGUSR2);
	child("inherited", inherited);
	sigpending(&waiting);
	printf("in the parent: pending %d\n", sigismember(&waiting, SIGUSR2));
	sigprocmask(SIG_SETMASK, &old, NULL);
	flush("in the parent");
}

int main(void)
{
	check_info();
	check_queue();
	check_nesting();
	check_context();
	check_red_zone();
	check_errors();
	check_children();
	check_fork_in_handler();
	return 0;
}
