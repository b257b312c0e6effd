/* SPDX-License-Identifier: ISC */
/* Slot operations on branches. Touches slots of envs locked by the batch, frames, the CPU's flush.
 * Takes account and free locks through frame_alloc, more through flush_finish. */
#include "exo/slot.h"

#include "exo/slot_batch.h"

err_t branch_table(struct batch *b, const struct exo_slot_op *op, unsigned i)
{
	unsigned down = op->flags & EXO_OP_DOWN ? i : 0, level = op->level - down;
	_Atomic uint64_t *target = b->target.slot + (i - down);
	enum frame_type type = op->flags & EXO_OP_COMMON ? FRAME_COMMON : FRAME_TABLE;
	struct pfn pfn;
	err_t err;

	if (slot_is_present(slot_get(target)))
		return EXO_E_USED;
	err = slot_take_frame(b, op->reserve, type, level - 1, &pfn);
	if (err)
		return err;
	slot_set(target, slot_branch(pfn.n, EXO_RWX, true));
	table_use(b->m, b->target.table, 1,
		  table_groups(slot_index(op->target, level) + i - down, 1));
	if (op->flags & EXO_OP_DOWN) {
		b->target.table = pfn;
		b->target.slot = table_slots(b->m, pfn) + slot_index(op->target, level - 1);
	}
	return EXO_OK;
}

err_t branch_share(struct batch *b, const struct exo_slot_op *op, unsigned *i, unsigned end)
{
	unsigned rights = b->source.rights & (op->rights | EXO_READ);

	for (; *i < end; ++*i) {
		_Atomic uint64_t *target = b->target.slot + *i, *source = b->source.slot + *i;
		uint64_t from = slot_get(source), branch = slot_within(from, rights);
		struct pfn table = { slot_pfn(from) };
		bool is_common;

		if (!slot_is_present(from))
			return EXO_E_EMPTY;
		if (slot_is_present(slot_get(target)))
			return EXO_E_USED;
		is_common = table_is_common(b->m, table);
		if (frame_ref(b->m, table))
			return EXO_E_COUNT;
		/* Write access goes off a branch that now has a second holder. One in a frozen
		 * table stays: nothing on its path can write, and whoever thaws that table takes
		 * it off. */
		if (!is_common && b->source.is_open && slot_is_writable(from)) {
			slot_take_write(source);
			flush_all(b->m, b->c, b->source_env, false);
		}
		slot_set(target, is_common ? branch : slot_without_write(branch));
		b->used++;
	}
	return EXO_OK;
}

/* The slot as it must stand in a table that is no longer shared: within the branch's rights, and
 * without write access to what others name too. A branch loses it even if its table has one
 * reference: others may have copied that table meanwhile and name its leaves, so it must be swept
 * before a path through it is writable again. A leaf with one reference has no such past. */
static uint64_t unshare_slot(struct machine *m, uint64_t slot, unsigned level, unsigned rights)
{
	struct pfn pfn = { slot_pfn(slot) };

	slot = slot_within(slot, rights);
	/* A vcpu's page has the vcpu for a second holder. */
	if (slot_is_writable(slot) && !(level > 1 ? table_is_common(m, pfn)
					: slot_is_fixed(slot) || frame_refs(m, pfn) == 1))
		slot = slot_without_write(slot);
	return slot;
}

/* Is a count of what a table's slots hold at its limit? That is its highest bit. */
static bool unshare_is_full(struct machine *m, struct pfn table)
{
	unsigned groups = frame_groups(frame_meta(m, table)), i;
	_Atomic uint64_t *slots = table_slots(m, table);
	uint32_t counts = 0;
	uint64_t slot;

	TABLE_EACH(slots, groups, i, slot)
		if (slot_is_present(slot))
			counts |= frame_refs(m, (struct pfn){ slot_pfn(slot) });
	return counts >= FRAME_REFS_MAX;
}

/* The caller is the only holder: the sweep in place. */
static void unshare_adopt(struct machine *m, struct pfn table, unsigned level, unsigned rights)
{
	unsigned groups = frame_groups(frame_meta(m, table)), i;
	_Atomic uint64_t *slots = table_slots(m, table);
	uint64_t old;

	TABLE_EACH(slots, groups, i, old)
		while (slot_is_present(old)
		       && !atomic_compare_exchange_weak(&slots[i], &old,
							unshare_slot(m, old, level, rights)))
			;
}

/* The sweep into a copy, which leaves out vcpu pages. */
static ALWAYS_INLINE void unshare_copy(struct machine *m, struct pfn table, struct pfn copy,
				       unsigned level, unsigned rights)
{
	_Atomic uint64_t *from = table_slots(m, table), *to = table_slots(m, copy);
	unsigned groups = frame_groups(frame_meta(m, table)), i;
	uint64_t slot;
	int used = 0;

	TABLE_EACH(from, groups, i, slot) {
		if (slot_is_present(slot)) {
			if (level == 1 && slot_is_fixed(slot))
				continue;
			frame_hold(m, (struct pfn){ slot_pfn(slot) });
			slot = level > 1 ? unshare_slot(m, slot, level, rights)
				: slot_without_write(slot_within(slot, rights));
			used++;
		}
		atomic_store_explicit(&to[i], slot, memory_order_relaxed);
	}
	table_use(m, copy, used, groups);
}

err_t branch_unshare(struct batch *b, const struct exo_slot_op *op, unsigned i)
{
	_Atomic uint64_t *target = b->target.slot + i;
	uint64_t old = slot_get(target);
	struct pfn table = { slot_pfn(old) }, copy = table;
	unsigned level = op->level - 1u;
	err_t err;

	if (!slot_is_present(old))
		return EXO_E_EMPTY;
	if (table_is_common(b->m, table))
		return EXO_E_TYPE;
	if (slot_is_writable(old))
		return EXO_OK;
	if (frame_refs(b->m, table) == 1) {
		unshare_adopt(b->m, table, level, slot_rights(old));
	} else {
		if (unshare_is_full(b->m, table))
			return EXO_E_COUNT;
		err = slot_take_frame(b, op->reserve, FRAME_TABLE, level, &copy);
		if (err)
			return err;
		if (level == 1) /* by code of its own */
			unshare_copy(b->m, table, copy, 1, slot_rights(old));
		else
			unshare_copy(b->m, table, copy, level, slot_rights(old));
		point("unshare_copied");
	}
	/* pairs with: slot_find */
	arch_slot_replace(target, slot_branch(copy.n, EXO_RWX, true),
			  b->target_env, op->target + i * EXO_SPAN(op->level), op->level);
	slot_flush(b, op, i, 1);
	if (copy.n != table.n)
		flush_drop(b->m, b->c, table);
	return EXO_OK;
}

err_t branch_move(struct batch *b, const struct exo_slot_op *op, unsigned i)
{
	_Atomic uint64_t *target = b->target.slot + i, *source = b->source.slot + i;
	uint64_t from = slot_get(source);

	(void)op;
	if (!slot_is_present(from))
		return EXO_E_EMPTY;
	if (slot_is_present(slot_get(target)))
		return EXO_E_USED;
	atomic_exchange(source, 0); /* before CPUs are looked for; pairs with: cpu_load_root */
	slot_set(target, slot_branch(slot_pfn(from), slot_rights(from) & b->source.rights,
				     slot_is_writable(from)));
	frame_use(b->m, b->source.table, -1);
	b->used++;
	flush_all(b->m, b->c, b->source_env, false);
	return EXO_OK;
}
