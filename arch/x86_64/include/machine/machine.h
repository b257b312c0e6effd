/* SPDX-License-Identifier: ISC */
/* The machine's own part of struct machine on x86-64. Written at boot, and by each CPU in its own
 * struct arch_cpu; no locks. */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include <stdint.h>

#include "arch/x86_64/exo/layout.h"
#include "exo/base.h"

/* The frame table begins with physical page 0. */
#define MACHINE_FIRST_FRAME 0u

/* e_machine of its programs (System V ABI: EM_X86_64). */
#define MACHINE_ELF 62u

#define MACHINE_CMDLINE_BYTES 256u

/* What one CPU finds through GS while it is in the kernel. */
struct arch_cpu {
	struct machine *machine;  /* const after boot */
	struct cpu *cpu;          /* const after boot */
	struct exo_regs *regs;    /* of the vcpu whose registers were loaded last */
	uint64_t stack;           /* top of this CPU's kernel stack; const after boot */
	uint64_t scratch;         /* one register, for a few instructions of an entry */
	uint32_t index;           /* const after boot */
	uint32_t apic;            /* number of its local APIC; const after boot */
	/* where entries go: into the kernel, or there by way of the trace; const after boot */
	struct vcpu *(*syscall)(struct machine *m, struct cpu *c);
	struct vcpu *(*fault)(struct machine *m, struct cpu *c, uint64_t address, uint64_t error);
	struct vcpu *(*foreign)(struct machine *m, struct cpu *c);
	uint64_t gdt[8];
	uint32_t tss[26];
};

struct machine_arch {
	uint64_t clock_hz;     /* clock units (TSC ticks) in a second; const after boot */
	uint64_t timer_ratio;  /* APIC timer ticks a clock unit, 32.32 fixed point; const */
	uint64_t boot_clock;   /* clock when the kernel began; const after boot */
	uint64_t machine_physical; /* address of struct machine in physical memory; const */
	uint32_t fpu_bytes;    /* of struct arch_fpu that this CPU uses; const after boot */
	char cmdline[MACHINE_CMDLINE_BYTES]; /* the kernel's, ended by 0; const after boot */
	struct arch_cpu cpus[EXO_CPUS];
};

#endif
