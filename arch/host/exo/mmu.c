/* SPDX-License-Identifier: ISC */
/*
 * The simulated memory management unit: tables are walked, accessed and dirty bits set by
 * compare-and-swap, and translations cached, as a processor is allowed to. The caches are meant to
 * be as treacherous as the architectures permit: nothing leaves them but by a flush or another
 * entry, a page flush keeps cached walks, and a cached walk is used without looking at the
 * branches again. What a slot leads to is read after the slot (acquire; pairs with: slot_find's
 * partners, which store it). Touches slots and the CPU's own caches; takes no locks.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "arch/host/host.h"
#include "exo/machine.h"

#include <machine/slot.h>

void arch_frame_zero(struct machine *m, struct pfn pfn)
{
	memset(arch_frame_memory(m, pfn), 0, EXO_PAGE_SIZE);
}

void arch_frame_copy(struct machine *m, struct pfn to, struct pfn from)
{
	const _Atomic uint64_t *source = arch_frame_memory(m, from);
	uint64_t *target = arch_frame_memory(m, to), i;

	/* Programs on other CPUs may be writing the source. */
	for (i = 0; i < EXO_PAGE_SIZE / sizeof(*target); i++)
		target[i] = atomic_load_explicit(&source[i], memory_order_relaxed);
}

void arch_root_init(struct machine *m, struct pfn root)
{
	atomic_store_explicit(&table_slots(m, root)[EXO_ROOT_RECURSIVE],
			      slot_branch(root.n, EXO_READ, false), memory_order_relaxed);
}

void arch_root_clear(struct machine *m, struct pfn root)
{
	atomic_store_explicit(&table_slots(m, root)[EXO_ROOT_RECURSIVE], 0, memory_order_relaxed);
}

static struct host_cpu *mmu_cpu(struct machine *m, struct cpu *c)
{
	return &m->arch.cpus[c - m->cpus];
}

void arch_root_load(struct machine *m, struct cpu *c, unsigned env)
{
	mmu_cpu(m, c)->env = env;
	if (!m->arch.is_tlb_shared)
		arch_tlb_flush_all(m, c, ENV_NONE);
}

static struct host_tlb *mmu_tlb(struct host_cpu *hc, uint64_t page)
{
	return &hc->tlb[(page >> EXO_PAGE_SHIFT) & (HOST_TLB_ENTRIES - 1)];
}

static struct host_walk *mmu_walk(struct host_cpu *hc, uint64_t prefix)
{
	return &hc->walks[(prefix / EXO_SPAN(2)) & (HOST_WALK_ENTRIES - 1)];
}

void arch_tlb_flush_page(struct machine *m, struct cpu *c, unsigned env, uint64_t address)
{
	uint64_t page = address & ~(EXO_PAGE_SIZE - 1);
	struct host_cpu *hc;

	for (hc = m->arch.cpus; hc < m->arch.cpus + EXO_CPUS; hc++) {
		struct host_tlb *entry = mmu_tlb(hc, page);

		if ((m->arch.is_tlb_shared || hc == mmu_cpu(m, c)) && entry->env == env
		    && entry->page == page)
			memset(entry, 0, sizeof(*entry));
	}
}

/* What one CPU has of an env, or (ENV_NONE) everything. */
static void mmu_forget(struct host_cpu *hc, unsigned env)
{
	unsigned i;

	for (i = 0; i < HOST_TLB_ENTRIES; i++)
		if (env == ENV_NONE || hc->tlb[i].env == env)
			memset(&hc->tlb[i], 0, sizeof(hc->tlb[i]));
	for (i = 0; i < HOST_WALK_ENTRIES; i++)
		if (env == ENV_NONE || hc->walks[i].env == env)
			memset(&hc->walks[i], 0, sizeof(hc->walks[i]));
}

void arch_tlb_flush_all(struct machine *m, struct cpu *c, unsigned env)
{
	struct host_cpu *hc;

	if (env == ENV_NONE || !m->arch.is_tlb_shared) {
		mmu_forget(mmu_cpu(m, c), ENV_NONE);
		return;
	}
	for (hc = m->arch.cpus; hc < m->arch.cpus + EXO_CPUS; hc++)
		mmu_forget(hc, env);
}

/* The slot that covers an address in a table of a level. */
static _Atomic uint64_t *mmu_slot(struct machine *m, uint32_t table, uint64_t address,
				  unsigned level)
{
	unsigned index = (unsigned)(address / EXO_SPAN(level)) & (EXO_TABLE_SLOTS - 1);

	assert(frame_exists(m, table));
	return &table_slots(m, (struct pfn){ table })[index];
}

/* Set bits of a present slot if it still is what was read. */
static bool mmu_mark(_Atomic uint64_t *slot, uint64_t value, uint64_t bits)
{
	if ((value & bits) == bits)
		return true;
	return atomic_compare_exchange_strong_explicit(slot, &value, value | bits,
						       memory_order_relaxed, memory_order_relaxed);
}

/* Down the branches to the level 1 table. False: one is missing. */
static bool mmu_descend(struct machine *m, struct host_cpu *hc, uint64_t address,
			struct host_walk *walk)
{
	_Atomic uint64_t *at;
	uint64_t slot;
	unsigned level;

	*walk = (struct host_walk){ .is_valid = true, .access = EXO_RWX, .env = hc->env,
		.table = m->envs[hc->env].root.n, .prefix = address & ~(EXO_SPAN(2) - 1) };
	for (level = EXO_LEVELS; level > 1; level--) {
		at = mmu_slot(m, walk->table, address, level);
		do {
			slot = atomic_load_explicit(at, memory_order_acquire);
			if (!slot_is_present(slot))
				return false;
		} while (!mmu_mark(at, slot, SLOT_ACCESSED));
		walk->access &= slot_access(slot);
		walk->table = slot_pfn(slot);
	}
	*mmu_walk(hc, walk->prefix) = *walk;
	return true;
}

/* The leaf under a level 1 table. Fills *entry and caches it; 0 or a fault. */
static int mmu_leaf(struct machine *m, struct host_cpu *hc, uint64_t address, unsigned need,
		    const struct host_walk *walk, struct host_tlb *entry)
{
	_Atomic uint64_t *at = mmu_slot(m, walk->table, address, 1);
	uint64_t slot, bits;
	int code = HOST_FAULT | (int)(need & (EXO_FAULT_WRITE | EXO_FAULT_EXEC));

	do {
		slot = atomic_load_explicit(at, memory_order_acquire);
		if (!slot_is_present(slot))
			return code;
		if (need & ~(walk->access & slot_access(slot)))
			return code | EXO_FAULT_PRESENT;
		bits = SLOT_ACCESSED | (need & EXO_WRITE ? SLOT_DIRTY : 0);
	} while (!mmu_mark(at, slot, bits));
	assert(frame_exists(m, slot_pfn(slot)));
	*entry = (struct host_tlb){ .is_valid = true, .is_dirty = slot_is_dirty(slot | bits),
		.access = (uint8_t)(walk->access & slot_access(slot)), .env = hc->env,
		.frame = slot_pfn(slot), .page = address & ~(EXO_PAGE_SIZE - 1) };
	*mmu_tlb(hc, entry->page) = *entry;
	return 0;
}

int host_translate(struct machine *m, unsigned cpu, uint64_t address, unsigned need,
		   struct pfn *pfn)
{
	struct host_cpu *hc = &m->arch.cpus[cpu];
	uint64_t page = address & ~(EXO_PAGE_SIZE - 1), prefix = address & ~(EXO_SPAN(2) - 1);
	struct host_tlb entry = *mmu_tlb(hc, page);
	struct host_walk walk = *mmu_walk(hc, prefix);
	int code = HOST_FAULT | (int)(need & (EXO_FAULT_WRITE | EXO_FAULT_EXEC));

	if (hc->env == ENV_NONE || address / EXO_ROOT_SPAN >= EXO_ROOT_USER)
		return code;
	if (!entry.is_valid || entry.env != hc->env || entry.page != page
	    || need & ~entry.access || (need & EXO_WRITE && !entry.is_dirty)) {
		if ((!walk.is_valid || walk.env != hc->env || walk.prefix != prefix)
		    && !mmu_descend(m, hc, address, &walk))
			return code;
		code = mmu_leaf(m, hc, address, need, &walk, &entry);
		if (code)
			return code;
	}
	*pfn = (struct pfn){ entry.frame };
	return 0;
}

/* An aligned word, as a processor moves it: in one piece. */
static void mmu_word(_Atomic uint64_t *memory, uint64_t *to, const uint64_t *from)
{
	if (from)
		atomic_store_explicit(memory, *from, memory_order_relaxed);
	else
		*to = atomic_load_explicit(memory, memory_order_relaxed);
}

/* One page at a time. */
static int mmu_copy(struct machine *m, unsigned cpu, uint64_t address, void *to, const void *from,
		    size_t bytes)
{
	uint8_t *memory;
	struct pfn pfn;
	size_t done, n;
	int code;

	for (done = 0; done < bytes; done += n) {
		n = EXO_PAGE_SIZE - (address + done) % EXO_PAGE_SIZE;
		n = n < bytes - done ? n : bytes - done;
		code = host_translate(m, cpu, address + done, from ? EXO_WRITE : EXO_READ, &pfn);
		if (code)
			return code;
		memory = (uint8_t *)arch_frame_memory(m, pfn) + (address + done) % EXO_PAGE_SIZE;
		if (bytes == sizeof(uint64_t) && address % bytes == 0)
			mmu_word((_Atomic uint64_t *)(void *)memory, to, from);
		else if (from)
			memmove(memory, (const uint8_t *)from + done, n);
		else
			memmove((uint8_t *)to + done, memory, n);
	}
	return 0;
}

int host_read(struct machine *m, unsigned cpu, uint64_t address, void *to, size_t bytes)
{
	return mmu_copy(m, cpu, address, to, NULL, bytes);
}

int host_write(struct machine *m, unsigned cpu, uint64_t address, const void *from, size_t bytes)
{
	return mmu_copy(m, cpu, address, NULL, from, bytes);
}

int host_load(struct machine *m, unsigned cpu, uint64_t address, uint64_t *value)
{
	return host_read(m, cpu, address, value, sizeof(*value));
}

int host_store(struct machine *m, unsigned cpu, uint64_t address, uint64_t value)
{
	return host_write(m, cpu, address, &value, sizeof(value));
}

int host_fetch(struct machine *m, unsigned cpu, uint64_t address)
{
	struct pfn pfn;

	return host_translate(m, cpu, address, EXO_EXEC, &pfn);
}
