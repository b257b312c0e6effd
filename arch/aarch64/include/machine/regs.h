/* SPDX-License-Identifier: ISC */
/* The user register file of AArch64, as the kernel saves it and upcall frames show it. */
#ifndef MACHINE_REGS_H
#define MACHINE_REGS_H

#include <stdint.h>

/* The order is that of the stores in trap.S (offsets asserted in cpu.c). */
struct exo_regs {
	uint64_t x[31];
	uint64_t sp, pc, pstate;
};

/* Names that portable code uses. */
#define EXO_REG_PC(r)       ((r)->pc)
#define EXO_REG_SP(r)       ((r)->sp)
#define EXO_REG_FP(r)       ((r)->x[29]) /* frame pointer: the caller's is there, then whereto */
#define EXO_REG_NUMBER(r)   ((r)->x[8]) /* call number, as Linux has it */
#define EXO_REG_RESULT(r)   ((r)->x[0])
#define EXO_REG_RESULT2(r)  ((r)->x[1])
#define EXO_REG_ARG0(r)     ((r)->x[0])
#define EXO_REG_ARG1(r)     ((r)->x[1])
#define EXO_REG_ARG2(r)     ((r)->x[2])
#define EXO_REG_ARG3(r)     ((r)->x[3])
#define EXO_REG_ARG4(r)     ((r)->x[4])

/* Of all words of struct exo_regs, in order. */
#define EXO_REG_NAMES \
	"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", \
	"x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", \
	"x27", "x28", "x29", "x30", "sp", "pc", "pstate"

#endif
