/* SPDX-License-Identifier: ISC */
/* I-7 where it can be seen: the simulated CPUs' caches against the tables. Reads all of a quiet
 * machine; takes no locks. */
#include "arch/host/host.h"
#include "exo/audit_slot.h"

#include <machine/slot.h>

/* What the tables of an env say of an address: what the walk cache would hold (level 1 table), and
 * the leaf. Access 0 with frame FRAME_NONE: nothing there. */
struct tlb_truth {
	uint32_t table, frame;
	unsigned table_access, access;
};

static uint64_t tlb_slot(struct machine *m, uint32_t table, uint64_t address, unsigned level)
{
	unsigned index = (unsigned)(address / EXO_SPAN(level)) & (EXO_TABLE_SLOTS - 1);

	return atomic_load_explicit(&table_slots(m, (struct pfn){ table })[index],
				    memory_order_relaxed);
}

static struct tlb_truth tlb_walk(struct machine *m, unsigned env, uint64_t address)
{
	struct tlb_truth truth = { .table = m->envs[env].root.n, .frame = FRAME_NONE,
		.table_access = EXO_RWX };
	uint64_t slot;
	unsigned level;

	for (level = EXO_LEVELS; level > 1; level--) {
		slot = tlb_slot(m, truth.table, address, level);
		if (!slot_is_present(slot))
			return (struct tlb_truth){ .table = FRAME_NONE, .frame = FRAME_NONE };
		truth.table_access &= slot_access(slot);
		truth.table = slot_pfn(slot);
	}
	slot = tlb_slot(m, truth.table, address, 1);
	if (slot_is_present(slot)) {
		truth.frame = slot_pfn(slot);
		truth.access = truth.table_access & slot_access(slot);
	}
	return truth;
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
	struct tlb_truth truth;
	unsigned i;

	for (i = 0; i < HOST_TLB_ENTRIES; i++) {
		if (!hc->tlb[i].is_valid)
			continue;
		if (tlb_is_foreign(m, hc, hc->tlb[i].env))
			return audit_fail(report, 7, "a translation of another env", cpu,
					  UINT64_MAX, hc->tlb[i].page, hc->tlb[i].env);
		truth = tlb_walk(m, hc->tlb[i].env, hc->tlb[i].page);
		if (hc->tlb[i].frame != truth.frame
		    || hc->tlb[i].access & ~truth.access)
			return audit_fail(report, 7, "a stale translation", cpu, UINT64_MAX,
					  hc->tlb[i].page, truth.frame);
	}
	for (i = 0; i < HOST_WALK_ENTRIES; i++) {
		if (!hc->walks[i].is_valid)
			continue;
		if (tlb_is_foreign(m, hc, hc->walks[i].env))
			return audit_fail(report, 7, "a walk of another env", cpu, UINT64_MAX,
					  hc->walks[i].prefix, hc->walks[i].env);
		truth = tlb_walk(m, hc->walks[i].env, hc->walks[i].prefix);
		if (hc->walks[i].table != truth.table
		    || hc->walks[i].access & ~truth.table_access)
			return audit_fail(report, 7, "a stale walk", cpu, UINT64_MAX,
					  hc->walks[i].prefix, truth.table);
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
