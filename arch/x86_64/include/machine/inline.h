/* SPDX-License-Identifier: ISC */
/* The functions of arch/arch.h that are inline on x86-64. Included by exo/machine.h. */
#ifndef MACHINE_INLINE_H
#define MACHINE_INLINE_H

static inline void *arch_frame_memory(struct machine *m, struct pfn pfn)
{
	(void)m;
	return (void *)(LAYOUT_DIRECT + ((uint64_t)pfn.n << EXO_PAGE_SHIFT));
}

static inline void arch_frame_poison(struct machine *m, struct pfn pfn, bool is_free)
{
	(void)m;
	(void)pfn;
	(void)is_free;
}

static inline unsigned arch_cpu_index(void)
{
	unsigned index;

	__asm__("movl %%gs:%c1, %0" : "=r"(index) : "i"(CPU_INDEX));
	return index;
}

static inline void arch_relax(void)
{
	__asm__ volatile("pause");
}

static inline bool arch_slots_any(const _Atomic uint64_t *slots)
{
	const uint64_t *s = (const uint64_t *)(uintptr_t)slots; /* plain: each is one load */

	return s[0] | s[1] | s[2] | s[3];
}

static inline bool arch_tlb_is_shared(struct machine *m)
{
	(void)m;
	return false;
}

static inline uint64_t arch_slot_replace(_Atomic uint64_t *slot, uint64_t value, unsigned env,
					 uint64_t address, unsigned level)
{
	(void)env;
	(void)address;
	(void)level;
	return atomic_exchange_explicit(slot, value, memory_order_acq_rel);
}

static inline uint64_t arch_clock(struct machine *m)
{
	uint32_t low, high;

	(void)m;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

#endif
