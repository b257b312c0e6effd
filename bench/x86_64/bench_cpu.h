/* SPDX-License-Identifier: ISC */
/* What bench programs know of x86-64. No state, no locks. */
#ifndef BENCH_CPU_H
#define BENCH_CPU_H

#include <stddef.h>
#include <stdint.h>

/* Two instructions a turn. */
static inline void bench_loop(uint64_t turns)
{
	__asm__ volatile("1: dec %0; jnz 1b" : "+r"(turns) : : "cc");
}

/* One instruction that may fault, of so many bytes. */
#define BENCH_ACCESS_BYTES 2

static inline void bench_load(uintptr_t at)
{
	__asm__ volatile("mov (%%rbx), %%eax" : : "b"(at) : "eax", "memory");
}

static inline void bench_store(uintptr_t at)
{
	__asm__ volatile("mov %%eax, (%%rbx)" : : "b"(at), "a"(1) : "memory");
}

/* The program counter in the ucontext_t of a signal. */
#define BENCH_SIGNAL_PC(context) ((context)->uc_mcontext.gregs[REG_RIP])

/* A call of Linux: the bare instruction, no libc in between; and the number of getpid. */
enum { BENCH_GETPID = 39 };

static inline long bench_linux(long number, long a0, long a1, long a2)
{
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(a0), "S"(a1), "d"(a2)
			 : "rcx", "r11", "memory");
	return result;
}

/* Memory by the instructions for it: whole words. */
static inline void bench_clear(void *at, size_t bytes)
{
	size_t words = bytes / 8;

	__asm__ volatile("rep stosq" : "+D"(at), "+c"(words) : "a"(0) : "memory");
}

static inline void bench_copy(void *to, const void *from, size_t bytes)
{
	size_t words = bytes / 8;

	__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
}

/* A program, alone in its page, that yields to the vcpu in its argument for ever; no stack. */
#define BENCH_YIELDS(name)			\
	".balign 4096\n"			\
	#name ": mov %rdi, %rbx\n"		\
	"1:	mov %rbx, %rdi\n"		\
	"	movabs $0x4348544e00000008, %rax\n"	\
	"	syscall\n"			\
	"	jmp 1b\n"			\
	"	.balign 4096\n"

#endif
