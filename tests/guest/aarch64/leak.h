/* SPDX-License-Identifier: ISC */
/* For kernel tests on AArch64: a secret in the registers that an env leaves behind, and the search
 * for it in those that one finds. */
#ifndef TESTS_GUEST_LEAK_H
#define TESTS_GUEST_LEAK_H

#include <stdint.h>

/* The thread pointer, FPCR and FPSR, and the software's context number, which not every CPU has: an
 * upcall goes on after it then. */
static inline void leak_fill(uint64_t secret)
{
	__asm__ volatile("msr tpidr_el0, %0; msr s3_3_c13_c0_7, %0" : : "r"(secret));
	__asm__ volatile("msr fpcr, %0; msr fpsr, %1" : : "r"(UINT64_C(0x00c00000)),
			 "r"(UINT64_C(0x1f)));
}

/* All general and vector registers, until *is_over. */
static inline void leak_hold(uint64_t secret, const volatile uint64_t *is_over)
{
	register uint64_t x0 __asm__("x0") = secret;
	register const volatile uint64_t *x1 __asm__("x1") = is_over;

	__asm__ volatile(
		".arch_extension simd\n\tdup v0.2d, x0\n\tdup v7.2d, x0\n\tdup v31.2d, x0\n\t"
		"mov x3, x0\n\tmov x9, x0\n\tmov x17, x0\n\tmov x19, x0\n\tmov x28, x0\n\t"
		"mov x30, x0\n"
		"1: yield\n\tldr x2, [x1]\n\tcbz x2, 1b"
		: : "r"(x0), "r"(x1)
		: "x2", "x3", "x9", "x17", "x19", "x28", "x30", "v0", "v7", "v31", "memory", "cc");
}

/* In a newborn: how much is not as it is in the first of all. */
static inline uint64_t leak_found(void)
{
	uint64_t found, word = 0;

	__asm__ volatile("mrs %0, tpidr_el0" : "=r"(found));
	__asm__ volatile("mrs %0, s3_3_c13_c0_7" : "+r"(word));
	found |= word;
	__asm__ volatile("mrs %0, fpcr" : "=r"(word));
	found |= word;
	__asm__ volatile("mrs %0, fpsr" : "=r"(word));
	found |= word;
	__asm__ volatile(".arch_extension fp\n\t.arch_extension simd\n\tfmov %0, d7" : "=r"(word));
	found |= word;
	__asm__ volatile(".arch_extension simd\n\tmov %0, v31.d[1]" : "=r"(word));
	return found | word;
}

#endif
