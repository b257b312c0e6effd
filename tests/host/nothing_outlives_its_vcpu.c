/* SPDX-License-Identifier: ISC */
/*
 * slot-pointer-outlives, ctx-zeroed, slot-init-leak-reported: when a vcpu's entry is FREE nothing
 * of its occupant is in it or leads to it, and that is so before it says FREE. One that its
 * claimant never announced stays INITIALIZING: the audit tells, nobody is given it, and the end
 * of its env brings it back.
 */
#include "tests/host/lab.h"

#include <string.h>

#define PAGE (2 * EXO_ROOT_SPAN)
#define WORD (3 * EXO_ROOT_SPAN)

static unsigned edges;
static bool is_clean;
static jmp_buf dead;

static bool is_zero(const struct vcpu *v)
{
	const uint8_t *bytes = (const uint8_t *)v;
	size_t i;

	for (i = 0; i < offsetof(struct vcpu, generation) && !bytes[i]; i++)
		;
	return i == offsetof(struct vcpu, generation);
}

/* Before each edge; the last of one who is TERMINATED is to FREE. */
static void at_edge(void *context, const char *name)
{
	struct lab *l = context;
	unsigned i;

	for (i = 0; i < EXO_VCPUS && !strcmp(name, "vcpu_edge"); i++) {
		if (l->m->vcpus[i].state != VCPU_TERMINATED)
			continue;
		edges++;
		is_clean = is_zero(&l->m->vcpus[i]);
	}
}

/* A vcpu that has used all there is: timer, sleep, wait, slices on two CPUs, events, registers. */
static uint64_t begin(struct lab *l, uint64_t *child)
{
	uint64_t vcpu;

	*child = lab_child(l, 0);
	vcpu = lab_vcpu(l, *child, PAGE, 0);
	lab_call(l, EXO_CALL_SLICE_ALLOC, vcpu, 1, EXO_SLICE_ANY, 0, 0);
	lab_map(l, *child, WORD, 1);
	l->m->vcpus[vcpu & 0xffff].excess = 5;
	memset(&l->m->vcpus[vcpu & 0xffff].fpu, 0x5a, sizeof(struct arch_fpu));
	lab_call(l, EXO_CALL_YIELD, vcpu, 0, 0, 0, 0);
	lab_call(l, EXO_CALL_TIMER, l->m->arch.clock + 1000000, 0, 0, 0, 0);
	lab_call(l, EXO_CALL_WAIT, WORD, 0, 0, 0, 0);
	return vcpu;
}

static UNCHECKED void check_end(struct lab *l)
{
	uint64_t child, old = begin(l, &child), new;
	struct vcpu *v = &l->m->vcpus[old & 0xffff];

	tap_ok(v->state == VCPU_WAITING && v->is_sleeping, "a vcpu waits, until its time comes");
	host_self.context = l;
	host_self.at_point = at_edge;
	tap_eq(lab_call(l, EXO_CALL_ENV_KILL, child, 0, 0, 0, 0), 0, "it is killed");
	host_self.at_point = NULL;
	tap_ok(v->state == VCPU_FREE && is_zero(v), "its entry is free, and zero");
	tap_ok(edges && is_clean, "and was before it said so");
	lab_sound(l, "no list leads to it");
	lab_reap(l, child);
	child = lab_child(l, 0);
	new = lab_vcpu(l, child, PAGE, 0);
	tap_ok((new & 0xffff) == (old & 0xffff) && new != old, "it is another's");
	tap_ok(v->timer == UINT64_MAX && !v->pending && !v->excess && !v->is_sleeping
	       && v->wait_mode == WAIT_NONE && v->slices == 1, "who begins without a past");
	lab_call(l, EXO_CALL_ENV_KILL, child, 0, 0, 0, 0);
	lab_reap(l, child);
	lab_sound(l, "the machine is sound");
}

/* The claimant dies when all is written but the state. */
static void at_claimed(void *context, const char *name)
{
	struct lab *l = context;
	unsigned i;

	for (i = 0; i < EXO_VCPUS && !strcmp(name, "vcpu_edge"); i++)
		if (l->m->vcpus[i].state == VCPU_INITIALIZING)
			longjmp(dead, 1);
}

static void check_leak(struct lab *l)
{
	struct exo_vcpu_start start = { .page = PAGE, .entry = LAB_ENTRY };
	uint64_t child = lab_child(l, 0), vcpu;
	unsigned leaked = 0;

	lab_map(l, child, PAGE + EXO_PAGE_SIZE, 4);
	host_self.at_point = at_claimed;
	if (!setjmp(dead))
		lab_call_with(l, EXO_CALL_VCPU_START, &start, sizeof(start), 1, child, 0);
	host_self.at_point = NULL;
	/* With its CPU its lock would be gone; that is given back here. */
	lock_release(l->m, &l->m->tree_lock, RANK_TREE);
	while (l->m->vcpus[leaked].state != VCPU_INITIALIZING)
		leaked++;
	tap_ok(!lab_audit(l) && strstr(l->report.what, "never announced")
	       && l->report.where == leaked, "the audit tells of a claimed entry");
	vcpu = lab_vcpu(l, child, PAGE + 8 * EXO_PAGE_SIZE, 0);
	tap_ok((vcpu & 0xffff) != leaked, "nobody else is given it");
	tap_eq(lab_call(l, EXO_CALL_ENV_KILL, child, 0, 0, 0, 0), 0, "its env ends");
	tap_eq(l->m->vcpus[leaked].state, VCPU_FREE, "that brings it back");
	tap_eq(lab_reap(l, child), 0, "nothing holds the env");
	lab_sound(l, "the machine is sound");
}

int main(void)
{
	struct lab *l = lab_open(512, 2);

	check_end(l);
	check_leak(l);
	lab_close(l);
	return tap_done("tests/host/nothing_outlives_its_vcpu.tap");
}
