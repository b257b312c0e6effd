/* SPDX-License-Identifier: ISC */
/*
 * Included before all else in libos/thread/thread.c as it is built for the test of the life of a
 * thread's slot: what the simulated machine has no instruction for. The test calls nobody who calls
 * these.
 */
#ifndef TESTS_HOST_THREAD_LIFE_H
#define TESTS_HOST_THREAD_LIFE_H

#include <stdint.h>

struct exo_frame;
struct exo_regs;

uint64_t machine_context_start(struct exo_frame *frame, void (*first)(void));
uint64_t machine_set_return(struct exo_regs *regs, uint64_t back);
void machine_fpu_save(void *area, uint64_t bytes);
void machine_fpu_load(const void *area, uint64_t bytes);

#endif
