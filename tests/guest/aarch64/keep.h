/* SPDX-License-Identifier: ISC */
/*
 * A pattern in all registers of AArch64, for threads of a native program; the FPU's control
 * word with a rounding; a vector register that no function keeps.
 */
#ifndef TESTS_GUEST_KEEP_H
#define TESTS_GUEST_KEEP_H

#include <stdint.h>

#define CPU_CONTROL(rounding) ((uint32_t)(rounding) << 22)

/* Fill registers from seed, spin, compare: 0 if all are as they were. The loop stays in one piece
 * of assembly, so nothing else uses the registers. */
static inline uint64_t cpu_keeps(uint64_t seed, uint64_t spins)
{
	uint64_t bad = 0;

	__asm__ volatile(
		"fmov d0, %[seed]\n\tdup v7.2d, %[seed]\n\tdup v31.2d, %[seed]\n\t"
		"add x9, %[seed], #1\n\t"
		"add x10, %[seed], #2\n\t"
		"add x11, %[seed], #3\n\t"
		"add x12, %[seed], #4\n\t"
		"add x13, %[seed], #5\n\t"
		"add x14, %[seed], #6\n\t"
		"add x15, %[seed], #7\n\t"
		"add x20, %[seed], #8\n\t"
		"add x21, %[seed], #9\n\t"
		"add x22, %[seed], #10\n\t"
		"add x23, %[seed], #11\n\t"
		"add x24, %[seed], #12\n\t"
		"add x25, %[seed], #13\n\t"
		"add x26, %[seed], #14\n\t"
		"add x27, %[seed], #15\n\t"
		"add x28, %[seed], #16\n\t"
		"1: subs %[spins], %[spins], #1\n\tb.ne 1b\n\t"
		"sub x9, x9, %[seed]\n\tsub x9, x9, #1\n\torr %[bad], %[bad], x9\n\t"
		"sub x10, x10, %[seed]\n\tsub x10, x10, #2\n\torr %[bad], %[bad], x10\n\t"
		"sub x11, x11, %[seed]\n\tsub x11, x11, #3\n\torr %[bad], %[bad], x11\n\t"
		"sub x12, x12, %[seed]\n\tsub x12, x12, #4\n\torr %[bad], %[bad], x12\n\t"
		"sub x13, x13, %[seed]\n\tsub x13, x13, #5\n\torr %[bad], %[bad], x13\n\t"
		"sub x14, x14, %[seed]\n\tsub x14, x14, #6\n\torr %[bad], %[bad], x14\n\t"
		"sub x15, x15, %[seed]\n\tsub x15, x15, #7\n\torr %[bad], %[bad], x15\n\t"
		"sub x20, x20, %[seed]\n\tsub x20, x20, #8\n\torr %[bad], %[bad], x20\n\t"
		"sub x21, x21, %[seed]\n\tsub x21, x21, #9\n\torr %[bad], %[bad], x21\n\t"
		"sub x22, x22, %[seed]\n\tsub x22, x22, #10\n\torr %[bad], %[bad], x22\n\t"
		"sub x23, x23, %[seed]\n\tsub x23, x23, #11\n\torr %[bad], %[bad], x23\n\t"
		"sub x24, x24, %[seed]\n\tsub x24, x24, #12\n\torr %[bad], %[bad], x24\n\t"
		"sub x25, x25, %[seed]\n\tsub x25, x25, #13\n\torr %[bad], %[bad], x25\n\t"
		"sub x26, x26, %[seed]\n\tsub x26, x26, #14\n\torr %[bad], %[bad], x26\n\t"
		"sub x27, x27, %[seed]\n\tsub x27, x27, #15\n\torr %[bad], %[bad], x27\n\t"
		"sub x28, x28, %[seed]\n\tsub x28, x28, #16\n\torr %[bad], %[bad], x28\n\t"
		"fmov x9, d0\n\tsub x9, x9, %[seed]\n\torr %[bad], %[bad], x9\n\t"
		"fmov x9, d7\n\tsub x9, x9, %[seed]\n\torr %[bad], %[bad], x9\n\t"
		"fmov x9, d31\n\tsub x9, x9, %[seed]\n\torr %[bad], %[bad], x9\n\t"
		"mov x9, v31.d[1]\n\tsub x9, x9, %[seed]\n\torr %[bad], %[bad], x9\n\t"
		: [bad] "+r"(bad), [spins] "+r"(spins) : [seed] "r"(seed)
		: "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x20", "x21", "x22", "x23",
		  "x24", "x25", "x26", "x27", "x28", "v0", "v7", "v31", "cc");
	return bad;
}

static inline uint32_t cpu_control(void)
{
	uint64_t value;

	__asm__ volatile("mrs %0, fpcr" : "=r"(value));
	return (uint32_t)value;
}

static inline void cpu_set_control(uint32_t value)
{
	__asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)value));
}

static inline void cpu_set_vector(const double value[2])
{
	__asm__ volatile("ldr q29, [%0]" : : "r"(value) : "v29", "memory");
}

static inline void cpu_vector(double value[2])
{
	__asm__ volatile("str q29, [%0]" : : "r"(value) : "memory");
}

#endif
