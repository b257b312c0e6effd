/* SPDX-License-Identifier: ISC */
/*
 * no-stale-translation: a dropped frame, of a page or a table, is not given to anyone before
 * every CPU has dropped what it has cached of it: not within the same call, and not while a
 * translation, a walk or the recursive view of a table still leads there (I-7). One shoot-down
 * does for a batch.
 */
#include <string.h>

#include "tests/host/lab.h"

#define A EXO_ROOT_SPAN
#define B (2 * EXO_ROOT_SPAN)

static uint64_t child;
static unsigned early; /* drops seen while CPU 1 could still reach the frame */
static struct pfn watched;
static unsigned interrupts; /* of CPU 1 */

/* CPU 1 runs the child's program. */
static void enter(struct lab *l)
{
	struct machine *m = l->m;

	m->cpus[1].in_kernel = 0;
	m->envs[child & 0xffff].cpus |= 2;
	m->cpus[1].root_env = child & 0xffff;
	arch_root_load(m, &m->cpus[1], child & 0xffff);
}

static void leave(struct lab *l)
{
	cpu_load_root(l->m, &l->m->cpus[1], ENV_NONE);
	l->m->cpus[1].in_kernel = 1;
}

/* At every named point: while anything cached leads to the watched frame, it must have its
 * holder. */
static void at_point(void *context, const char *name)
{
	struct machine *m = context;
	struct host_cpu *hc = &m->arch.cpus[1];
	bool is_cached = false;
	unsigned i;

	(void)name;
	for (i = 0; i < HOST_TLB_ENTRIES; i++)
		is_cached |= hc->tlb[i].is_valid && hc->tlb[i].frame == watched.n;
	for (i = 0; i < HOST_WALK_ENTRIES; i++)
		is_cached |= hc->walks[i].is_valid && hc->walks[i].table == watched.n;
	if (is_cached && (frame_refs(m, watched) == 0
			  || frame_type(frame_meta(m, watched)) == FRAME_FREE
			  || frame_type(frame_meta(m, watched)) == FRAME_DYING))
		early++;
}

static void watch(struct lab *l, struct pfn pfn)
{
	watched = pfn;
	early = 0;
	host_self.at_point = at_point;
	host_self.context = l->m;
}

static void check_page(struct lab *l)
{
	struct exo_slot_op ops[2];
	uint64_t value;

	enter(l);
	tap_eq(host_load(l->m, 1, A, &value), 0, "CPU 1 has read a page");
	watch(l, lab_frame(l, child, A, 1));
	ops[0] = OP(CLEAR, 1, A, 1, .target_env = child);
	ops[1] = OP(ALLOC, 1, B, 1, .access = 3, .argument = watched.n);
	tap_eq(lab_run(l, ops, 2), EXO_E_FRAME, "it is not free in the call that clears it");
	tap_eq(early, 0, "and was not dropped while CPU 1 could read it");
	host_self.at_point = NULL;
	tap_eq(host_load(l->m, 1, A, &value), HOST_FAULT, "CPU 1 faults");
	lab_does(l, ops[1], "after the call it can be had");
	lab_poke(l, 0, B, 0x5ec4e7);
	tap_eq(host_load(l->m, 1, A, &value), HOST_FAULT, "and CPU 1 sees nothing of it");
	leave(l);
}

/* level: of the slot cleared; the page table below is what CPU 1 has in its caches. */
static void check_table(struct lab *l, unsigned level)
{
	uint64_t value, at = A + 8 * EXO_PAGE_SIZE;
	unsigned view;

	lab_map(l, child, at, 1);
	enter(l);
	host_load(l->m, 1, at, &value);
	for (view = 1; view <= EXO_LEVELS; view++)
		tap_eq(host_load(l->m, 1, exo_slot_address(at, view), &value), 0,
		       "CPU 1 has looked at level %u", view);
	watch(l, lab_frame(l, child, at, 2));
	lab_does(l, OP(CLEAR, level, at, 1, .target_env = child), "CLEAR of level %u", level);
	tap_eq(early, 0, "drops nothing that CPU 1 could still walk");
	host_self.at_point = NULL;
	tap_eq(host_load(l->m, 1, at, &value), HOST_FAULT, "the page is gone");
	for (view = 1; view < level; view++)
		tap_eq(host_load(l->m, 1, exo_slot_address(at, view), &value), HOST_FAULT,
		       "the view of level %u is gone", view);
	frame_drain(l->m, 0, 4000);
	lab_does(l, OP(ALLOC, 1, B + EXO_PAGE_SIZE, 1, .access = 3, .argument = watched.n),
		 "the table's frame is a page now");
	lab_poke(l, 0, B + EXO_PAGE_SIZE, 0x5ec4e7);
	tap_eq(host_load(l->m, 1, exo_slot_address(at, 1), &value), HOST_FAULT,
	       "that the recursive view does not show");
	leave(l);
	lab_op(l, OP(CLEAR, 1, B + EXO_PAGE_SIZE, 1));
}

/* UNSHARE puts another table in the place of one that CPU 1 walks. */
static void check_unshare(struct lab *l)
{
	uint64_t value, at = A + 8 * EXO_PAGE_SIZE;

	lab_map(l, child, at, 1);
	lab_op(l, OP(SHARE, 2, A + EXO_SPAN(2), 1, .target_env = child, .source_env = child,
		     .source = A, .rights = 7));
	enter(l);
	host_load(l->m, 1, at, &value);
	host_load(l->m, 1, exo_slot_address(at, 1), &value);
	lab_does(l, OP(UNSHARE, 2, A, 1, .target_env = child), "UNSHARE under CPU 1");
	lab_does(l, OP(CLEAR, 2, A + EXO_SPAN(2), 1, .target_env = child), "the old table goes");
	lab_does(l, OP(CLEAR, 1, at, 1, .target_env = child, .argument = 6), "a slot changes");
	tap_ok(!host_load(l->m, 1, exo_slot_address(at, 1), &value) && slot_payload(value) == 6,
	       "CPU 1 sees the new table change");
	leave(l);
}

/* What CPU 1 has cached of an env outlives its time there, but neither a change of the env nor its
 * end: another is soon made under the same number. */
static void check_away(struct lab *l)
{
	unsigned number = child & 0xffff, i;
	uint64_t value, at;

	lab_map(l, child, A, 2);
	for (i = 0; i < 2; i++) {
		at = A + i * EXO_PAGE_SIZE;
		enter(l);
		tap_eq(host_load(l->m, 1, at, &value), 0, "CPU 1 has read a page");
		leave(l);
		watch(l, lab_frame(l, child, at, 1));
		if (i == 0) {
			lab_does(l, OP(CLEAR, 1, A, 1, .target_env = child), "away, it is cleared");
			enter(l);
			tap_eq(host_load(l->m, 1, A, &value), HOST_FAULT, "CPU 1 faults");
			leave(l);
		}
	}
	tap_eq(lab_call(l, EXO_CALL_ENV_KILL, child, 0, 0, 0, 0), 0, "the env ends");
	tap_eq(lab_call(l, EXO_CALL_ENV_REAP, child, 0, 0, 0, 0), 0, "and is no more");
	tap_eq(early, 0, "nothing was dropped early");
	host_self.at_point = NULL;
	child = lab_child(l, 0);
	tap_eq(child & 0xffff, number, "another with its number");
	enter(l);
	tap_eq(host_load(l->m, 1, at, &value), HOST_FAULT, "sees nothing of it");
	leave(l);
}

/* Between any two named points a CPU is interrupted once at most. */
static void count_interrupts(void *context, const char *name)
{
	struct lab *l = context;

	(void)name;
	interrupts += atomic_exchange(&l->m->arch.cpus[1].is_interrupted, false);
}

static unsigned interrupts_of(struct lab *l, const struct exo_slot_op *ops, unsigned count)
{
	l->m->arch.cpus[1].is_interrupted = false;
	interrupts = 0;
	host_self.at_point = count_interrupts;
	host_self.context = l;
	tap_eq(lab_run(l, ops, count), EXO_OK, "a batch of %u", count);
	host_self.at_point = NULL;
	count_interrupts(l, NULL);
	return interrupts;
}

/* CPU 1 is interrupted once for a batch, however many pages it takes away, and again only when as
 * many frames wait as there is room for; not at all where flushes reach it by themselves, nor for
 * what becomes more. */
static void check_batch(struct lab *l)
{
	unsigned each = l->m->arch.is_tlb_shared ? 0 : 1, pages = EXO_DROPS / 8 - 1, i;
	uint64_t at = A + 16 * EXO_PAGE_SIZE, value;
	struct exo_slot_op ops[8], all = OP(CLEAR, 1, at, EXO_DROPS + 8, .target_env = child);

	for (i = 0; i < 8; i++)
		ops[i] = OP(CLEAR, 1, at + i * pages * EXO_PAGE_SIZE, (uint16_t)pages,
			    .target_env = child);
	lab_map(l, child, at, 8 * pages);
	enter(l);
	host_load(l->m, 1, at, &value);
	tap_eq(interrupts_of(l, ops, 8), each, "that drops %u pages: CPU 1 is interrupted once",
	       8 * pages);
	tap_eq(host_load(l->m, 1, at, &value), HOST_FAULT, "and sees none of them");
	all.op = EXO_OP_ALLOC;
	all.access = EXO_RWX;
	tap_eq(interrupts_of(l, &all, 1), 0, "%u fresh pages: not at all", EXO_DROPS + 8);
	all = OP(CLEAR, 1, at, EXO_DROPS + 8, .target_env = child);
	tap_eq(interrupts_of(l, &all, 1), 2 * each, "dropped, more than wait at once: twice");
	leave(l);
	lab_map(l, child, at, 1);
	ops[0].count = 1;
	l->m->cpus[1].in_kernel = 0;
	tap_eq(interrupts_of(l, ops, 1), 0, "while CPU 1 runs another env: not at all");
	l->m->cpus[1].in_kernel = 1;
}

/* is_tlb_shared: as on machines whose flushes reach all CPUs, or those that interrupt them. */
static void check(bool is_tlb_shared)
{
	struct lab *l = lab_open(256, 2);
	unsigned level;

	l->m->arch.is_tlb_shared = is_tlb_shared;
	child = lab_child(l, 0);
	lab_map(l, child, A, 1);
	lab_map(l, 0, B, 0);
	check_page(l);
	lab_op(l, OP(CLEAR, 1, B, 1));
	for (level = 2; level <= EXO_LEVELS; level++)
		check_table(l, level);
	check_unshare(l);
	check_batch(l);
	check_away(l);
	lab_close(l);
}

int main(void)
{
	check(false);
	check(true);
	return tap_done("tests/host/no_cpu_sees_freed_frames.tap");
}
