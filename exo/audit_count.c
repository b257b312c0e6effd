/* SPDX-License-Identifier: ISC */
/*
 * Audit: I-8, conservation. Every count the kernel keeps is made again from what it counts:
 * references, used slots, waits, what accounts have used, the free list, who is whose, queues.
 * Reads everything of a quiet machine, takes no locks.
 */
#include "exo/audit_slot.h"

#include <machine/slot.h>

/* One more holder of a frame, found by the recount. */
static void count_hold(struct machine *m, uint32_t *counts, struct pfn pfn)
{
	if (frame_exists(m, pfn.n))
		counts[pfn.n - MACHINE_FIRST_FRAME]++;
}

/* Context of the walk: counts, and what the table before had. */
struct count {
	uint32_t *counts;
	struct pfn table; /* being walked */
	unsigned used;    /* present slots of it so far */
	struct audit_report *report;
};

/* The walk has left a table: was its count of used slots right? */
static bool count_table_end(struct machine *m, struct count *count)
{
	uint32_t meta = frame_meta(m, count->table);

	if (!frame_exists(m, count->table.n) || frame_type(meta) == FRAME_DYING
	    || frame_used(meta) == count->used)
		return true;
	return audit_fail(count->report, 8, "a table's used slots are miscounted",
			  count->table.n, frame_used(meta), count->used);
}

static bool count_slot(struct machine *m, const struct audit_slot *at, void *context)
{
	struct count *count = context;

	if (at->index == 0) {
		if (count->table.n != UINT32_MAX && !count_table_end(m, count))
			return false;
		count->table = at->table;
		count->used = 0;
	}
	if (!slot_is_present(at->value) || at->is_recursive)
		return true;
	count->used++;
	count_hold(m, count->counts, (struct pfn){ slot_pfn(at->value) });
	return true;
}

/* Holders other than slots. */
static UNCHECKED void count_others(struct machine *m, uint32_t *counts)
{
	struct vcpu *v;
	unsigned i, j;

	if (m->info_table.n) { /* else a machine without an info page */
		count_hold(m, counts, m->info);
		count_hold(m, counts, m->info_table);
	}
	for (i = 0; i < EXO_ENVS; i++)
		if (m->envs[i].state == ENV_ALIVE || m->envs[i].state == ENV_ENDING)
			count_hold(m, counts, m->envs[i].root);
	for (i = 0; i < EXO_VCPUS; i++) {
		v = &m->vcpus[i];
		if (v->state == VCPU_FREE)
			continue;
		if (v->state != VCPU_INITIALIZING)
			count_hold(m, counts, v->page);
		if (v->wait_mode != WAIT_NONE && v->wait_key & WAIT_KEY_SHARED)
			count_hold(m, counts, (struct pfn){ (uint32_t)v->wait_key });
	}
	for (i = 0; i < m->cpu_count; i++)
		for (j = 0; j < m->cpus[i].flush.drops_count; j++)
			count_hold(m, counts, m->cpus[i].flush.drops[j]);
}

static bool count_references(struct machine *m, uint32_t *counts, struct audit_report *report)
{
	struct count count = { .counts = counts, .table = { UINT32_MAX }, .report = report };
	struct pfn pfn = { MACHINE_FIRST_FRAME };
	enum frame_type type;
	uint32_t i;

	for (i = 0; i < m->frame_count; i++)
		counts[i] = 0;
	if (!audit_slots(m, true, count_slot, &count))
		return false;
	if (count.table.n != UINT32_MAX && !count_table_end(m, &count))
		return false;
	count_others(m, counts);
	for (i = 0; i < m->frame_count; i++, pfn.n++) {
		type = frame_type(frame_meta(m, pfn));
		if (type == FRAME_FREE || type == FRAME_DYING || type == FRAME_KERNEL) {
			if (counts[i])
				return audit_fail(report, 8, "a holder of what nobody can hold",
						  pfn.n, counts[i], 0);
		} else if (frame_refs(m, pfn) != counts[i]) {
			return audit_fail(report, 8, "a reference count is not its holders",
					  pfn.n, frame_refs(m, pfn), counts[i]);
		} else if (!counts[i]) {
			return audit_fail(report, 8, "a frame without holders is not free",
					  pfn.n, 0, 1);
		}
	}
	return true;
}

/* What accounts should have used, by another count. */
struct count_used {
	uint32_t used[EXO_ACCOUNTS][EXO_RESOURCES];
};

static void count_charge(struct count_used *count, uint32_t account, enum exo_resource resource)
{
	if (account < EXO_ACCOUNTS)
		count->used[account][resource]++;
}

static UNCHECKED void count_charges(struct machine *m, struct count_used *count)
{
	struct pfn pfn = { MACHINE_FIRST_FRAME };
	enum frame_type type;
	unsigned i, j;

	for (; frame_exists(m, pfn.n); pfn.n++) {
		type = frame_type(frame_meta(m, pfn));
		if (type != FRAME_FREE && type != FRAME_KERNEL && type != FRAME_BOOT)
			count_charge(count, frame_account(frame_meta(m, pfn)),
				     EXO_RESOURCE_FRAMES);
	}
	for (i = 0; i < EXO_ENVS; i++)
		if (m->envs[i].state != ENV_FREE)
			count_charge(count, m->envs[i].account, EXO_RESOURCE_ENVS);
	for (i = 0; i < EXO_VCPUS; i++)
		if (m->vcpus[i].state != VCPU_FREE)
			count_charge(count, m->envs[m->vcpus[i].env].account, EXO_RESOURCE_VCPUS);
	for (i = 0; i < m->cpu_count; i++)
		for (j = 0; j < EXO_SLICES; j++)
			if (m->cpus[i].slices[j] != VCPU_NONE)
				count_charge(count, m->cpus[i].slice_account[j],
					     EXO_RESOURCE_SLICES);
}

static UNCHECKED bool count_accounts(struct machine *m, struct audit_report *report)
{
	struct count_used count = { 0 };
	uint64_t frames_unused = 0;
	unsigned i, r;

	count_charges(m, &count);
	for (i = 0; i < EXO_ACCOUNTS; i++) {
		for (r = 0; r < EXO_RESOURCES; r++) {
			if (account_used(m, i, r) != count.used[i][r])
				return audit_fail(report, 8, "an account has used something else",
						  i, account_used(m, i, r), count.used[i][r]);
			if (account_used(m, i, r) > account_limit(m, i, r))
				return audit_fail(report, 8, "an account is over its limit", i,
						  account_used(m, i, r), account_limit(m, i, r));
			if (m->accounts[i].state == ACCOUNT_FREE && account_limit(m, i, r))
				return audit_fail(report, 8, "a free account has a limit", i,
						  account_limit(m, i, r), 0);
		}
		frames_unused += account_limit(m, i, EXO_RESOURCE_FRAMES)
			- account_used(m, i, EXO_RESOURCE_FRAMES);
	}
	if (frames_unused != m->free_count)
		return audit_fail(report, 8, "what accounts may still use is not what is free", 0,
				  frames_unused, m->free_count);
	return true;
}

static UNCHECKED bool count_free(struct machine *m, struct audit_report *report)
{
	struct pfn pfn = { MACHINE_FIRST_FRAME };
	uint32_t index, former = FRAME_NONE, listed = 0, free = 0;

	for (; frame_exists(m, pfn.n); pfn.n++)
		free += frame_type(frame_meta(m, pfn)) == FRAME_FREE;
	for (index = m->free_head; index != FRAME_NONE; index = m->frames[index].refs) {
		if (index >= m->frame_count || listed++ >= free)
			return audit_fail(report, 8, "the free list does not end", index, listed,
					  free);
		if (frame_type(m->frames[index].meta) != FRAME_FREE
		    || m->frames[index].meta >> 3 != former)
			return audit_fail(report, 8, "the free list is broken", index,
					  m->frames[index].meta, former);
		former = index;
	}
	if (listed != free || free != m->free_count)
		return audit_fail(report, 8, "free frames are miscounted", listed, m->free_count,
				  free);
	return true;
}

/* Every dying table is on the list of the account that it is charged to, once. */
static UNCHECKED bool count_dying(struct machine *m, struct audit_report *report)
{
	struct pfn pfn = { MACHINE_FIRST_FRAME };
	uint32_t index, dying = 0, listed = 0;
	unsigned i;

	for (; frame_exists(m, pfn.n); pfn.n++)
		dying += frame_type(frame_meta(m, pfn)) == FRAME_DYING;
	for (i = 0; i < EXO_ACCOUNTS; i++) {
		for (index = m->accounts[i].dying; index != FRAME_NONE;
		     index = m->frames[index].refs) {
			if (index >= m->frame_count || listed++ >= dying)
				return audit_fail(report, 8, "a dying list does not end", i,
						  listed, dying);
			if (frame_type(m->frames[index].meta) != FRAME_DYING
			    || frame_account(m->frames[index].meta) != i)
				return audit_fail(report, 8, "a dying list is broken", i,
						  m->frames[index].meta, FRAME_DYING);
		}
	}
	if (listed != dying)
		return audit_fail(report, 8, "a dying table is on no list", 0, listed, dying);
	return true;
}

/* The tree of envs: parents live, children counted, vcpus listed once under their env. */
static UNCHECKED bool count_tree(struct machine *m, struct audit_report *report)
{
	unsigned i, j, vcpu, vcpus = 0, listed = 0, children, envs;

	for (i = 0; i < EXO_ENVS; i++) {
		struct env *e = &m->envs[i];

		if (e->state == ENV_FREE)
			continue;
		if (e->parent != ENV_NONE && (e->parent >= EXO_ENVS
		    || m->envs[e->parent].state == ENV_FREE
		    || m->envs[e->parent].state == ENV_DEAD))
			return audit_fail(report, 8, "an env's parent is gone", i, e->parent, 0);
		for (children = j = 0; j < EXO_ENVS; j++)
			children += m->envs[j].state != ENV_FREE && m->envs[j].parent == i;
		if (e->state != ENV_DEAD && e->children != children)
			return audit_fail(report, 8, "an env's children are miscounted", i,
					  e->children, children);
		for (vcpu = e->vcpus; vcpu != VCPU_NONE; vcpu = m->vcpus[vcpu].next)
			if (vcpu >= EXO_VCPUS || listed++ >= EXO_VCPUS
			    || m->vcpus[vcpu].env != i || m->vcpus[vcpu].state == VCPU_FREE)
				return audit_fail(report, 8, "an env's list of vcpus is broken",
						  i, vcpu, listed);
		if (e->state == ENV_DEAD && e->vcpus != VCPU_NONE)
			return audit_fail(report, 8, "a dead env has a vcpu", i, e->vcpus, 0);
	}
	for (i = 0; i < EXO_VCPUS; i++)
		vcpus += m->vcpus[i].state != VCPU_FREE
			&& m->vcpus[i].state != VCPU_INITIALIZING;
	if (vcpus != listed)
		return audit_fail(report, 8, "a vcpu is in no env's list", 0, listed, vcpus);
	for (i = 0; i < EXO_ACCOUNTS; i++) {
		for (envs = j = 0; j < EXO_ENVS; j++)
			envs += m->envs[j].state != ENV_FREE && m->envs[j].account == i;
		if (m->accounts[i].envs != envs && m->accounts[i].state != ACCOUNT_FREE)
			return audit_fail(report, 8, "an account's envs are miscounted", i,
					  m->accounts[i].envs, envs);
	}
	return true;
}

/* What a CPU runs is RUNNING, and what is RUNNING some CPU runs. */
static UNCHECKED bool count_running(struct machine *m, struct audit_report *report)
{
	unsigned i, vcpu, running = 0, current = 0;

	for (i = 0; i < EXO_VCPUS; i++)
		running += m->vcpus[i].state == VCPU_RUNNING;
	for (i = 0; i < m->cpu_count; i++) {
		vcpu = m->cpus[i].current;
		if (vcpu == VCPU_NONE)
			continue;
		current++;
		if (m->vcpus[vcpu].state != VCPU_RUNNING)
			return audit_fail(report, 8, "a CPU runs a vcpu that is not RUNNING", i,
					  m->vcpus[vcpu].state, VCPU_RUNNING);
		if (m->cpus[i].root_env != m->vcpus[vcpu].env)
			return audit_fail(report, 8, "a CPU runs a vcpu in another env's root", i,
					  m->cpus[i].root_env, m->vcpus[vcpu].env);
	}
	if (running != current)
		return audit_fail(report, 8, "a RUNNING vcpu is on no CPU", 0, running, current);
	return true;
}

/* Sleepers: sorted, on their own CPU's list, once. */
static UNCHECKED bool count_sleepers(struct machine *m, struct audit_report *report)
{
	unsigned i, vcpu, sleeping = 0, listed = 0;
	uint64_t former;

	for (i = 0; i < EXO_VCPUS; i++)
		sleeping += m->vcpus[i].state != VCPU_FREE && m->vcpus[i].is_sleeping;
	for (i = 0; i < m->cpu_count; i++) {
		former = 0;
		for (vcpu = m->cpus[i].sleepers; vcpu != VCPU_NONE;
		     vcpu = m->vcpus[vcpu].sleep_next) {
			if (vcpu >= EXO_VCPUS || listed++ >= sleeping)
				return audit_fail(report, 8, "a list of sleepers does not end",
						  i, vcpu, sleeping);
			if (!m->vcpus[vcpu].is_sleeping || m->vcpus[vcpu].sleep_cpu != i
			    || m->vcpus[vcpu].timer < former)
				return audit_fail(report, 8, "a list of sleepers is broken", i,
						  vcpu, former);
			former = m->vcpus[vcpu].timer;
		}
	}
	if (listed != sleeping)
		return audit_fail(report, 8, "a sleeper is on no list", 0, listed, sleeping);
	return true;
}

/* Slices: held by vcpus that live, marked in the bit set; waits: each in its own bucket. */
static UNCHECKED bool count_slices(struct machine *m, struct audit_report *report)
{
	unsigned i, j, vcpu;
	bool is_used;

	for (i = 0; i < m->cpu_count; i++) {
		for (j = 0; j < EXO_SLICES; j++) {
			vcpu = m->cpus[i].slices[j];
			is_used = m->cpus[i].slices_used[j / 64] >> (j % 64) & 1u;
			if (is_used != (vcpu != VCPU_NONE))
				return audit_fail(report, 8, "a slice is not what its bit says", i,
						  j, is_used);
			if (is_used && (vcpu >= EXO_VCPUS || m->vcpus[vcpu].state == VCPU_FREE))
				return audit_fail(report, 8, "a slice is held by nobody", i, j,
						  vcpu);
		}
	}
	return true;
}

static UNCHECKED bool count_waits(struct machine *m, struct audit_report *report)
{
	unsigned i, vcpu, waiting = 0, listed = 0;

	for (i = 0; i < EXO_VCPUS; i++)
		waiting += m->vcpus[i].wait_mode != WAIT_NONE;
	for (i = 0; i < EXO_BUCKETS; i++) {
		for (vcpu = m->buckets[i].head; vcpu != VCPU_NONE;
		     vcpu = m->vcpus[vcpu].wait_next) {
			if (vcpu >= EXO_VCPUS || listed++ >= waiting)
				return audit_fail(report, 8, "a bucket of waits does not end", i,
						  vcpu, waiting);
			if (m->vcpus[vcpu].wait_mode == WAIT_NONE)
				return audit_fail(report, 8, "a bucket has one that waits not", i,
						  vcpu, 0);
		}
	}
	if (listed != waiting)
		return audit_fail(report, 8, "a wait is in no bucket", 0, listed, waiting);
	return true;
}

bool audit_i8_conservation(struct machine *m, uint32_t *scratch, struct audit_report *report)
{
	return count_references(m, scratch, report) && count_accounts(m, report)
		&& count_free(m, report) && count_dying(m, report) && count_tree(m, report)
		&& count_running(m, report) && count_sleepers(m, report)
		&& count_slices(m, report) && count_waits(m, report);
}
