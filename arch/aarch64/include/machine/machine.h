/* SPDX-License-Identifier: ISC */
/* The machine's own part of struct machine on AArch64. Written at boot, and by each CPU in its own
 * struct arch_cpu; no locks. */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/aarch64/exo/layout.h"
#include "exo/base.h"

/* The frame table begins with the first page of RAM. */
#define MACHINE_FIRST_FRAME (LAYOUT_RAM >> 12)

/* e_machine of its programs: EM_AARCH64. */
#define MACHINE_ELF 183u

#define MACHINE_CMDLINE_BYTES 256u

/* What one CPU finds through TPIDR_EL1. */
struct arch_cpu {
	struct machine *machine;  /* const after boot */
	struct cpu *cpu;          /* const after boot */
	struct exo_regs *regs;    /* of the vcpu whose registers were loaded last */
	uint64_t stack;           /* top of this CPU's kernel stack; const after boot */
	uint32_t index;           /* const after boot */
	uint32_t gic_target;      /* version 2: bit of it, for the distributor; set by itself */
	uint64_t affinity;        /* const after boot */
};

/* Where the interrupt controller is, from the device tree: the kernel's addresses. */
struct arch_devices {
	uint64_t gic;        /* distributor */
	uint64_t gic_cpu;    /* version 2: CPU interface; version 3: the first redistributor */
	bool is_gic_v3;
};

struct machine_arch {
	uint64_t clock_hz;     /* clock units (of CNTVCT) in a second; const after boot */
	uint64_t boot_clock;   /* clock when the kernel began; const after boot */
	uint64_t machine_physical; /* address of struct machine in physical memory; const */
	struct arch_devices devices; /* const after boot */
	char cmdline[MACHINE_CMDLINE_BYTES]; /* the kernel's, ended by 0; const after boot */
	struct arch_cpu cpus[EXO_CPUS];
};

#endif
