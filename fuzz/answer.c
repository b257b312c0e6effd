/* SPDX-License-Identifier: ISC */
/* What calls must not answer; see answer.h. */
#include "fuzz/answer.h"

#include <string.h>

#include "arch/host/host.h"

/* Is it the caller, or below it? */
static UNCHECKED bool is_below(const struct machine *m, unsigned caller, unsigned env)
{
	while (env != ENV_NONE && env != caller)
		env = m->envs[env].parent;
	return env == caller;
}

/* Is the env that a handle (0: the caller's own) names the caller or below it? */
static UNCHECKED bool may_name(const struct machine *m, unsigned caller, uint64_t handle,
			       bool is_dead_ok)
{
	unsigned env;

	if (!handle)
		return true;
	for (env = 0; env < EXO_ENVS; env++)
		if ((m->envs[env].generation << 16 | env) == handle)
			break;
	if (env == EXO_ENVS || m->envs[env].state == ENV_FREE
	    || (m->envs[env].state != ENV_ALIVE && !is_dead_ok))
		return false;
	return is_below(m, caller, env);
}

/* Does a handle (0: the caller's own) name a vcpu, of an env below the caller if that is asked? */
static UNCHECKED bool may_name_vcpu(const struct machine *m, unsigned caller, uint64_t handle,
				    bool is_any)
{
	const struct vcpu *v = &m->vcpus[handle & 0xffff];

	return !handle || ((handle & 0xffff) < EXO_VCPUS && v->generation == handle >> 16
			   && v->state != VCPU_FREE && v->state != VCPU_TERMINATED
			   && (is_any || is_below(m, caller, v->env)));
}

/* The fields of operations, as doc/abi.md lists them. */
enum { SOURCE = 1, RIGHTS = 2, ACCESS = 4, ARGUMENT = 8, RESERVE = 16 };

static const struct { uint8_t fields, flags; } forms[EXO_OPS] = {
	[EXO_OP_ALLOC] = { ACCESS | ARGUMENT, 0 },
	[EXO_OP_DUP] = { SOURCE | ACCESS | RESERVE, 0 },
	[EXO_OP_TABLE] = { RESERVE, EXO_OP_COMMON | EXO_OP_DOWN },
	[EXO_OP_COPY] = { SOURCE | RIGHTS | ACCESS, EXO_OP_MASK },
	[EXO_OP_SHARE] = { SOURCE | RIGHTS, 0 },
	[EXO_OP_UNSHARE] = { RESERVE, 0 },
	[EXO_OP_MOVE] = { SOURCE, 0 },
	[EXO_OP_PROTECT] = { ACCESS, EXO_OP_MASK | EXO_OP_CLEAN },
	[EXO_OP_CLEAR] = { ARGUMENT, 0 },
	[EXO_OP_CLAIM] = { 0, 0 },
};

static bool has_form(const struct exo_slot_op *op)
{
	static const uint8_t zero[sizeof(op->zero)];
	unsigned used = op->op < EXO_OPS ? forms[op->op].fields : 0;

	return op->op < EXO_OPS && !(op->flags & ~forms[op->op].flags)
		&& !memcmp(op->zero, zero, sizeof(zero))
		&& (used & SOURCE || !(op->source_env | op->source))
		&& !(op->rights & ~(used & RIGHTS ? EXO_RWX : 0u))
		&& !(op->access & ~(used & ACCESS ? EXO_RWX : 0u))
		&& (used & ACCESS || !(op->soft | op->soft_mask))
		&& (used & ARGUMENT || !op->argument) && (used & RESERVE || !op->reserve);
}

static void before_slots(struct fuzz_answer *a, struct machine *m, unsigned env,
			 const struct fuzz_step *step, const struct exo_slot_op *ops,
			 unsigned count)
{
	unsigned i;

	if (count == 1 && (step->is_in_registers || step->argument[1] == 1))
		answer_slot_before(&a->slot, m, env, ops, has_form(ops),
				   may_name(m, env, ops->target_env, false)
				   && may_name(m, env, ops->source_env, false));
	for (i = 0; i < count; i++)
		if (!has_form(&ops[i]) || !may_name(m, env, ops[i].target_env, false)
		    || !may_name(m, env, ops[i].source_env, false))
			break;
	a->ops_done_most = i;
	if (i < count)
		a->refused = "a slot operation was done that must be refused";
}

/* The word at an address of the env: what it is called, and its value. False: it cannot be read. */
static bool find_word(struct machine *m, unsigned env, uint64_t address, bool is_shared,
		      struct fuzz_answer *a, uint32_t *value)
{
	struct host_walk walk;
	unsigned access;
	struct pfn pfn;

	if (address % 4 || address / EXO_ROOT_SPAN >= EXO_ROOT_USER)
		return false;
	walk = host_walk(m, env, address);
	pfn = host_walk_leaf(m, &walk, address, &access);
	if (!(access & EXO_READ))
		return false;
	memcpy(value, (uint8_t *)arch_frame_memory(m, pfn) + address % EXO_PAGE_SIZE,
	       sizeof(*value));
	a->woken.key = is_shared ? pfn.n | WAIT_KEY_SHARED : env_handle(m, env);
	a->woken.offset = is_shared ? address % EXO_PAGE_SIZE : address;
	return true;
}

static UNCHECKED void before_wait(struct fuzz_answer *a, struct machine *m, unsigned env,
				  const struct fuzz_step *step, bool is_wake)
{
	uint32_t value = 0;
	bool is_there = find_word(m, env, step->argument[0],
				  step->argument[2] & EXO_WAIT_SHARED, a, &value);
	unsigned i;

	if (!is_there)
		a->refused = "a word that cannot be read was waited on or woken";
	else if (!is_wake && value != (uint32_t)step->argument[1])
		a->refused = "a wait began although the word has another value";
	a->is_wake = is_wake && is_there;
	a->woken_most = step->argument[1];
	for (i = 0; i < EXO_VCPUS; i++) {
		a->wait[i].is_waiting = m->vcpus[i].state != VCPU_FREE
			&& m->vcpus[i].wait_mode != WAIT_NONE;
		a->wait[i].is_bell = m->vcpus[i].wait_mode == WAIT_BELL;
		a->wait[i].key = m->vcpus[i].wait_key;
		a->wait[i].offset = m->vcpus[i].wait_offset;
	}
}

static UNCHECKED void before_account(struct fuzz_answer *a, const struct machine *m, unsigned env,
				     const struct fuzz_step *step)
{
	uint64_t handle = step->argument[1];
	const struct account *account;

	if (!may_name(m, env, handle, false)) {
		a->refused = "an account was named through a foreign env";
		return;
	}
	account = &m->accounts[m->envs[handle ? handle & 0xffff : env].account];
	a->account = (unsigned)(account - m->accounts);
	a->account_was = *account;
	if (account->parent != ACCOUNT_NONE)
		a->parent_was = m->accounts[account->parent];
	else if (step->argument[0] >= EXO_ACCOUNT_GRANT)
		a->refused = "an account without a parent was changed";
	if (a->account == m->envs[env].account && step->argument[0] >= EXO_ACCOUNT_GRANT
	    && step->argument[0] != EXO_ACCOUNT_RETURN)
		a->refused = "an env has changed the limits of its own account";
	if (step->argument[0] == EXO_ACCOUNT_REPOSSESS
	    && (!account->revoke_deadline || m->arch.clock < account->revoke_deadline))
		a->refused = "frames were taken before the deadline";
}

/* Calls that name a vcpu or a slice. */
static UNCHECKED void before_vcpu(struct fuzz_answer *a, const struct machine *m, unsigned env,
				  const struct fuzz_step *step, uint64_t call)
{
	uint64_t cpu = step->argument[0], position = step->argument[1];
	unsigned holder;

	if (call != EXO_CALL_SLICE_FREE) {
		if (!may_name_vcpu(m, env, step->argument[0], call == EXO_CALL_YIELD))
			a->refused = "a vcpu was named that the caller may not name";
		return;
	}
	holder = cpu < m->cpu_count && position < EXO_SLICES ? m->cpus[cpu].slices[position]
		: VCPU_NONE;
	if (holder == VCPU_NONE || !is_below(m, env, m->vcpus[holder].env))
		a->refused = "a slice was given back that is not the caller's";
}

/* Which handles there have been, and what a death is to say. */
static UNCHECKED void before_life(struct fuzz_answer *a, const struct machine *m,
				  const struct fuzz_step *step)
{
	unsigned i, env = step->argument[0] & 0xffff;

	for (i = 0; i < EXO_ENVS; i++)
		a->env_generation[i] = m->envs[i].generation;
	for (i = 0; i < EXO_VCPUS; i++)
		a->vcpu_generation[i] = m->vcpus[i].generation;
	a->status = env < EXO_ENVS ? m->envs[env].status : 0;
}

void fuzz_answer_before(struct fuzz_answer *a, struct machine *m, unsigned env,
			const struct fuzz_step *step, const struct exo_slot_op *ops, unsigned count)
{
	uint64_t call = step->number ^ EXO_CALL_PREFIX;

	a->refused = NULL;
	a->is_wake = a->slot.is_known = false;
	a->ops_done_most = count;
	a->step = step;
	a->env = env;
	before_life(a, m, step);
	if (call == EXO_CALL_SLOTS || call == EXO_CALL_SLOT)
		before_slots(a, m, env, step, ops, count);
	else if (call == EXO_CALL_WAIT || call == EXO_CALL_WAKE)
		before_wait(a, m, env, step, call == EXO_CALL_WAKE);
	else if (call == EXO_CALL_VCPU_STOP || call == EXO_CALL_YIELD
		 || call == EXO_CALL_SLICE_ALLOC || call == EXO_CALL_SLICE_FREE)
		before_vcpu(a, m, env, step, call);
	else if (call == EXO_CALL_ACCOUNT)
		before_account(a, m, env, step);
	else if ((call == EXO_CALL_ENV_KILL || call == EXO_CALL_VCPU_START
		  || call == EXO_CALL_ENV_REAP)
		 && !may_name(m, env, step->argument[0], call == EXO_CALL_ENV_REAP))
		a->refused = "a foreign env was named";
}

static UNCHECKED const char *after_wake(const struct fuzz_answer *a, const struct machine *m,
					uint64_t value)
{
	uint64_t woken = 0, there = 0;
	unsigned i;

	for (i = 0; i < EXO_VCPUS; i++) {
		bool is_here = a->wait[i].key == a->woken.key
			&& a->wait[i].offset == a->woken.offset;

		there += a->wait[i].is_waiting && is_here;
		if (!a->wait[i].is_waiting || m->vcpus[i].wait_mode != WAIT_NONE)
			continue;
		woken++;
		if (a->wait[i].is_bell && m->cpus[a->step->cpu].current != i
		    && !(m->vcpus[i].pending & EXO_EVENT_DOORBELL))
			return "a doorbell did not ring";
		if (!is_here)
			return "somebody was woken who waits elsewhere";
	}
	if (woken != value || woken > a->woken_most)
		return "not as many were woken as was said";
	if (woken < there && woken < a->woken_most)
		return "somebody was not woken who waits there";
	return NULL;
}

static uint32_t limit_of(const struct account *a, uint64_t resource)
{
	return (uint32_t)(a->quota[resource] >> 32);
}

/* What moved between an account and its parent, and what is still asked for. */
static UNCHECKED const char *after_account(const struct fuzz_answer *a, const struct machine *m)
{
	uint64_t operation = a->step->argument[0], resource = a->step->argument[2];
	const struct account *was = &a->account_was, *now = &m->accounts[a->account];
	int64_t amount = (int64_t)a->step->argument[3], gone, come, asked;

	if (operation < EXO_ACCOUNT_GRANT)
		return NULL;
	gone = (int64_t)limit_of(was, resource) - limit_of(now, resource);
	come = (int64_t)limit_of(&m->accounts[was->parent], resource)
		- limit_of(&a->parent_was, resource);
	asked = was->revoke_frames;
	if (gone != come)
		return "a limit did not move between an account and its parent";
	if (operation == EXO_ACCOUNT_GRANT ? gone != -amount
	    : operation == EXO_ACCOUNT_RETURN && gone != amount)
		return "another amount was moved than was asked for";
	if (operation == EXO_ACCOUNT_RETURN && resource == EXO_RESOURCE_FRAMES)
		asked -= asked < amount ? asked : amount;
	else if (operation == EXO_ACCOUNT_REVOKE)
		asked += amount - gone;
	if (operation != EXO_ACCOUNT_REPOSSESS && now->revoke_frames != asked)
		return "another amount is asked for than must be";
	if (operation == EXO_ACCOUNT_REPOSSESS && gone > asked)
		return "more was taken than was asked for";
	return NULL;
}

/* New envs and vcpus have handles that nobody had, and nothing of a former life; who paid. */
static UNCHECKED const char *after_birth(const struct fuzz_answer *a, const struct machine *m,
					 uint64_t call, uint64_t value)
{
	const struct account *account = &m->accounts[m->envs[value & 0xffff].account];
	const struct vcpu *v = &m->vcpus[value & 0xffff];

	if (call == EXO_CALL_ENV_CREATE) {
		if (value >> 16 <= a->env_generation[value & 0xffff])
			return "an env has a handle that was given before";
		if (a->step->argument[0] && (account->revoke_frames || account->revoke_deadline))
			return "frames are asked back of a new account";
		return m->envs[value & 0xffff].units ? "a new env has used time" : NULL;
	}
	if (value >> 16 <= a->vcpu_generation[value & 0xffff])
		return "a vcpu has a handle that was given before";
	return v->pending || v->timer != UINT64_MAX ? "a new vcpu has events to come" : NULL;
}

static UNCHECKED const char *after_death(const struct fuzz_answer *a, const struct machine *m,
					 uint64_t call, uint64_t value)
{
	uint64_t handle = call == EXO_CALL_ENV_REAP && !a->step->argument[0] ? value
		: a->step->argument[0];
	const struct env *e = &m->envs[handle ? handle & 0xffff : a->env];

	if (call == EXO_CALL_ENV_KILL)
		return e->status == EXO_STATUS(EXO_DEATH_EXIT, a->step->argument[1]) ? NULL
			: "an env has another status than it was ended with";
	if (a->step->argument[0])
		return value == a->status ? NULL : "an env was reaped with another status";
	return (handle & 0xffff) < EXO_ENVS && e->generation == handle >> 16
		&& e->state == ENV_DEAD && e->parent == a->env ? NULL
		: "what is no dead child was named as one";
}

/* A call that has succeeded, and may. */
static UNCHECKED const char *after_call(const struct fuzz_answer *a, const struct machine *m,
					uint64_t value)
{
	uint64_t call = a->step->number ^ EXO_CALL_PREFIX, cpu = a->step->argument[1];

	if (call == EXO_CALL_ACCOUNT)
		return after_account(a, m);
	if (call == EXO_CALL_ENV_CREATE || call == EXO_CALL_VCPU_START)
		return after_birth(a, m, call, value);
	if (call == EXO_CALL_ENV_KILL || call == EXO_CALL_ENV_REAP)
		return after_death(a, m, call, value);
	if (call == EXO_CALL_SLICE_ALLOC
	    && m->cpus[cpu].slice_account[value] != m->envs[a->env].account)
		return "a slice was paid by another account";
	return NULL;
}

const char *fuzz_answer_after(const struct fuzz_answer *a, const struct machine *m, int64_t error,
			      uint64_t value)
{
	if (a->refused && EXO_DONE_OPS(value) > a->ops_done_most)
		return a->refused;
	if (a->slot.is_known)
		return answer_slot_after(&a->slot, error, value);
	if (error)
		return NULL;
	if (a->is_wake || a->refused)
		return a->is_wake ? after_wake(a, m, value) : a->refused;
	return after_call(a, m, value);
}
