/* SPDX-License-Identifier: ISC */
/*
 * Upcalls: the kernel's way into a process. A frame with all general registers is pushed on the
 * upcall stack that the vcpu page names (below the stack pointer if that is inside it), `masked` is
 * set, its old value kept in the frame, and the upcall entry entered. Synchronous kinds are always
 * delivered; events only while `masked` is clear.
 */
#ifndef EXO_UPCALL_H
#define EXO_UPCALL_H

#include "exo/machine.h"

/* Deliver an upcall of the given kind to v, the current vcpu. False: its frame cannot be pushed, or
 * there is no entry, and upcall_end is what is left. The CPU need not count as in the kernel: what
 * others flush then waits for it as if the program pushed the frame itself. Takes env. */
bool upcall_push(struct machine *m, struct cpu *c, struct vcpu *v, enum exo_upcall kind,
		 uint64_t code, uint64_t address) MUST_USE;
/* The env of v, the current vcpu, ends, with that as its status. Takes tree and what env_kill
 * takes. */
void upcall_end(struct machine *m, struct cpu *c, const struct vcpu *v);
/* Deliver all pending events of the current vcpu in one upcall. */
void upcall_events(struct machine *m, struct cpu *c);
/* Go back to what a frame says: every register and `masked`. EXO_E_POINTER, EXO_E_ARGUMENT (nothing
 * changed). Takes env. */
err_t upcall_resume(struct machine *m, struct cpu *c, uint64_t frame) MUST_USE;

#endif
