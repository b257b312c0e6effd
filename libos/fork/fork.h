/* SPDX-License-Identifier: ISC */
/* Pieces that fork, spawn and exec share. */
#ifndef LIBOS_FORK_FORK_H
#define LIBOS_FORK_FORK_H

#include "libos/fork/process.h"

/* A process's number from its env's handle. */
#define PROCESS_PID(env) ((uint32_t)((env) & 0xffff) + 1)

/* A child env with an empty root table. EXO_E_LIMIT, EXO_E_FULL. */
err_t fork_create_env(uint64_t *env) MUST_USE;
/* Give a child env its first vcpu and time to run. EXO_E_LIMIT, EXO_E_FULL. */
err_t fork_start_vcpu(uint64_t env, const struct exo_vcpu_start *start) MUST_USE;
/* End a child env that was never announced, and forget it. */
void fork_abandon(uint64_t env);
/* Fill the child's tables as a copy of this process, `self` the one thread that goes along, whose
 * library stack is in use from `sp` up. All locks are held. EXO_E_LIMIT, EXO_E_COUNT. */
err_t fork_memory(struct libos *os, struct thread *self, uint64_t sp, uint64_t env) MUST_USE;
/* The n-th entry of the table of children. */
struct process_child *process_child(struct process *p, uint32_t n);
/* Note a child; there is room. Takes process. */
void process_add_child(struct libos *os, uint64_t env);

/* Note that a child has died, if it is ours. */
void process_set_dead(struct libos *os, uint64_t env, uint32_t status);

#endif
