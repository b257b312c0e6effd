/* SPDX-License-Identifier: ISC */
/* What one slot operation must answer and do; see answer_slot.h. */
#include "fuzz/answer_slot.h"

#include <machine/slot.h>

#include "exo/base.h"

static bool has_source(const struct exo_slot_op *op)
{
	return op->op == EXO_OP_DUP || op->op == EXO_OP_COPY || op->op == EXO_OP_SHARE
		|| op->op == EXO_OP_MOVE;
}

static bool is_down(const struct exo_slot_op *op)
{
	return op->op == EXO_OP_TABLE && op->flags & EXO_OP_DOWN;
}

static bool has_level(const struct exo_slot_op *op)
{
	bool is_leaf = op->op == EXO_OP_ALLOC || op->op == EXO_OP_DUP || op->op == EXO_OP_COPY
		|| op->op == EXO_OP_PROTECT;
	bool is_any = op->op == EXO_OP_CLEAR || op->op == EXO_OP_CLAIM;

	return op->level >= (is_leaf || is_any ? 1 : 2) && op->level <= (is_leaf ? 1 : EXO_LEVELS)
		&& !(op->flags & EXO_OP_COMMON && op->level != 2);
}

/* Does a run from there stay in its table, and in a root below the recursive slot? */
static bool is_run(const struct exo_slot_op *op, uint64_t address)
{
	unsigned end = op->level == EXO_LEVELS ? EXO_ROOT_RECURSIVE : EXO_TABLE_SLOTS;

	if (is_down(op))
		return op->count && op->count < op->level && slot_index(address, op->level) < end;
	return op->count && slot_index(address, op->level) + op->count <= end;
}

static UNCHECKED err_t run_before(struct answer_slot *a, struct answer_run *run, uint64_t handle,
				  uint64_t address)
{
	struct machine *m = a->m;
	unsigned i;
	err_t err;

	run->env = handle ? (unsigned)(handle & 0xffff) : a->caller;
	err = slot_find(m, m->envs[run->env].root, address, a->op.level, &run->path);
	if (err)
		return err;
	run->is_common = table_is_common(m, run->path.table);
	for (i = 0; !is_down(&a->op) && i < a->op.count; i++)
		run->was[i] = slot_get(run->path.slot + i);
	return EXO_OK;
}

/* The checks before the first slot, in the order of doc/abi.md. */
static err_t before_error(struct answer_slot *a, bool has_form, bool may_name)
{
	const struct exo_slot_op *op = &a->op;
	err_t err;

	if (!has_form || (op->access && !(op->access & EXO_READ))
	    || (op->soft | op->soft_mask) & ~EXO_SOFT_MASK
	    || (op->op == EXO_OP_CLEAR && op->argument & ~EXO_PAYLOAD_MASK))
		return EXO_E_ARGUMENT;
	if (!has_level(op))
		return EXO_E_TYPE;
	if (!is_run(op, op->target) || (has_source(op) && !is_run(op, op->source)))
		return EXO_E_RANGE;
	if (!may_name)
		return EXO_E_ENV;
	err = run_before(a, &a->target, op->target_env, op->target);
	if (!err && has_source(op))
		err = run_before(a, &a->source, op->source_env, op->source);
	if (err)
		return err;
	if ((op->op != EXO_OP_CLAIM && !a->target.path.is_open)
	    || (op->op == EXO_OP_MOVE && !a->source.path.is_open))
		return EXO_E_FROZEN;
	if (a->target.is_common && op->op != EXO_OP_ALLOC && op->op != EXO_OP_PROTECT
	    && op->op != EXO_OP_CLEAR && op->op != EXO_OP_CLAIM)
		return EXO_E_TYPE;
	return EXO_OK;
}

static bool is_sole(struct machine *m, uint64_t slot)
{
	struct pfn pfn = { slot_pfn(slot) };

	return frame_type(frame_meta(m, pfn)) == FRAME_DATA && frame_refs(m, pfn) == 1;
}

static UNCHECKED void reserve_before(struct answer_slot *a)
{
	uint64_t reserve = a->op.reserve;
	struct slot_path path;

	if (!reserve || slot_find(a->m, a->m->envs[a->caller].root, reserve, 1, &path))
		return;
	a->reserve = slot_get(path.slot);
	a->is_reserve_good = reserve % EXO_PAGE_SIZE == 0 && path.is_open
		&& slot_is_present(a->reserve) && is_sole(a->m, a->reserve)
		&& !table_is_common(a->m, path.table) && path.slot != a->target.path.slot
		&& path.slot != a->source.path.slot
		&& (a->caller == a->target.env || a->caller == a->source.env);
}

/* An upcall marks pages of its stack. */
static uint64_t upcalls(const struct machine *m)
{
	uint64_t count = 0;
	unsigned cpu, kind;

	for (cpu = 0; cpu < m->cpu_count; cpu++)
		for (kind = 0; kind < EXO_UPCALLS; kind++)
			count += m->cpus[cpu].upcalls[kind];
	return count;
}

void answer_slot_before(struct answer_slot *a, struct machine *m, unsigned caller,
			const struct exo_slot_op *op, bool has_form, bool may_name)
{
	const _Atomic uint64_t *slots;
	unsigned i;

	a->is_known = true;
	a->upcalls = upcalls(m);
	a->m = m;
	a->caller = caller;
	a->op = *op;
	a->target.path.slot = a->source.path.slot = NULL;
	a->error = before_error(a, has_form, may_name);
	a->reserve = 0;
	a->is_reserve_good = false;
	a->below = 0;
	if (a->error)
		return;
	if (!has_source(op)) {
		a->source = a->target;
		a->source.env = caller; /* a handle of 0 */
	}
	if (op->count == 1)
		reserve_before(a);
	if (op->op != EXO_OP_UNSHARE || op->count != 1 || !slot_is_present(a->target.was[0])
	    || slot_is_writable(a->target.was[0]))
		return;
	a->below = slot_pfn(a->target.was[0]);
	slots = table_slots(m, (struct pfn){ a->below });
	for (i = 0; i < EXO_TABLE_SLOTS; i++)
		a->below_was[i] = slot_get(&slots[i]);
}

static unsigned soft_after(const struct exo_slot_op *op, uint64_t old)
{
	return (slot_soft(old) & ~(unsigned)op->soft_mask) | (op->soft & op->soft_mask);
}

/* The leaf that PROTECT makes of one. */
static uint64_t protected(const struct answer_slot *a, uint64_t old)
{
	const struct exo_slot_op *op = &a->op;
	unsigned access = op->flags & EXO_OP_MASK ? slot_access(old) & op->access : op->access;
	unsigned rights = access & ~slot_rights(old) ? EXO_RWX : slot_rights(old);
	uint64_t leaf;

	if (!slot_is_present(old))
		return old;
	leaf = slot_leaf(slot_pfn(old), rights, access, soft_after(op, old));
	return op->flags & EXO_OP_CLEAN ? leaf : slot_aged(leaf, old);
}

/* What COPY or SHARE makes of a source slot. */
static uint64_t taken_along(const struct answer_slot *a, uint64_t from)
{
	const struct exo_slot_op *op = &a->op;
	unsigned rights = slot_rights(from) & a->source.path.rights & (op->rights | EXO_READ);
	struct pfn pfn = { slot_pfn(from) };

	if (!slot_is_present(from))
		return from;
	if (op->op == EXO_OP_COPY)
		return slot_leaf(pfn.n, rights, slot_access(from) & op->access & rights,
				 soft_after(op, from));
	return slot_branch(pfn.n, rights, table_is_common(a->m, pfn) && slot_is_writable(from)
			   && rights & EXO_WRITE);
}

/* What must be in target slot i, which is `now`: the number of a fresh frame is taken from that. */
static uint64_t target_after(const struct answer_slot *a, unsigned i, uint64_t now)
{
	uint64_t was = a->target.was[i], from = a->source.was[i];
	const struct exo_slot_op *op = &a->op;
	uint64_t leaf;

	switch (op->op) {
	case EXO_OP_ALLOC:
		return slot_leaf(op->argument ? (uint32_t)op->argument + i : slot_pfn(now),
				 EXO_RWX, op->access, op->soft & op->soft_mask);
	case EXO_OP_DUP:
		leaf = slot_leaf(slot_pfn(now), EXO_RWX, op->access, soft_after(op, from));
		return slot_pfn(now) == slot_pfn(from) ? slot_aged(leaf, from) : leaf;
	case EXO_OP_COPY:
	case EXO_OP_SHARE:
		return taken_along(a, from);
	case EXO_OP_MOVE:
		return slot_branch(slot_pfn(from), slot_rights(from) & a->source.path.rights,
				   slot_is_writable(from));
	case EXO_OP_PROTECT:
		return protected(a, was);
	case EXO_OP_CLEAR:
		return slot_empty(op->argument);
	case EXO_OP_CLAIM:
		return was;
	case EXO_OP_UNSHARE:
		return slot_is_writable(was) ? was : slot_branch(slot_pfn(now), EXO_RWX, true);
	default:
		return slot_branch(slot_pfn(now), EXO_RWX, true);
	}
}

/* What must be in a source slot that is not the target's too. */
static uint64_t source_after(const struct answer_slot *a, uint64_t was)
{
	bool is_masked = a->op.op == EXO_OP_COPY && a->op.flags & EXO_OP_MASK
		&& !a->source.is_common;

	if (a->op.op == EXO_OP_MOVE)
		return 0;
	if (a->op.op == EXO_OP_SHARE)
		is_masked = !table_is_common(a->m, (struct pfn){ slot_pfn(was) });
	return slot_is_present(was) && is_masked && a->source.path.is_open
		? slot_without_write(was) : was;
}

/* A slot of a table that UNSHARE has swept, in place or into a copy. */
static uint64_t swept(const struct answer_slot *a, uint64_t was, bool is_copy)
{
	bool is_leaf = a->op.level == 2, is_fixed = is_leaf && slot_is_fixed(was), is_kept;
	struct pfn pfn = { slot_pfn(was) };

	if (!slot_is_present(was))
		return was;
	if (is_fixed && is_copy)
		return 0;
	is_kept = !is_leaf ? table_is_common(a->m, pfn)
		: !is_copy && (is_fixed || frame_refs(a->m, pfn) == 1);
	was = slot_as_made(slot_within(was, slot_rights(a->target.was[0])), a->op.level - 1u);
	return is_kept ? was : slot_without_write(was);
}

static const char *below_after(const struct answer_slot *a, uint64_t now)
{
	const _Atomic uint64_t *slots = table_slots(a->m, (struct pfn){ slot_pfn(now) });
	bool is_copy = slot_pfn(now) != a->below;
	uint64_t slot;
	unsigned i;

	for (i = 0; i < EXO_TABLE_SLOTS; i++) {
		slot = slot_get(&slots[i]);
		if (slot_is_present(slot))
			slot = slot_as_made(slot, a->op.level - 1u);
		if (slot != swept(a, a->below_was[i], is_copy))
			return "UNSHARE leaves another slot below than it must";
	}
	return NULL;
}

/* Each table of a run that goes down is where the target is. */
static UNCHECKED const char *down_after(const struct answer_slot *a, unsigned done)
{
	struct slot_path path;
	unsigned i;

	for (i = 0; i < done; i++)
		if (slot_find(a->m, a->m->envs[a->target.env].root, a->op.target, a->op.level - i,
			      &path)
		    || !slot_is_present(slot_get(path.slot)) || !path.is_open)
			return "a table is not where the operation made it";
	return NULL;
}

/* Who pays for the fresh frames of slots that hold others now. */
static UNCHECKED bool is_paid(const struct answer_slot *a, uint64_t was, uint64_t now)
{
	bool is_fresh = a->op.op == EXO_OP_ALLOC || a->op.op == EXO_OP_DUP
		|| a->op.op == EXO_OP_TABLE || a->op.op == EXO_OP_UNSHARE;
	struct pfn pfn = { slot_pfn(now) };

	return !is_fresh || a->op.reserve || !slot_is_present(now)
		|| (slot_is_present(was) && slot_pfn(was) == pfn.n)
		|| frame_account(frame_meta(a->m, pfn)) == a->m->envs[a->target.env].account;
}

/* Was the reserve used although it must not be? */
static bool is_reserve_wrong(const struct answer_slot *a)
{
	uint64_t now = slot_get(a->target.path.slot);
	bool is_used = a->op.op == EXO_OP_TABLE
		|| (slot_is_present(now) && slot_is_present(a->reserve)
		    && slot_pfn(now) == slot_pfn(a->reserve)
		    && slot_pfn(now) != slot_pfn(a->target.was[0]));

	return a->op.reserve && a->op.count == 1 && is_used && !a->is_reserve_good;
}

/* Do the source's slots, and the reserve's, not lie among the target's? */
static bool is_apart(const struct answer_slot *a)
{
	if (a->op.reserve && a->op.count > 1)
		return false;
	return a->source.path.slot == a->target.path.slot
		|| a->source.path.slot + a->op.count <= a->target.path.slot
		|| a->target.path.slot + a->op.count <= a->source.path.slot;
}

static const char *slots_after(const struct answer_slot *a, unsigned done)
{
	bool is_same = a->source.path.slot == a->target.path.slot;
	uint64_t now, slot;
	unsigned i;

	if (!is_apart(a))
		return NULL;
	for (i = 0; i < done; i++) {
		slot = now = slot_get(a->target.path.slot + i);
		if (slot_is_present(now) && a->op.level > 1 && a->op.op != EXO_OP_CLAIM
		    && !(a->op.op == EXO_OP_UNSHARE && slot_is_writable(a->target.was[i])))
			slot = slot_as_made(now, a->op.level);
		if (slot != target_after(a, i, now))
			return "an operation leaves another slot than it must";
		if (!is_paid(a, a->target.was[i], now))
			return "a frame was paid by another account";
		if (!is_same && slot_get(a->source.path.slot + i)
		    != source_after(a, a->source.was[i]))
			return "an operation leaves another source than it must";
	}
	return NULL;
}

const char *answer_slot_after(const struct answer_slot *a, int64_t error, uint64_t value)
{
	unsigned done = EXO_DONE_OPS(value) ? a->op.count : EXO_DONE_SLOTS(value);
	const char *wrong;

	if (!a->is_known || error == EXO_E_POINTER)
		return NULL;
	if (a->error)
		return error == a->error ? NULL : "an operation was not refused as it must be";
	if (error == EXO_E_ARGUMENT || error == EXO_E_RANGE || error == EXO_E_ENV
	    || error == EXO_E_NO_TABLE || error == EXO_E_FROZEN
	    || (error == EXO_E_RESERVE && a->is_reserve_good))
		return "an operation was refused without reason";
	if (upcalls(a->m) != a->upcalls)
		return NULL;
	if (is_down(&a->op))
		return down_after(a, done);
	if (done && is_reserve_wrong(a))
		return "a reserve was used that must not be";
	wrong = slots_after(a, done);
	if (!wrong && a->below && done)
		wrong = below_after(a, slot_get(a->target.path.slot));
	return wrong;
}
