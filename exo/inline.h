/* SPDX-License-Identifier: ISC */
/* Small accessors of the machine's arrays. Touches nothing, takes no locks. */
#ifndef EXO_INLINE_H
#define EXO_INLINE_H

static inline struct frame *frame_of(struct machine *m, struct pfn pfn)
{
	return &m->frames[pfn.n - MACHINE_FIRST_FRAME];
}

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

static inline enum frame_type frame_type(uint32_t meta)
{
	return (enum frame_type)(meta & 7u);
}

static inline unsigned frame_level(uint32_t meta)
{
	return meta >> 3 & 7u;
}

static inline unsigned frame_used(uint32_t meta)
{
	return meta >> 6 & 0x3ffu;
}

static inline unsigned frame_account(uint32_t meta)
{
	return meta >> 16;
}

/* The slots of a table frame. */
static inline _Atomic uint64_t *table_slots(struct machine *m, struct pfn table)
{
	return arch_frame_memory(m, table);
}

/* Forget all that a vcpu was, but for its state and generation. */
static inline void vcpu_zero(struct vcpu *v)
{
	uint64_t generation = v->generation;
	uint32_t state = atomic_load_explicit(&v->state, memory_order_relaxed);

	__builtin_memset(v, 0, sizeof(*v));
	v->generation = generation;
	atomic_store_explicit(&v->state, state, memory_order_relaxed);
}

LOCK_PAIR(tree, RANK_TREE, (struct machine *m), &m->tree_lock)
LOCK_PAIR(env, RANK_ENV, (struct machine *m, unsigned env), &m->envs[env].lock)

static inline struct exo_info *machine_info(struct machine *m)
{
	return arch_frame_memory(m, m->info);
}

#endif
