/* SPDX-License-Identifier: ISC */
/* A library call and a fault of x86-64 with a pattern in the registers. No state, no locks. */
#ifndef TESTS_GUEST_WAY_H
#define TESTS_GUEST_WAY_H

#include <stdbool.h>
#include <stdint.h>

/* A call with the arguments seed and itself, and its result: are the registers kept that a C
 * function keeps? */
static inline bool cpu_call_keeps(uint64_t seed, const void *call, long *result)
{
	__asm__ volatile("mov %0, %%rbx; lea 1(%0), %%r12; lea 2(%0), %%r13; lea 3(%0), %%r14;"
			 "lea 4(%0), %%r15; push %0; sub $8, %%rsp; call *%1; add $8, %%rsp;"
			 "pop %%rcx; sub %%rcx, %%rbx; sub %%rcx, %%r12; sub %%rcx, %%r13;"
			 "sub %%rcx, %%r14; sub %%rcx, %%r15; dec %%r12; sub $2, %%r13;"
			 "sub $3, %%r14; sub $4, %%r15; or %%r12, %%rbx; or %%r13, %%rbx;"
			 "or %%r14, %%rbx; or %%r15, %%rbx; mov %%rbx, %0"
			 : "+D"(seed), "+S"(call), "=a"(*result)
			 : : "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
			     "r15", "memory", "cc");
	return seed == 0;
}

/* A store that faults and is stepped over, so many bytes long: is everything kept, the flags too
 * (carry and direction are set here)? What comes is the sum of fourteen registers, seed + 0 .. 13
 * with 0 for 4, and the carry. */
#define CPU_STORE_BYTES 2
static inline bool cpu_store_keeps(uint64_t seed, const void *at)
{
	uint64_t sum = seed, address = (uint64_t)at;

	__asm__ volatile("push %%rbp; mov %1, %%rbx; lea 1(%1), %%rcx; lea 2(%1), %%rdx;"
			 "lea 3(%1), %%rsi; lea 5(%1), %%rbp; lea 6(%1), %%r8; lea 7(%1), %%r9;"
			 "lea 8(%1), %%r10; lea 9(%1), %%r11; lea 10(%1), %%r12;"
			 "lea 11(%1), %%r13; lea 12(%1), %%r14; lea 13(%1), %%r15;"
			 "std; stc; mov %%eax, (%%rax); cld; adc %%rcx, %%rbx;"
			 "add %%rdx, %%rbx; add %%rsi, %%rbx; add %1, %%rbx;"
			 "add %%rbp, %%rbx; add %%r8, %%rbx; add %%r9, %%rbx; add %%r10, %%rbx;"
			 "add %%r11, %%rbx; add %%r12, %%rbx; add %%r13, %%rbx; add %%r14, %%rbx;"
			 "add %%r15, %%rbx; mov %%rbx, %1; pop %%rbp"
			 : "+a"(address), "+D"(sum)
			 : : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13",
			     "r14", "r15", "memory", "cc");
	return address == (uint64_t)at && sum == 14 * seed + 87 + 1;
}

#endif
