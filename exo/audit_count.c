/* SPDX-License-Identifier: ISC */
/*
 * Audit: I-8, conservation. Every count the kernel keeps is made again from what it counts:
 * references, used slots, waits, what accounts have used, the free list, who is whose, queues.
 * Reads everything of a quiet machine, takes no locks.
 */
#include "exo/audit_slot.h"

#include <machine/slot.h>

#define SAME(what, where, got, want) AUDIT(8, (got) == (want), what, where, got, want)

/* Context of the walk: counts, and what the table before had. */
struct count {
	uint32_t *counts;
	struct pfn table; /* being walked */
	unsigned used;    /* present slots of it so far */
	struct audit_report *report;
};

static void count_hold(struct machine *m, uint32_t *counts, struct pfn pfn)
{
	if (frame_exists(m, pfn.n))
		counts[pfn.n - MACHINE_FIRST_FRAME]++;
}

/* The walk has left a table: was its count of used slots right? */
static bool count_table_end(struct machine *m, const struct count *count)
{
	struct audit_report *report = count->report;

	if (frame_exists(m, count->table.n)
	    && frame_type(frame_meta(m, count->table)) != FRAME_DYING)
		SAME("a table's used slots are miscounted", count->table.n,
		     frame_used(frame_meta(m, count->table)), count->used);
	return true;
}

static bool count_slot(struct machine *m, const struct audit_slot *at, void *context)
{
	struct count *count = context;

	if (at->index == 0) {
		if (!count_table_end(m, count))
			return false;
		count->table = at->table;
		count->used = 0;
	}
	if (at->is_holder) {
		count->used++;
		count_hold(m, count->counts, (struct pfn){ slot_pfn(at->value) });
	}
	return true;
}

/* Holders other than slots. */
static UNCHECKED void count_others(struct machine *m, uint32_t *counts)
{
	unsigned i, j;

	if (m->info_table.n) /* else a machine without an info page */
		count_hold(m, counts, m->info_table);
	for (i = 0; i < EXO_ENVS; i++)
		if (env_has_root(m, i))
			count_hold(m, counts, m->envs[i].root);
	for (i = 0; i < EXO_VCPUS; i++) {
		struct vcpu *v = &m->vcpus[i];

		if (v->state != VCPU_FREE && v->state != VCPU_INITIALIZING)
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
	uint32_t i;

	/* The kernel itself holds the frames that programs may read for ever. */
	for (i = 0; i < m->frame_count; i++)
		counts[i] = frame_type(m->frames[i].meta) == FRAME_BOOT;
	if (!audit_slots(m, true, count_slot, &count) || !count_table_end(m, &count))
		return false;
	count_others(m, counts);
	for (i = 0; i < m->frame_count; i++, pfn.n++) {
		enum frame_type type = frame_type(frame_meta(m, pfn));
		bool is_held = type != FRAME_FREE && type != FRAME_DYING && type != FRAME_KERNEL;

		SAME("a reference count is not its holders", pfn.n,
		     is_held ? frame_refs(m, pfn) : 0, counts[i]);
		AUDIT(8, counts[i] || !is_held, "a frame without holders is not free", pfn.n, 0, 1);
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
	unsigned i, j;

	for (; frame_exists(m, pfn.n); pfn.n++) {
		enum frame_type type = frame_type(frame_meta(m, pfn));

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

static uint32_t count_type(struct machine *m, enum frame_type type)
{
	struct pfn pfn = { MACHINE_FIRST_FRAME };
	uint32_t count = 0;

	for (; frame_exists(m, pfn.n); pfn.n++)
		count += frame_type(frame_meta(m, pfn)) == type;
	return count;
}

static UNCHECKED bool count_accounts(struct machine *m, struct audit_report *report)
{
	struct count_used count = { 0 };
	uint64_t unused = 0;
	unsigned i, j, r, envs, merging = 0;

	count_charges(m, &count);
	for (i = 0; i < EXO_ACCOUNTS; i++) {
		bool is_free = m->accounts[i].state == ACCOUNT_FREE;

		for (r = 0; r < EXO_RESOURCES; r++) {
			uint32_t limit = account_limit(m, i, r), used = account_used(m, i, r);

			SAME("an account has used something else", i, used, count.used[i][r]);
			AUDIT(8, used <= limit, "an account is over its limit", i, used, limit);
			AUDIT(8, !is_free || !limit, "a free account has a limit", i, limit, 0);
		}
		unused += account_limit(m, i, EXO_RESOURCE_FRAMES)
			- account_used(m, i, EXO_RESOURCE_FRAMES);
		merging += m->accounts[i].state == ACCOUNT_MERGING;
		for (envs = j = 0; !is_free && j < EXO_ENVS; j++)
			envs += m->envs[j].state != ENV_FREE && m->envs[j].account == i;
		AUDIT(8, is_free || m->accounts[i].envs == envs,
		      "an account's envs are miscounted", i, m->accounts[i].envs, envs);
	}
	SAME("accounts that merge are miscounted", 0, m->merging, merging);
	SAME("what accounts may still use is not what is free", 0, unused,
	     count_type(m, FRAME_FREE));
	return true;
}

/* Free frames are on the list of their CPU, dying tables on that of the account they are charged
 * to. */
static UNCHECKED bool count_lists(struct machine *m, struct audit_report *report)
{
	uint32_t free = count_type(m, FRAME_FREE), dying = count_type(m, FRAME_DYING);
	uint32_t index, ends, former, listed = 0, zero, i;

	for (i = 0; i < m->cpu_count; i++) {
		former = ends = free_ends(m, i);
		zero = FRAME_ZERO;
		for (index = m->frames[ends].refs; index != ends; index = m->frames[index].refs) {
			AUDIT(8, index < m->frame_count && listed++ < free,
			      "a free list does not end", index, listed, free);
			SAME("a frame is on another CPU's free list", index, i,
			     free_home(m, index));
			zero &= m->frames[index].meta; /* those known to be zero come first */
			SAME("a free list is broken", index, m->frames[index].meta,
			     FRAME_FREE | zero | former << 4);
			former = index;
		}
		SAME("a free list's end is lost", i, m->frames[ends].meta,
		     FRAME_KERNEL | former << 4);
	}
	SAME("a free frame is on no list", 0, listed, free);
	for (i = 0, listed = 0; i < EXO_ACCOUNTS; i++) {
		for (index = m->accounts[i].dying; index != FRAME_NONE;
		     index = m->frames[index].refs)
			AUDIT(8, index < m->frame_count && listed++ < dying
			      && frame_type(m->frames[index].meta) == FRAME_DYING
			      && frame_account(m->frames[index].meta) == i,
			      "a dying list is broken", i, index, listed);
		SAME("somebody takes a dying table apart", i, m->accounts[i].draining, 0);
	}
	SAME("a dying table is on no list", 0, listed, dying);
	return true;
}

/* The tree of envs: parents live, children counted, vcpus listed once under their env. */
static UNCHECKED bool count_tree(struct machine *m, struct audit_report *report)
{
	unsigned i, j, vcpu, vcpus = 0, listed = 0, children;

	for (i = 0; i < EXO_ENVS; i++) {
		struct env *e = &m->envs[i];

		if (e->state == ENV_FREE)
			continue;
		AUDIT(8, e->parent == ENV_NONE || env_has_root(m, e->parent),
		      "an env's parent is gone", i, e->parent, 0);
		for (children = j = 0; j < EXO_ENVS; j++)
			children += m->envs[j].state != ENV_FREE && m->envs[j].parent == i;
		AUDIT(8, e->state == ENV_DEAD || e->children == children,
		      "an env's children are miscounted", i, e->children, children);
		for (vcpu = e->vcpus; vcpu != VCPU_NONE; vcpu = m->vcpus[vcpu].next)
			AUDIT(8, vcpu < EXO_VCPUS && listed++ < EXO_VCPUS
			      && m->vcpus[vcpu].env == i && m->vcpus[vcpu].state != VCPU_FREE,
			      "an env's list of vcpus is broken", i, vcpu, listed);
		AUDIT(8, e->state != ENV_DEAD || e->vcpus == VCPU_NONE, "a dead env has a vcpu",
		      i, e->vcpus, 0);
	}
	for (i = 0; i < EXO_VCPUS; i++)
		vcpus += m->vcpus[i].state != VCPU_FREE;
	SAME("a vcpu is in no env's list", 0, listed, vcpus);
	return true;
}

/* Where nothing runs nobody is between a claim and its announcement. */
static bool count_claims(struct machine *m, struct audit_report *report)
{
	unsigned i;

	for (i = 0; i < EXO_VCPUS; i++)
		AUDIT(8, m->vcpus[i].state != VCPU_INITIALIZING,
		      "a vcpu was claimed and never announced", i, m->vcpus[i].env, 0);
	return true;
}

/* Some CPU has its registers loaded. */
static bool vcpu_is_running(struct vcpu *v)
{
	return v->state == VCPU_RUNNING || v->state == VCPU_STOPPING;
}

/* A CPU: what it runs is RUNNING, its sleepers are in order, its slices are held by the living. */
static UNCHECKED bool count_cpu(struct machine *m, unsigned cpu, unsigned *sleepers,
				struct audit_report *report)
{
	struct cpu *c = &m->cpus[cpu];
	uint64_t former = 0;
	unsigned i, vcpu;

	if (c->current != VCPU_NONE) {
		AUDIT(8, vcpu_is_running(&m->vcpus[c->current]),
		      "a CPU runs a vcpu that is not RUNNING", cpu,
		      m->vcpus[c->current].state, (uint32_t)VCPU_RUNNING);
		SAME("a CPU runs a vcpu in another env's root", cpu, c->root_env,
		     m->vcpus[c->current].env);
	}
	for (vcpu = c->sleepers; vcpu != VCPU_NONE; vcpu = m->vcpus[vcpu].sleep_next) {
		AUDIT(8, vcpu < EXO_VCPUS && ++*sleepers <= EXO_VCPUS
		      && m->vcpus[vcpu].is_sleeping && m->vcpus[vcpu].sleep_cpu == cpu
		      && m->vcpus[vcpu].timer >= former,
		      "a list of sleepers is broken", cpu, vcpu, former);
		former = m->vcpus[vcpu].timer;
	}
	for (i = 0; i < EXO_SLICES; i++) {
		bool is_used = c->slices_used[i / 64] >> (i % 64) & 1u;

		vcpu = c->slices[i];
		SAME("a slice is not what its bit says", cpu, is_used, vcpu != VCPU_NONE);
		AUDIT(8, !is_used || (vcpu < EXO_VCPUS && m->vcpus[vcpu].state != VCPU_FREE),
		      "a slice is held by nobody", cpu, i, vcpu);
	}
	return true;
}

/* Each vcpu that runs, sleeps or waits is on one CPU or list, and those have no others. */
static UNCHECKED bool count_queues(struct machine *m, struct audit_report *report)
{
	unsigned i, vcpu, running = 0, sleeping = 0, waiting = 0, current = 0, sleepers = 0;
	unsigned waits = 0;

	for (i = 0; i < EXO_VCPUS; i++) {
		running += vcpu_is_running(&m->vcpus[i]);
		sleeping += m->vcpus[i].state != VCPU_FREE && m->vcpus[i].is_sleeping;
		waiting += m->vcpus[i].wait_mode != WAIT_NONE;
	}
	for (i = 0; i < m->cpu_count; i++) {
		current += m->cpus[i].current != VCPU_NONE;
		if (!count_cpu(m, i, &sleepers, report))
			return false;
	}
	for (i = 0; i < EXO_BUCKETS; i++)
		for (vcpu = m->buckets[i].head; vcpu != VCPU_NONE;
		     vcpu = m->vcpus[vcpu].wait_next)
			AUDIT(8, vcpu < EXO_VCPUS && waits++ < EXO_VCPUS
			      && m->vcpus[vcpu].wait_mode != WAIT_NONE,
			      "a bucket of waits is broken", i, vcpu, waits);
	SAME("a RUNNING vcpu is on no CPU", 0, running, current);
	SAME("a sleeper is on no list", 0, sleeping, sleepers);
	SAME("a wait is in no bucket", 0, waits, waiting);
	return true;
}

bool audit_i8_conservation(struct machine *m, uint32_t *scratch, struct audit_report *report)
{
	return count_claims(m, report) && count_references(m, scratch, report)
		&& count_accounts(m, report) && count_lists(m, report) && count_tree(m, report)
		&& count_queues(m, report);
}
