/* SPDX-License-Identifier: ISC */
/*
 * The explorer's parts: the scope (which calls there are), the canonical form of a state, the set
 * of states seen. Every scope is a program of its own, built from the kernel's own sources with a
 * tiny geometry. One thread; takes no locks.
 */
#ifndef FUZZ_EXPLORE_H
#define FUZZ_EXPLORE_H

#include "arch/host/host.h"
#include "exo/audit.h"
#include "exo/machine.h"

enum explore_kind {
	EXPLORE_SLOTS,  /* a batch of slot operations by env 0 */
	EXPLORE_CREATE, /* a child of env 0; flag: on an account of its own */
	EXPLORE_KILL,   /* the child */
	EXPLORE_REAP,
	EXPLORE_DRAIN,  /* one slot of a dying table of account `number` */
	EXPLORE_TOUCH,  /* a program's access on CPU `number` */
	EXPLORE_ENTER,  /* CPU 1 runs env `number` */
	EXPLORE_LEAVE,  /* CPU 1 runs nobody */
	/* Of the child's own account, if it has one and not its parent's: */
	EXPLORE_GRANT,  /* a frame more from the parent's */
	EXPLORE_RETURN, /* one back */
	EXPLORE_ASK,    /* `number` frames are asked back, if none are yet */
	EXPLORE_TAKE,   /* and taken: at the deadline, or (number) before it */
};

/* One call with its arguments. In ops, env 1 stands for the child, 0 for the caller. */
struct explore_call {
	enum explore_kind kind;
	unsigned number;
	unsigned access;
	bool is_wild; /* refused in every state */
	uint64_t address;
	unsigned count;
	struct exo_slot_op ops[2];
};

#define EXPLORE_CALLS_MAX 2048u
#define EXPLORE_PAGES     (2u * sizeof(struct exo_slot_op) / EXO_PAGE_SIZE)

struct explore {
	struct machine *m;      /* the one that runs */
	uint32_t *scratch;
	struct pfn batch[EXPLORE_PAGES]; /* frames of env 0's batch, behind LIBRARY_BASE */
	unsigned calls_count;
	struct explore_call calls[EXPLORE_CALLS_MAX];
	bool is_long;           /* make check-long */
	uint64_t tried[EXPLORE_CALLS_MAX], done[EXPLORE_CALLS_MAX];
};

/* explore_NAME.c: how many frames, CPUs; the list of calls. */
extern const char explore_name[];
extern const unsigned explore_frames, explore_cpus;
extern const bool explore_is_drained; /* dying tables are drained at once: they multiply states */
/* Fewer mean that the scope was cut by mistake. [1]: in make check-long, 20 million in all. */
extern const uint64_t explore_states_least[2];
extern const uint64_t explore_states_most; /* the first so many; 0, and make check-long: all, or as
					    * many as there is room for */
extern const bool explore_is_writer_alone; /* nothing in the scope makes shared memory: who can
					    * write a page holds it alone */
void explore_scope(struct explore *x);
void explore_add(struct explore *x, struct explore_call call);

/* explore_calls.c: what scopes have in common. Everything on slot `index` of level 1 (with COPY
 * from its neighbour and from the other env or not); on the first slot of a level, between the
 * two envs; sharing beside it in the same table; a child's life; what is done with its account,
 * frames asked back among it; calls that must be refused in every state. */
void explore_leaf(struct explore *x, unsigned env, unsigned index, bool is_copied);
void explore_branch(struct explore *x, unsigned env, unsigned level);
void explore_branch_beside(struct explore *x, unsigned env, unsigned level);
void explore_child(struct explore *x, bool is_own);
void explore_accounts(struct explore *x);
void explore_wild(struct explore *x);

/* explore_state.c: the machine at the start; make a call, true if it succeeded (or may change
 * the state though it failed: dying tables were drained on the way); a call in words. */
void explore_start(struct explore *x);
bool explore_call(struct explore *x, const struct explore_call *call);
/* Does the scope's own condition hold? */
bool explore_holds(struct explore *x);
void explore_print(const struct explore_call *call);

/* explore_canon.c: bring the running machine to canonical form: frames renamed in the order in
 * which they are reached, what nobody can observe forgotten. False: the list of free frames is
 * broken. */
bool explore_canon(struct explore *x);
/* Forget just what a refused call may leave behind. */
void explore_forget(struct machine *m);

/* explore_set.c: states by number. Add the running machine, reached from state `parent` by a
 * call: true if it is new. Put the next state that was not yet looked at into the running
 * machine, in the order of their numbers; false if there is none. */
bool explore_set_add(struct explore *x, uint64_t parent, unsigned call);
uint64_t explore_set_count(void);
/* Was a state left out because there were too many? */
bool explore_set_is_full(void);
bool explore_set_next(struct explore *x);
/* How a state was reached: the calls from the start on. */
void explore_set_path(struct explore *x, uint64_t number);

#endif
