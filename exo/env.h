/* SPDX-License-Identifier: ISC */
/*
 * Env: a protection domain.
 *
 *   FREE -> ALIVE -> ENDING (killed, vcpus still stopping) -> DEAD (holds its status and handle
 *   until reaped) -> FREE
 *
 * A handle is index | generation << 16; generations start at 1, so 0 is no handle: it stands for
 * the caller. When an env dies its children become its parent's.
 */
#ifndef EXO_ENV_H
#define EXO_ENV_H

#include "exo/base.h"

enum env_state { ENV_FREE, ENV_ALIVE, ENV_ENDING, ENV_DEAD }; /* enum exo_env_state */

#define ENV_NONE 0xffffu

/* First what programs may read: struct exo_table_env. */
struct CACHE_ALIGNED env {
	uint32_t state;                         /* changed with tree and env lock held */
	uint32_t account;                       /* const from ALIVE to DEAD */
	uint64_t generation;                    /* changed with tree and env lock held */
	/* const from ALIVE to ENDING; holds one reference */
	struct pfn root;
	uint32_t parent GUARDED_BY(tree_class); /* ENV_NONE for the first */
	/* envs whose parent this is; 0 in a free one */
	uint32_t children GUARDED_BY(tree_class);
	/* first vcpu, VCPU_NONE ends and in a free one */
	uint32_t vcpus GUARDED_BY(tree_class);
	uint64_t status GUARDED_BY(tree_class); /* EXO_STATUS when DEAD */
	/* clock units that its vcpus have run; relaxed: a statistic */
	_Atomic uint64_t units;
	/* CPUs that may hold translations of this env: a CPU sets its bit before it loads the root
	 * and clears it after it loaded another. seq_cst; pairs with: flush_finish */
	_Atomic uint64_t cpus;
	struct lock lock;
	/* A page of it that the program may write, and its frame; 0: none is known. As a CPU's
	 * translation it goes when its slot, or a table above, is named for a flush. Env lock. */
	uint64_t window;
	struct pfn window_frame;
};

uint64_t env_handle(struct machine *m, unsigned env);
/* The env that `handle` (0: `caller`) names if it is the caller or below it, else EXO_E_ENV; dead
 * ones only if `is_dead_ok`. Requires tree lock. */
err_t env_find(struct machine *m, unsigned caller, uint64_t handle, bool is_dead_ok, unsigned *env)
	MUST_USE REQUIRES(tree_class);
/* A dead child of `parent`, for whoever inherits children it never saw. EXO_E_EMPTY. Requires tree
 * lock. */
err_t env_find_dead(struct machine *m, unsigned parent, unsigned *env)
	MUST_USE REQUIRES(tree_class);
/* A child of `parent` with an empty root table, paid by its account or (limits not NULL) one
 * carved out of that. EXO_E_LIMIT, EXO_E_FULL, EXO_E_AGAIN. Requires tree lock. */
err_t env_create(struct machine *m, unsigned parent, const struct exo_limits *limits,
		 unsigned *env) MUST_USE REQUIRES(tree_class);
/* End an env: its vcpus stop; when the last has, its root is dropped, its children go to its
 * parent, which gets a CHILD event. Does nothing to one that is not ALIVE. The first
 * env's end is the machine's. Requires tree lock. */
void env_kill(struct machine *m, struct cpu *c, unsigned env, uint64_t status) REQUIRES(tree_class);
/* The last vcpu of an ENDING env has stopped. Requires tree lock; takes env, wait, cpu, account. */
void env_finish(struct machine *m, struct cpu *c, unsigned env) REQUIRES(tree_class);
/* Forget a dead env. Requires tree lock. */
void env_destroy(struct machine *m, unsigned env) REQUIRES(tree_class);

/* Two envs, which may be one, in index order. (env_lock and env_unlock: exo/inline.h.) */
void env_lock_pair(struct machine *m, unsigned a, unsigned b) ACQUIRES(env_class);
void env_unlock_pair(struct machine *m, unsigned a, unsigned b) RELEASES(env_class);

#endif
