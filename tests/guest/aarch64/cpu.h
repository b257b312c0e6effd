/* SPDX-License-Identifier: ISC */
/* What kernel tests know of AArch64: how they begin, take upcalls and cause them. */
#ifndef TESTS_GUEST_CPU_H
#define TESTS_GUEST_CPU_H

#include <stdbool.h>

#include "abi/exo.h"

/* An instruction that is none. */
#define CPU_UNDEFINED "udf #0\n"
#define CPU_UNDEFINED_BYTES 4u
/* Where in its last 16 bytes a function's first stack pointer is. */
#define CPU_STACK_SKEW 0u
/* A register that C functions keep; one that they change. */
#define CPU_KEPT(regs)    ((regs)->x[19])
#define CPU_CHANGED(regs) ((regs)->x[2])
/* What its flags must have. */
#define CPU_FLAGS(regs) ((regs)->pstate)
#define CPU_FLAGS_START UINT64_C(0)

/* start, of the program; raw_upcall_entry, of upcalls. */
#define CPU_ENTRIES								\
	".globl start, raw_upcall_entry\n"					\
	"start: adrp x9, raw_stack_top\n"					\
	"	add sp, x9, :lo12:raw_stack_top\n"				\
	"	bl raw_start\n"							\
	"	udf #0\n"							\
	"raw_upcall_entry: stp x1, xzr, [sp, #-16]!\n"				\
	"	bl raw_upcall\n"						\
	"	ldr x0, [sp]\n"							\
	"	movz x8, #7\n"							\
	"	movk x8, #0x544e, lsl #32\n"					\
	"	movk x8, #0x4348, lsl #48\n"					\
	"	svc #0\n"							\
	"	udf #0\n"							\
	"	.local raw_stack\n"						\
	"	.comm raw_stack, 16384, 16\n"					\
	"	.set raw_stack_top, raw_stack + 16384\n"

/* raw_probe_read, _write, _exec (raw_child.h), and code that returns 0. */
#define CPU_PROBES								\
	"raw_probes:\n"								\
	"	.globl raw_probe_read, raw_probe_write, raw_probe_exec\n"	\
	"raw_probe_read:\n"							\
	"	ldr x1, [x0]\n"							\
	"	mov x0, xzr\n"							\
	"	ret\n"								\
	"raw_probe_write:\n"							\
	"	str x1, [x0]\n"							\
	"	mov x0, xzr\n"							\
	"	ret\n"								\
	"raw_probes_end:\n"							\
	"raw_probe_exec:\n"							\
	"	stp x29, x30, [sp, #-16]!\n"					\
	"	blr x0\n"							\
	"	ldp x29, x30, [sp], #16\n"					\
	"	ret\n"
#define CPU_CODE UINT64_C(0xd65f03c02a1f03e0) /* mov w0, wzr; ret */

/* Three places that come back by an upcall at once. */
#define CPU_PADS								\
	"pad_undefined: udf #0\n"						\
	"pad_breakpoint: brk #0\n"						\
	"pad_foreign: svc #0\n"							\
	"	udf #0\n"

/* An upcall entry that calls `function` with the frame, which does not return. */
#define CPU_STRAIGHT_ENTRY(name, function)					\
	name ":	mov x0, x1\n"							\
	"	bl " function "\n"						\
	"	udf #0\n"

/* uint64_t here(struct exo_frame *frame): 0; and 1 when the frame is resumed. */
#define CPU_HERE								\
	"here:	stp x18, x19, [x0, #176]\n"					\
	"	stp x20, x21, [x0, #192]\n"					\
	"	stp x22, x23, [x0, #208]\n"					\
	"	stp x24, x25, [x0, #224]\n"					\
	"	stp x26, x27, [x0, #240]\n"					\
	"	stp x28, x29, [x0, #256]\n"					\
	"	mov x9, sp\n"							\
	"	stp x30, x9, [x0, #272]\n"					\
	"	str x30, [x0, #288]\n" /* pc */				\
	"	mov x9, #1\n"							\
	"	str x9, [x0, #32]\n"   /* x0 */				\
	"	mov x0, xzr\n"							\
	"	ret\n"
_Static_assert(offsetof(struct exo_frame, regs) == 32
	       && offsetof(struct exo_frame, regs.pc) == 288, "here");

/* Is `got` what a frame with `want` has become that was resumed at a pad? Not all CPUs have all of
 * what user mode may change of the state. */
static inline bool cpu_regs_agree(const struct exo_regs *got, const struct exo_regs *want,
				  bool is_foreign)
{
	const uint64_t user = UINT64_C(0xf1001c00), all_have = UINT64_C(0xf0000000);
	bool is_same = !((got->pstate ^ want->pstate) & all_have) && !(got->pstate & ~user)
		&& got->pc - want->pc <= 4 && got->sp == want->sp;
	unsigned i;

	(void)is_foreign;
	for (i = 0; i < 31; i++)
		is_same &= got->x[i] == want->x[i];
	return is_same;
}

static inline void cpu_no_step(struct exo_regs *regs)
{
	(void)regs;
}

/* A function that is at its begin, or has pushed nothing, returns `value` at once. */
static inline void cpu_return(struct exo_regs *regs, uint64_t value)
{
	regs->x[0] = value;
	regs->pc = regs->x[30];
}

/* An undefined instruction with that in CPU_KEPT. */
static inline void cpu_undefined(uint64_t kept)
{
	register uint64_t x19 __asm__("x19") = kept;

	__asm__ volatile("udf #0" : : "r"(x19) : "memory");
}

/* The same with an argument, and what the upcall left in CPU_CHANGED. */
static inline uint64_t cpu_undefined_changes(uint64_t kept, uint64_t argument)
{
	register uint64_t x19 __asm__("x19") = kept;
	register uint64_t x0 __asm__("x0") = argument;
	register uint64_t x2 __asm__("x2") = 0;

	__asm__ volatile("udf #0" : "+r"(x2) : "r"(x19), "r"(x0) : "memory");
	return x2;
}

/* One instruction that writes 42, and its length. */
#define CPU_WRITE_BYTES 4u
static inline void cpu_write_42(volatile void *at)
{
	__asm__ volatile("str %w1, [%0]" : : "r"(at), "r"(42) : "memory");
}

/* A system call with any number, and 0, 0, 0x77 for arguments. Returns the first result; a foreign
 * call, which changes nothing, the number. */
static inline uint64_t cpu_call(uint64_t number)
{
	register uint64_t x8 __asm__("x8") = number;
	register uint64_t x0 __asm__("x0") = number;
	register uint64_t x1 __asm__("x1") = 0;
	register uint64_t x2 __asm__("x2") = 0x77;

	__asm__ volatile("svc #0" : "+r"(x0), "+r"(x1) : "r"(x2), "r"(x8) : "memory");
	return x0;
}

/* Write what could name a vcpu: the thread pointer. (The other is read-only.) */
static inline void cpu_name(uint64_t value)
{
	__asm__ volatile("msr tpidr_el0, %0" : : "r"(value));
}

static inline uint64_t cpu_named(void)
{
	uint64_t value;

	__asm__ volatile("mrs %0, tpidr_el0" : "=r"(value));
	return value;
}

#endif
