/* SPDX-License-Identifier: ISC */
/* The batch: reads operations from user memory, checks their form, finds their slots and runs them.
 * Takes tree (to find another env), env pair, common; flushes before each preemption point. */
#include "exo/slot.h"

#include <machine/slot.h>

#include "exo/slot_batch.h"
#include "exo/user.h"

enum { USES_SOURCE = 1, USES_RIGHTS = 2, USES_ACCESS = 4, USES_ARGUMENT = 8, USES_RESERVE = 16,
       IS_FROZEN_OK = 32, IS_COMMON_OK = 64 };

/* What each operation takes; a field it does not use must be zero. */
static const struct {
	slot_handler *run;
	uint8_t min_level, max_level, flags, uses;
} forms[EXO_OPS] = {
	[EXO_OP_ALLOC] = { slot_alloc, 1, 1, 0, USES_ACCESS | USES_ARGUMENT | IS_COMMON_OK },
	[EXO_OP_DUP] = { slot_dup, 1, 1, 0, USES_SOURCE | USES_ACCESS | USES_RESERVE },
	[EXO_OP_TABLE] = { branch_table, 2, EXO_LEVELS, EXO_OP_COMMON, USES_RESERVE },
	[EXO_OP_COPY] = { slot_copy, 1, 1, 0, USES_SOURCE | USES_RIGHTS | USES_ACCESS },
	[EXO_OP_SHARE] = { branch_share, 2, EXO_LEVELS, 0, USES_SOURCE | USES_RIGHTS },
	[EXO_OP_UNSHARE] = { branch_unshare, 2, EXO_LEVELS, 0, USES_RESERVE },
	[EXO_OP_MOVE] = { branch_move, 2, EXO_LEVELS, 0, USES_SOURCE },
	[EXO_OP_PROTECT] = { slot_protect, 1, 1, EXO_OP_MASK | EXO_OP_CLEAN,
			     USES_ACCESS | IS_COMMON_OK },
	[EXO_OP_CLEAR] = { slot_clear, 1, EXO_LEVELS, 0, USES_ARGUMENT | IS_COMMON_OK },
	[EXO_OP_CLAIM] = { slot_claim, 1, EXO_LEVELS, 0, IS_FROZEN_OK | IS_COMMON_OK },
};

LOCK_PAIR(common, RANK_COMMON, (struct machine *m, struct pfn table),
	  &m->common_locks[table.n % ARRAY_COUNT(m->common_locks)])

static bool table_is_common(struct machine *m, struct pfn table)
{
	return frame_type(frame_meta(m, table)) == FRAME_COMMON;
}

static bool run_fits(uint64_t address, unsigned level, unsigned count)
{
	uint64_t index = address / EXO_SPAN(level) % EXO_TABLE_SLOTS;

	return count && index + count <= (level == EXO_LEVELS ? EXO_ROOT_RECURSIVE
						: EXO_TABLE_SLOTS);
}

static err_t op_check(const struct exo_slot_op *op)
{
	unsigned uses, i, zero = 0;

	if (op->op >= EXO_OPS)
		return EXO_E_ARGUMENT;
	uses = forms[op->op].uses;
	for (i = 0; i < sizeof(op->zero); i++)
		zero |= op->zero[i];
	if (zero || op->flags & ~forms[op->op].flags || op->access > EXO_RWX
	    || op->rights > EXO_RWX || op->soft > EXO_SOFT_MASK || op->soft_mask > EXO_SOFT_MASK
	    || (!(uses & USES_SOURCE) && (op->source_env | op->source))
	    || (!(uses & USES_RIGHTS) && op->rights)
	    || (!(uses & USES_ACCESS) && (op->access | op->soft | op->soft_mask))
	    || (!(uses & USES_ARGUMENT) && op->argument) || (!(uses & USES_RESERVE) && op->reserve)
	    || (op->access && !(op->access & EXO_READ)))
		return EXO_E_ARGUMENT;
	if (op->level < forms[op->op].min_level || op->level > forms[op->op].max_level)
		return EXO_E_TYPE;
	if (op->flags & EXO_OP_COMMON && op->level != 2)
		return EXO_E_TYPE;
	if (!run_fits(op->target, op->level, op->count)
	    || (uses & USES_SOURCE && !run_fits(op->source, op->level, op->count)))
		return EXO_E_RANGE;
	if (op->op == EXO_OP_CLEAR && op->argument > EXO_PAYLOAD_MASK)
		return EXO_E_ARGUMENT;
	return EXO_OK;
}

/* The envs an operation names: the caller itself without a lock, others by the tree. */
static err_t op_find_envs(struct batch *b, const struct exo_slot_op *op)
{
	err_t err = EXO_OK;

	b->target_env = b->source_env = b->caller;
	if (!(op->target_env | op->source_env))
		return EXO_OK;
	tree_lock(b->m);
	err = env_find(b->m, b->caller, op->target_env, false, &b->target_env);
	if (!err)
		err = env_find(b->m, b->caller, op->source_env, false, &b->source_env);
	tree_unlock(b->m);
	return err;
}

/* Still the env that the handle named, now that it is locked. */
static bool op_env_stays(struct machine *m, unsigned env, uint64_t handle)
{
	return m->envs[env].state == ENV_ALIVE && (!handle || env_handle(m, env) == handle);
}

static err_t op_find_slots(struct batch *b, const struct exo_slot_op *op)
{
	struct machine *m = b->m;
	unsigned uses = forms[op->op].uses;
	err_t err;

	if (!op_env_stays(m, b->target_env, op->target_env)
	    || !op_env_stays(m, b->source_env, op->source_env))
		return EXO_E_ENV;
	b->account = m->envs[b->target_env].account;
	err = slot_find(m, m->envs[b->target_env].root, op->target, op->level, &b->target);
	if (err)
		return err;
	b->source = b->target;
	if (uses & USES_SOURCE) {
		err = slot_find(m, m->envs[b->source_env].root, op->source, op->level, &b->source);
		if (err)
			return err;
	}
	if (!b->target.is_open && !(uses & IS_FROZEN_OK))
		return EXO_E_FROZEN;
	if (op->op == EXO_OP_MOVE && !b->source.is_open)
		return EXO_E_FROZEN;
	b->is_common = table_is_common(m, b->target.table);
	return b->is_common && !(uses & IS_COMMON_OK) ? EXO_E_TYPE : EXO_OK;
}

/* The run itself. *slots: how many are done, before and after. */
static err_t op_run_slots(struct batch *b, const struct exo_slot_op *op, unsigned *slots)
{
	slot_handler *run = forms[op->op].run;
	err_t err = EXO_OK;
	unsigned i;

	b->used = 0;
	for (i = 0; i < op->count; i++) {
		if (--b->budget < 0) {
			flush_finish(b->m, b->c);
			point("batch_preempt");
			if (arch_clock(b->m) >= b->c->deadline) {
				err = EXO_E_AGAIN;
				break;
			}
			b->budget = 64;
		}
		err = run(b, op, i);
		if (err)
			break;
	}
	if (b->used)
		frame_use(b->m, b->target.table, b->used);
	*slots = i;
	return err;
}

static err_t op_run(struct batch *b, const struct exo_slot_op *op, unsigned *slots) UNCHECKED
{
	struct pfn common;
	err_t err;

	*slots = 0;
	err = op_check(op);
	if (!err)
		err = op_find_envs(b, op);
	if (err)
		return err;
	env_lock_pair(b->m, b->target_env, b->source_env);
	err = op_find_slots(b, op);
	if (!err) {
		bool is_common = b->is_common || table_is_common(b->m, b->source.table);

		common = b->is_common ? b->target.table : b->source.table;
		if (is_common)
			common_lock(b->m, common);
		err = op_run_slots(b, op, slots);
		if (is_common)
			common_unlock(b->m, common);
	}
	env_unlock_pair(b->m, b->target_env, b->source_env);
	return err;
}

err_t slots_run(struct machine *m, struct cpu *c, uint64_t batch, uint64_t count, uint64_t *done)
{
	struct batch b = { .m = m, .c = c, .caller = m->vcpus[c->current].env, .budget = 64 };
	struct exo_slot_op op;
	unsigned slots = 0;
	err_t err = EXO_OK;
	uint64_t i;

	*done = 0;
	if (count > EXO_BATCH_MAX)
		return EXO_E_TOO_LONG;
	for (i = 0; i < count; i++) {
		slots = 0;
		err = user_read(m, b.caller, &op, (struct uaddr){ batch + i * sizeof(op) },
				sizeof(op));
		if (!err)
			err = op_run(&b, &op, &slots);
		if (err)
			break;
	}
	flush_finish(m, c);
	*done = i << 32 | (i < count ? slots : 0);
	return err;
}
