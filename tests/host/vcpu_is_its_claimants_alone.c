/* SPDX-License-Identifier: ISC */
/*
 * slot-init-not-reaped, kill-stale: nobody finds, takes, runs or frees what is being initialized
 * by its claimant; a handle of an entry that has been used again names nobody.
 */
#include "tests/host/lab.h"

#include <string.h>

static uint64_t handle_inside;
static unsigned refused_inside, asked_inside;

static bool is_refused(struct lab *l, unsigned vcpu, enum vcpu_state from, enum vcpu_state to)
{
	uint32_t before = l->m->refusals, state = l->m->vcpus[vcpu].state;

	return !vcpu_edge(l->m, vcpu, from, to) && l->m->refusals == before + 1
		&& l->m->vcpus[vcpu].state == state;
}

/* Between claim and READY: nobody takes it, stops it or finds it. */
static void at_point(void *context, const char *name)
{
	struct lab *l = context;
	unsigned vcpu = 0, found;

	while (vcpu < EXO_VCPUS && l->m->vcpus[vcpu].state != VCPU_INITIALIZING)
		vcpu++;
	if (strcmp(name, "vcpu_edge") != 0 || vcpu == EXO_VCPUS)
		return;
	host_self.at_point = NULL;
	handle_inside = vcpu_handle(l->m, vcpu);
	asked_inside = 4;
	refused_inside += vcpu_find(l->m, handle_inside, &found) == EXO_E_VCPU;
	refused_inside += cpu_yield_to(l->m, &l->m->cpus[0], vcpu) == EXO_E_STATE;
	refused_inside += is_refused(l, vcpu, VCPU_RUNNABLE, VCPU_RUNNING);
	refused_inside += is_refused(l, vcpu, VCPU_INITIALIZING, VCPU_FREE);
}

static void check_claim_and_handle(struct lab *l)
{
	uint64_t child = lab_child(l, 0), old, new;

	host_self.context = l;
	host_self.at_point = at_point;
	old = lab_vcpu(l, child, 2 * EXO_ROOT_SPAN, 0);
	host_self.at_point = NULL;
	tap_eq(refused_inside, asked_inside, "what is being initialized is its claimant's alone");
	tap_eq(old, handle_inside, "who then has it");
	tap_eq(lab_call(l, EXO_CALL_ENV_KILL, child, 0, 0, 0, 0), 0, "it ends");
	tap_eq(lab_reap(l, child), 0, "and its env is forgotten");
	child = lab_child(l, 0);
	new = lab_vcpu(l, child, 2 * EXO_ROOT_SPAN, 0);
	tap_ok(new != old && (new & 0xffff) == (old & 0xffff), "its entry is used again");
	tap_eq(lab_call(l, EXO_CALL_VCPU_STOP, old, 0, 0, 0, 0), EXO_E_VCPU,
	       "the old handle stops nobody");
	tap_eq(l->m->vcpus[new & 0xffff].state, VCPU_RUNNABLE, "the new one lives");
}

int main(void)
{
	struct lab *l = lab_open(256, 1);

	check_claim_and_handle(l);
	lab_close(l);
	return tap_done("tests/host/vcpu_is_its_claimants_alone.tap");
}
