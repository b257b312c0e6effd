/* SPDX-License-Identifier: ISC */
/*
 * Slots: the batch of slot operations, the only code that changes a slot of a live table.
 *
 * The rule of change: a slot may be changed only if every branch on its path has write access.
 * SHARE takes write access off both branches that then name a table, and only UNSHARE gives it back
 * when the table has one reference; so a path whose branches are all writable passes no table with
 * more than one (I-4), and a walk need not read a single count. Common tables are exempt: their
 * branches stay writable, their slots have locks of their own.
 *
 *   branch    writable -- SHARE (source and target) --> read-only -- UNSHARE --> writable
 *   leaf      rights only shrink by COPY; full again by DUP (a fresh frame) or, data solely held
 *             on an open path, by PROTECT (I-5)
 */
#ifndef EXO_SLOT_H
#define EXO_SLOT_H

#include <machine/slot.h>

#include "exo/machine.h"

/* Where a slot is. */
struct slot_path {
	_Atomic uint64_t *slot; /* the slot itself; its neighbours follow */
	struct pfn table;       /* the table it is in */
	unsigned rights;        /* what the branches above allow */
	bool is_open;           /* all branches above have write access */
};

/* A slot as it is: a relaxed read, since hardware sets bits in it at any time; whether it is
 * present changes under the lock of its env or table alone. */
static inline uint64_t slot_get(const _Atomic uint64_t *slot)
{
	return atomic_load_explicit(slot, memory_order_relaxed);
}

/* Fill a slot. Release: what it names is ready before it is seen. pairs with: slot_find */
static inline void slot_set(_Atomic uint64_t *slot, uint64_t value)
{
	atomic_store_explicit(slot, value, memory_order_release);
}

/* Where the slot that covers `address` is in a table of `level`. */
static inline unsigned slot_index(uint64_t address, unsigned level)
{
	return (unsigned)(address / EXO_SPAN(level)) & (EXO_TABLE_SLOTS - 1);
}

/* For each slot i of a table that may hold something: its value. Groups that are said to be zero
 * are passed over, and four slots that are. */
#define TABLE_EACH(slots, groups, i, value)							\
	for (unsigned left_ = (groups), at_, end_; left_; left_ &= left_ - 1)			\
		for (at_ = (unsigned)__builtin_ctz(left_) * TABLE_GROUP, end_ = at_ + TABLE_GROUP; \
		     at_ < end_; at_ += 4)							\
			if (arch_slots_any(&(slots)[at_]))					\
				for ((i) = at_; (i) < at_ + 4					\
				     && ((value) = slot_get(&(slots)[i]), true); (i)++)

/* Find the slot at `level` that covers `address`, below `root`. EXO_E_RANGE: not the program's;
 * EXO_E_NO_TABLE. Requires the env lock of whoever root is. */
static inline MUST_USE err_t slot_find(struct machine *m, struct pfn root, uint64_t address,
				       unsigned level, struct slot_path *path)
{
	struct pfn table = root;
	uint64_t all = ~UINT64_C(0);
	unsigned l;

	if (address >= EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN)
		return EXO_E_RANGE;
	for (l = EXO_LEVELS; l > level; l--) {
		uint64_t slot = slot_get(&table_slots(m, table)[slot_index(address, l)]);

		if (!slot_is_present(slot))
			return EXO_E_NO_TABLE;
		all &= slot;
		table.n = slot_pfn(slot);
	}
	path->table = table;
	path->slot = table_slots(m, table) + slot_index(address, level);
	path->rights = slot_rights(all);
	path->is_open = slot_is_writable(all);
	return EXO_OK;
}

/* Run operations `done` to count - 1 of the current vcpu's batch at user address `batch`. *done is
 * the second result: operations done << 32 | slots done of the next. Errors: see doc/abi.md, by
 * operation. Takes tree, env (pair), common, and what frame_unref takes. */
err_t slots_run(struct machine *m, struct cpu *c, uint64_t batch, uint64_t count, uint64_t *done)
	MUST_USE;
/* Run the one operation that the argument registers describe. Otherwise as slots_run. */
err_t slots_run_one(struct machine *m, struct cpu *c, const struct exo_regs *regs, uint64_t *done)
	MUST_USE;

#endif
