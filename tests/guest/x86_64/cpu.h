/* SPDX-License-Identifier: ISC */
/* What kernel tests know of x86-64: how they begin, take upcalls and cause them. */
#ifndef TESTS_GUEST_CPU_H
#define TESTS_GUEST_CPU_H

#include <stdbool.h>

#include "abi/exo.h"

/* An instruction that is none. */
#define CPU_UNDEFINED "ud2\n"
#define CPU_UNDEFINED_BYTES 2u
/* Where in its last 16 bytes a function's first stack pointer is: it finds a return address. */
#define CPU_STACK_SKEW 8u
/* A register that C functions keep; their first argument; one that they change. */
#define CPU_KEPT(regs)    ((regs)->rbx)
#define CPU_CHANGED(regs) ((regs)->rdx)
/* What its flags must have. */
#define CPU_FLAGS(regs) ((regs)->rflags)
#define CPU_FLAGS_START UINT64_C(0x202)

/* start, of the program; raw_upcall_entry, of upcalls. */
#define CPU_ENTRIES								\
	".globl start, raw_upcall_entry\n"					\
	"start: lea raw_stack_top(%rip), %rsp\n"				\
	"	call raw_start\n"						\
	"	ud2\n"								\
	"raw_upcall_entry: push %rsi\n"						\
	"	sub $8, %rsp\n"							\
	"	call raw_upcall\n"						\
	"	mov 8(%rsp), %rdi\n"						\
	"	movabs $0x4348544e00000007, %rax\n"				\
	"	syscall\n"							\
	"	ud2\n"								\
	"	.local raw_stack\n"						\
	"	.comm raw_stack, 16384, 16\n"					\
	"	.set raw_stack_top, raw_stack + 16384\n"

/* raw_probe_read, _write, _exec (raw_child.h), and code that returns 0. */
#define CPU_PROBES								\
	"raw_probes:\n"								\
	"	.globl raw_probe_read, raw_probe_write, raw_probe_exec\n"	\
	"raw_probe_read:\n"							\
	"	mov (%rdi), %rdx\n"						\
	"	xor %eax, %eax\n"						\
	"	ret\n"								\
	"raw_probe_write:\n"							\
	"	mov %rsi, (%rdi)\n"						\
	"	xor %eax, %eax\n"						\
	"	ret\n"								\
	"raw_probes_end:\n"							\
	"raw_probe_exec:\n"							\
	"	sub $8, %rsp\n"							\
	"	call *%rdi\n"							\
	"	add $8, %rsp\n"							\
	"	ret\n"
#define CPU_CODE UINT64_C(0xc3c031) /* xor %eax, %eax; ret */

/* Three places that come back by an upcall at once. */
#define CPU_PADS								\
	"pad_undefined: ud2\n"							\
	"pad_breakpoint: int3\n"						\
	"pad_foreign: syscall\n"						\
	"	ud2\n"

/* An upcall entry that calls `function` with the frame, which does not return. */
#define CPU_STRAIGHT_ENTRY(name, function)					\
	name ":	mov %rsi, %rdi\n"						\
	"	call " function "\n"						\
	"	ud2\n"

/* uint64_t here(struct exo_frame *frame): 0; and 1 when the frame is resumed. */
#define CPU_HERE								\
	"here: mov (%rsp), %rax\n"						\
	"	mov %rax, 160(%rdi)\n" /* rip */				\
	"	lea 8(%rsp), %rax\n"						\
	"	mov %rax, 88(%rdi)\n"  /* rsp */				\
	"	mov %rbp, 80(%rdi)\n"						\
	"	mov %rbx, 40(%rdi)\n"						\
	"	mov %r12, 128(%rdi)\n"						\
	"	mov %r13, 136(%rdi)\n"						\
	"	mov %r14, 144(%rdi)\n"						\
	"	mov %r15, 152(%rdi)\n"						\
	"	movq $1, 32(%rdi)\n"   /* rax */				\
	"	xor %eax, %eax\n"						\
	"	ret\n"
_Static_assert(offsetof(struct exo_frame, regs.rip) == 160
	       && offsetof(struct exo_frame, regs.r15) == 152
	       && offsetof(struct exo_frame, regs.rsp) == 88, "here");

/* Is `got` what a frame with `want` has become that was resumed at a pad? RF is the CPU's. */
static inline bool cpu_regs_agree(const struct exo_regs *got, const struct exo_regs *want,
				  bool is_foreign)
{
	const uint64_t user = UINT64_C(0x240dd5), resumed = UINT64_C(0x10000);
	const uint64_t *a = &got->rax, *b = &want->rax;
	bool is_same = (got->rflags & ~resumed) == ((want->rflags & user) | 0x202)
		&& got->rip - want->rip <= 2;
	unsigned i;

	for (i = 0; i < offsetof(struct exo_regs, rip) / 8; i++)
		is_same &= a[i] == b[i] || (is_foreign && (a + i == &got->rcx
							   || a + i == &got->r11));
	return is_same;
}

/* Single step ends in an upcall of its own, one instruction on: not at a pad of two. */
static inline void cpu_no_step(struct exo_regs *regs)
{
	regs->rflags &= ~UINT64_C(0x100);
}

/* A function that is at its begin, or has pushed nothing, returns `value` at once. */
static inline void cpu_return(struct exo_regs *regs, uint64_t value)
{
	regs->rax = value;
	regs->rip = *(uint64_t *)regs->rsp;
	regs->rsp += 8;
}

/* An undefined instruction with that in CPU_KEPT. */
static inline void cpu_undefined(uint64_t kept)
{
	__asm__ volatile("ud2" : : "b"(kept) : "memory");
}

/* The same with an argument, and what the upcall left in CPU_CHANGED. */
static inline uint64_t cpu_undefined_changes(uint64_t kept, uint64_t argument)
{
	uint64_t changed = 0;

	__asm__ volatile("ud2" : "+d"(changed) : "b"(kept), "D"(argument) : "memory");
	return changed;
}

/* One instruction that writes 42, and its length. */
#define CPU_WRITE_BYTES 7u
static inline void cpu_write_42(volatile void *at)
{
	__asm__ volatile(".byte 0x48, 0xc7, 0x07, 0x2a, 0, 0, 0" : : "D"(at) : "memory");
}

/* A system call with any number, and 0, 0, 0x77 for arguments. */
static inline uint64_t cpu_call(uint64_t number)
{
	uint64_t rdx = 0x77;

	__asm__ volatile("syscall" : "+a"(number), "+d"(rdx) : "D"(0), "S"(0)
			 : "rcx", "r11", "memory");
	return number;
}

/* Write what could name a vcpu: selectors, then the bases of FS and GS, a canonical address. */
static inline void cpu_name(uint64_t value)
{
	__asm__ volatile("mov %1, %%ds; mov %1, %%es; mov %1, %%fs; mov %1, %%gs\n"
			 "wrfsbase %0; wrgsbase %0" : : "r"(value), "r"(0));
}

/* What they hold; 0xbad: not the same. */
static inline uint64_t cpu_named(void)
{
	uint64_t fs, gs;

	__asm__ volatile("rdfsbase %0; rdgsbase %1" : "=r"(fs), "=r"(gs));
	return fs == gs ? fs : 0xbad;
}

#endif
