/* SPDX-License-Identifier: ISC */
/*
 * The user side of the simulated machine, for the library's parts that run there: a program's call
 * is made by whoever simulates the program (fuzz/memory.c).
 */
#ifndef MACHINE_CALL_H
#define MACHINE_CALL_H

#include <stdint.h>

#include "abi/exo.h"

struct exo_result {
	int64_t value;   /* negative: enum exo_error */
	uint64_t second;
};

struct exo_result exo_call(enum exo_call number, uint64_t a0, uint64_t a1, uint64_t a2,
			   uint64_t a3, uint64_t a4);
/* The vcpu page. */
uint64_t machine_vcpu(void);
/* Where the program's thread-local storage is. */
uint64_t machine_thread_pointer(void);
void machine_set_thread_pointer(uint64_t value);
/* Now, in clock units. */
uint64_t machine_clock(void);

#endif
