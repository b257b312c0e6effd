/* SPDX-License-Identifier: ISC */
/*
 * Revocation: frames are asked back with a deadline, which the account's first env hears of as a
 * REVOKE event; what is not returned by then is taken, a bounded number of slots a call: first
 * leaves whose frames the account pays for, then branches without write access (trees that others
 * share). Each slot taken is listed in the vcpu page of its env. (Engler et al., Exokernel, SOSP
 * 1995, 3.5: visible revocation, abort protocol, repossession vector.)
 */
#ifndef EXO_REVOKE_H
#define EXO_REVOKE_H

#include "exo/machine.h"

/* Lower account's limit of frames by `amount` at once as far as it is unused; the rest is asked
 * back by `deadline`, with what is already: `amount` and that must be within the limit. Requires
 * tree lock; takes account, wait, cpu. */
void revoke_ask(struct machine *m, unsigned account, uint32_t amount, uint64_t deadline)
	REQUIRES(tree_class);
/* Say again what is asked for, to the account's first env that has a vcpu. Requires tree lock;
 * takes wait, cpu. */
void revoke_tell(struct machine *m, unsigned account) REQUIRES(tree_class);
/* Take what is still asked for, at most 512 slots looked at. EXO_E_STATE: nothing is asked for;
 * EXO_E_EARLY; EXO_E_AGAIN: more is left. Requires tree lock; takes env, account, and what
 * flush_finish takes. */
err_t revoke_take(struct machine *m, struct cpu *c, unsigned account) MUST_USE REQUIRES(tree_class);

#endif
