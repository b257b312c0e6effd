/* SPDX-License-Identifier: ISC */
/* What arch/arch.h marks (inline), for the simulated machine. */
#ifndef MACHINE_INLINE_H
#define MACHINE_INLINE_H

#include <string.h>

#include "arch/host/host.h"

static inline void *arch_frame_memory(struct machine *m, struct pfn pfn)
{
	return (uint8_t *)m + m->arch.memory + (uint64_t)pfn.n * EXO_PAGE_SIZE;
}

/* A free frame is filled with a pattern, so that no test lives on what its former owner left, and
 * in builds with the address sanitizer nothing may touch it. */
static inline void arch_frame_poison(struct machine *m, struct pfn pfn, bool is_free)
{
	if (is_free)
		memset(arch_frame_memory(m, pfn), HOST_FREE_BYTE, EXO_PAGE_SIZE);
	host_poison(arch_frame_memory(m, pfn), EXO_PAGE_SIZE, is_free);
}

static inline unsigned arch_cpu_index(void)
{
	return host_self.index;
}

static inline void arch_relax(void)
{
}

static inline bool arch_slots_any(const _Atomic uint64_t *slots)
{
	uint64_t any = 0;
	unsigned i;

	for (i = 0; i < 4; i++)
		any |= atomic_load_explicit(&slots[i], memory_order_relaxed);
	return any;
}

static inline bool arch_tlb_is_shared(struct machine *m)
{
	return m->arch.is_tlb_shared;
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
	return atomic_load_explicit(&m->arch.clock, memory_order_relaxed);
}

#endif
