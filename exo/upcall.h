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

/* Deliver an upcall of the given kind to the current vcpu. If its frame cannot be pushed, or there
 * is no entry, the env ends with that as its status and nothing is current. Takes env (or tree). */
void upcall_push(struct machine *m, struct cpu *c, enum exo_upcall kind, uint64_t code,
		 uint64_t address);
/* Deliver all pending events of the current vcpu in one upcall. */
void upcall_events(struct machine *m, struct cpu *c);
/* Go back to what a frame says: every register and `masked`. EXO_E_POINTER, EXO_E_ARGUMENT (nothing
 * changed). Takes env. */
err_t upcall_resume(struct machine *m, struct cpu *c, uint64_t frame) MUST_USE;

#endif
