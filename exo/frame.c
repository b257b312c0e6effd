/* SPDX-License-Identifier: ISC */
/* Frames: the free lists, reference counts, charges and dying tables. Touches the frame table, the
 * accounts' dying lists and, for a dying table, its slots. Takes account, free and wait locks. */
#include "exo/slot.h"

LOCK_PAIR(free, RANK_FREE, (struct machine *m, unsigned cpu), &m->cpus[cpu].free_lock)
LOCK_PAIR(account, RANK_ACCOUNT, (struct machine *m, unsigned account), &m->accounts[account].lock)

static uint32_t meta_make(enum frame_type type, unsigned level, unsigned account)
{
	return (uint32_t)type | level << 3 | (uint32_t)account << 24;
}

/* Let `next`, of those flags, follow `former` in a free list. Relaxed: under the list's lock. */
static void free_join(struct machine *m, uint32_t former, uint32_t next, uint32_t flags)
	REQUIRES(free_class)
{
	atomic_store_explicit(&m->frames[former].refs, next, memory_order_relaxed);
	atomic_store_explicit(&m->frames[next].meta, flags | former << 4, memory_order_relaxed);
}

void frame_free(struct machine *m, struct pfn pfn, bool is_zero)
{
	uint32_t index = pfn.n - MACHINE_FIRST_FRAME;
	unsigned cpu = free_home(m, index);
	uint32_t ends = free_ends(m, cpu);

	if (!is_zero)
		arch_frame_poison(m, pfn, true);
	free_lock(m, cpu);
	if (is_zero) {
		uint32_t first = m->frames[ends].refs;

		free_join(m, index, first, m->frames[first].meta & 15u);
		free_join(m, ends, index, FRAME_FREE | FRAME_ZERO);
	} else {
		free_join(m, m->frames[ends].meta >> 4, index, FRAME_FREE);
		free_join(m, index, ends, FRAME_KERNEL);
	}
	free_unlock(m, cpu);
}

/* Take the frame asked for off its list, or any off this CPU's or, if that is empty, another's: one
 * list after another, round and round, since a list may get a frame when it has been looked at. For
 * whoever has been charged for a frame one is free all the time (I-8). */
static err_t frame_take(struct machine *m, uint64_t want, uint32_t meta, bool is_raw,
			struct pfn *pfn)
{
	uint32_t index = (uint32_t)want - MACHINE_FIRST_FRAME, old, next;
	unsigned cpu = want ? free_home(m, index) : arch_cpu_index();

	if (want && !frame_exists(m, want))
		return EXO_E_FRAME;
	for (;; cpu = (cpu + 1) % m->cpu_count) {
		const struct frame *ends = &m->frames[free_ends(m, cpu)];

		free_lock(m, cpu);
		if (!want) {
			index = ends->refs;
			if (is_raw || !(m->frames[index].meta & FRAME_ZERO))
				index = ends->meta >> 4;
		}
		old = m->frames[index].meta;
		if (frame_type(old) == FRAME_FREE)
			break;
		free_unlock(m, cpu);
		if (want)
			return EXO_E_FRAME;
		spin_point("free_list_empty");
	}
	next = m->frames[index].refs;
	free_join(m, old >> 4, next, m->frames[next].meta & 15u);
	atomic_store_explicit(&m->frames[index].refs, 1, memory_order_relaxed);
	atomic_store_explicit(&m->frames[index].meta, meta, memory_order_relaxed);
	free_unlock(m, cpu);
	pfn->n = index + MACHINE_FIRST_FRAME;
	arch_frame_poison(m, *pfn, false);
	if (!is_raw && !(old & FRAME_ZERO))
		arch_frame_zero(m, *pfn);
	return EXO_OK;
}

static err_t frame_alloc_as(struct machine *m, unsigned account, uint64_t want, uint32_t meta,
			    bool is_raw, struct pfn *pfn)
{
	err_t err = account_charge(m, account, EXO_RESOURCE_FRAMES, 1);

	if (err) {
		bool is_left = frame_drain(m, account, 128);

		if (account_charge(m, account, EXO_RESOURCE_FRAMES, 1))
			return is_left ? EXO_E_AGAIN : err;
	}
	point("frame_alloc_charged");
	err = frame_take(m, want, meta, is_raw, pfn);
	if (err)
		account_discharge(m, account, EXO_RESOURCE_FRAMES, 1);
	return err;
}

err_t frame_alloc(struct machine *m, unsigned account, enum frame_type type, unsigned level,
		  uint64_t want, struct pfn *pfn)
{
	return frame_alloc_as(m, account, want, meta_make(type, level, account), false, pfn);
}

err_t frame_alloc_raw(struct machine *m, unsigned account, struct pfn *pfn)
{
	return frame_alloc_as(m, account, 0, meta_make(FRAME_DATA, 0, account), true, pfn);
}

err_t frame_ref(struct machine *m, struct pfn pfn)
{
	if (frame_is_full(m, pfn))
		return EXO_E_COUNT;
	frame_hold(m, pfn);
	return EXO_OK;
}

/* Change the meta word under whoever else changes another part of it. Returns what it was. */
static uint32_t meta_change(struct machine *m, struct pfn pfn, uint32_t keep, uint32_t set)
{
	struct frame *f = frame_of(m, pfn);
	uint32_t old = atomic_load_explicit(&f->meta, memory_order_relaxed);

	while (!atomic_compare_exchange_weak_explicit(&f->meta, &old, (old & keep) | set,
						      memory_order_relaxed, memory_order_relaxed))
		;
	return old;
}

void frame_retype(struct machine *m, struct pfn pfn, enum frame_type type, unsigned level)
{
	meta_change(m, pfn, 0xff000000u, meta_make(type, level, 0));
}

void frame_use(struct machine *m, struct pfn pfn, int change)
{
	/* Relaxed: a count under the lock of who changes it; only CLAIM meets it in this word. */
	atomic_fetch_add_explicit(&frame_of(m, pfn)->meta, (uint32_t)change << 6,
				  memory_order_relaxed);
}

void table_use(struct machine *m, struct pfn table, int change, unsigned groups)
{
	if (change)
		frame_use(m, table, change);
	if (groups & ~frame_groups(frame_meta(m, table)))
		atomic_fetch_or_explicit(&frame_of(m, table)->meta, groups << 16,
					 memory_order_relaxed); /* as frame_use */
}

err_t frame_claim(struct machine *m, struct pfn pfn, unsigned account)
{
	if (frame_account(frame_meta(m, pfn)) == account)
		return EXO_OK;
	if (account_charge(m, account, EXO_RESOURCE_FRAMES, 1))
		return EXO_E_LIMIT;
	account_discharge(m, frame_account(meta_change(m, pfn, 0xffffffu, account << 24)),
			  EXO_RESOURCE_FRAMES, 1);
	return EXO_OK;
}

/* A table nobody holds waits for frame_drain; what its slots hold stays counted until then. */
static void dying_push(struct machine *m, struct pfn pfn)
{
	unsigned account = frame_account(frame_meta(m, pfn));
	struct account *a = &m->accounts[account];

	account_lock(m, account);
	meta_change(m, pfn, ~meta_make(7, 0, 0), FRAME_DYING);
	atomic_store_explicit(&frame_of(m, pfn)->refs, a->dying, memory_order_relaxed);
	a->dying = pfn.n - MACHINE_FIRST_FRAME;
	account_unlock(m, account);
}

/* Drop what a table that nobody holds has in its slots, and leave it zero. */
static NOINLINE void table_empty(struct machine *m, struct pfn table, unsigned groups)
{
	_Atomic uint64_t *slots = table_slots(m, table);
	uint64_t slot;
	unsigned i;

	TABLE_EACH(slots, groups, i, slot) {
		atomic_store_explicit(&slots[i], 0, memory_order_relaxed);
		if (slot_is_present(slot))
			frame_drop(m, (struct pfn){ slot_pfn(slot) });
	}
}

static void frame_release(struct machine *m, struct pfn pfn)
{
	uint32_t meta = frame_meta(m, pfn);
	unsigned level = frame_level(meta); /* of a table, which is left zero */

	if (level) {
		if (level == EXO_LEVELS)
			arch_root_clear(m, pfn);
		table_empty(m, pfn, frame_groups(meta));
		frame_free(m, pfn, true);
	} else {
		frame_free(m, pfn, false);
	}
	account_discharge(m, frame_account(meta), EXO_RESOURCE_FRAMES, 1);
}

void frame_unref(struct machine *m, struct pfn pfn)
{
	/* Release what was done with the frame to whoever drops it last; pairs with:
	 * frame_unref. */
	uint32_t former = atomic_fetch_sub_explicit(&frame_of(m, pfn)->refs, 1,
						    memory_order_acq_rel);
	uint32_t meta;

	assert(former != 0 && former <= FRAME_REFS_MAX + FRAME_REFS_OVER);
	if (former > 1)
		return;
	meta = frame_meta(m, pfn);
	assert(frame_type(meta) != FRAME_KERNEL && frame_type(meta) != FRAME_BOOT);
	if (frame_used(meta))
		dying_push(m, pfn);
	else
		frame_release(m, pfn);
}

void frame_drop(struct machine *m, struct pfn pfn)
{
	uint32_t meta = frame_meta(m, pfn);

	if (!frame_level(meta) && frame_used(meta)) /* waits, not slots */
		wait_wake_frame(m, pfn);
	frame_unref(m, pfn);
}

bool frame_drain(struct machine *m, unsigned account, int slots)
{
	struct account *a = &m->accounts[account];
	struct pfn table;
	bool is_taken = false, is_left;

	for (;;) {
		account_lock(m, account);
		a->draining -= is_taken;
		is_left = a->draining || a->dying != FRAME_NONE;
		is_taken = slots > 0 && a->dying != FRAME_NONE;
		if (is_taken) {
			table.n = a->dying + MACHINE_FIRST_FRAME;
			a->dying = frame_refs(m, table);
			a->draining++;
		}
		account_unlock(m, account);
		if (!is_taken)
			return is_left;
		slots -= (int)frame_used(frame_meta(m, table)) + TABLE_GROUP;
		point("frame_drain_step");
		frame_release(m, table);
	}
}
