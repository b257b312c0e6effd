/* SPDX-License-Identifier: ISC */
/* What calls must not answer; see answer.h. */
#include "fuzz/answer.h"

#include <string.h>

#include "arch/host/host.h"

/* Is the env that a handle (0: the caller's own) names the caller or below it? */
static UNCHECKED bool may_name(const struct machine *m, unsigned caller, uint64_t handle,
			       bool is_dead_ok)
{
	unsigned env, above;

	if (!handle)
		return true;
	for (env = 0; env < EXO_ENVS; env++)
		if ((m->envs[env].generation << 16 | env) == handle)
			break;
	if (env == EXO_ENVS || m->envs[env].state == ENV_FREE
	    || (m->envs[env].state != ENV_ALIVE && !is_dead_ok))
		return false;
	for (above = env; above != ENV_NONE && above != caller; above = m->envs[above].parent)
		;
	return above == caller;
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

static void before_slots(struct fuzz_answer *a, const struct machine *m, unsigned env,
			 const struct exo_slot_op *ops, unsigned count)
{
	unsigned i;

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
	if (step->argument[0] == EXO_ACCOUNT_REPOSSESS
	    && (!account->revoke_deadline || m->arch.clock < account->revoke_deadline))
		a->refused = "frames were taken before the deadline";
}

void fuzz_answer_before(struct fuzz_answer *a, struct machine *m, unsigned env,
			const struct fuzz_step *step, const struct exo_slot_op *ops, unsigned count)
{
	uint64_t call = step->number ^ EXO_CALL_PREFIX;

	a->refused = NULL;
	a->is_wake = false;
	a->ops_done_most = count;
	if (call == EXO_CALL_SLOTS || call == EXO_CALL_SLOT)
		before_slots(a, m, env, ops, count);
	else if (call == EXO_CALL_WAIT || call == EXO_CALL_WAKE)
		before_wait(a, m, env, step, call == EXO_CALL_WAKE);
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
	uint64_t woken = 0;
	unsigned i;

	for (i = 0; i < EXO_VCPUS; i++) {
		if (!a->wait[i].is_waiting || m->vcpus[i].wait_mode != WAIT_NONE)
			continue;
		woken++;
		if (a->wait[i].key != a->woken.key || a->wait[i].offset != a->woken.offset)
			return "somebody was woken who waits elsewhere";
	}
	if (woken != value || woken > a->woken_most)
		return "not as many were woken as was said";
	return NULL;
}

const char *fuzz_answer_after(const struct fuzz_answer *a, const struct machine *m, int64_t error,
			      uint64_t value)
{
	if (a->refused && EXO_DONE_OPS(value) > a->ops_done_most)
		return a->refused;
	if (error)
		return NULL;
	return a->is_wake ? after_wake(a, m, value) : a->refused;
}
