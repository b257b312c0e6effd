/* SPDX-License-Identifier: ISC */
/*
 * The functions of arch/arch.h that are inline, for who looks at a guest's kernel from the host:
 * its struct machine lies in the guest's RAM, all of which is mapped as it is. Found before the
 * file of that name of the guest's CPU. What only the kernel's CPU can do is not to be called.
 */
#ifndef MACHINE_INLINE_H
#define MACHINE_INLINE_H

static inline void *arch_frame_memory(struct machine *m, struct pfn pfn)
{
	return (char *)m - m->arch.machine_physical + ((uint64_t)pfn.n << EXO_PAGE_SHIFT);
}

static inline void arch_frame_poison(struct machine *m, struct pfn pfn, bool is_free)
{
	(void)m;
	(void)pfn;
	(void)is_free;
}

static inline unsigned arch_cpu_index(void)
{
	return 0;
}

static inline void arch_relax(void)
{
}

static inline bool arch_slots_any(const _Atomic uint64_t *slots)
{
	const uint64_t *s = (const uint64_t *)(uintptr_t)slots; /* plain: nobody runs */

	return s[0] | s[1] | s[2] | s[3];
}

static inline bool arch_tlb_is_shared(struct machine *m)
{
	(void)m;
	return true;
}

static inline uint64_t arch_slot_replace(_Atomic uint64_t *slot, uint64_t value, unsigned env,
					 uint64_t address, unsigned level)
{
	(void)env;
	(void)address;
	(void)level;
	return atomic_exchange(slot, value);
}

static inline uint64_t arch_clock(struct machine *m)
{
	(void)m;
	return 0;
}

#endif
