/* SPDX-License-Identifier: ISC */
/* Slot operations on branches. Touches slots of envs locked by the batch, frames, the CPU's flush.
 * Takes account and free locks through frame_alloc, more through flush_finish. */
#include "exo/slot.h"

#include <machine/slot.h>

#include "exo/slot_batch.h"

static enum frame_type branch_type(struct batch *b, uint64_t slot)
{
	return frame_type(frame_meta(b->m, (struct pfn){ slot_pfn(slot) }));
}

err_t branch_table(struct batch *b, const struct exo_slot_op *op, unsigned i)
{
	_Atomic uint64_t *target = b->target.slot + i;
	enum frame_type type = op->flags & EXO_OP_COMMON ? FRAME_COMMON : FRAME_TABLE;
	struct pfn pfn;
	err_t err;

	if (slot_is_present(atomic_load_explicit(target, memory_order_relaxed)))
		return EXO_E_USED;
	err = slot_take_frame(b, op, type, op->level - 1u, &pfn);
	if (err)
		return err;
	arch_frame_zero(b->m, pfn);
	atomic_store_explicit(target, slot_branch(pfn.n, EXO_RWX, true),
			      memory_order_release); /* zero before seen; pairs with: slot_find */
	b->used++;
	return EXO_OK;
}

/* Take write access off a branch that is about to have a second holder. A branch in a frozen table
 * stays: nothing on its path can write, and whoever thaws that table takes it off. */
static void branch_share_source(struct batch *b, unsigned i, uint64_t from)
{
	if (!b->source.is_open || !slot_is_writable(from))
		return;
	slot_take_write(b->source.slot + i);
	flush_all(b->m, b->c, b->source_env, false);
}

err_t branch_share(struct batch *b, const struct exo_slot_op *op, unsigned i)
{
	_Atomic uint64_t *target = b->target.slot + i;
	uint64_t from = atomic_load_explicit(b->source.slot + i, memory_order_relaxed);
	bool is_common;
	unsigned rights;
	err_t err;

	if (!slot_is_present(from))
		return EXO_E_EMPTY;
	if (slot_is_present(atomic_load_explicit(target, memory_order_relaxed)))
		return EXO_E_USED;
	is_common = branch_type(b, from) == FRAME_COMMON;
	rights = slot_rights(from) & b->source.rights & (op->rights | EXO_READ);
	err = frame_ref(b->m, (struct pfn){ slot_pfn(from) });
	if (err)
		return err;
	if (!is_common)
		branch_share_source(b, i, from);
	atomic_store_explicit(target,
			      slot_branch(slot_pfn(from), rights, is_common && rights & EXO_WRITE),
			      memory_order_release); /* pairs with: slot_find */
	b->used++;
	return EXO_OK;
}

/* The slot as it must stand in a table that is no longer shared: within the branch's rights, and
 * without write access to what others name too. A branch loses it even if its table has one
 * reference: others may have copied that table meanwhile and name its leaves, so it must be swept
 * before a path through it is writable again. A leaf with one reference has no such past. */
static uint64_t unshare_slot(struct batch *b, uint64_t slot, unsigned level, unsigned rights)
{
	struct pfn pfn = { slot_pfn(slot) };
	bool is_kept;

	slot = slot_within(slot, rights);
	if (!slot_is_writable(slot))
		return slot;
	if (level > 1)
		is_kept = frame_type(frame_meta(b->m, pfn)) == FRAME_COMMON;
	else /* a vcpu's page has the vcpu for a second holder */
		is_kept = slot_is_fixed(slot) || frame_refs(b->m, pfn) == 1;
	return is_kept ? slot : slot_without_write(slot);
}

/* The caller is the only holder: the sweep in place. */
static void unshare_adopt(struct batch *b, struct pfn table, unsigned level, unsigned rights)
{
	_Atomic uint64_t *slots = table_slots(b->m, table);
	unsigned i;

	for (i = 0; i < EXO_TABLE_SLOTS; i++) {
		uint64_t old = atomic_load_explicit(&slots[i], memory_order_relaxed);

		while (slot_is_present(old)
		       && !atomic_compare_exchange_weak(&slots[i], &old,
							unshare_slot(b, old, level, rights)))
			;
	}
}

/* A leaf that a copy of its table must not hold. */
static bool unshare_skips(uint64_t slot, unsigned level)
{
	return level == 1 && slot_is_fixed(slot);
}

/* Count what the copy will hold; undo and fail if one count is at its limit. */
static err_t unshare_count(struct batch *b, struct pfn table, unsigned level, unsigned *used)
{
	_Atomic uint64_t *slots = table_slots(b->m, table);
	unsigned i, counted = 0;
	err_t err;

	for (i = 0; i < EXO_TABLE_SLOTS; i++) {
		uint64_t slot = atomic_load_explicit(&slots[i], memory_order_relaxed);

		if (!slot_is_present(slot) || unshare_skips(slot, level))
			continue;
		err = frame_ref(b->m, (struct pfn){ slot_pfn(slot) });
		if (err) {
			*used = i;
			return err;
		}
		counted++;
	}
	*used = counted;
	return EXO_OK;
}

static void unshare_uncount(struct batch *b, struct pfn table, unsigned level, unsigned end)
{
	_Atomic uint64_t *slots = table_slots(b->m, table);

	while (end-- > 0) {
		uint64_t slot = atomic_load_explicit(&slots[end], memory_order_relaxed);

		if (slot_is_present(slot) && !unshare_skips(slot, level))
			frame_unref(b->m, (struct pfn){ slot_pfn(slot) });
	}
}

static err_t unshare_copy(struct batch *b, const struct exo_slot_op *op, struct pfn table,
			  unsigned rights, struct pfn *copy)
{
	unsigned level = op->level - 1u, used, i;
	_Atomic uint64_t *from, *to;
	err_t err = unshare_count(b, table, level, &used);

	if (err) {
		unshare_uncount(b, table, level, used);
		return err;
	}
	err = slot_take_frame(b, op, FRAME_TABLE, level, copy);
	if (err) {
		unshare_uncount(b, table, level, EXO_TABLE_SLOTS);
		return err;
	}
	from = table_slots(b->m, table);
	to = table_slots(b->m, *copy);
	for (i = 0; i < EXO_TABLE_SLOTS; i++) {
		uint64_t slot = atomic_load_explicit(&from[i], memory_order_relaxed);

		if (slot_is_present(slot))
			slot = unshare_skips(slot, level) ? 0 :
				unshare_slot(b, slot, level, rights);
		atomic_store_explicit(&to[i], slot, memory_order_relaxed);
	}
	frame_use(b->m, *copy, (int)used);
	return EXO_OK;
}

err_t branch_unshare(struct batch *b, const struct exo_slot_op *op, unsigned i)
{
	_Atomic uint64_t *target = b->target.slot + i;
	uint64_t old = atomic_load_explicit(target, memory_order_relaxed);
	struct pfn table = { slot_pfn(old) }, copy;
	err_t err;

	if (!slot_is_present(old))
		return EXO_E_EMPTY;
	if (branch_type(b, old) != FRAME_TABLE)
		return EXO_E_TYPE;
	if (slot_is_writable(old))
		return EXO_OK;
	if (frame_refs(b->m, table) == 1) {
		unshare_adopt(b, table, op->level - 1u, slot_rights(old));
		atomic_store_explicit(target, slot_branch(table.n, EXO_RWX, true),
				      memory_order_release); /* pairs with: slot_find */
		slot_flush(b, op, i, 1);
		return EXO_OK;
	}
	err = unshare_copy(b, op, table, slot_rights(old), &copy);
	if (err)
		return err;
	point("unshare_copied");
	/* pairs with: slot_find */
	arch_slot_replace(target, slot_branch(copy.n, EXO_RWX, true), op->target, op->level);
	slot_flush(b, op, i, 1);
	flush_drop(b->m, b->c, table);
	return EXO_OK;
}

err_t branch_move(struct batch *b, const struct exo_slot_op *op, unsigned i)
{
	_Atomic uint64_t *target = b->target.slot + i, *source = b->source.slot + i;
	uint64_t from = atomic_load_explicit(source, memory_order_relaxed);

	(void)op;
	if (!slot_is_present(from))
		return EXO_E_EMPTY;
	if (slot_is_present(atomic_load_explicit(target, memory_order_relaxed)))
		return EXO_E_USED;
	atomic_store_explicit(source, 0, memory_order_relaxed);
	atomic_store_explicit(target,
			      slot_branch(slot_pfn(from), slot_rights(from) & b->source.rights,
					  slot_is_writable(from)),
			      memory_order_release); /* pairs with: slot_find */
	frame_use(b->m, b->source.table, -1);
	frame_use(b->m, b->target.table, 1);
	flush_all(b->m, b->c, b->source_env, false);
	return EXO_OK;
}
