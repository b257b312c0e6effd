/* SPDX-License-Identifier: ISC */
/* Pieces that fork, spawn and exec share. */
#ifndef LIBOS_FORK_FORK_H
#define LIBOS_FORK_FORK_H

#include "libos/fork/process.h"

/* A child env with an empty root table. EXO_E_LIMIT, EXO_E_FULL. */
err_t fork_create_env(uint64_t *env) MUST_USE;
/* Give a child env its first vcpu and time to run on the CPUs that the policy says. EXO_E_LIMIT,
 * EXO_E_FULL. */
err_t fork_start_vcpu(struct libos *os, uint64_t env, const struct exo_vcpu_start *start) MUST_USE;
/* End a child env that has never run, and forget it. */
void fork_abandon(uint64_t env);
/* Fill the child's tables as a copy of this process, `self` the one thread that goes along. All
 * locks are held. EXO_E_LIMIT, EXO_E_COUNT. */
err_t fork_memory(struct libos *os, struct thread *self, uint64_t env) MUST_USE;
/* An entry in the process table for a child, with a copy of this process's descriptors (is_spawn:
 * without those that close on exec). EXO_E_FULL, EXO_E_LIMIT. Takes the family's file. */
err_t fork_make_entry(struct libos *os, bool is_spawn, uint64_t most,
		      struct family_process **made) MUST_USE;
/* The child never came to be. */
void fork_drop_entry(struct libos *os, struct family_process *made);

#endif
