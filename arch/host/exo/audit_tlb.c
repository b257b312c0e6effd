/* SPDX-License-Identifier: ISC */
/* I-7 where it can be seen: the simulated CPUs' caches against the tables. Reads all of a quiet
 * machine; takes no locks. */
#include "arch/host/host.h"
#include "exo/audit_slot.h"

#include <machine/slot.h>

static uint64_t tlb_slot(struct machine *m, uint32_t table, uint64_t address, unsigned level)
{
	unsigned index = (unsigned)(address / EXO_SPAN(level)) & (EXO_TABLE_SLOTS - 1);

	return atomic_load_explicit(&table_slots(m, (struct pfn){ table })[index],
				    memory_order_relaxed);
}

struct host_walk host_walk(struct machine *m, unsigned env, uint64_t address)
{
	struct host_walk walk = { .access = EXO_RWX, .env = env, .table = m->envs[env].root.n,
		.prefix = address & ~(EXO_SPAN(2) - 1) };
	uint64_t slot;
	unsigned level;

	for (level = EXO_LEVELS; level > 1; level--) {
		slot = tlb_slot(m, walk.table, address, level);
		if (!slot_is_present(slot)) {
			walk.table = FRAME_NONE;
			walk.access = 0;
			return walk;
		}
		walk.access &= slot_access(slot);
		walk.table = slot_pfn(slot);
	}
	return walk;
}

struct pfn host_walk_leaf(struct machine *m, const struct host_walk *walk, uint64_t address,
			  unsigned *access)
{
	uint64_t slot = walk->table == FRAME_NONE ? 0 : tlb_slot(m, walk->table, address, 1);

	*access = slot_is_present(slot) ? walk->access & slot_access(slot) : 0;
	return (struct pfn){ slot_is_present(slot) ? slot_pfn(slot) : FRAME_NONE };
}

/* Must this CPU hold nothing of the env? */
static bool tlb_is_foreign(struct machine *m, struct host_cpu *hc, unsigned env)
{
	unsigned state = m->envs[env].state;

	return m->arch.is_tlb_shared ? state != ENV_ALIVE && state != ENV_ENDING : env != hc->env;
}

static bool tlb_audit_cpu(struct machine *m, unsigned cpu, struct audit_report *report)
{
	struct host_cpu *hc = &m->arch.cpus[cpu];
	struct host_walk walk;
	unsigned i, access;
	struct pfn pfn;

	for (i = 0; i < HOST_TLB_ENTRIES; i++) {
		if (!hc->tlb[i].is_valid)
			continue;
		if (tlb_is_foreign(m, hc, hc->tlb[i].env))
			return audit_fail(report, 7, "a translation of another env", cpu,
					  UINT64_MAX, hc->tlb[i].page, hc->tlb[i].env);
		walk = host_walk(m, hc->tlb[i].env, hc->tlb[i].page);
		pfn = host_walk_leaf(m, &walk, hc->tlb[i].page, &access);
		if (hc->tlb[i].frame != pfn.n || hc->tlb[i].access & ~access)
			return audit_fail(report, 7, "a stale translation", cpu, UINT64_MAX,
					  hc->tlb[i].page, pfn.n);
	}
	for (i = 0; i < HOST_WALK_ENTRIES; i++) {
		if (!hc->walks[i].is_valid)
			continue;
		if (tlb_is_foreign(m, hc, hc->walks[i].env))
			return audit_fail(report, 7, "a walk of another env", cpu, UINT64_MAX,
					  hc->walks[i].prefix, hc->walks[i].env);
		walk = host_walk(m, hc->walks[i].env, hc->walks[i].prefix);
		if (hc->walks[i].table != walk.table || hc->walks[i].access & ~walk.access)
			return audit_fail(report, 7, "a stale walk", cpu, UINT64_MAX,
					  hc->walks[i].prefix, walk.table);
	}
	return true;
}

bool host_audit_tlb(struct machine *m, struct audit_report *report)
{
	unsigned cpu;

	for (cpu = 0; cpu < m->cpu_count; cpu++)
		if ((m->arch.is_tlb_shared || m->arch.cpus[cpu].env != ENV_NONE)
		    && !m->cpus[cpu].shoot
		    && !tlb_audit_cpu(m, cpu, report))
			return false;
	return true;
}
