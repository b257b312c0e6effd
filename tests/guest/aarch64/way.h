/* SPDX-License-Identifier: ISC */
/* A library call and a fault of AArch64 with a pattern in the registers. No state, no locks. */
#ifndef TESTS_GUEST_WAY_H
#define TESTS_GUEST_WAY_H

#include <stdbool.h>
#include <stdint.h>

/* A call with the arguments seed and itself, and its result: are the registers kept that a C
 * function keeps, x19 to x29? */
static inline bool cpu_call_keeps(uint64_t seed, const void *call, long *result)
{
	register uint64_t x0 __asm__("x0") = seed;
	register uint64_t x1 __asm__("x1") = (uint64_t)call;

	__asm__ volatile("stp x29, x0, [sp, #-16]!\n\t"
			 ".irp n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29\n\t"
			 "add x\\n, x0, #\\n\n\t.endr\n\t"
			 "blr x1\n\tldr x2, [sp, #8]\n\tmov x1, xzr\n\t"
			 ".irp n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29\n\t"
			 "sub x\\n, x\\n, #\\n\n\teor x\\n, x\\n, x2\n\torr x1, x1, x\\n\n\t"
			 ".endr\n\tldr x29, [sp], #16"
			 : "+r"(x0), "+r"(x1)
			 : : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
			     "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22",
			     "x23", "x24", "x25", "x26", "x27", "x28", "x30", "memory", "cc");
	*result = (long)x0;
	return x1 == 0;
}

/* A store that faults and is stepped over, so many bytes long: is everything kept, the flags too
 * (zero and carry are set here)? What comes is the sum of thirty registers, seed and
 * seed + 2 .. 30, and the carry. */
#define CPU_STORE_BYTES 4
static inline bool cpu_store_keeps(uint64_t seed, const void *at)
{
	register uint64_t sum __asm__("x0") = seed;
	register uint64_t address __asm__("x1") = (uint64_t)at;

	__asm__ volatile("str x29, [sp, #-16]!\n\t"
			 ".irp n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,"
			 "20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30\n\t"
			 "add x\\n, x0, #\\n\n\t.endr\n\t"
			 "cmp x0, x0\n\tstr w1, [x1]\n\tadc x0, x0, x2\n\t"
			 ".irp n, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,"
			 "20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30\n\t"
			 "add x0, x0, x\\n\n\t.endr\n\t"
			 "ldr x29, [sp], #16"
			 : "+r"(sum), "+r"(address)
			 : : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
			     "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22",
			     "x23", "x24", "x25", "x26", "x27", "x28", "x30", "memory", "cc");
	return address == (uint64_t)at && sum == 30 * seed + 464 + 1;
}

#endif
