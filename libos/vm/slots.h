/* SPDX-License-Identifier: ISC */
/*
 * Slots: reading this process's page tables through the recursive view, and batches of slot
 * operations. Touches no memory but the view and the batch: level 0 may use all of it.
 */
#ifndef LIBOS_VM_SLOTS_H
#define LIBOS_VM_SLOTS_H

#include <machine/call.h>
#include <machine/slot.h>

#include "libos/base.h"

/* The slot at `level` that covers `address`, as the view shows it: every table on the path must be
 * there. */
static inline uint64_t slots_view(uint64_t address, unsigned level)
{
	return *(volatile uint64_t *)exo_slot_address(address, level);
}

/* Is every table down to the one of the level 1 slot there, and every branch writable? Then one
 * operation on leaves needs no other before it. */
static inline bool slots_is_open(uint64_t address)
{
	uint64_t all = slots_view(address, 4);

	if (slot_is_present(all) && slot_is_writable(all))
		all = slots_view(address, 3);
	else
		return false;
	if (slot_is_present(all) && slot_is_writable(all))
		all = slots_view(address, 2);
	else
		return false;
	return slot_is_present(all) && slot_is_writable(all);
}

/* Run one operation on `count` leaves where slots_is_open: the usual end of a fault, without a
 * batch. `word` is slot()'s, see abi/exo.h. False: not (wholly) done, the long way says why. */
static inline bool slots_at_once(uint64_t word, uint64_t target, uint64_t source)
{
	return exo_call(EXO_CALL_SLOT, word, target, source, 0, 0).value == EXO_OK;
}

/* Run `count` operations, reissuing what a preemption point left. Changes ops. *done (NULL
 * allowed): operations that were done wholly. Result: EXO_OK or the first failing one's error. */
err_t slots_run(struct exo_slot_op *ops, unsigned count, unsigned *done);

/* The level `level` slot that covers `address`, if every table on the path is present; else
 * false. */
bool slots_read(uint64_t address, unsigned level, uint64_t *slot);
/* The same, telling how far the path goes: the level of the last slot that could be read, which
 * is `level` or a higher one whose slot is empty. */
unsigned slots_level(uint64_t address, unsigned level, uint64_t *slot);

/* Fill `ops` (room for 3) with what makes every branch from the root down to the table of the
 * level `level` slot of `address` writable. Branches that are not there end it. Returns how
 * many. */
unsigned slots_unshare(struct exo_slot_op *ops, uint64_t address, unsigned level);
/* The same, then make the missing tables (room for 2 * EXO_LEVELS). */
unsigned slots_path_ops(struct exo_slot_op *ops, uint64_t address, unsigned level);
/* Make the tables on the path to the level `level` slot of `address` present and writable. */
err_t slots_path(uint64_t address, unsigned level) MUST_USE;
/* Give the library's own pages [address, end), page-aligned, those frames that they lack: who asks
 * first can be refused, who touches them dies. EXO_E_LIMIT: there are none. */
err_t slots_fill(uint64_t address, uint64_t end) MUST_USE;

#endif
