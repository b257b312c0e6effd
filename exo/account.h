/* SPDX-License-Identifier: ISC */
/*
 * Account: what envs pay with. Carved accounts form a tree; limits are carved out of the parent's,
 * so the sum of all limits of a resource is what there is, and an account under its limit finds a
 * free frame (I-8).
 *
 *   FREE -> LIVE (envs use it) -> MERGING (its last env died: limit shrinks with use, each unit
 *   going to the parent) -> FREE
 */
#ifndef EXO_ACCOUNT_H
#define EXO_ACCOUNT_H

#include "exo/base.h"

enum account_state { ACCOUNT_FREE, ACCOUNT_LIVE, ACCOUNT_MERGING };

#define ACCOUNT_NONE 0xffffu

/* First what programs may read: struct exo_table_account. */
struct CACHE_ALIGNED account {
	/* limit << 32 | used, so that both change at once; relaxed: it orders nothing else */
	_Atomic uint64_t quota[EXO_RESOURCES];
	uint32_t state GUARDED_BY(tree_class);
	uint32_t parent GUARDED_BY(tree_class);   /* ACCOUNT_NONE for the first */
	uint32_t envs GUARDED_BY(tree_class);     /* that pay with it */
	uint32_t dying GUARDED_BY(account_class); /* first of the dying tables (frame index) */
	uint32_t revoke_frames GUARDED_BY(tree_class); /* asked back and not yet returned */
	uint32_t revoke_env GUARDED_BY(tree_class);    /* where repossession has got to */
	uint64_t revoke_address GUARDED_BY(tree_class);
	bool is_revoking_branches GUARDED_BY(tree_class); /* leaves have all been looked at */
	uint64_t revoke_deadline GUARDED_BY(tree_class); /* clock units; 0: none */
	struct lock lock;
	uint32_t draining GUARDED_BY(account_class); /* CPUs that take one of those apart */
};

/* Use n units: EXO_E_LIMIT. Lock-free. */
err_t account_charge(struct machine *m, unsigned account, enum exo_resource resource, uint32_t n)
	MUST_USE;
/* Give n used units back. Lock-free. */
void account_discharge(struct machine *m, unsigned account, enum exo_resource resource, uint32_t n);
/* The limit of a resource; how much of it is used. Units of the resource. */
uint32_t account_limit(struct machine *m, unsigned account, enum exo_resource resource);
uint32_t account_used(struct machine *m, unsigned account, enum exo_resource resource);
/* Move n units of unused limit. False, and nothing changed, if `from` has not so many unused. */
bool account_move(struct machine *m, unsigned from, unsigned to, enum exo_resource resource,
		  uint32_t n);
/* Carve a new account out of `parent`. EXO_E_LIMIT, EXO_E_FULL. Requires tree lock. */
err_t account_create(struct machine *m, unsigned parent, const struct exo_limits *limits,
		     unsigned *account) MUST_USE REQUIRES(tree_class);
/* Carry merges on: unused limits of merging accounts go to their parents, empty ones become FREE.
 * Requires tree lock; takes account, free, wait. */
void account_settle(struct machine *m) REQUIRES(tree_class);
/* One env less pays with it; the last starts the merge. Then account_settle. */
void account_leave(struct machine *m, unsigned account) REQUIRES(tree_class);

#endif
