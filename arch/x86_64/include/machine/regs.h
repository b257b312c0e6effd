/* SPDX-License-Identifier: ISC */
/* The user register file of x86-64, as the kernel saves it and upcall frames show it. */
#ifndef MACHINE_REGS_H
#define MACHINE_REGS_H

#include <stdint.h>

/* The order is that of the pushes in trap.S (offsets asserted there). */
struct exo_regs {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip, rflags;
};

/* Names that portable code uses. */
#define EXO_REG_PC(r)       ((r)->rip)
#define EXO_REG_SP(r)       ((r)->rsp)
#define EXO_REG_FP(r)       ((r)->rbp) /* frame pointer: the caller's is there, then whereto */
#define EXO_REG_NUMBER(r)   ((r)->rax) /* call number, and the first result */
#define EXO_REG_RESULT(r)   ((r)->rax)
#define EXO_REG_RESULT2(r)  ((r)->rdx)
#define EXO_REG_ARG0(r)     ((r)->rdi)
#define EXO_REG_ARG1(r)     ((r)->rsi)
#define EXO_REG_ARG2(r)     ((r)->rdx)
#define EXO_REG_ARG3(r)     ((r)->r10)
#define EXO_REG_ARG4(r)     ((r)->r8)

/* Of all words of struct exo_regs, in order. */
#define EXO_REG_NAMES \
	"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", \
	"r13", "r14", "r15", "rip", "rflags"

#endif
