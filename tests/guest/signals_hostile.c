/* SPDX-License-Identifier: ISC */
/*
 * Frames that no kernel made: whatever a handler, or a program that never had one, leaves on the
 * stack for sigreturn ends in SIGSEGV at worst, never in the library's death. What this prints is
 * the same here and on Linux (tests/tools/signals_match_linux.sh). Standard C library only.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static struct state {
	void (*change)(ucontext_t *uc);
	volatile int hits;
} state;

static void handler(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	state.hits++;
	state.change(context);
}

static void survive(int number)
{
	(void)number;
	_exit(42);
}

static void on_own_stack(int number, void (*function)(int))
{
	struct sigaction act = { .sa_handler = function, .sa_flags = SA_ONSTACK };

	sigemptyset(&act.sa_mask);
	sigaction(number, &act, NULL);
}

/* A child whose handler changes its frame so. */
static void child(const char *title, void (*change)(ucontext_t *uc), int is_caught)
{
	struct sigaction act = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	stack_t stack = { .ss_size = 65536 };
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		stack.ss_sp = malloc(65536);
		sigaltstack(&stack, NULL);
		sigemptyset(&act.sa_mask);
		sigaction(SIGUSR1, &act, NULL);
		if (is_caught)
			on_own_stack(SIGSEGV, survive);
		state.change = change;
		raise(SIGUSR1);
		_exit(state.hits);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		printf("%s%s: signal %d\n", title, is_caught ? ", caught" : "", WTERMSIG(status));
	else
		printf("%s%s: exit %d\n", title, is_caught ? ", caught" : "", WEXITSTATUS(status));
}

static void nothing(ucontext_t *uc)
{
	(void)uc;
}

static void pc_not_canonical(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_RIP] = (long long)0x8000000000000000;
}

static void pc_kernel(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_RIP] = (long long)0xffffffff80000000;
}

static void pc_last(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_RIP] = 0x7ffffffff000;
}

static void pc_null(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_RIP] = 0;
}

static void segment(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_CSGSFS] = 0x10;
}

static void flags(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_EFL] |= 0x3000 | 0x4000 | 0x20000 | 0x100000 | 0x80000;
}

static void no_flags(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_EFL] = 0;
}

static void fpu_nowhere(ucontext_t *uc)
{
	uc->uc_mcontext.fpregs = (void *)0x40;
}

static void fpu_none(ucontext_t *uc)
{
	uc->uc_mcontext.fpregs = NULL;
}

static void fpu_kernel(ucontext_t *uc)
{
	uc->uc_mcontext.fpregs = (void *)0xffffffff80000000;
}

static void fpu_odd(ucontext_t *uc)
{
	uc->uc_mcontext.fpregs = (void *)((char *)uc->uc_mcontext.fpregs + 1);
}

/* The legacy part alone counts then. */
static void fpu_no_magic(ucontext_t *uc)
{
	memset((char *)uc->uc_mcontext.fpregs + 464, 0, 48);
}

static void fpu_bad_header(ucontext_t *uc)
{
	memset((char *)uc->uc_mcontext.fpregs + 520, 0xff, 56);
}

static void fpu_bad_features(ucontext_t *uc)
{
	memset((char *)uc->uc_mcontext.fpregs + 512, 0xff, 8);
}

static void mask_all(ucontext_t *uc)
{
	memset(&uc->uc_sigmask, 0xff, 8);
}

static void stack_bad(ucontext_t *uc)
{
	uc->uc_stack.ss_flags = 99;
	uc->uc_stack.ss_sp = (void *)8;
}

static void sp_null(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_RSP] = 0;
}

/* sigreturn with the stack pointer anywhere. */
static void return_at(uint64_t sp)
{
	__asm__ volatile("mov %0, %%rsp\n\tmov $15, %%eax\n\tsyscall\n\tud2" : : "r"(sp));
}

static void from_nowhere(ucontext_t *uc)
{
	(void)uc;
	return_at(0);
}

static void from_low(ucontext_t *uc)
{
	(void)uc;
	return_at(64);
}

static void from_kernel(ucontext_t *uc)
{
	(void)uc;
	return_at(0xffffffff80000000);
}

static void from_zeros(ucontext_t *uc)
{
	(void)uc;
	return_at((uint64_t)mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		-1, 0));
}

static void from_page_end(ucontext_t *uc)
{
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)uc;
	munmap(p + 4096, 4096);
	return_at((uint64_t)p + 4096 - 64);
}

/* Random words in the whole frame: it returns, loops no longer than its time, or dies; that the
 * parent goes on is what counts. */
static void check_random(void)
{
	unsigned i, j, ended = 0;
	int status;

	for (i = 0; i < 40; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			uint64_t words[256], *frame = words;

			srandom(i);
			for (j = 0; j < 256; j++)
				words[j] = (uint64_t)random() << 33 ^ (uint64_t)random() << 2;
			words[18] = 0x33;	/* cs, or it would end there */
			alarm(1);
			return_at((uint64_t)(frame + 1));
		}
		ended += waitpid(pid, &status, 0) == pid;
	}
	printf("random frames: %u children ended\n", ended);
}

/* Handlers and stacks that are none. */
static void set_raw(uint64_t address, unsigned long flags, void *restorer)
{
	struct { uint64_t handler, flags; void *restorer; uint64_t mask; } raw = {
		address, flags, restorer, 0
	};

	syscall(SYS_rt_sigaction, SIGUSR2, &raw, NULL, 8);
	raise(SIGUSR2);
}

static void *some_restorer(void)
{
	struct { uint64_t handler, flags; void *restorer; uint64_t mask; } raw;

	syscall(SYS_rt_sigaction, SIGUSR1, NULL, &raw, 8);
	return raw.restorer;
}

static void no_restorer(ucontext_t *uc)
{
	(void)uc;
	set_raw((uint64_t)survive, 0, NULL);
}

static void handler_not_canonical(ucontext_t *uc)
{
	(void)uc;
	set_raw(0x8000000000000000, 0x04000000, some_restorer());
}

static void handler_kernel(ucontext_t *uc)
{
	(void)uc;
	set_raw(0xffffffff80000000, 0x04000000, some_restorer());
}

static void handler_data(ucontext_t *uc)
{
	set_raw((uint64_t)uc, 0x04000000, some_restorer());
}

static void on_bad_stack(uint64_t base)
{
	stack_t stack = { .ss_sp = (void *)base, .ss_size = 4096 };
	struct sigaction act;

	sigaltstack(&stack, NULL);
	sigaction(SIGSEGV, NULL, &act);
	act.sa_flags &= ~SA_ONSTACK;
	sigaction(SIGSEGV, &act, NULL);
	set_raw((uint64_t)survive, 0x04000000 | SA_ONSTACK, some_restorer());
}

static void stack_nowhere(ucontext_t *uc)
{
	(void)uc;
	on_bad_stack(0x1000);
}

static void stack_kernel(ucontext_t *uc)
{
	(void)uc;
	on_bad_stack(0xffffffff80000000);
}

static void stack_wrapped(ucontext_t *uc)
{
	(void)uc;
	on_bad_stack(UINT64_MAX - 100);
}

static void stack_text(ucontext_t *uc)
{
	(void)uc;
	on_bad_stack((uint64_t)survive & ~UINT64_C(4095));
}


int main(void)
{
	static const struct {
		const char *title;
		void (*change)(ucontext_t *uc);
	} cases[] = {
		{ "nothing", nothing }, { "pc not canonical", pc_not_canonical },
		{ "pc in the kernel", pc_kernel }, { "pc at the end", pc_last },
		{ "pc null", pc_null }, { "segment", segment }, { "flags", flags },
		{ "no flags", no_flags }, { "fpu nowhere", fpu_nowhere }, { "no fpu", fpu_none },
		{ "fpu in the kernel", fpu_kernel }, { "fpu not aligned", fpu_odd },
		{ "fpu without magic", fpu_no_magic }, { "fpu with a bad header", fpu_bad_header },
		{ "fpu with bad features", fpu_bad_features }, { "all blocked", mask_all },
		{ "bad stack", stack_bad }, { "sp null", sp_null },
		{ "from nowhere", from_nowhere },
		{ "from low memory", from_low }, { "from the kernel", from_kernel },
		{ "no restorer", no_restorer },
		{ "handler not canonical", handler_not_canonical },
		{ "handler in the kernel", handler_kernel }, { "handler is data", handler_data },
		{ "stack nowhere", stack_nowhere }, { "stack in the kernel", stack_kernel },
		{ "stack wrapped", stack_wrapped }, { "stack in the text", stack_text },
		{ "from zeros", from_zeros }, { "from a page's end", from_page_end },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		child(cases[i].title, cases[i].change, 0);
		child(cases[i].title, cases[i].change, 1);
	}
	check_random();
	return 0;
}
