/* SPDX-License-Identifier: ISC */
/* What is kept of a vcpu beside its general registers on x86-64: the XSAVE area for x87, SSE and
 * AVX (Intel SDM 1, 13.4), and the bases of FS and GS. */
#ifndef MACHINE_FPU_H
#define MACHINE_FPU_H

#include <stdint.h>

#define ARCH_FPU_AREA 832u /* legacy area 512, header 64, upper halves of YMM 256 */

struct arch_fpu {
	uint8_t area[ARCH_FPU_AREA] __attribute__((aligned(64)));
	uint64_t fs_base;
	uint64_t gs_base;
	uint64_t reserved[6];
};

#endif
