/* SPDX-License-Identifier: ISC */
/*
 * Two envs unshare one table at the same time, on two CPUs: the second begins when the first has
 * copied and not yet dropped the old one. Both copy, nobody adopts what the other still counts,
 * and neither sees what the other writes.
 */
#include "tests/host/lab.h"

#include <string.h>

#define A EXO_ROOT_SPAN
#define CHILD_VCPU (2 * EXO_ROOT_SPAN)

static bool is_inside;
static int64_t inner;

static int64_t unshare(struct lab *l, unsigned cpu, unsigned level)
{
	int64_t err;

	l->cpu = cpu;
	err = lab_call(l, EXO_CALL_SLOT, exo_slot_word(EXO_OP_UNSHARE, level, 1, 0, 0, 0), A, 0, 0,
		       0);
	l->cpu = 0;
	host_self.index = 0;
	return err;
}

static void at_point(void *context, const char *name)
{
	if (strcmp(name, "unshare_copied") != 0 || is_inside)
		return;
	is_inside = true;
	inner = unshare(context, 1, EXO_LEVELS);
}

/* A child that shares A and runs on CPU 1. */
static uint64_t start(struct lab *l)
{
	uint64_t child = lab_child(l, 0);
	struct exo_vcpu_start vcpu = { .page = CHILD_VCPU, .entry = LAB_ENTRY, .masked = 1 };

	lab_map(l, 0, A, 1);
	lab_poke(l, 0, A, 11);
	lab_map(l, child, CHILD_VCPU, 0);
	tap_eq(lab_call_with(l, EXO_CALL_VCPU_START, &vcpu, sizeof(vcpu), 1, child, 0), 0,
	       "a child");
	tap_eq(lab_call(l, EXO_CALL_SLICE_ALLOC, l->value, 1, EXO_SLICE_ANY, 0, 0), 0, "on CPU 1");
	host_self.index = 1;
	cpu_leave(l->m, &l->m->cpus[1]);
	host_self.index = 0;
	lab_does(l, OP(SHARE, EXO_LEVELS, A, 1, .target_env = child, .source = A, .rights = 7),
		 "shares everything");
	return child;
}

int main(void)
{
	struct lab *l = lab_open(256, 2);
	uint64_t child = start(l), value = 0;
	unsigned level, cpu;

	host_self.at_point = at_point;
	host_self.context = l;
	tap_eq(unshare(l, 0, EXO_LEVELS), 0, "the parent unshares");
	host_self.at_point = NULL;
	tap_ok(is_inside && !inner, "and the child, meanwhile");
	lab_sound(l, "the machine is sound");
	tap_eq(lab_refs(l, 0, A, EXO_LEVELS), 1, "each has a table of its own");
	tap_ok(lab_frame(l, 0, A, EXO_LEVELS).n != lab_frame(l, child, A, EXO_LEVELS).n, "not one");
	for (cpu = 0; cpu < 2; cpu++)
		for (level = EXO_LEVELS - 1; level > 1; level--)
			tap_eq(unshare(l, cpu, level), 0, "CPU %u goes on to level %u", cpu, level);
	lab_does(l, OP(DUP, 1, A, 1, .source = A, .access = 3), "the parent writes");
	tap_eq(host_store(l->m, 0, A, 22), 0, "22");
	tap_ok(!host_load(l->m, 1, A, &value) && value == 11, "the child still reads 11");
	lab_close(l);
	return tap_done("tests/host/two_unshares_at_once.tap");
}
