/* SPDX-License-Identifier: ISC */
/*
 * What one slot operation must answer and what must then be in its slots, rights, access, soft
 * bits, payload and history; who pays for a fresh frame. Written from doc/abi.md, not from the
 * kernel. Reads a quiet machine; takes no locks.
 */
#ifndef FUZZ_ANSWER_SLOT_H
#define FUZZ_ANSWER_SLOT_H

#include "exo/slot.h"

/* One level of an env's slots before the operation. */
struct answer_run {
	struct slot_path path;
	unsigned env;
	bool is_common;
	uint64_t was[EXO_TABLE_SLOTS]; /* as many as the operation's count */
};

struct answer_slot {
	bool is_known; /* a call with one operation; else nothing is said */
	struct machine *m;
	unsigned caller;
	uint64_t upcalls; /* so far, of all CPUs */
	struct exo_slot_op op;
	err_t error; /* that it must fail with before the first slot; EXO_OK: none */
	struct answer_run target, source;
	uint32_t below;                     /* UNSHARE of one slot: the table, ... */
	uint64_t below_was[EXO_TABLE_SLOTS]; /* ... and what is in it */
	uint64_t reserve;                    /* the reserve's slot */
	bool is_reserve_good;
};

/* Before the operation of an env, whose fields are in range or not, and whose envs it may name or
 * not; after it: what is wrong with its answer or its slots, or NULL. */
void answer_slot_before(struct answer_slot *a, struct machine *m, unsigned caller,
			const struct exo_slot_op *op, bool has_form, bool may_name);
const char *answer_slot_after(const struct answer_slot *a, int64_t error, uint64_t value);

#endif
