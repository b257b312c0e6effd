/* SPDX-License-Identifier: ISC */
/* The functions of arch/arch.h that are inline on AArch64. Included by exo/machine.h. */
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
	const struct arch_cpu *cpu;

	__asm__("mrs %0, tpidr_el1" : "=r"(cpu));
	return cpu->index;
}

static inline void arch_relax(void)
{
	__asm__ volatile("yield");
}

static inline bool arch_slots_any(const _Atomic uint64_t *slots)
{
	const uint64_t *s = (const uint64_t *)(uintptr_t)slots; /* plain: each is one load */

	return s[0] | s[1] | s[2] | s[3];
}

/* An env's address-space identifier, where registers and flushes have it: for life, since there are
 * more identifiers than envs. 0 is the kernel's own root's, so that of ENV_NONE. */
static inline uint64_t arch_space(unsigned env)
{
	return (uint64_t)(env + 1) << 48;
}

/* The flushes of one page and one identifier reach all CPUs of the inner shareable domain. */
static inline bool arch_tlb_is_shared(struct machine *m)
{
	(void)m;
	return true;
}

/* No CPU translates what the TLBI's argument says any more; `then` follows at once. A kernel built
 * for one CPU tells no others. */
#define ARCH_FLUSH(what, argument, then) do {					\
	if (EXO_CPUS == 1)							\
		__asm__ volatile("dsb nshst; tlbi " what ", %0; dsb nsh" then	\
				 : : "r"(argument) : "memory");			\
	else									\
		__asm__ volatile("dsb ishst; tlbi " what "is, %0; dsb ish" then	\
				 : : "r"(argument) : "memory");			\
} while (0)

/* Break before make (Arm ARM D8.14.1): nothing translates the address when the new slot stands. A
 * slot above level 1 covers more than an address: then all that the env has goes. */
static inline uint64_t arch_slot_replace(_Atomic uint64_t *slot, uint64_t value, unsigned env,
					 uint64_t address, unsigned level)
{
	uint64_t old = atomic_load_explicit(slot, memory_order_relaxed);

	if (old & 1) {
		/* relaxed: nobody but the CPUs' walks may see it */
		old = atomic_exchange_explicit(slot, 0, memory_order_relaxed);
		if (level == 1)
			ARCH_FLUSH("vae1", arch_space(env) | address >> EXO_PAGE_SHIFT, "");
		else
			ARCH_FLUSH("aside1", arch_space(env), "");
	}
	/* pairs with: slot_find */
	atomic_store_explicit(slot, value, memory_order_release);
	return old;
}

static inline uint64_t arch_clock(struct machine *m)
{
	uint64_t clock;

	(void)m;
	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(clock) : : "memory");
	return clock;
}

#endif
