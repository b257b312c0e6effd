/* SPDX-License-Identifier: ISC */
/*
 * Canonical form: two states that differ only in which frame is which, or in what nobody can see,
 * are one. The kernel never asks what a frame's number is (but for the one that ALLOC wants), so
 * nothing is lost, and a scope shrinks by orders of magnitude. Reads and writes all of a quiet
 * machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/explore.h"

#include <machine/slot.h>

#define CANON_FRAMES 64u

struct canon {
	struct machine *m;
	uint32_t to[CANON_FRAMES]; /* new number of each frame; 0: none yet */
	uint32_t next;             /* number to be given */
};

static bool canon_is_table(uint32_t meta)
{
	enum frame_type type = frame_type(meta);

	return type == FRAME_TABLE || type == FRAME_COMMON || type == FRAME_DYING;
}

/* Give a frame, then all that it leads to, the next numbers. */
static void canon_visit(struct canon *c, uint32_t frame)
{
	struct pfn pfn = { frame };
	uint64_t slot;
	unsigned i;

	if (!frame || c->to[frame])
		return;
	c->to[frame] = c->next++;
	if (!canon_is_table(frame_meta(c->m, pfn)))
		return;
	for (i = 0; i < EXO_TABLE_SLOTS; i++) {
		slot = table_slots(c->m, pfn)[i];
		if (slot_is_present(slot))
			canon_visit(c, slot_pfn(slot));
	}
}

static UNCHECKED void canon_number(struct canon *c)
{
	struct machine *m = c->m;
	uint32_t i, at;

	/* The vcpu page is the last frame; the pages of batches are the first ones. */
	c->to[m->frame_count - 1] = m->frame_count - 1;
	canon_visit(c, slot_pfn(table_slots(m, m->envs[0].root)[EXO_ROOT_LIBRARY]));
	for (i = 0; i < EXO_ENVS; i++)
		if (m->envs[i].state == ENV_ALIVE || m->envs[i].state == ENV_ENDING)
			canon_visit(c, m->envs[i].root.n);
	for (i = 0; i < EXO_ACCOUNTS; i++)
		for (at = m->accounts[i].dying; at != FRAME_NONE; at = m->frames[at].refs)
			canon_visit(c, at);
	for (i = 1; i < m->frame_count; i++)
		if (!c->to[i])
			c->to[i] = c->next++;
}

/* Free frames are on a list both ways: the lists are about to be made anew. */
static bool canon_check_free(struct machine *m)
{
	uint32_t at, former, ends, listed = 0, free = 0, i;

	for (i = 0; i < m->frame_count; i++)
		free += frame_type(m->frames[i].meta) == FRAME_FREE;
	for (i = 0; i < m->cpu_count; i++) {
		former = ends = free_ends(m, i);
		for (at = m->frames[ends].refs; at != ends; at = m->frames[at].refs) {
			if (frame_type(m->frames[at].meta) != FRAME_FREE
			    || m->frames[at].meta >> 4 != former || listed++ > free)
				return false;
			former = at;
		}
	}
	return listed == free;
}

static uint32_t canon_link(const struct canon *c, uint32_t link)
{
	return link == FRAME_NONE ? FRAME_NONE : c->to[link];
}

/* A table is said to be zero where it is; a free frame too, which makes it so. */
static void canon_groups(struct frame *f, uint64_t *slots)
{
	unsigned i;

	if (frame_type(f->meta) == FRAME_FREE)
		memset(slots, 0, EXO_PAGE_SIZE);
	if (!canon_is_table(f->meta))
		return;
	f->meta &= ~(0xffu << 16);
	for (i = 0; i < EXO_TABLE_SLOTS; i++)
		f->meta |= slots[i] ? 1u << 16 << i / TABLE_GROUP : 0;
}

/* Memory and frame table in the new order, and every name of a frame in them. */
static void canon_frames(struct canon *c)
{
	static _Thread_local struct frame frames[CANON_FRAMES];
	static _Thread_local uint64_t memory[CANON_FRAMES][EXO_TABLE_SLOTS];
	struct machine *m = c->m;
	uint64_t *slots;
	uint32_t i, j, meta;

	for (i = 0; i < m->frame_count; i++) {
		slots = memory[c->to[i]];
		memcpy(slots, arch_frame_memory(m, (struct pfn){ i }), EXO_PAGE_SIZE);
		frames[c->to[i]] = m->frames[i];
		meta = m->frames[i].meta;
		if (frame_type(meta) == FRAME_DYING)
			frames[c->to[i]].refs = canon_link(c, m->frames[i].refs);
		for (j = 0; canon_is_table(meta) && j < EXO_TABLE_SLOTS; j++) {
			if (slot_is_present(slots[j]))
				slots[j] = (slots[j] & ~SLOT_FRAME)
					| (uint64_t)c->to[slot_pfn(slots[j])] << 12;
			else if (frame_type(meta) == FRAME_DYING)
				slots[j] = 0;
		}
		canon_groups(&frames[c->to[i]], slots);
	}
	memcpy(m->frames, frames, m->frame_count * sizeof(*frames));
	memcpy(arch_frame_memory(m, (struct pfn){ 0 }), memory, m->frame_count * EXO_PAGE_SIZE);
}

static void canon_free(struct machine *m)
{
	uint32_t i, ends, last;

	for (i = 0; i < m->cpu_count; i++) {
		ends = free_ends(m, i);
		m->frames[ends].refs = ends;
		m->frames[ends].meta = FRAME_KERNEL | ends << 4;
	}
	for (i = 0; i < m->frame_count; i++) {
		if (frame_type(m->frames[i].meta) != FRAME_FREE)
			continue;
		ends = free_ends(m, free_home(m, i));
		last = m->frames[ends].meta >> 4;
		m->frames[last].refs = i;
		m->frames[i].meta = FRAME_FREE | FRAME_ZERO | last << 4;
		m->frames[i].refs = ends;
		m->frames[ends].meta = FRAME_KERNEL | i << 4;
	}
}

static UNCHECKED void canon_names(struct machine *m, const struct canon *c)
{
	struct host_cpu *hc;
	unsigned i, j;

	for (i = 0; i < EXO_ENVS; i++)
		m->envs[i].root.n = m->envs[i].state == ENV_DEAD ? 0 : c->to[m->envs[i].root.n];
	for (i = 0; i < EXO_ACCOUNTS; i++)
		m->accounts[i].dying = canon_link(c, m->accounts[i].dying);
	for (i = 0; i < m->cpu_count; i++) {
		hc = &m->arch.cpus[i];
		for (j = 0; j < HOST_TLB_ENTRIES; j++)
			hc->tlb[j].frame = c->to[hc->tlb[j].frame];
		for (j = 0; j < HOST_WALK_ENTRIES; j++)
			hc->walks[j].table = c->to[hc->walks[j].table];
	}
}

void explore_forget(struct machine *m)
{
	unsigned i;

	m->refusals = 0;
	for (i = 0; i < m->cpu_count; i++) {
		memset(m->cpus[i].flush.drops, 0, sizeof(m->cpus[i].flush.drops));
		memset(m->cpus[i].flush.pages, 0, sizeof(m->cpus[i].flush.pages));
		m->arch.cpus[i].is_interrupted = false;
	}
	m->vcpus[0].pending = 0;
}

/* What is left of dead envs and accounts. */
static UNCHECKED void canon_forget(struct machine *m)
{
	unsigned i;

	explore_forget(m);
	for (i = 1; i < EXO_ENVS; i++) {
		if (m->envs[i].state != ENV_FREE)
			continue;
		memset(&m->envs[i], 0, sizeof(m->envs[i]));
		m->envs[i].vcpus = VCPU_NONE;
	}
	for (i = 1; i < EXO_ACCOUNTS; i++) {
		if (!m->accounts[i].revoke_deadline) { /* asking sets them */
			m->accounts[i].revoke_env = 0;
			m->accounts[i].revoke_address = 0;
			m->accounts[i].is_revoking_branches = false;
		}
		if (m->accounts[i].state != ACCOUNT_FREE)
			continue;
		memset(&m->accounts[i], 0, sizeof(m->accounts[i]));
		m->accounts[i].dying = FRAME_NONE;
		m->accounts[i].parent = ACCOUNT_NONE;
	}
}

bool explore_canon(struct explore *x)
{
	struct canon c = { .m = x->m, .next = 1 };

	if (!canon_check_free(x->m))
		return false;
	canon_number(&c);
	canon_frames(&c);
	canon_free(x->m);
	canon_names(x->m, &c);
	canon_forget(x->m);
	return true;
}
