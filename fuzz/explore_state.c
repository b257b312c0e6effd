/* SPDX-License-Identifier: ISC */
/* The explorer's machine: how it starts and how a call is made on it. One thread; takes the
 * kernel's locks as its functions ask. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/boot.h"
#include "exo/revoke.h"
#include "exo/slot.h"
#include "fuzz/explore.h"

#include <machine/slot.h>

#define CHILD 1u

static void start_check(err_t err)
{
	if (!err)
		return;
	printf("Bail out! the scope's machine is too small: %d\n", err);
	exit(99);
}

/* Pages that the program reads alone: where its batches come from. */
static void start_batch(struct explore *x)
{
	struct machine *m = x->m;
	unsigned i;

	for (i = 0; i < EXPLORE_PAGES; i++) {
		start_check(frame_alloc(m, 0, FRAME_DATA, 0, 0, &x->batch[i]));
		start_check(boot_map(m, m->envs[0].root, EXO_LEVELS,
				     EXO_LIBRARY_BASE + i * EXO_PAGE_SIZE,
				     SLOT_ACCESSED | slot_leaf(x->batch[i].n, EXO_READ, EXO_READ,
							       0)));
	}
}

/* A vcpu of env 0 that runs on CPU 0. Its page is the last frame, since it is larger than one. */
static UNCHECKED void start_vcpu(struct explore *x)
{
	struct machine *m = x->m;
	struct vcpu *v = &m->vcpus[0];

	start_check(account_charge(m, 0, EXO_RESOURCE_VCPUS, 1));
	v->state = VCPU_RUNNING;
	v->generation = 1;
	v->next = VCPU_NONE;
	v->timer = UINT64_MAX;
	m->envs[0].vcpus = 0;
	m->envs[0].cpus = 1;
	m->cpus[0].current = 0;
	m->cpus[0].root_env = 0;
	arch_root_load(m, &m->cpus[0], 0);
}

void explore_start(struct explore *x)
{
	unsigned env, cpu, i;

	x->m = host_create(explore_frames, explore_cpus);
	x->scratch = calloc(explore_frames, sizeof(*x->scratch));
	start_check(frame_alloc(x->m, 0, FRAME_VCPU, 0, explore_frames - 1, &x->m->vcpus[0].page));
	tree_lock(x->m);
	start_check(env_create(x->m, ENV_NONE, NULL, &env));
	tree_unlock(x->m);
	start_batch(x);
	start_vcpu(x);
	for (cpu = 1; cpu < explore_cpus; cpu++)
		x->m->cpus[cpu].in_kernel = 0;
	explore_canon(x);
	for (i = 0; i < EXPLORE_PAGES; i++)
		x->batch[i].n = EXO_LEVELS + i; /* behind their tables */
}

/* Is there work left over that a call may do on its way to an error? */
static UNCHECKED bool call_has_leftovers(struct machine *m)
{
	unsigned i;

	for (i = 0; i < EXO_ACCOUNTS; i++)
		if (m->accounts[i].dying != FRAME_NONE || m->accounts[i].state == ACCOUNT_MERGING)
			return true;
	return false;
}

static bool call_slots(struct explore *x, const struct explore_call *call)
{
	struct exo_slot_op ops[2];
	struct machine *m = x->m;
	uint64_t child = env_handle(m, CHILD), done;
	unsigned i;
	bool has_leftovers = call_has_leftovers(m);
	err_t err;

	_Static_assert(EXO_PAGE_SIZE * EXPLORE_PAGES == sizeof(ops), "a batch fills its pages");
	memcpy(ops, call->ops, sizeof(ops));
	for (i = 0; i < call->count; i++) {
		ops[i].target_env = ops[i].target_env ? child : 0;
		ops[i].source_env = ops[i].source_env ? child : 0;
	}
	for (i = 0; i < EXPLORE_PAGES; i++)
		memcpy(arch_frame_memory(m, x->batch[i]), (char *)ops + i * EXO_PAGE_SIZE,
		       EXO_PAGE_SIZE);
	err = slots_run(m, &m->cpus[0], EXO_LIBRARY_BASE, call->count, &done);
	for (i = 0; i < EXPLORE_PAGES; i++)
		arch_frame_zero(m, x->batch[i]);
	return !err || done || (has_leftovers && (err == EXO_E_LIMIT || err == EXO_E_AGAIN));
}

static bool call_create(struct explore *x, bool is_own)
{
	struct exo_limits limits = { { explore_frames / 4, 0, 1, 0, 0 } };
	struct machine *m = x->m;
	bool has_leftovers = call_has_leftovers(m);
	unsigned env;
	err_t err;

	tree_lock(m);
	err = env_create(m, 0, is_own ? &limits : NULL, &env);
	tree_unlock(m);
	return !err || (has_leftovers && (err == EXO_E_LIMIT || err == EXO_E_AGAIN));
}

/* The last CPU: the one that runs programs beside CPU 0, in scopes that have two. */
static struct cpu *call_other(struct machine *m)
{
	return &m->cpus[m->cpu_count - 1];
}

static void call_leave(struct machine *m)
{
	if (m->cpu_count > 1)
		cpu_load_root(m, call_other(m), ENV_NONE);
}

static bool call_kill(struct machine *m)
{
	if (m->envs[CHILD].state != ENV_ALIVE)
		return false;
	if (call_other(m)->root_env == CHILD)
		call_leave(m);
	tree_lock(m);
	env_kill(m, &m->cpus[0], CHILD, 0);
	tree_unlock(m);
	return true;
}

static bool call_reap(struct machine *m)
{
	if (m->envs[CHILD].state != ENV_DEAD)
		return false;
	tree_lock(m);
	env_destroy(m, CHILD);
	tree_unlock(m);
	return true;
}

static UNCHECKED bool call_drain(struct machine *m, unsigned account)
{
	if (m->accounts[account].dying == FRAME_NONE)
		return false;
	frame_drain(m, account, 1);
	return true;
}

/* As a dispatch on CPU 1 does. */
static bool call_enter(struct machine *m, unsigned env)
{
	if (m->envs[env].state != ENV_ALIVE || call_other(m)->root_env == env)
		return false;
	call_leave(m);
	m->envs[env].cpus |= 2;
	arch_root_load(m, call_other(m), env);
	call_other(m)->root_env = env;
	return true;
}

/* Frames between the child's account and its parent's, as the account call does it. */
static bool call_account(struct machine *m, const struct explore_call *call) REQUIRES(tree_class)
{
	unsigned a = m->envs[CHILD].account;
	struct account *account = &m->accounts[a];
	err_t err;

	if (m->envs[CHILD].state != ENV_ALIVE || account->parent == ACCOUNT_NONE)
		return false;
	switch (call->kind) {
	case EXPLORE_GRANT:
		return account_move(m, account->parent, a, EXO_RESOURCE_FRAMES, 1);
	case EXPLORE_RETURN:
		if (!account_move(m, a, account->parent, EXO_RESOURCE_FRAMES, 1))
			return false;
		account->revoke_frames -= account->revoke_frames > 0;
		return true;
	case EXPLORE_ASK:
		if (account->revoke_deadline)
			return false;
		revoke_ask(m, a, call->number, arch_clock(m) + 1);
		return true;
	default:
		m->arch.clock += !call->number;
		err = revoke_take(m, &m->cpus[0], a);
		m->arch.clock -= !call->number;
		return !err || err == EXO_E_AGAIN;
	}
}

static bool call_make(struct explore *x, const struct explore_call *call)
{
	struct machine *m = x->m;
	bool is_changed;
	struct pfn pfn;

	switch (call->kind) {
	case EXPLORE_SLOTS:
		return call_slots(x, call);
	case EXPLORE_CREATE:
		return call_create(x, call->number);
	case EXPLORE_KILL:
		return call_kill(m);
	case EXPLORE_REAP:
		return call_reap(m);
	case EXPLORE_DRAIN:
		return call_drain(m, call->number);
	case EXPLORE_TOUCH:
		host_translate(m, call->number, call->address, call->access, &pfn);
		return true;
	case EXPLORE_ENTER:
		return call_enter(m, call->number);
	case EXPLORE_LEAVE:
		call_leave(m);
		return true;
	default:
		tree_lock(m);
		is_changed = call_account(m, call);
		tree_unlock(m);
		return is_changed;
	}
}

bool explore_call(struct explore *x, const struct explore_call *call)
{
	bool is_changed = call_make(x, call);
	unsigned i;

	for (i = 0; is_changed && explore_is_drained && i < EXO_ACCOUNTS; i++)
		frame_drain(x->m, i, 1000);
	return is_changed;
}

/* Down the paths that can be written, to leaves that can. */
static bool holds_below(struct machine *m, struct pfn table, unsigned level)
{
	unsigned i, end = level == EXO_LEVELS ? EXO_ROOT_LIBRARY : EXO_TABLE_SLOTS;
	struct pfn pfn;
	uint64_t slot;

	for (i = 0; i < end; i++) {
		slot = table_slots(m, table)[i];
		if (!slot_is_present(slot) || !slot_is_writable(slot))
			continue;
		pfn.n = slot_pfn(slot);
		if (level == 1 ? frame_refs(m, pfn) != 1 : !holds_below(m, pfn, level - 1))
			return false;
	}
	return true;
}

bool explore_holds(struct explore *x)
{
	unsigned env;

	for (env = 0; explore_is_writer_alone && env < EXO_ENVS; env++)
		if (x->m->envs[env].state == ENV_ALIVE
		    && !holds_below(x->m, x->m->envs[env].root, EXO_LEVELS))
			return false;
	return true;
}

static void print_op(const struct exo_slot_op *op)
{
	static const char *const names[] = {
#define SLOT_OP(number, NAME, handler, text) [number] = #NAME,
#include "abi/slot_op.def"
#undef SLOT_OP
	};

	printf(" %s level %u env %llu:%#llx count %u", names[op->op], op->level,
	       (unsigned long long)op->target_env, (unsigned long long)op->target, op->count);
	printf(" from %llu:%#llx rights %u access %u flags %u", (unsigned long long)op->source_env,
	       (unsigned long long)op->source, op->rights, op->access, op->flags);
	printf(" argument %llu reserve %#llx;", (unsigned long long)op->argument,
	       (unsigned long long)op->reserve);
}

void explore_print(const struct explore_call *call)
{
	static const char *const kinds[] = { "slots:", "create", "kill", "reap", "drain", "touch",
		"enter", "leave", "grant", "return", "ask", "take" };
	unsigned i;

	printf("#   %s", kinds[call->kind]);
	for (i = 0; i < call->count; i++)
		print_op(&call->ops[i]);
	if (call->kind != EXPLORE_SLOTS)
		printf(" %u address %#llx access %u", call->number,
		       (unsigned long long)call->address, call->access);
	printf("\n");
}
