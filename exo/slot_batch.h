/* SPDX-License-Identifier: ISC */
/* A batch while it runs: shared by slot.c (leaves) and branch.c (branches) alone. Both touch tables
 * and frames of the envs locked in it; they take frame locks through frame.h and flush.h. */
#ifndef EXO_SLOT_BATCH_H
#define EXO_SLOT_BATCH_H

#include "exo/slot.h"

struct batch {
	struct machine *m;
	struct cpu *c;
	unsigned caller;          /* env */
	unsigned target_env;
	unsigned source_env;
	uint64_t target_handle;   /* by which these two were found */
	uint64_t source_handle;   /* 0: the caller; their locks are held */
	unsigned account;         /* of the target env: pays for fresh frames */
	bool is_common;           /* target slots are in a common table */
	struct slot_path target;  /* of the first slot of the run */
	struct slot_path source;
	int used;                 /* change of the target table's used slots */
	unsigned budget;          /* work until the next look at the clock */
};

#define BATCH_BUDGET 64u

/* One slot of an operation's run: slot i. Check, then commit; an error has changed nothing. */
typedef err_t slot_handler(struct batch *b, const struct exo_slot_op *op, unsigned i);
slot_handler slot_alloc, slot_dup, slot_clear, slot_claim;
slot_handler branch_table, branch_unshare, branch_move;

/* Slots *i to end - 1 of a run, where the work that is the same for all is done once. *i: the first
 * that is not done. */
typedef err_t slot_run(struct batch *b, const struct exo_slot_op *op, unsigned *i, unsigned end);
slot_run slot_copy, slot_protect, branch_share;

/* The frame for a fresh table, zero, or (level 0) page, undefined: from the reserve leaf at
 * `reserve`, or allocated and charged. The last check of an operation. EXO_E_RESERVE, and as
 * frame_alloc. */
err_t slot_take_frame(struct batch *b, uint64_t reserve, enum frame_type type, unsigned level,
		      struct pfn *pfn) MUST_USE;
/* Note the flush for a change of n target slots from i on, leaves or branches. */
void slot_flush(struct batch *b, const struct exo_slot_op *op, unsigned i, unsigned n);

#endif
