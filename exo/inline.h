/* SPDX-License-Identifier: ISC */
/* Small accessors of the machine's arrays. Touches nothing, takes no locks. */
#ifndef EXO_INLINE_H
#define EXO_INLINE_H

static inline struct frame *frame_of(struct machine *m, struct pfn pfn)
{
	return &m->frames[pfn.n - MACHINE_FIRST_FRAME];
}

/* The CPU on whose list the frame of that index is when it is free: always the same one, so that
 * who wants this frame knows which lock to take. */
static inline unsigned free_home(struct machine *m, uint32_t index)
{
	return index / FREE_RUN % m->cpu_count;
}

/* The index where a CPU's free list begins and ends: see exo/frame.h. */
static inline uint32_t free_ends(struct machine *m, unsigned cpu)
{
	return m->frame_count + cpu * (FREE_ENDS / EXO_CPUS);
}

/*@ requires \valid_read(&m->frame_count);
  @ assigns \nothing;
  @ ensures \result <==> MACHINE_FIRST_FRAME <= pfn < MACHINE_FIRST_FRAME + m->frame_count; */
static inline bool frame_exists(struct machine *m, uint64_t pfn)
{
	return pfn >= MACHINE_FIRST_FRAME && pfn - MACHINE_FIRST_FRAME < m->frame_count;
}

static inline uint32_t frame_meta(struct machine *m, struct pfn pfn)
{
	return atomic_load_explicit(&frame_of(m, pfn)->meta, memory_order_relaxed);
}

static inline uint32_t frame_refs(struct machine *m, struct pfn pfn)
{
	return atomic_load_explicit(&frame_of(m, pfn)->refs, memory_order_acquire);
}

/* The parts of a frame's meta word. */
#define frame_type(meta)    ((enum frame_type)EXO_FRAME_META_TYPE(meta))
#define frame_level(meta)   EXO_FRAME_META_LEVEL(meta)
#define frame_used(meta)    EXO_FRAME_META_USED(meta)
#define frame_groups(meta)  EXO_FRAME_META_GROUPS(meta)
#define frame_account(meta) EXO_FRAME_META_ACCOUNT(meta)

static inline bool frame_is_full(struct machine *m, struct pfn pfn)
{
	return frame_refs(m, pfn) >= FRAME_REFS_MAX;
}

static inline void frame_hold(struct machine *m, struct pfn pfn)
{
	/* Relaxed: the caller names a holder that stays, so nothing depends on the order. */
	atomic_fetch_add_explicit(&frame_of(m, pfn)->refs, 1, memory_order_relaxed);
}

static inline bool table_is_common(struct machine *m, struct pfn table)
{
	return frame_type(frame_meta(m, table)) == FRAME_COMMON;
}

/* The groups of a table that `count` slots from `first` on are in. */
static inline unsigned table_groups(unsigned first, unsigned count)
{
	return (2u << (first + count - 1) / TABLE_GROUP) - (1u << first / TABLE_GROUP);
}

/* The slots of a table frame. */
static inline _Atomic uint64_t *table_slots(struct machine *m, struct pfn table)
{
	return arch_frame_memory(m, table);
}

LOCK_PAIR(tree, RANK_TREE, (struct machine *m), &m->tree_lock)
LOCK_PAIR(env, RANK_ENV, (struct machine *m, unsigned env), &m->envs[env].lock)

static inline struct exo_info *machine_info(struct machine *m)
{
	return arch_frame_memory(m, m->info);
}

#endif
