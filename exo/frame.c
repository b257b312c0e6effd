/* SPDX-License-Identifier: ISC */
/* Frames: the free list, reference counts, charges and dying tables. Touches the frame table, the
 * accounts' dying lists and, for a dying table, its slots. Takes account, free and wait locks. */
#include "exo/machine.h"

#include <machine/slot.h>

LOCK_PAIR(free, RANK_FREE, (struct machine *m), &m->free_lock)
LOCK_PAIR(account, RANK_ACCOUNT, (struct machine *m, unsigned account), &m->accounts[account].lock)

static uint32_t meta_make(enum frame_type type, unsigned level, unsigned used, unsigned account)
{
	return (uint32_t)type | level << 3 | used << 6 | (uint32_t)account << 16;
}

/* Free frames: index of the former one in meta, of the next one in refs. */
static uint32_t free_meta(uint32_t former)
{
	return FRAME_FREE | former << 3;
}

static void free_link(struct machine *m, uint32_t former, uint32_t next) REQUIRES(free_class)
{
	if (former == FRAME_NONE)
		m->free_head = next;
	else
		atomic_store_explicit(&m->frames[former].refs, next, memory_order_relaxed);
	if (next != FRAME_NONE)
		atomic_store_explicit(&m->frames[next].meta, free_meta(former),
				      memory_order_relaxed);
}

void frame_free(struct machine *m, struct pfn pfn)
{
	struct frame *f = frame_of(m, pfn);
	uint32_t index = pfn.n - MACHINE_FIRST_FRAME;

	arch_frame_poison(m, pfn, true);
	free_lock(m);
	atomic_store_explicit(&f->meta, free_meta(FRAME_NONE), memory_order_relaxed);
	atomic_store_explicit(&f->refs, m->free_head, memory_order_relaxed);
	free_link(m, index, m->free_head);
	m->free_head = index;
	m->free_count++;
	free_unlock(m);
}

/* Take the frame asked for, or the first, off the free list. */
static err_t frame_take(struct machine *m, uint64_t want, uint32_t meta, struct pfn *pfn)
{
	struct frame *f;
	bool is_free;

	free_lock(m);
	pfn->n = want ? (uint32_t)want : m->free_head + MACHINE_FIRST_FRAME;
	is_free = want ? frame_exists(m, want) && frame_type(frame_meta(m, *pfn)) == FRAME_FREE
		: m->free_head != FRAME_NONE;
	if (is_free) {
		f = frame_of(m, *pfn);
		free_link(m, atomic_load_explicit(&f->meta, memory_order_relaxed) >> 3,
			  atomic_load_explicit(&f->refs, memory_order_relaxed));
		m->free_count--;
		atomic_store_explicit(&f->refs, 1, memory_order_relaxed);
		atomic_store_explicit(&f->meta, meta, memory_order_relaxed);
	}
	free_unlock(m);
	return is_free ? EXO_OK : EXO_E_FRAME;
}

err_t frame_alloc(struct machine *m, unsigned account, enum frame_type type, unsigned level,
		  uint64_t want, struct pfn *pfn)
{
	err_t err = account_charge(m, account, EXO_RESOURCE_FRAMES, 1);

	if (err) {
		bool is_left = frame_drain(m, account, 128);

		if (account_charge(m, account, EXO_RESOURCE_FRAMES, 1))
			return is_left ? EXO_E_AGAIN : err;
	}
	point("frame_alloc_charged");
	err = frame_take(m, want, meta_make(type, level, 0, account), pfn);
	if (err)
		account_discharge(m, account, EXO_RESOURCE_FRAMES, 1);
	else
		arch_frame_poison(m, *pfn, false);
	return err;
}

err_t frame_ref(struct machine *m, struct pfn pfn)
{
	struct frame *f = frame_of(m, pfn);

	/* Relaxed: the caller names a holder that stays, so nothing depends on the order. */
	if (atomic_load_explicit(&f->refs, memory_order_relaxed) >= FRAME_REFS_MAX)
		return EXO_E_COUNT;
	atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
	return EXO_OK;
}

/* Change the meta word under whoever else changes another part of it. */
static void meta_change(struct machine *m, struct pfn pfn, uint32_t keep, uint32_t set)
{
	struct frame *f = frame_of(m, pfn);
	uint32_t old = atomic_load_explicit(&f->meta, memory_order_relaxed);

	while (!atomic_compare_exchange_weak_explicit(&f->meta, &old, (old & keep) | set,
						      memory_order_relaxed, memory_order_relaxed))
		;
}

void frame_retype(struct machine *m, struct pfn pfn, enum frame_type type, unsigned level)
{
	meta_change(m, pfn, 0xffff0000u, meta_make(type, level, 0, 0));
}

void frame_use(struct machine *m, struct pfn pfn, int change)
{
	/* Relaxed: a count under the lock of who changes it; only CLAIM meets it in this word. */
	atomic_fetch_add_explicit(&frame_of(m, pfn)->meta, (uint32_t)change << 6,
				  memory_order_relaxed);
}

err_t frame_claim(struct machine *m, struct pfn pfn, unsigned account)
{
	struct frame *f = frame_of(m, pfn);
	uint32_t old = atomic_load_explicit(&f->meta, memory_order_relaxed);
	err_t err;

	if (frame_account(old) == account)
		return EXO_OK;
	err = account_charge(m, account, EXO_RESOURCE_FRAMES, 1);
	if (err)
		return err;
	while (!atomic_compare_exchange_weak_explicit(&f->meta, &old,
						      (old & 0xffffu) | account << 16,
						      memory_order_relaxed, memory_order_relaxed))
		;
	account_discharge(m, frame_account(old), EXO_RESOURCE_FRAMES, 1);
	return EXO_OK;
}

/* A table nobody holds waits for frame_drain; what its slots hold stays counted until then. */
static void dying_push(struct machine *m, struct pfn pfn)
{
	struct account *a = &m->accounts[frame_account(frame_meta(m, pfn))];

	account_lock(m, frame_account(frame_meta(m, pfn)));
	meta_change(m, pfn, ~meta_make(7, 0, 0, 0), FRAME_DYING);
	atomic_store_explicit(&frame_of(m, pfn)->refs, a->dying, memory_order_relaxed);
	a->dying = pfn.n - MACHINE_FIRST_FRAME;
	account_unlock(m, frame_account(frame_meta(m, pfn)));
}

static void frame_release(struct machine *m, struct pfn pfn)
{
	unsigned account = frame_account(frame_meta(m, pfn));

	frame_free(m, pfn);
	account_discharge(m, account, EXO_RESOURCE_FRAMES, 1);
}

void frame_unref(struct machine *m, struct pfn pfn)
{
	struct frame *f = frame_of(m, pfn);
	uint32_t meta = frame_meta(m, pfn);
	uint32_t former;

	/* Release what was done with the frame to whoever drops it last; pairs with:
	 * frame_unref. */
	former = atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel);
	assert(former != 0 && former <= FRAME_REFS_MAX);
	if (former > 1)
		return;
	assert(frame_type(meta) != FRAME_KERNEL && frame_type(meta) != FRAME_BOOT);
	if (frame_used(frame_meta(m, pfn)))
		dying_push(m, pfn);
	else
		frame_release(m, pfn);
}

void frame_drop(struct machine *m, struct pfn pfn)
{
	uint32_t meta = frame_meta(m, pfn);

	if (frame_type(meta) != FRAME_TABLE && frame_type(meta) != FRAME_COMMON && frame_used(meta))
		wait_wake_frame(m, pfn);
	frame_unref(m, pfn);
}

/* Drop what a dying table holds; a root's kernel half and recursive slot hold nothing, and lie
 * behind the last used slot. Empty slots go by fours. Returns how many slots were looked at. */
static int drain_table(struct machine *m, struct pfn table)
{
	const uint64_t *slots = arch_frame_memory(m, table); /* nobody else holds it */
	unsigned used = frame_used(frame_meta(m, table));
	int i;

	for (i = 0; used; i++) {
		while (i % 4 == 0 && !slot_is_present(slots[i] | slots[i + 1] | slots[i + 2]
						      | slots[i + 3]))
			i += 4;
		if (!slot_is_present(slots[i]))
			continue;
		frame_drop(m, (struct pfn){ slot_pfn(slots[i]) });
		used--;
	}
	return i;
}

bool frame_drain(struct machine *m, unsigned account, int slots)
{
	struct account *a = &m->accounts[account];

	for (;;) {
		struct pfn table;
		bool is_left;

		account_lock(m, account);
		table.n = a->dying + MACHINE_FIRST_FRAME;
		is_left = a->dying != FRAME_NONE;
		if (is_left && slots > 0)
			a->dying = atomic_load_explicit(&frame_of(m, table)->refs,
							memory_order_relaxed);
		account_unlock(m, account);
		if (!is_left || slots <= 0)
			return is_left;
		slots -= drain_table(m, table);
		point("frame_drain_step");
		frame_release(m, table);
	}
}
