/* SPDX-License-Identifier: ISC */
/* Slot operations on leaves. Touches slots of envs locked by the batch, frames, the CPU's flush.
 * Takes account and free locks through frame_alloc, more through flush_finish. */
#include "exo/slot.h"

#include "exo/slot_batch.h"

INLINED void slot_flush(struct batch *b, const struct exo_slot_op *op, unsigned i, unsigned n)
{
	if (op->level > 1 || b->is_common)
		flush_all(b->m, b->c, b->target_env, b->is_common);
	else
		flush_pages(b->m, b->c, b->target_env, op->target + i * EXO_PAGE_SIZE, n);
}

/* A leaf becomes executable that was not: the fetch side must see what was written. */
static ALWAYS_INLINE void slot_make_executable(struct batch *b, uint64_t old, uint64_t new)
{
	if (slot_access(new) & EXO_EXEC & ~(slot_is_present(old) ? slot_access(old) : 0))
		arch_frame_executable(b->m, (struct pfn){ slot_pfn(new) });
}

static ALWAYS_INLINE bool slot_is_sole(struct machine *m, struct pfn pfn)
{
	return frame_type(frame_meta(m, pfn)) == FRAME_DATA && frame_refs(m, pfn) == 1;
}

/* Use up a data leaf of the caller's that nobody else holds (I-5, I-7: flushed before reuse). */
static NOINLINE err_t slot_take_reserve(struct batch b, uint64_t reserve, struct pfn *pfn)
{
	struct slot_path path;
	uint64_t slot;

	/* The caller's lock must be among those held. */
	if (reserve % EXO_PAGE_SIZE
	    || (b.caller != b.target_env && b.caller != b.source_env)
	    || slot_find(b.m, b.m->envs[b.caller].root, reserve, 1, &path)
	    || !path.is_open)
		return EXO_E_RESERVE;
	slot = slot_get(path.slot);
	if (!slot_is_present(slot) || path.slot == b.target.slot || path.slot == b.source.slot)
		return EXO_E_RESERVE;
	pfn->n = slot_pfn(slot);
	if (!slot_is_sole(b.m, *pfn) || table_is_common(b.m, path.table))
		return EXO_E_RESERVE;
	atomic_exchange(path.slot, 0); /* before CPUs are looked for; pairs with: cpu_load_root */
	frame_use(b.m, path.table, -1);
	flush_pages(b.m, b.c, b.caller, reserve, 1);
	flush_finish(b.m, b.c);
	return EXO_OK;
}

INLINED err_t slot_take_frame(struct batch *b, uint64_t reserve, enum frame_type type,
			      unsigned level, struct pfn *pfn)
{
	err_t err;

	if (!reserve)
		return level ? frame_alloc(b->m, b->account, type, level, 0, pfn)
			: frame_alloc_raw(b->m, b->account, pfn);
	err = slot_take_reserve(*b, reserve, pfn);
	if (!err && level) {
		frame_retype(b->m, *pfn, type, level);
		arch_frame_zero(b->m, *pfn);
	}
	return err;
}

INLINED err_t slot_alloc(struct batch *b, const struct exo_slot_op *op, unsigned i)
{
	_Atomic uint64_t *target = b->target.slot + i;
	uint64_t leaf;
	struct pfn pfn;
	err_t err;

	if (slot_is_present(slot_get(target)))
		return EXO_E_USED;
	err = frame_alloc(b->m, b->account, FRAME_DATA, 0, op->argument ? op->argument + i : 0,
			  &pfn);
	if (err)
		return err;
	leaf = slot_leaf(pfn.n, EXO_RWX, op->access, op->soft & op->soft_mask);
	slot_make_executable(b, 0, leaf);
	slot_set(target, leaf);
	b->used++;
	return EXO_OK;
}

static unsigned soft_change(const struct exo_slot_op *op, uint64_t slot)
{
	return (slot_soft(slot) & ~(unsigned)op->soft_mask) | (op->soft & op->soft_mask);
}

/* Give a leaf that is solely held all rights, the access asked for, and its history. */
static ALWAYS_INLINE void slot_raise(struct batch *b, const struct exo_slot_op *op, unsigned i,
				     uint64_t old)
{
	uint64_t leaf;

	do {
		leaf = slot_leaf(slot_pfn(old), EXO_RWX, op->access, soft_change(op, old));
		if (!(op->flags & EXO_OP_CLEAN))
			leaf = slot_aged(leaf, old);
	} while (!atomic_compare_exchange_weak(b->target.slot + i, &old, leaf));
	slot_make_executable(b, old, leaf);
}

INLINED err_t slot_dup(struct batch *b, const struct exo_slot_op *op, unsigned i)
{
	_Atomic uint64_t *target = b->target.slot + i;
	uint64_t from = slot_get(b->source.slot + i);
	uint64_t old = slot_get(target);
	bool is_in_place = target == b->source.slot + i;
	uint64_t leaf;
	struct pfn pfn;
	err_t err;

	if (!slot_is_present(from))
		return EXO_E_EMPTY;
	if (slot_is_fixed(from))
		return EXO_E_TYPE;
	if (!is_in_place && slot_is_present(old))
		return EXO_E_USED;
	if (is_in_place && slot_is_sole(b->m, (struct pfn){ slot_pfn(from) })) {
		slot_raise(b, op, i, from);
		slot_flush(b, op, i, 1);
		return EXO_OK;
	}
	err = slot_take_frame(b, op->reserve, FRAME_DATA, 0, &pfn);
	if (err)
		return err;
	arch_frame_copy(b->m, pfn, (struct pfn){ slot_pfn(from) });
	leaf = slot_leaf(pfn.n, EXO_RWX, op->access, soft_change(op, from));
	slot_make_executable(b, 0, leaf);
	point("dup_copied");
	/* pairs with: slot_find */
	old = arch_slot_replace(target, leaf, b->target_env, op->target + i * EXO_PAGE_SIZE, 1);
	if (is_in_place) {
		slot_flush(b, op, i, 1);
		flush_drop(b->m, b->c, (struct pfn){ slot_pfn(old) });
	} else {
		b->used++;
	}
	return EXO_OK;
}

err_t slot_copy(struct batch *b, const struct exo_slot_op *op, unsigned *i, unsigned end)
{
	bool is_masked = op->flags & EXO_OP_MASK && b->source.is_open
		&& !table_is_common(b->m, b->source.table);
	unsigned rights = b->source.rights & (op->rights | EXO_READ), start = *i;
	struct slot_change change = slot_change(op->access, true, op->soft, op->soft_mask, true);
	err_t err = EXO_OK;

	for (; *i < end; ++*i) {
		_Atomic uint64_t *target = b->target.slot + *i, *source = b->source.slot + *i;
		uint64_t old = slot_get(source), leaf = old;

		if (slot_is_present(slot_get(target)))
			err = EXO_E_USED;
		else if (slot_is_present(old))
			err = slot_is_fixed(old) ? EXO_E_TYPE
				: frame_ref(b->m, (struct pfn){ slot_pfn(old) });
		if (err)
			break;
		if (slot_is_present(old)) {
			leaf = slot_changed(slot_within(old, rights), change);
			if (op->access & EXO_EXEC)
				slot_make_executable(b, 0, leaf);
			while (is_masked && slot_is_writable(old)
			       && !atomic_compare_exchange_weak(source, &old,
								slot_without_write(old)))
				;
			b->used++;
		}
		slot_set(target, leaf);
	}
	if (is_masked)
		flush_pages(b->m, b->c, b->source_env, op->source + start * EXO_PAGE_SIZE,
			    *i - start);
	return err;
}

INLINED err_t slot_protect(struct batch *b, const struct exo_slot_op *op, unsigned *i, unsigned end)
{
	const bool is_mask = op->flags & EXO_OP_MASK;
	struct slot_change change = slot_change(op->access, is_mask, op->soft, op->soft_mask,
						op->flags & EXO_OP_CLEAN);
	bool is_executable = op->access & EXO_EXEC && !is_mask;
	unsigned at, start = *i;
	err_t err = EXO_OK;

	for (at = start; at < end; at++) {
		_Atomic uint64_t *target = b->target.slot + at;
		uint64_t old = slot_get(target);

		if (!slot_is_present(old))
			continue;
		if (slot_is_fixed(old))
			err = EXO_E_TYPE;
		else if (slot_allows(old, change))
			while (!atomic_compare_exchange_weak(target, &old,
							     slot_changed(old, change)))
				;
		else if (slot_is_sole(b->m, (struct pfn){ slot_pfn(old) })) /* I-5 */
			slot_raise(b, op, at, old);
		else
			err = EXO_E_RIGHTS;
		if (err)
			break;
		if (is_executable)
			slot_make_executable(b, old, slot_changed(old, change));
	}
	if (at > start)
		slot_flush(b, op, start, at - start);
	*i = at;
	return err;
}

err_t slot_clear(struct batch *b, const struct exo_slot_op *op, unsigned i)
{
	_Atomic uint64_t *target = b->target.slot + i;
	uint64_t old = slot_get(target);

	if (op->level == 1 && slot_is_present(old) && slot_is_fixed(old))
		return EXO_E_TYPE;
	/* pairs with: slot_find */
	old = atomic_exchange_explicit(target, slot_empty(op->argument), memory_order_acq_rel);
	if (slot_is_present(old)) {
		b->used--;
		slot_flush(b, op, i, 1);
		flush_drop(b->m, b->c, (struct pfn){ slot_pfn(old) });
	}
	return EXO_OK;
}

err_t slot_claim(struct batch *b, const struct exo_slot_op *op, unsigned i)
{
	uint64_t slot = slot_get(b->target.slot + i);
	struct pfn pfn = { slot_pfn(slot) };
	enum frame_type type;

	(void)op;
	if (!slot_is_present(slot))
		return EXO_E_EMPTY;
	type = frame_type(frame_meta(b->m, pfn));
	if (type != FRAME_DATA && type != FRAME_TABLE && type != FRAME_COMMON)
		return EXO_E_TYPE;
	/* Who may never write it does not own it: the kernel's read-only tables would be a charge
	 * that no env can drop. */
	if (!(slot_rights(slot) & b->target.rights & EXO_WRITE))
		return EXO_E_RIGHTS;
	return frame_claim(b->m, pfn, b->account);
}
