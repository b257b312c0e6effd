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
#define EXO_REG_NUMBER(r)   ((r)->x[8]) /* call number, as Linux has it */
#define EXO_REG_RESULT(r)   ((r)->x[0])
#define EXO_REG_RESULT2(r)  ((r)->x[1])
#define EXO_REG_ARG0(r)     ((r)->x[0])
#define EXO_REG_ARG1(r)     ((r)->x[1])
#define EXO_REG_ARG2(r)     ((r)->x[2])
#define EXO_REG_ARG3(r)     ((r)->x[3])
#define EXO_REG_ARG4(r)     ((r)->x[4])

#endif
