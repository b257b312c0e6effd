/* SPDX-License-Identifier: ISC */
/*
 * Signals that a program brings upon itself: faults with their address and code, recovery by
 * siglongjmp, the alternate stack when the stack has overflowed, arithmetic, illegal instructions,
 * breakpoints; and what happens without a handler. What this prints is the same here and on Linux
 * (tests/tools/signals_match_linux.sh). Standard C library only.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static struct state {
	sigjmp_buf back;
	char *base;		/* where `relative` addresses begin */
	volatile int number, code, is_on_stack;
	volatile long address, trap, error;
	char *stack;		/* the alternate one */
} state;

enum { PAGE = 4096, STACK = 64 * 1024 };

static void caught(int number, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	char here;

	state.number = number;
	state.code = info->si_code;
	state.address = (char *)info->si_addr - state.base;
	state.trap = uc->uc_mcontext.gregs[REG_TRAPNO];
	state.error = uc->uc_mcontext.gregs[REG_ERR];
	state.is_on_stack = &here >= state.stack && &here < state.stack + STACK;
	siglongjmp(state.back, 1);
}

static void handle(int number, int flags)
{
	struct sigaction act = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO | flags };

	sigemptyset(&act.sa_mask);
	sigaction(number, &act, NULL);
}

#define TRY(what, address_of, action) do {					\
	state.base = (char *)(address_of);					\
	state.number = state.code = state.is_on_stack = 0;			\
	state.address = state.trap = state.error = 0;				\
	if (sigsetjmp(state.back, 1) == 0)					\
		action;								\
	printf("%s: signal %d code %d address %ld trap %ld error %ld stack %d\n",	\
		what, state.number, state.code, state.address, state.trap, state.error,	\
		state.is_on_stack);						\
	fflush(stdout);								\
} while (0)

/* The same where the address is not the same everywhere. */
#define FAR(what, action) do {							\
	state.base = NULL;							\
	state.number = 0;							\
	if (sigsetjmp(state.back, 1) == 0)					\
		action;								\
	printf("%s: signal %d code %d trap %ld error %ld stack %d\n", what, state.number,	\
		state.code, state.trap, state.error, state.is_on_stack);	\
	fflush(stdout);								\
} while (0)

static volatile char sink;

static void check_memory(void)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void (*call)(void) = (void (*)(void))(p + 16);

	munmap(p + PAGE, PAGE);
	mprotect(p + 2 * PAGE, PAGE, PROT_READ);
	mprotect(p + 3 * PAGE, PAGE, PROT_NONE);
	p[0] = 1;
	sink = p[2 * PAGE];
	TRY("read nothing", p, sink = p[PAGE + 5]);
	TRY("write nothing", p, p[PAGE + 6] = 1);
	TRY("write read-only", p, p[2 * PAGE + 7] = 1);
	TRY("read PROT_NONE", p, sink = p[3 * PAGE + 8]);
	TRY("execute data", p, call());
	TRY("null", NULL, *(volatile int *)8 = 1);
	TRY("text", check_memory, *(volatile char *)check_memory = 1);
	TRY("not canonical", NULL, sink = *(volatile char *)0x8000000000000000);
	TRY("kernel", NULL, sink = *(volatile char *)0xffffffff80000000);
	TRY("jump to nowhere", NULL, ((void (*)(void))0x10)());
	munmap(p, 4 * PAGE);
}

/* A handler may repair what is wrong and go on. */
static void repair(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	mprotect((void *)((uintptr_t)info->si_addr & -PAGE), PAGE, PROT_READ | PROT_WRITE);
	state.number++;
}

static void check_repair(void)
{
	struct sigaction act = { .sa_sigaction = repair, .sa_flags = SA_SIGINFO };
	char *p = mmap(NULL, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i, sum = 0;

	sigemptyset(&act.sa_mask);
	sigaction(SIGSEGV, &act, NULL);
	state.number = 0;
	for (i = 0; i < 8 * PAGE; i += 512)
		p[i] = (char)(i / 512);
	for (i = 0; i < 8 * PAGE; i += 512)
		sum += p[i];
	printf("repaired %d pages, sum %d\n", state.number, sum);
	munmap(p, 8 * PAGE);
	handle(SIGSEGV, 0);
}

static int divide(volatile int by)
{
	return 100 / by;
}

/* x87 only: the emulator knows no unmasked exceptions of SSE. */
static void float_invalid(void)
{
	uint16_t control = 0x37e;

	__asm__ volatile("fninit\n\tfldcw %0\n\tfldz\n\tfldz\n\tfdivrp\n\tfwait" : : "m"(control));
}

static void float_by_zero(void)
{
	uint16_t control = 0x37b;

	__asm__ volatile("fninit\n\tfldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\tfwait" : : "m"(control));
}

static void check_exceptions(void)
{
	FAR("divide", { sink = (char)divide(0); });
	printf("at the program counter: %d\n", state.address != 0);
	TRY("illegal", &&illegal, { illegal: __asm__ volatile("ud2"); });
	TRY("int3", NULL, __asm__ volatile("int3"));
	TRY("privileged", NULL, __asm__ volatile("hlt"));
	TRY("port", NULL, __asm__ volatile("outb %al, $0x80"));
	FAR("0/0", float_invalid());
	FAR("1/0", float_by_zero());
	__asm__ volatile("fninit");
}

/* Beyond the end of a mapped file. */
static void check_bus(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	off_t last = lseek(fd, -1, SEEK_END) & -PAGE;
	char *p = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, fd, last);

	if (fd < 0 || p == MAP_FAILED)
		perror("file");
	TRY("in the file's last page", p, sink = p[PAGE - 1]);
	TRY("beyond the file", p, sink = p[PAGE + 9]);
	munmap(p, 3 * PAGE);
	close(fd);
}

__attribute__((noinline))
static int overflow(volatile char *above)
{
	volatile char block[512];

	block[0] = above[0];
	return block[0] ? overflow(block) + block[0] : 0;
}

static void check_stack(void)
{
	stack_t alternate = { .ss_size = STACK }, old;
	volatile char start = 1;

	state.stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	alternate.ss_sp = state.stack;
	sigaltstack(&alternate, NULL);
	handle(SIGSEGV, SA_ONSTACK);
	FAR("overflow", { overflow(&start); });
	printf("below the stack: %d\n", state.address != 0);
	sigaltstack(NULL, &old);
	printf("alternate: %d %d\n", old.ss_sp == state.stack, old.ss_flags);
	FAR("overflow again", { overflow(&start); });
	alternate.ss_flags = SS_DISABLE;
	sigaltstack(&alternate, NULL);
	handle(SIGSEGV, 0);
}

static void alternate_flags(int number)
{
	stack_t now, other = { .ss_sp = &state, .ss_size = STACK };
	int error;

	sigaltstack(NULL, &now);
	error = sigaltstack(&other, NULL);
	printf("in the handler %d: flags %d, another stack: %d %d\n", number, now.ss_flags, error,
		errno);
	fflush(stdout);
}

static void check_stack_flags(void)
{
	stack_t alternate = { .ss_size = STACK, .ss_sp = state.stack };
	struct sigaction act = { .sa_handler = alternate_flags, .sa_flags = SA_ONSTACK };

	sigemptyset(&act.sa_mask);
	sigaltstack(&alternate, NULL);
	sigaction(SIGUSR1, &act, NULL);
	raise(SIGUSR1);
	act.sa_flags = 0;
	sigaction(SIGUSR1, &act, NULL);
	raise(SIGUSR1);
}

/* How a child ends that does that. */
static void child(const char *title, void (*body)(void))
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		body();
		_exit(7);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		printf("%s: signal %d\n", title, WTERMSIG(status));
	else
		printf("%s: exit %d\n", title, WEXITSTATUS(status));
}

static void die_default(void)
{
	signal(SIGSEGV, SIG_DFL);
	*(volatile int *)8 = 1;
}

static void die_ignored(void)
{
	signal(SIGSEGV, SIG_IGN);
	*(volatile int *)8 = 1;
}

static void die_blocked(void)
{
	sigset_t one;

	sigemptyset(&one);
	sigaddset(&one, SIGSEGV);
	sigprocmask(SIG_BLOCK, &one, NULL);
	*(volatile int *)8 = 1;
}

static void fault_again(int number)
{
	(void)number;
	*(volatile int *)8 = 1;
}

static void die_in_handler(void)
{
	signal(SIGSEGV, fault_again);
	*(volatile int *)8 = 1;
}

static void die_divide(void)
{
	signal(SIGFPE, SIG_DFL);
	sink = (char)divide(0);
}

static void die_illegal(void)
{
	signal(SIGILL, SIG_DFL);
	__asm__ volatile("ud2");
}

static void die_overflow(void)
{
	char start = 1;

	overflow(&start);
}

static void die_int3(void)
{
	signal(SIGTRAP, SIG_IGN);
	__asm__ volatile("int3");
}

/* The handler's own frame cannot be written: the stack pointer is nowhere. */
static void die_no_stack(void)
{
	__asm__ volatile("mov $64, %rsp\n\tmovl $1, 8");
}

/* A fault is repaired in a child whose memory is still its parent's. */
static void repaired_child(void)
{
	check_repair();
	check_memory();
	fflush(stdout);
}

int main(void)
{
	struct rlimit limit = { 1 << 20, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	setrlimit(RLIMIT_STACK, &limit);
	handle(SIGSEGV, 0);
	handle(SIGBUS, 0);
	handle(SIGFPE, 0);
	handle(SIGILL, 0);
	handle(SIGTRAP, 0);
	check_memory();
	check_repair();
	check_exceptions();
	check_bus();
	check_stack();
	check_stack_flags();
	child("default", die_default);
	child("ignored", die_ignored);
	child("blocked", die_blocked);
	child("in the handler", die_in_handler);
	child("divide", die_divide);
	child("illegal", die_illegal);
	child("overflow", die_overflow);
	child("int3, ignored", die_int3);
	child("no stack", die_no_stack);
	child("repaired", repaired_child);
	return 0;
}
