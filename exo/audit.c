/* SPDX-License-Identifier: ISC */
/* Audit: the invariants I-1 to I-7 and the common walk over all slots. Reads everything of a quiet
 * machine, takes no locks. I-8 is in audit_count.c. */
#include "exo/audit.h"

#include "exo/audit_slot.h"
#include "exo/console.h"
#include "exo/slot.h"

bool audit_fail(struct audit_report *report, unsigned invariant, const char *what, uint64_t where,
		uint64_t slot, uint64_t got, uint64_t want)
{
	*report = (struct audit_report){ .invariant = invariant, .what = what, .where = where,
		.slot = slot, .got = got, .want = want };
	return false;
}

/* Are this slot and the three after it zero, and none of them one that must not be? */
static bool audit_is_zero(const _Atomic uint64_t *slots, unsigned index)
{
	return index % 4 == 0 && index != EXO_ROOT_RECURSIVE / 4 * 4
		&& !arch_slots_any(&slots[index]);
}

/* Of a table the first slot and all that are not zero. */
static bool audit_table(struct machine *m, struct pfn table, uint32_t meta, audit_check *check,
			void *context)
{
	const _Atomic uint64_t *slots = table_slots(m, table);
	struct audit_slot at = { .table = table, .level = frame_level(meta),
		.type = frame_type(meta) };
	unsigned end = at.level == EXO_LEVELS ? EXO_ROOT_USER : EXO_TABLE_SLOTS;

	for (; at.index < end; at.index++) {
		while (at.index && at.index < end && audit_is_zero(slots, at.index))
			at.index += 4;
		if (at.index == end)
			break;
		at.value = atomic_load_explicit(&slots[at.index], memory_order_relaxed);
		at.is_recursive = at.level == EXO_LEVELS && at.index == EXO_ROOT_RECURSIVE;
		at.is_holder = slot_is_present(at.value) && !at.is_recursive;
		if (!check(m, &at, context))
			return false;
	}
	return true;
}

bool audit_slots(struct machine *m, bool is_dying_too, audit_check *check, void *context)
{
	struct pfn pfn = { MACHINE_FIRST_FRAME };

	for (; frame_exists(m, pfn.n); pfn.n++) {
		uint32_t meta = frame_meta(m, pfn);
		enum frame_type type = frame_type(meta);

		if ((type == FRAME_TABLE || type == FRAME_COMMON
		     || (is_dying_too && type == FRAME_DYING))
		    && !audit_table(m, pfn, meta, check, context))
			return false;
	}
	return true;
}

/* What a slot names; FREE if there is no such frame. */
static enum frame_type audit_named(struct machine *m, const struct audit_slot *at)
{
	struct pfn pfn = { slot_pfn(at->value) };

	return frame_exists(m, pfn.n) ? frame_type(frame_meta(m, pfn)) : FRAME_FREE;
}

static bool audit_i1_slot(struct machine *m, const struct audit_slot *at, void *report)
{
	enum frame_type type = audit_named(m, at);

	if (!at->is_holder)
		return true;
	AUDIT_SLOT(1, type != FRAME_FREE, "a slot names a frame that is free or does not exist");
	AUDIT_SLOT(1, type != FRAME_KERNEL, "a slot names a frame of the kernel's own");
	AUDIT_SLOT(1, type != FRAME_DYING, "a slot names a dying table");
	AUDIT_SLOT(1, at->level > 1 || slot_is_fixed(at->value) == (type == FRAME_VCPU),
		   "a vcpu page and a fixed leaf are two");
	AUDIT_SLOT(1, at->type != FRAME_COMMON || type == FRAME_DATA,
		   "a common table holds what is not data");
	return true;
}

bool audit_i1_no_forging(struct machine *m, struct audit_report *report)
{
	return audit_slots(m, true, audit_i1_slot, report);
}

static bool audit_i2_slot(struct machine *m, const struct audit_slot *at, void *report)
{
	unsigned access = at->level == 1 ? slot_access(at->value)
		: slot_is_writable(at->value) ? EXO_READ | EXO_WRITE : EXO_READ;

	(void)m;
	AUDIT_SLOT(2, !at->is_holder || !(access & ~slot_rights(at->value)),
		   "a slot gives more access than rights");
	return true;
}

bool audit_i2_monotone_rights(struct machine *m, struct audit_report *report)
{
	return audit_slots(m, true, audit_i2_slot, report);
}

static bool audit_i3_slot(struct machine *m, const struct audit_slot *at, void *report)
{
	struct pfn pfn = { slot_pfn(at->value) };
	bool is_table;

	AUDIT_SLOT(3, !at->is_recursive || (slot_is_present(at->value) && pfn.n == at->table.n
					    && !slot_is_writable(at->value)
					    && slot_rights(at->value) == EXO_READ),
		   "the recursive slot is not right");
	if (!at->is_holder)
		return true;
	is_table = audit_named(m, at) == FRAME_TABLE || audit_named(m, at) == FRAME_COMMON;
	AUDIT_SLOT(3, is_table == (at->level > 1), "a leaf names a table, or a branch none");
	AUDIT_SLOT(3, !is_table || frame_level(frame_meta(m, pfn)) == at->level - 1,
		   "a branch does not lead one level down");
	return true;
}

static bool audit_i3_roots(struct machine *m, struct audit_report *report)
{
	unsigned env;

	for (env = 0; env < EXO_ENVS; env++) {
		uint32_t meta;

		if (!env_has_root(m, env))
			continue;
		meta = frame_meta(m, m->envs[env].root);
		AUDIT(3, frame_type(meta) == FRAME_TABLE && frame_level(meta) == EXO_LEVELS,
		      "an env's root is no root table", env, meta, FRAME_TABLE);
	}
	return true;
}

bool audit_i3_one_type(struct machine *m, struct audit_report *report)
{
	return audit_i3_roots(m, report) && audit_slots(m, true, audit_i3_slot, report);
}

/* Down from a table, through branches with write access alone. Each step that is allowed leads to
 * a table with one reference, so none is seen twice. */
static bool audit_i4_table(struct machine *m, struct pfn table, unsigned level,
			   struct audit_report *report)
{
	unsigned i, end = level == EXO_LEVELS ? EXO_ROOT_USER : EXO_TABLE_SLOTS;

	for (i = 0; level > 1 && i < end; i++) {
		uint64_t slot = atomic_load_explicit(&table_slots(m, table)[i],
						     memory_order_relaxed);
		struct pfn pfn = { slot_pfn(slot) };

		if (!slot_is_present(slot) || !slot_is_writable(slot)
		    || frame_type(frame_meta(m, pfn)) == FRAME_COMMON)
			continue;
		AUDIT(4, frame_refs(m, pfn) == 1, "a writable path passes a shared table", pfn.n,
		      frame_refs(m, pfn), 1);
		if (!audit_i4_table(m, pfn, level - 1, report))
			return false;
	}
	return true;
}

bool audit_i4_frozen(struct machine *m, struct audit_report *report)
{
	unsigned env;

	for (env = 0; env < EXO_ENVS; env++) {
		struct pfn root = m->envs[env].root;

		if (!env_has_root(m, env))
			continue;
		AUDIT(4, frame_refs(m, root) == 1, "a root has more than one holder", root.n,
		      frame_refs(m, root), 1);
		if (!audit_i4_table(m, root, EXO_LEVELS, report))
			return false;
	}
	return true;
}

static bool audit_i5_slot(struct machine *m, const struct audit_slot *at, void *report)
{
	AUDIT_SLOT(5, !at->is_holder || at->level > 1 || audit_named(m, at) != FRAME_BOOT
		   || !(slot_rights(at->value) & EXO_WRITE), "a boot frame was raised");
	return true;
}

bool audit_i5_sole_holder(struct machine *m, struct audit_report *report)
{
	return audit_slots(m, true, audit_i5_slot, report);
}

static bool audit_i6_slot(struct machine *m, const struct audit_slot *at, void *report)
{
	uint64_t value = at->value, want = slot_empty(slot_payload(value));

	AUDIT_SLOT(6, !value || at->is_recursive
		   || frame_groups(frame_meta(m, at->table)) >> at->index / TABLE_GROUP & 1u,
		   "a slot is filled where its table is said to be zero");
	if (slot_is_present(value)) {
		value = slot_as_made(value, at->level);
		want = at->level == 1 ? slot_leaf(slot_pfn(value), slot_rights(value),
						  slot_access(value), slot_soft(value))
			: slot_branch(slot_pfn(value), slot_rights(value), slot_is_writable(value));
	}
	AUDIT_SLOT(6, value == want, "a slot that the kernel did not write");
	return true;
}

static bool audit_i6_free(struct machine *m, struct audit_report *report)
{
	struct pfn pfn = { MACHINE_FIRST_FRAME };
	unsigned i;

	for (; frame_exists(m, pfn.n); pfn.n++) {
		uint32_t meta = frame_meta(m, pfn);

		if (frame_type(meta) != FRAME_FREE || !(meta & FRAME_ZERO))
			continue;
		for (i = 0; i < EXO_TABLE_SLOTS; i += 4)
			AUDIT(6, !arch_slots_any(&table_slots(m, pfn)[i]),
			      "a free frame is not zero as it should be", pfn.n, i, 0);
	}
	return true;
}

bool audit_i6_zero_before_use(struct machine *m, struct audit_report *report)
{
	return audit_i6_free(m, report) && audit_slots(m, true, audit_i6_slot, report);
}

bool audit_i7_no_stale_translation(struct machine *m, struct audit_report *report)
{
	unsigned cpu, env;

	for (cpu = 0; cpu < m->cpu_count; cpu++) {
		struct cpu *c = &m->cpus[cpu];

		AUDIT(7, c->flush.env == ENV_NONE && !c->flush.drops_count,
		      "a flush is pending outside a call", cpu, c->flush.drops_count, 0);
		if (c->root_env == ENV_NONE)
			continue;
		AUDIT(7, env_has_root(m, c->root_env), "a CPU runs on a dead env's root", cpu,
		      c->root_env, ENV_NONE);
		AUDIT(7, m->envs[c->root_env].cpus >> cpu & 1u,
		      "an env does not know a CPU that runs it", cpu, c->root_env, cpu);
	}
	for (env = 0; env < EXO_ENVS; env++) {
		uint64_t at = m->envs[env].window, slot = 0;
		struct slot_path path;

		if (!env_has_root(m, env) || !at)
			continue;
		if (!slot_find(m, m->envs[env].root, at, 1, &path) && path.is_open)
			slot = slot_get(path.slot);
		AUDIT(7, slot_is_present(slot) && slot_access(slot) & EXO_WRITE
		      && slot_pfn(slot) == m->envs[env].window_frame.n,
		      "an env's window is not on what its tables say", env, slot,
		      m->envs[env].window_frame.n);
	}
	return true;
}

/* All that the invariants ask of one slot. */
static bool audit_slot(struct machine *m, const struct audit_slot *at, void *report)
{
	return audit_i1_slot(m, at, report) && audit_i2_slot(m, at, report)
		&& audit_i3_slot(m, at, report) && audit_i5_slot(m, at, report)
		&& audit_i6_slot(m, at, report);
}

bool audit(struct machine *m, uint32_t *scratch, struct audit_report *report)
{
	*report = (struct audit_report){ 0 };
	/* One walk tells that every slot is right; if not, which invariant comes first is asked. */
	if (!audit_slots(m, true, audit_slot, report))
		return audit_i1_no_forging(m, report) && audit_i2_monotone_rights(m, report)
			&& audit_i3_one_type(m, report) && audit_i4_frozen(m, report)
			&& audit_i5_sole_holder(m, report) && audit_i6_zero_before_use(m, report);
	return audit_i3_roots(m, report) && audit_i4_frozen(m, report) && audit_i6_free(m, report)
		&& audit_i7_no_stale_translation(m, report)
		&& audit_i8_conservation(m, scratch, report);
}

size_t audit_scratch_bytes(uint32_t frame_count, const char *cmdline)
{
	for (; *cmdline; cmdline++)
		if (__builtin_strncmp(cmdline, "audit", 5) == 0)
			return frame_count * sizeof(uint32_t);
	return 0;
}

static void audit_print(struct machine *m, const char *name, uint64_t value)
{
	char text[] = "0x0000000000000000";
	unsigned digit;

	for (digit = 0; digit < 16; digit++)
		text[17 - digit] = "0123456789abcdef"[value >> 4 * digit & 15];
	console_print(m, name);
	console_print(m, text);
}

void audit_at_end(struct machine *m)
{
	struct audit_report report;

	if (!audit_scratch_bytes(m->frame_count, m->arch.cmdline)
	    || audit(m, (uint32_t *)&m->frames[m->frame_count + FREE_ENDS], &report))
		return;
	audit_print(m, "audit: invariant ", report.invariant);
	audit_print(m, " at ", report.where);
	audit_print(m, ", slot ", report.slot);
	audit_print(m, ": got ", report.got);
	audit_print(m, ", want ", report.want);
	console_print(m, "\n");
	arch_panic(report.what, __FILE__, __LINE__);
}
