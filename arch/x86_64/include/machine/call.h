/* SPDX-License-Identifier: ISC */
/*
 * The user side of x86-64 in C: exokernel calls, the clock, the thread pointer, saving FPU state.
 * The number goes in rax, arguments in rdi, rsi, rdx, r10, r8; results come in rax and rdx; rcx
 * and r11 are lost (abi/exo.h).
 */
#ifndef MACHINE_CALL_H
#define MACHINE_CALL_H

#include <stdint.h>

#include "abi/exo.h"

#define MACHINE_ELF 62u /* what ELF files call this CPU: EM_X86_64 */

struct exo_result {
	int64_t value;   /* negative: enum exo_error */
	uint64_t second;
};

static inline struct exo_result exo_call(enum exo_call number, uint64_t a0, uint64_t a1,
					 uint64_t a2, uint64_t a3, uint64_t a4)
{
	struct exo_result r;
	register uint64_t r10 __asm__("r10") = a3;
	register uint64_t r8 __asm__("r8") = a4;

	__asm__ volatile("syscall"
			 : "=a"(r.value), "=d"(r.second)
			 : "0"(EXO_CALL_PREFIX | (uint64_t)number), "D"(a0), "S"(a1), "1"(a2),
			   "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return r;
}

/* Now, in clock units. */
static inline uint64_t machine_clock(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static inline void machine_relax(void)
{
	__asm__ volatile("pause");
}

/* FS base: where the program's thread-local storage is. */
static inline uint64_t machine_thread_pointer(void)
{
	uint64_t value;

	__asm__ volatile("rdfsbase %0" : "=r"(value));
	return value;
}

static inline void machine_set_thread_pointer(uint64_t value)
{
	__asm__ volatile("wrfsbase %0" : : "r"(value));
}

/* GS base: the vcpu page. */
static inline uint64_t machine_vcpu(void)
{
	uint64_t value;

	__asm__ volatile("rdgsbase %0" : "=r"(value));
	return value;
}

static inline void machine_set_vcpu(uint64_t value)
{
	__asm__ volatile("wrgsbase %0" : : "r"(value));
}

/* The program's FPU state to and from `area` (64-byte aligned, zero before its first use, `bytes`
 * as exo_info.fpu_bytes says: 512 is the legacy layout, more the extended one). */
static inline void machine_fpu_save(void *area, uint32_t bytes)
{
	if (bytes > 512)
		__asm__ volatile("xsave64 (%0)" : : "r"(area), "a"(-1), "d"(-1) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

static inline void machine_fpu_load(const void *area, uint32_t bytes)
{
	if (bytes > 512)
		__asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"(-1), "d"(-1) : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

/* A new program's FPU state: default control words. */
static inline void machine_fpu_reset(void)
{
	uint32_t mxcsr = 0x1f80;

	__asm__ volatile("fninit; ldmxcsr %0" : : "m"(mxcsr));
}

/* A function that begins with these registers, but for its program counter, returns to `address`.
 * Returns where on its stack that must be written, 0: nowhere. */
static inline uint64_t machine_set_return(struct exo_regs *regs, uint64_t address)
{
	(void)address;
	regs->rsp -= sizeof(address);
	return regs->rsp;
}

/* Build, below `frame` on a new library stack, what context_switch (upcall.S) takes off it: rbx =
 * the frame, and `first` as the return address. Returns the stack pointer. */
static inline uint64_t machine_context_start(struct exo_frame *frame, void (*first)(void))
{
	uint64_t *sp = (uint64_t *)frame - 7;

	sp[0] = sp[1] = sp[2] = sp[3] = 0; /* r15, r14, r13, r12 */
	sp[4] = (uint64_t)frame;           /* rbx */
	sp[5] = 0;                         /* rbp: backtraces end here */
	sp[6] = (uint64_t)first;
	return (uint64_t)sp;
}

/* Change to another stack for good and call a function that never returns. */
static inline _Noreturn void machine_stack_call(uint64_t top, uint64_t function, uint64_t argument)
{
	__asm__ volatile("mov %0, %%rsp; xor %%ebp, %%ebp; call *%1; ud2"
			 : : "r"(top), "r"(function), "D"(argument) : "memory");
	__builtin_unreachable();
}

#endif
