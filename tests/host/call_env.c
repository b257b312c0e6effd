/* SPDX-License-Identifier: ISC */
/* env_create, env_kill, env_reap, self: births, deaths, the tree, handles, every refusal. */
#include <string.h>

#include "tests/host/lab.h"

#define T EXO_ROOT_SPAN

static int64_t create(struct lab *l, uint64_t frames, uint64_t envs)
{
	struct exo_limits limits = { { frames, 1, envs, 1, 0 } };

	return lab_call_with(l, EXO_CALL_ENV_CREATE, &limits, sizeof(limits), 0, 0, 0);
}

static void check_create(struct lab *l)
{
	uint32_t frames = lab_used(l, 0, EXO_RESOURCE_FRAMES), limit;
	uint64_t child;

	tap_eq(lab_call(l, EXO_CALL_SELF, 0, 0, 0, 0, 0), 0, "self");
	tap_eq(l->value, l->env, "is the first env");
	tap_eq(lab_call(l, EXO_CALL_ENV_CREATE, 0, 0, 0, 0, 0), 0, "a child");
	child = l->value;
	tap_ok(child != l->env && child >> 16, "with a handle of its own");
	tap_eq(lab_used(l, 0, EXO_RESOURCE_FRAMES), frames + 1, "which costs a frame");
	tap_eq(lab_slot(l, child, EXO_INFO_BASE, EXO_LEVELS), 0, "its root is empty");
	limit = account_limit(l->m, 0, EXO_RESOURCE_FRAMES);
	tap_eq(create(l, 10, 2), 0, "a child with an account of its own");
	tap_eq(account_limit(l->m, 0, EXO_RESOURCE_FRAMES), limit - 10, "carved out of ours");
	tap_eq(lab_used(l, l->value, EXO_RESOURCE_FRAMES), 1, "it pays for its root itself");
	lab_sound(l, "all is sound");
}

static void check_create_refusals(struct lab *l)
{
	struct exo_limits limits = { { 1, 0, 1, 0, 0 } };
	unsigned i;

	lab_denies(l, EXO_CALL_ENV_CREATE, 9 * T, 0, 0, EXO_E_POINTER, "limits nowhere");
	lab_denies(l, EXO_CALL_ENV_CREATE, LAB_BASE + LAB_PAGES * EXO_PAGE_SIZE - 8, 0, 0,
		   EXO_E_POINTER, "limits half mapped");
	for (i = 0; i < EXO_RESOURCES; i++) {
		memset(&limits, 0, sizeof(limits));
		limits.limit[i] = account_limit(l->m, 0, i) + 1;
		host_write(l->m, 0, LAB_BATCH, &limits, sizeof(limits));
		lab_denies(l, EXO_CALL_ENV_CREATE, LAB_BATCH, 0, 0, EXO_E_LIMIT,
			   "more of resource %u than there is", i);
		limits.limit[i] = UINT64_C(1) << 32;
		host_write(l->m, 0, LAB_BATCH, &limits, sizeof(limits));
		lab_denies(l, EXO_CALL_ENV_CREATE, LAB_BATCH, 0, 0, EXO_E_LIMIT,
			   "more than 32 bits of it");
	}
	limits = (struct exo_limits){ { 0, 1, 1, 1, 0 } };
	host_write(l->m, 0, LAB_BATCH, &limits, sizeof(limits));
	lab_denies(l, EXO_CALL_ENV_CREATE, LAB_BATCH, 0, 0, EXO_E_LIMIT, "no frame for its root");
	limits = (struct exo_limits){ { 1, 1, 0, 1, 0 } };
	host_write(l->m, 0, LAB_BATCH, &limits, sizeof(limits));
	lab_denies(l, EXO_CALL_ENV_CREATE, LAB_BATCH, 0, 0, EXO_E_LIMIT, "no env for it");
	while (!create(l, 1, 1))
		;
	lab_denies(l, EXO_CALL_ENV_CREATE, LAB_BATCH, 0, 0, EXO_E_FULL, "65 accounts");
	lab_sound(l, "all is sound");
}

static void check_kill(struct lab *l)
{
	uint64_t child = lab_child(l, 0), other;

	lab_map(l, child, T, 4);
	lab_denies(l, EXO_CALL_ENV_KILL, child, UINT64_C(1) << 32, 0, EXO_E_ARGUMENT,
		   "a status of 33 bits");
	lab_denies(l, EXO_CALL_ENV_KILL, child + (1u << 16), 0, 0, EXO_E_ENV, "another life");
	lab_denies(l, EXO_CALL_ENV_KILL, UINT64_MAX, 0, 0, EXO_E_ENV, "no env");
	lab_denies(l, EXO_CALL_ENV_KILL, 511, 0, 0, EXO_E_ENV, "one that never was");
	lab_denies(l, EXO_CALL_ENV_REAP, child, 0, 0, EXO_E_STATE, "reaping the living");
	lab_denies(l, EXO_CALL_ENV_REAP, l->env, 0, 0, EXO_E_STATE, "reaping oneself");
	lab_denies(l, EXO_CALL_ENV_REAP, 0, 0, 0, EXO_E_EMPTY, "no child is dead");
	tap_eq(lab_call(l, EXO_CALL_ENV_KILL, child, 0xffffffff, 0, 0, 0), 0, "kill");
	tap_ok(l->m->vcpus[0].pending & EXO_EVENT_CHILD
	       || l->m->vcpus[0].regs.pc == LAB_ENTRY, "its parent hears of it");
	lab_sound(l, "all is sound");
	lab_denies(l, EXO_CALL_ENV_KILL, child, 0, 0, EXO_E_ENV, "killing the dead");
	lab_refuses(l, OP(TABLE, 4, T, 1, .target_env = child), EXO_E_ENV, "its slots");
	tap_eq(lab_call(l, EXO_CALL_ENV_REAP, 0, 0, 0, 0, 0), 0, "reap names it");
	tap_eq(l->value, child, "by its handle");
	tap_eq(lab_reap(l, child), 0, "reap");
	tap_eq(l->value, EXO_STATUS(EXO_DEATH_EXIT, 0xffffffff), "gives its status");
	lab_denies(l, EXO_CALL_ENV_REAP, child, 0, 0, EXO_E_ENV, "reaping twice");
	other = lab_child(l, 0);
	tap_eq(other, child + (1u << 16), "another env has its place");
	lab_denies(l, EXO_CALL_ENV_KILL, child, 0, 0, EXO_E_ENV,
		   "the old handle does not name who has its place now (kill-stale)");
	lab_sound(l, "all is sound");
}

/* A grandchild becomes the first env's when its parent dies; its account's parent too. */
static void check_orphans(struct lab *l)
{
	uint64_t child = lab_child(l, 60), grandchild;
	unsigned at = l->cpu;

	lab_map(l, child, LAB_BASE, 0);
	lab_op(l, OP(ALLOC, 1, LAB_BATCH, 1, .target_env = child, .access = 3));
	lab_vcpu(l, child, T, 0);
	lab_call(l, EXO_CALL_YIELD, 0, 0, 0, 0, 0);
	tap_eq(l->m->cpus[at].root_env, child & 0xffff, "the child runs");
	tap_eq(create(l, 8, 1), 0, "and has a child with an account");
	grandchild = l->value;
	tap_eq(lab_call(l, EXO_CALL_ENV_KILL, l->env, 0, 0, 0, 0), EXO_E_ENV,
	       "its parent is not its to kill");
	lab_call(l, EXO_CALL_ENV_KILL, 0, 3, 0, 0, 0);
	tap_eq(l->m->cpus[at].root_env, l->env & 0xffff, "it ends itself, the parent runs");
	lab_sound(l, "all is sound");
	tap_eq(lab_reap(l, child), 0, "it is reaped");
	tap_eq(l->value, 3, "with its status");
	tap_eq(lab_call(l, EXO_CALL_ENV_KILL, grandchild, 4, 0, 0, 0), 0,
	       "its child is the parent's now");
	tap_eq(lab_reap(l, grandchild), 0, "who reaps it");
	lab_sound(l, "all is sound");
}

static void check_end(struct lab *l)
{
	enum host_stop stop = HOST_TRY(lab_call(l, EXO_CALL_ENV_KILL, 0, 42, 0, 0, 0));

	tap_eq(stop, HOST_OFF, "the end of the first env is the machine's");
	tap_eq(l->m->arch.power_status, 42, "with its status");
}

int main(void)
{
	struct lab *l = lab_open(512, 1);

	check_create(l);
	check_create_refusals(l);
	lab_close(l);
	l = lab_open(512, 1);
	check_kill(l);
	lab_close(l);
	l = lab_open(512, 1);
	check_orphans(l);
	check_end(l);
	lab_destroy(l);
	return tap_done("tests/host/call_env.tap");
}
