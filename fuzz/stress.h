/* SPDX-License-Identifier: ISC */
/*
 * Host stress: each simulated CPU is a thread and runs what the real kernel gives it; the programs
 * are random. stress.c has the threads and the rounds, stress_program.c what a program does. A
 * struct stress belongs to one round; a struct stress_cpu to its thread alone.
 */
#ifndef FUZZ_STRESS_H
#define FUZZ_STRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/host/lab.h"

#define STRESS_NAMES 64u  /* envs and vcpus remembered, so that programs name what there is */
#define STRESS_PC    (LAB_ENTRY + 64) /* where programs are, when not at their upcall entry */

struct stress {
	struct lab *lab;
	unsigned cpus;
	unsigned steps;           /* of each CPU */
	uint64_t seed;
	_Atomic unsigned done;    /* CPUs that have made their steps; seq_cst: all must see it */
	/* Handles that somebody had; relaxed: any will do. */
	_Atomic uint64_t envs[STRESS_NAMES], vcpus[STRESS_NAMES];
};

struct stress_cpu {
	struct stress *s;
	unsigned index;
	unsigned step;
	uint64_t random;
	struct vcpu *v;           /* whose registers are loaded */
};

/* Something is wrong: say so, and end. Other threads may hold or wait for locks. */
_Noreturn void stress_fail(struct stress *s, const char *what);
/* The next random number below n. */
uint64_t stress_below(struct stress_cpu *sc, uint64_t n);
/* The program that runs on this CPU does something. */
void stress_program(struct stress_cpu *sc);

#endif
