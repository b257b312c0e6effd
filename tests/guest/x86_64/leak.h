/* SPDX-License-Identifier: ISC */
/* For kernel tests on x86-64: a secret in the registers that an env leaves behind, and the search
 * for it in those that one finds. */
#ifndef TESTS_GUEST_LEAK_H
#define TESTS_GUEST_LEAK_H

#include <stdint.h>

/* Segment selectors (null ones with a privilege level, for want of more that may be loaded), bases,
 * a pending and unmasked x87 exception, odd rounding. */
static inline void leak_fill(uint64_t secret)
{
	__asm__ volatile("mov %w0, %%ds; mov %w0, %%es; mov %w0, %%fs; mov %w0, %%gs"
			 : : "r"(3) : "memory");
	__asm__ volatile("wrfsbase %0; wrgsbase %0" : : "r"(secret >> 20) : "memory");
	__asm__ volatile("fninit; movw $0x0f40, -4(%%rsp); fldcw -4(%%rsp); fldz; fldz; fdivrp;"
			 "movl $0x9f80, -4(%%rsp); ldmxcsr -4(%%rsp)" : : : "memory");
}

/* All general and vector registers, until *is_over. */
static inline void leak_hold(uint64_t secret, const volatile uint64_t *is_over)
{
	__asm__ volatile(
		"movq %0, %%xmm0; movq %0, %%xmm7; movq %0, %%xmm15\n\t"
		"mov %0, %%rax; mov %0, %%rbx; mov %0, %%rdx; mov %0, %%r8; mov %0, %%r9\n\t"
		"mov %0, %%r10; mov %0, %%r11; mov %0, %%r12; mov %0, %%r13; mov %0, %%r14\n\t"
		"mov %0, %%r15\n"
		"1: pause; cmpq $0, (%1); je 1b"
		: : "D"(secret), "S"(is_over)
		: "rax", "rbx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
		  "xmm0", "xmm7", "xmm15", "memory", "cc");
}

/* In a newborn: how much is not as it is in the first of all. */
static inline uint64_t leak_found(void)
{
	uint64_t found, base;
	uint16_t selectors[4], control[14 / 2];
	uint32_t mxcsr;

	__asm__ volatile("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; mov %%gs, %3"
			 : "=m"(selectors[0]), "=m"(selectors[1]), "=m"(selectors[2]),
			   "=m"(selectors[3]));
	found = selectors[0] | selectors[1] | selectors[2] | selectors[3];
	__asm__ volatile("rdfsbase %0" : "=r"(base));
	found |= base;
	__asm__ volatile("rdgsbase %0" : "=r"(base));
	found |= base;
	__asm__ volatile("fwait; fnstenv %0" : "=m"(control[0]) : : "memory");
	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	found |= mxcsr ^ 0x1f80;
	__asm__ volatile("movq %%xmm7, %0" : "=r"(base));
	found |= base;
	__asm__ volatile("movq %%xmm15, %0" : "=r"(base));
	return found | base;
}

#endif
