/* SPDX-License-Identifier: ISC */
/*
 * A pattern in all registers of x86-64, for threads of a native program; the FPU's control
 * word with a rounding; a vector register that no function keeps.
 */
#ifndef TESTS_GUEST_KEEP_H
#define TESTS_GUEST_KEEP_H

#include <stdint.h>

#define CPU_CONTROL(rounding) (0x1f80u | (uint32_t)(rounding) << 13)

/* Fill registers from seed, spin, compare: 0 if all are as they were. The loop stays in one piece
 * of assembly, so nothing else uses the registers. */
static inline uint64_t cpu_keeps(uint64_t seed, uint64_t spins)
{
	uint64_t bad = 0;

	__asm__ volatile(
		"movq %[seed], %%xmm0\n\tmovq %[seed], %%xmm15\n\tpaddq %%xmm15, %%xmm15\n\t"
		"movq %[seed], %%xmm7\n\tpunpcklqdq %%xmm7, %%xmm7\n\t"
		"mov %[seed], %%r8\n\tlea 1(%[seed]), %%r9\n\tlea 2(%[seed]), %%r10\n\t"
		"lea 3(%[seed]), %%r11\n\tlea 4(%[seed]), %%r12\n\tlea 5(%[seed]), %%r13\n\t"
		"lea 6(%[seed]), %%r14\n\tlea 7(%[seed]), %%r15\n\tlea 8(%[seed]), %%rsi\n\t"
		"lea 9(%[seed]), %%rdi\n\tlea 10(%[seed]), %%rdx\n\t"
		"1: dec %[spins]\n\tjnz 1b\n\t"
		"sub %[seed], %%r8\n\tor %%r8, %[bad]\n\t"
		"sub %[seed], %%r9\n\tsub $1, %%r9\n\tor %%r9, %[bad]\n\t"
		"sub %[seed], %%r10\n\tsub $2, %%r10\n\tor %%r10, %[bad]\n\t"
		"sub %[seed], %%r11\n\tsub $3, %%r11\n\tor %%r11, %[bad]\n\t"
		"sub %[seed], %%r12\n\tsub $4, %%r12\n\tor %%r12, %[bad]\n\t"
		"sub %[seed], %%r13\n\tsub $5, %%r13\n\tor %%r13, %[bad]\n\t"
		"sub %[seed], %%r14\n\tsub $6, %%r14\n\tor %%r14, %[bad]\n\t"
		"sub %[seed], %%r15\n\tsub $7, %%r15\n\tor %%r15, %[bad]\n\t"
		"sub %[seed], %%rsi\n\tsub $8, %%rsi\n\tor %%rsi, %[bad]\n\t"
		"sub %[seed], %%rdi\n\tsub $9, %%rdi\n\tor %%rdi, %[bad]\n\t"
		"sub %[seed], %%rdx\n\tsub $10, %%rdx\n\tor %%rdx, %[bad]\n\t"
		"movq %%xmm0, %%rdx\n\tsub %[seed], %%rdx\n\tor %%rdx, %[bad]\n\t"
		"movq %%xmm15, %%rdx\n\tsub %[seed], %%rdx\n\t"
		"sub %[seed], %%rdx\n\tor %%rdx, %[bad]\n\t"
		"psrldq $8, %%xmm7\n\tmovq %%xmm7, %%rdx\n\t"
		"sub %[seed], %%rdx\n\tor %%rdx, %[bad]\n\t"
		: [bad] "+a"(bad), [spins] "+c"(spins) : [seed] "b"(seed)
		: "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0",
		  "xmm7", "xmm15", "cc");
	return bad;
}

static inline uint32_t cpu_control(void)
{
	uint32_t value;

	__asm__ volatile("stmxcsr %0" : "=m"(value));
	return value;
}

static inline void cpu_set_control(uint32_t value)
{
	__asm__ volatile("ldmxcsr %0" : : "m"(value));
}

static inline void cpu_set_vector(const double value[2])
{
	__asm__ volatile("movupd %0, %%xmm13" : : "m"(*(const double (*)[2])value) : "xmm13");
}

static inline void cpu_vector(double value[2])
{
	__asm__ volatile("movupd %%xmm13, %0" : "=m"(*(double (*)[2])value));
}

#endif
