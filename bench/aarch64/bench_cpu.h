/* SPDX-License-Identifier: ISC */
/* What bench programs know of AArch64. No state, no locks. */
#ifndef BENCH_CPU_H
#define BENCH_CPU_H

#include <stddef.h>
#include <stdint.h>

/* Two instructions a turn. */
static inline void bench_loop(uint64_t turns)
{
	__asm__ volatile("1: subs %0, %0, #1; b.ne 1b" : "+r"(turns) : : "cc");
}

/* One instruction that may fault, of so many bytes. */
#define BENCH_ACCESS_BYTES 4

static inline void bench_load(uintptr_t at)
{
	__asm__ volatile("ldr wzr, [%0]" : : "r"(at) : "memory");
}

static inline void bench_store(uintptr_t at)
{
	__asm__ volatile("str %w1, [%0]" : : "r"(at), "r"(1) : "memory");
}

/* The program counter in the ucontext_t of a signal. */
#define BENCH_SIGNAL_PC(context) ((context)->uc_mcontext.pc)

/* A call of Linux: the bare instruction, no libc in between; and the number of getpid. */
enum { BENCH_GETPID = 172 };

static inline long bench_linux(long number, long a0, long a1, long a2)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a0;
	register long x1 __asm__("x1") = a1;
	register long x2 __asm__("x2") = a2;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return x0;
}

/* Memory by the instructions for it: blocks of 64 bytes, as QEMU's CPUs have them; pairs. */
static inline void bench_clear(void *at, size_t bytes)
{
	char *to = at, *end = to + bytes;

	for (; to < end; to += 64)
		__asm__ volatile("dc zva, %0" : : "r"(to) : "memory");
}

static inline void bench_copy(void *to, const void *from, size_t bytes)
{
	const char *end = (const char *)from + bytes;
	uint64_t a, b;

	__asm__ volatile("1: ldp %2, %3, [%0], #16; stp %2, %3, [%1], #16; cmp %0, %4; b.ne 1b"
			 : "+r"(from), "+r"(to), "=&r"(a), "=&r"(b) : "r"(end) : "cc", "memory");
}

/* A program, alone in its page, that yields to the vcpu in its argument for ever; no stack. */
#define BENCH_YIELDS(name)			\
	".balign 4096\n"			\
	#name ": mov x19, x0\n"			\
	"1:	mov x0, x19\n"			\
	"	movz x8, #8\n"			\
	"	movk x8, #0x544e, lsl #32\n"	\
	"	movk x8, #0x4348, lsl #48\n"	\
	"	svc #0\n"			\
	"	b 1b\n"				\
	"	.balign 4096\n"

#endif
