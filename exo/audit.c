/* SPDX-License-Identifier: ISC */
/* Audit: the invariants I-1 to I-7 and the common walk over all slots. Reads everything of a quiet
 * machine, takes no locks. I-8 is in audit_count.c. */
#include "exo/audit.h"

#include "exo/audit_slot.h"
#include "exo/machine.h"

#include <machine/slot.h>

bool audit_fail(struct audit_report *report, unsigned invariant, const char *what, uint64_t where,
		uint64_t got, uint64_t want)
{
	*report = (struct audit_report){ .invariant = invariant, .what = what, .where = where,
		.slot = UINT64_MAX, .got = got, .want = want };
	return false;
}

bool audit_fail_slot(struct audit_report *report, unsigned invariant, const char *what,
		     const struct audit_slot *at)
{
	*report = (struct audit_report){ .invariant = invariant, .what = what,
		.where = at->table.n, .slot = at->index, .got = at->value };
	return false;
}

static bool audit_table(struct machine *m, struct pfn table, uint32_t meta, audit_check *check,
			void *context)
{
	struct audit_slot at = { .table = table, .level = frame_level(meta),
		.type = frame_type(meta) };
	unsigned end = at.level == EXO_LEVELS ? EXO_ROOT_USER : EXO_TABLE_SLOTS;

	for (; at.index < end; at.index++) {
		at.value = atomic_load_explicit(&table_slots(m, table)[at.index],
						memory_order_relaxed);
		at.is_recursive = at.level == EXO_LEVELS && at.index == EXO_ROOT_RECURSIVE;
		if (!check(m, &at, context))
			return false;
	}
	return true;
}

bool audit_slots(struct machine *m, bool is_dying_too, audit_check *check, void *context)
{
	struct pfn pfn = { MACHINE_FIRST_FRAME };
	enum frame_type type;
	uint32_t meta;

	for (; frame_exists(m, pfn.n); pfn.n++) {
		meta = frame_meta(m, pfn);
		type = frame_type(meta);
		if (type != FRAME_TABLE && type != FRAME_COMMON
		    && !(is_dying_too && type == FRAME_DYING))
			continue;
		if (!audit_table(m, pfn, meta, check, context))
			return false;
	}
	return true;
}

/* A present slot that counts as a holder. */
static bool audit_is_holder(const struct audit_slot *at)
{
	return slot_is_present(at->value) && !at->is_recursive;
}

static bool audit_i1_slot(struct machine *m, const struct audit_slot *at, void *context)
{
	struct audit_report *report = context;
	enum frame_type type;

	if (!audit_is_holder(at))
		return true;
	if (!frame_exists(m, slot_pfn(at->value)))
		return audit_fail_slot(report, 1, "a slot names a frame that does not exist", at);
	type = frame_type(frame_meta(m, (struct pfn){ slot_pfn(at->value) }));
	if (type == FRAME_FREE)
		return audit_fail_slot(report, 1, "a slot names a free frame", at);
	if (type == FRAME_KERNEL)
		return audit_fail_slot(report, 1, "a slot names a frame of the kernel's own", at);
	if (type == FRAME_DYING)
		return audit_fail_slot(report, 1, "a slot names a dying table", at);
	if (at->level == 1 && slot_is_fixed(at->value) != (type == FRAME_VCPU))
		return audit_fail_slot(report, 1, "a vcpu page and a fixed leaf are two", at);
	if (at->type == FRAME_COMMON && type != FRAME_DATA)
		return audit_fail_slot(report, 1, "a common table holds what is not data", at);
	return true;
}

bool audit_i1_no_forging(struct machine *m, struct audit_report *report)
{
	return audit_slots(m, true, audit_i1_slot, report);
}

static bool audit_i2_slot(struct machine *m, const struct audit_slot *at, void *context)
{
	unsigned access;

	(void)m;
	if (!audit_is_holder(at))
		return true;
	access = at->level == 1 ? slot_access(at->value)
		: slot_is_writable(at->value) ? EXO_READ | EXO_WRITE : EXO_READ;
	if (access & ~slot_rights(at->value))
		return audit_fail_slot(context, 2, "a slot gives more access than rights", at);
	return true;
}

bool audit_i2_monotone_rights(struct machine *m, struct audit_report *report)
{
	return audit_slots(m, true, audit_i2_slot, report);
}

static bool audit_i3_slot(struct machine *m, const struct audit_slot *at, void *context)
{
	struct pfn pfn = { slot_pfn(at->value) };
	enum frame_type type;
	uint32_t meta;

	if (at->is_recursive) {
		if (!slot_is_present(at->value) || pfn.n != at->table.n
		    || slot_is_writable(at->value) || slot_rights(at->value) != EXO_READ)
			return audit_fail_slot(context, 3, "the recursive slot is not right", at);
		return true;
	}
	if (!slot_is_present(at->value))
		return true;
	meta = frame_meta(m, pfn);
	type = frame_type(meta);
	if (at->level == 1 && (type == FRAME_TABLE || type == FRAME_COMMON))
		return audit_fail_slot(context, 3, "a leaf names a table", at);
	if (at->level > 1 && type != FRAME_TABLE && type != FRAME_COMMON)
		return audit_fail_slot(context, 3, "a branch names what is no table", at);
	if (at->level > 1 && frame_level(meta) != at->level - 1)
		return audit_fail_slot(context, 3, "a branch does not lead one level down", at);
	return true;
}

static UNCHECKED bool audit_i3_roots(struct machine *m, struct audit_report *report)
{
	uint32_t meta;
	unsigned env;

	for (env = 0; env < EXO_ENVS; env++) {
		if (m->envs[env].state != ENV_ALIVE && m->envs[env].state != ENV_ENDING)
			continue;
		meta = frame_meta(m, m->envs[env].root);
		if (frame_type(meta) != FRAME_TABLE || frame_level(meta) != EXO_LEVELS)
			return audit_fail(report, 3, "an env's root is no root table", env, meta,
					  FRAME_TABLE);
	}
	return true;
}

bool audit_i3_one_type(struct machine *m, struct audit_report *report)
{
	return audit_slots(m, true, audit_i3_slot, report) && audit_i3_roots(m, report);
}

/* Down from a table, through branches with write access alone. Each step that is allowed leads to a
 * table with one reference, so none is seen twice. */
static bool audit_i4_table(struct machine *m, struct pfn table, unsigned level,
			   struct audit_report *report)
{
	struct audit_slot at = { .table = table, .level = level };
	unsigned end = level == EXO_LEVELS ? EXO_ROOT_USER : EXO_TABLE_SLOTS;
	struct pfn pfn;

	for (; level > 1 && at.index < end; at.index++) {
		at.value = atomic_load_explicit(&table_slots(m, table)[at.index],
						memory_order_relaxed);
		if (!slot_is_present(at.value) || !slot_is_writable(at.value))
			continue;
		pfn.n = slot_pfn(at.value);
		if (frame_type(frame_meta(m, pfn)) == FRAME_COMMON)
			continue;
		if (frame_refs(m, pfn) != 1)
			return audit_fail_slot(report, 4, "a writable path passes a shared table",
					       &at);
		if (!audit_i4_table(m, pfn, level - 1, report))
			return false;
	}
	return true;
}

UNCHECKED bool audit_i4_frozen(struct machine *m, struct audit_report *report)
{
	unsigned env;

	for (env = 0; env < EXO_ENVS; env++) {
		if (m->envs[env].state != ENV_ALIVE && m->envs[env].state != ENV_ENDING)
			continue;
		if (frame_refs(m, m->envs[env].root) != 1)
			return audit_fail(report, 4, "a root has more than one holder", env,
					  frame_refs(m, m->envs[env].root), 1);
		if (!audit_i4_table(m, m->envs[env].root, EXO_LEVELS, report))
			return false;
	}
	return true;
}

static bool audit_i5_slot(struct machine *m, const struct audit_slot *at, void *context)
{
	struct pfn pfn = { slot_pfn(at->value) };

	if (at->level > 1 || !slot_is_present(at->value))
		return true;
	if (frame_type(frame_meta(m, pfn)) == FRAME_BOOT && slot_rights(at->value) & EXO_WRITE)
		return audit_fail_slot(context, 5, "a boot frame was raised", at);
	return true;
}

bool audit_i5_sole_holder(struct machine *m, struct audit_report *report)
{
	return audit_slots(m, true, audit_i5_slot, report);
}

static bool audit_i6_slot(struct machine *m, const struct audit_slot *at, void *context)
{
	uint64_t value = at->value, want;

	(void)m;
	if (!slot_is_present(value)) {
		want = slot_empty(slot_payload(value));
	} else {
		value &= ~(SLOT_ACCESSED | SLOT_DIRTY | (at->level == 1 ? SLOT_FIXED : 0));
		want = at->level == 1 ? slot_leaf(slot_pfn(value), slot_rights(value),
						  slot_access(value), slot_soft(value))
			: slot_branch(slot_pfn(value), slot_rights(value), slot_is_writable(value));
	}
	if (value != want)
		return audit_fail_slot(context, 6, "a slot that the kernel did not write", at);
	return true;
}

bool audit_i6_zero_before_use(struct machine *m, struct audit_report *report)
{
	return audit_slots(m, false, audit_i6_slot, report);
}

UNCHECKED bool audit_i7_no_stale_translation(struct machine *m, struct audit_report *report)
{
	struct cpu *c;
	unsigned cpu;

	for (cpu = 0; cpu < m->cpu_count; cpu++) {
		c = &m->cpus[cpu];
		if (c->flush.env != ENV_NONE || c->flush.drops_count)
			return audit_fail(report, 7, "a flush is pending outside a call", cpu,
					  c->flush.drops_count, 0);
		if (c->root_env == ENV_NONE)
			continue;
		if (m->envs[c->root_env].state != ENV_ALIVE
		    && m->envs[c->root_env].state != ENV_ENDING)
			return audit_fail(report, 7, "a CPU runs on a dead env's root", cpu,
					  c->root_env, ENV_NONE);
		if (!(atomic_load_explicit(&m->envs[c->root_env].cpus, memory_order_relaxed)
		      >> cpu & 1u))
			return audit_fail(report, 7, "an env does not know a CPU that runs it",
					  cpu, c->root_env, cpu);
	}
	return true;
}

bool audit(struct machine *m, uint32_t *scratch, struct audit_report *report)
{
	*report = (struct audit_report){ 0 };
	return audit_i1_no_forging(m, report) && audit_i2_monotone_rights(m, report)
		&& audit_i3_one_type(m, report) && audit_i4_frozen(m, report)
		&& audit_i5_sole_holder(m, report) && audit_i6_zero_before_use(m, report)
		&& audit_i7_no_stale_translation(m, report)
		&& audit_i8_conservation(m, scratch, report);
}
