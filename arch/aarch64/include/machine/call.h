/* SPDX-License-Identifier: ISC */
/*
 * The user side of AArch64 in C: exokernel calls, the clock, the thread pointer, saving FPU state.
 * The number goes in x8, arguments in x0 to x4; results come in x0 and x1; all else stays
 * (abi/exo.h).
 */
#ifndef MACHINE_CALL_H
#define MACHINE_CALL_H

#include <stdint.h>

#include "abi/exo.h"

#define MACHINE_ELF 183u /* what ELF files call this CPU: EM_AARCH64 */

struct exo_result {
	int64_t value;   /* negative: enum exo_error */
	uint64_t second;
};

static inline struct exo_result exo_call(enum exo_call number, uint64_t a0, uint64_t a1,
					 uint64_t a2, uint64_t a3, uint64_t a4)
{
	register uint64_t x8 __asm__("x8") = EXO_CALL_PREFIX | (uint64_t)number;
	register uint64_t x0 __asm__("x0") = a0;
	register uint64_t x1 __asm__("x1") = a1;
	register uint64_t x2 __asm__("x2") = a2;
	register uint64_t x3 __asm__("x3") = a3;
	register uint64_t x4 __asm__("x4") = a4;

	__asm__ volatile("svc #0"
			 : "+r"(x0), "+r"(x1) : "r"(x2), "r"(x3), "r"(x4), "r"(x8)
			 : "memory", "cc");
	return (struct exo_result){ (int64_t)x0, x1 };
}

/* Now, in clock units. */
static inline uint64_t machine_clock(void)
{
	uint64_t clock;

	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(clock) : : "memory");
	return clock;
}

static inline void machine_relax(void)
{
	__asm__ volatile("yield");
}

/* TPIDR_EL0: where the program's thread-local storage is. */
static inline uint64_t machine_thread_pointer(void)
{
	uint64_t value;

	__asm__ volatile("mrs %0, tpidr_el0" : "=r"(value));
	return value;
}

static inline void machine_set_thread_pointer(uint64_t value)
{
	__asm__ volatile("msr tpidr_el0, %0" : : "r"(value));
}

/* TPIDRRO_EL0: the vcpu page. */
static inline uint64_t machine_vcpu(void)
{
	uint64_t value;

	__asm__ volatile("mrs %0, tpidrro_el0" : "=r"(value));
	return value;
}

/* The kernel has set it, and programs cannot. */
static inline void machine_set_vcpu(uint64_t value)
{
	(void)value;
}

/* The program's FPU state to and from `area` (64-byte aligned): 32 registers, FPSR, FPCR. Its size
 * is the same on all CPUs. */
static inline void machine_fpu_save(void *area, uint32_t bytes)
{
	uint64_t status, control;

	(void)bytes;
	__asm__ volatile(".arch_extension fp\n\t.arch_extension simd\n\t"
			 "stp q0, q1, [%2, #0]\n\tstp q2, q3, [%2, #32]\n\t"
			 "stp q4, q5, [%2, #64]\n\tstp q6, q7, [%2, #96]\n\t"
			 "stp q8, q9, [%2, #128]\n\tstp q10, q11, [%2, #160]\n\t"
			 "stp q12, q13, [%2, #192]\n\tstp q14, q15, [%2, #224]\n\t"
			 "stp q16, q17, [%2, #256]\n\tstp q18, q19, [%2, #288]\n\t"
			 "stp q20, q21, [%2, #320]\n\tstp q22, q23, [%2, #352]\n\t"
			 "stp q24, q25, [%2, #384]\n\tstp q26, q27, [%2, #416]\n\t"
			 "stp q28, q29, [%2, #448]\n\tstp q30, q31, [%2, #480]\n\t"
			 "mrs %0, fpsr\n\tmrs %1, fpcr\n\tstr %0, [%2, #512]\n\tstr %1, [%2, #520]"
			 : "=&r"(status), "=&r"(control) : "r"(area) : "memory");
}

static inline void machine_fpu_load(const void *area, uint32_t bytes)
{
	uint64_t status, control;

	(void)bytes;
	__asm__ volatile(".arch_extension fp\n\t.arch_extension simd\n\t"
			 "ldp q0, q1, [%2, #0]\n\tldp q2, q3, [%2, #32]\n\t"
			 "ldp q4, q5, [%2, #64]\n\tldp q6, q7, [%2, #96]\n\t"
			 "ldp q8, q9, [%2, #128]\n\tldp q10, q11, [%2, #160]\n\t"
			 "ldp q12, q13, [%2, #192]\n\tldp q14, q15, [%2, #224]\n\t"
			 "ldp q16, q17, [%2, #256]\n\tldp q18, q19, [%2, #288]\n\t"
			 "ldp q20, q21, [%2, #320]\n\tldp q22, q23, [%2, #352]\n\t"
			 "ldp q24, q25, [%2, #384]\n\tldp q26, q27, [%2, #416]\n\t"
			 "ldp q28, q29, [%2, #448]\n\tldp q30, q31, [%2, #480]\n\t"
			 "ldr %0, [%2, #512]\n\tldr %1, [%2, #520]\n\tmsr fpsr, %0\n\tmsr fpcr, %1"
			 : "=&r"(status), "=&r"(control) : "r"(area) : "memory");
}

/* A new program's FPU state: default control words. */
static inline void machine_fpu_reset(void)
{
	__asm__ volatile("msr fpcr, xzr\n\tmsr fpsr, xzr");
}

/* A function that begins with these registers, but for its program counter, returns to `address`.
 * Returns where on its stack that must be written, 0: nowhere. */
static inline uint64_t machine_set_return(struct exo_regs *regs, uint64_t address)
{
	regs->x[30] = address;
	return 0;
}

/* Build, below `frame` on a new library stack, what context_switch (upcall.S) takes off it: x19 =
 * the frame, and `first` as the return address. Returns the stack pointer. */
static inline uint64_t machine_context_start(struct exo_frame *frame, void (*first)(void))
{
	uint64_t *sp = (uint64_t *)frame - 12;
	unsigned i;

	for (i = 0; i < 12; i++)
		sp[i] = 0; /* x20 to x28; x29: backtraces end here */
	sp[0] = (uint64_t)frame;
	sp[11] = (uint64_t)first;
	return (uint64_t)sp;
}

/* Change to another stack for good and call a function that never returns. */
static inline _Noreturn void machine_stack_call(uint64_t top, uint64_t function, uint64_t argument)
{
	register uint64_t x0 __asm__("x0") = argument;

	__asm__ volatile("mov sp, %0\n\tmov x29, xzr\n\tblr %1\n\tbrk #0"
			 : : "r"(top), "r"(function), "r"(x0) : "memory");
	__builtin_unreachable();
}

#endif
