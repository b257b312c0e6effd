/* SPDX-License-Identifier: ISC */
/* The floating-point registers and the thread pointer of the simulated machine. */
#ifndef MACHINE_FPU_H
#define MACHINE_FPU_H

#include <stdint.h>

struct arch_fpu {
	uint64_t word[4];
	uint64_t thread;
};

#endif
