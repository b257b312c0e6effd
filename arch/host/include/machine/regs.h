/* SPDX-License-Identifier: ISC */
/* The user register file of the simulated machine. */
#ifndef MACHINE_REGS_H
#define MACHINE_REGS_H

#include <stdint.h>

struct exo_regs {
	uint64_t pc, sp;
	uint64_t number;     /* of the call, and its first result */
	uint64_t result2;
	uint64_t arg[5];
	uint64_t general[6]; /* nobody but the program gives them a meaning */
	uint64_t flags;      /* bit 0 is the program's, the rest privileged: zero in user mode */
};

/* Names that portable code uses. */
#define EXO_REG_PC(r)       ((r)->pc)
#define EXO_REG_SP(r)       ((r)->sp)
#define EXO_REG_NUMBER(r)   ((r)->number)
#define EXO_REG_RESULT(r)   ((r)->number)
#define EXO_REG_RESULT2(r)  ((r)->result2)
#define EXO_REG_ARG0(r)     ((r)->arg[0])
#define EXO_REG_ARG1(r)     ((r)->arg[1])
#define EXO_REG_ARG2(r)     ((r)->arg[2])
#define EXO_REG_ARG3(r)     ((r)->arg[3])
#define EXO_REG_ARG4(r)     ((r)->arg[4])

#endif
