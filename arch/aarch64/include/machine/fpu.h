/* SPDX-License-Identifier: ISC */
/* What is kept of a vcpu beside its general registers on AArch64: SIMD and floating point, and the
 * program's thread pointer. fpu.c and <machine/call.h> know the order. */
#ifndef MACHINE_FPU_H
#define MACHINE_FPU_H

#include <stdint.h>

#define ARCH_FPU_AREA 528u /* 32 registers of 16 bytes, FPSR, FPCR */

struct arch_fpu {
	uint8_t area[ARCH_FPU_AREA] __attribute__((aligned(16)));
	uint64_t thread_pointer; /* TPIDR_EL0 */
	uint64_t zero;
};

#endif
