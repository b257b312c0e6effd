/* SPDX-License-Identifier: ISC */
/* The batch: reads operations from user memory, checks their form, finds their slots and runs them.
 * Takes tree (to find another env), env pair, common; flushes before each preemption point. */
#include "exo/slot.h"

#include "exo/slot_batch.h"
#include "exo/user.h"

enum { USES_SOURCE = 1, USES_RIGHTS = 2, USES_ACCESS = 4, USES_ARGUMENT = 8, USES_PAYLOAD = 16,
       USES_RESERVE = 32, IS_FROZEN_OK = 64, IS_COMMON_OK = 128 };

/* An operation as it is read, and as it is checked. */
union op_words {
	struct exo_slot_op op;
	uint64_t words[8];
};

#define ZERO_UNLESS(is_used, mask) ((is_used) ? ~(mask) : ~UINT64_C(0))

/* The bits that must be zero: of the fields that an operation does not use, and of those that it
 * does what is out of range. */
#define ZERO_BITS(uses, allowed) { .op = {							\
	.flags = (uint8_t)~(allowed),								\
	.rights = (uint8_t)ZERO_UNLESS((uses) & USES_RIGHTS, EXO_RWX),				\
	.access = (uint8_t)ZERO_UNLESS((uses) & USES_ACCESS, EXO_RWX),				\
	.soft = (uint8_t)ZERO_UNLESS((uses) & USES_ACCESS, EXO_SOFT_MASK),			\
	.soft_mask = (uint8_t)ZERO_UNLESS((uses) & USES_ACCESS, EXO_SOFT_MASK),			\
	.zero = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },					\
	.source_env = ZERO_UNLESS((uses) & USES_SOURCE, UINT64_MAX),				\
	.source = ZERO_UNLESS((uses) & USES_SOURCE, UINT64_MAX),				\
	.argument = ZERO_UNLESS((uses) & (USES_ARGUMENT | USES_PAYLOAD),			\
				(uses) & USES_PAYLOAD ? EXO_PAYLOAD_MASK : UINT64_MAX),		\
	.reserve = ZERO_UNLESS((uses) & USES_RESERVE, UINT64_MAX),				\
} }
#define FORM(one, all, min_level, max_level, cost_shift, flags, uses)				\
	{ ZERO_BITS(uses, flags), one, all, min_level, max_level, cost_shift, uses }

/* What each operation takes; what a slot of it costs, as a power of two, of what is done between
 * two looks at the clock. */
static const struct form {
	union op_words zero;
	slot_handler *one;
	slot_run *all; /* or NULL: one by one */
	uint8_t min_level, max_level, cost_shift, uses;
} forms[EXO_OPS] = {
	[EXO_OP_ALLOC] = FORM(slot_alloc, NULL, 1, 1, 3, 0,
			      USES_ACCESS | USES_ARGUMENT | IS_COMMON_OK),
	[EXO_OP_DUP] = FORM(slot_dup, NULL, 1, 1, 3, 0, USES_SOURCE | USES_ACCESS | USES_RESERVE),
	[EXO_OP_TABLE] = FORM(branch_table, NULL, 2, EXO_LEVELS, 3,
			      EXO_OP_COMMON | EXO_OP_DOWN, USES_RESERVE),
	[EXO_OP_COPY] = FORM(NULL, slot_copy, 1, 1, 0, EXO_OP_MASK,
			     USES_SOURCE | USES_RIGHTS | USES_ACCESS),
	[EXO_OP_SHARE] = FORM(NULL, branch_share, 2, EXO_LEVELS, 0, 0, USES_SOURCE | USES_RIGHTS),
	[EXO_OP_UNSHARE] = FORM(branch_unshare, NULL, 2, EXO_LEVELS, 4, 0, USES_RESERVE),
	[EXO_OP_MOVE] = FORM(branch_move, NULL, 2, EXO_LEVELS, 0, 0, USES_SOURCE),
	[EXO_OP_PROTECT] = FORM(NULL, slot_protect, 1, 1, 0, EXO_OP_MASK | EXO_OP_CLEAN,
				USES_ACCESS | IS_COMMON_OK),
	[EXO_OP_CLEAR] = FORM(slot_clear, NULL, 1, EXO_LEVELS, 0, 0, USES_PAYLOAD | IS_COMMON_OK),
	[EXO_OP_CLAIM] = FORM(slot_claim, NULL, 1, EXO_LEVELS, 0, 0, IS_FROZEN_OK | IS_COMMON_OK),
};

LOCK_PAIR(common, RANK_COMMON, (struct machine *m, struct pfn table),
	  &m->common_locks[table.n % ARRAY_COUNT(m->common_locks)])

/*@ requires 1 <= level <= EXO_LEVELS && 0 < (uint64_t)EXO_SPAN(level) == EXO_SPAN(level);
  @ assigns \nothing;
  @ ensures \result <==> 0 < count && address / EXO_SPAN(level) % EXO_TABLE_SLOTS + count
  @	<= (level == EXO_LEVELS ? EXO_ROOT_RECURSIVE : EXO_TABLE_SLOTS); */
static inline bool run_fits(uint64_t address, unsigned level, unsigned count)
{
	uint64_t index = address / EXO_SPAN(level) % EXO_TABLE_SLOTS;

	return count && index + count <= (level == EXO_LEVELS ? EXO_ROOT_RECURSIVE
						: EXO_TABLE_SLOTS);
}

/* The level of an operation that has been checked: known where the code is made for leaves. */
static ALWAYS_INLINE unsigned op_level(const struct exo_slot_op *op, const struct form *form)
{
	return form->max_level == 1 ? 1 : op->level;
}

static ALWAYS_INLINE err_t op_check(const union op_words *o, const struct form *form)
{
	const struct exo_slot_op *op = &o->op;
	bool is_down = op->flags & ~form->zero.op.flags & EXO_OP_DOWN;
	unsigned run = is_down ? op->count - 1u < op->level - 1u : op->count, i;
	uint64_t wrong = 0;

	for (i = 0; i < ARRAY_COUNT(o->words); i++)
		wrong |= o->words[i] & form->zero.words[i];
	if (wrong || (op->access && !(op->access & EXO_READ)))
		return EXO_E_ARGUMENT;
	if (op->level < form->min_level || op->level > form->max_level
	    || (op->flags & EXO_OP_COMMON && op->level != 2))
		return EXO_E_TYPE;
	if (!run_fits(op->target, op_level(op, form), run)
	    || (form->uses & USES_SOURCE && !run_fits(op->source, op_level(op, form), op->count)))
		return EXO_E_RANGE;
	return EXO_OK;
}

/* Find the envs that an operation names, by the tree, and lock them instead of those that are: they
 * stay what they are as long as they are locked, for the operations after it too. */
static NOINLINE err_t op_lock_envs(struct batch *b, const struct exo_slot_op *op) UNCHECKED
{
	unsigned target, source;
	err_t err;

	env_unlock_pair(b->m, b->target_env, b->source_env);
	tree_lock(b->m);
	err = env_find(b->m, b->caller, op->target_env, false, &target);
	if (!err)
		err = env_find(b->m, b->caller, op->source_env, false, &source);
	if (!err) {
		b->target_handle = op->target_env;
		b->source_handle = op->source_env;
		b->target_env = target;
		b->source_env = source;
		b->account = b->m->envs[target].account;
	}
	env_lock_pair(b->m, b->target_env, b->source_env);
	tree_unlock(b->m);
	return err;
}

/* The run itself, in parts between which the clock is looked at. *i: how many slots are done. */
static ALWAYS_INLINE err_t op_run_slots(struct batch *b, const struct exo_slot_op *op,
					const struct form *form, unsigned *i)
{
	err_t err = EXO_OK;
	unsigned end = 0;

	while (end < op->count && !err) {
		unsigned n = b->budget >> form->cost_shift;

		if (n == 0) {
			flush_finish(b->m, b->c);
			point("batch_preempt");
			if (arch_clock(b->m) >= b->c->deadline)
				return EXO_E_AGAIN;
			b->budget = BATCH_BUDGET;
			continue;
		}
		n = n < op->count - end ? n : op->count - end;
		b->budget -= n << form->cost_shift;
		end += n;
		if (form->all)
			err = form->all(b, op, i, end);
		else
			while (*i < end && !(err = form->one(b, op, *i)))
				++*i;
	}
	return err;
}

static ALWAYS_INLINE err_t op_run_form(struct batch *b, const union op_words *o,
				       const struct form *form, unsigned *slots) UNCHECKED
{
	const struct exo_slot_op *op = &o->op;
	unsigned level = op_level(op, form), uses = form->uses;
	struct machine *m = b->m;
	bool is_common;
	err_t err;

	err = op_check(o, form);
	if (!err && !(op->target_env == b->target_handle && op->source_env == b->source_handle))
		err = op_lock_envs(b, op);
	if (!err)
		err = slot_find(m, m->envs[b->target_env].root, op->target, level, &b->target);
	b->source = b->target;
	if (!err && uses & USES_SOURCE
	    && !(op->source == op->target && b->source_env == b->target_env))
		err = slot_find(m, m->envs[b->source_env].root, op->source, level, &b->source);
	if (err)
		return err;
	if ((!b->target.is_open && !(uses & IS_FROZEN_OK))
	    || (form->one == branch_move && !b->source.is_open))
		return EXO_E_FROZEN;
	b->is_common = table_is_common(m, b->target.table);
	if (b->is_common && !(uses & IS_COMMON_OK))
		return EXO_E_TYPE;
	/* So only what takes nothing from a source changes a common table. */
	is_common = uses & USES_SOURCE ? table_is_common(m, b->source.table) : b->is_common;
	if (is_common)
		common_lock(m, b->source.table);
	b->used = 0;
	err = op_run_slots(b, op, form, slots);
	if (b->used || ((uses & USES_PAYLOAD || form->all == slot_copy) && *slots))
		table_use(m, b->target.table, b->used,
			  table_groups(slot_index(op->target, level), *slots));
	if (is_common)
		common_unlock(m, b->source.table);
	return err;
}

/* One operation, by code of its own for each kind: what its form says is known there. */
static err_t op_run(struct batch *b, const union op_words *o, unsigned *slots)
{
	*slots = 0;
	switch (o->op.op) {
#define SLOT_OP(number, NAME, handler, text) \
	case EXO_OP_##NAME: return op_run_form(b, o, &forms[EXO_OP_##NAME], slots);
#include "abi/slot_op.def"
#undef SLOT_OP
	default: return EXO_E_ARGUMENT;
	}
}

/* Nothing done yet, by the current vcpu on its own slots. */
static ALWAYS_INLINE struct batch batch_begin(struct machine *m, struct cpu *c)
{
	unsigned env = m->vcpus[c->current].env;

	return (struct batch){ .m = m, .c = c, .caller = env, .target_env = env, .source_env = env,
			       .account = m->envs[env].account, .budget = BATCH_BUDGET };
}

/* Operations that have been read. */
static NOINLINE err_t batch_run(struct machine *m, struct cpu *c, const union op_words *ops,
				uint64_t count, uint64_t *done) UNCHECKED
{
	struct batch b = batch_begin(m, c);
	err_t err = EXO_OK;
	unsigned slots = 0;
	uint64_t i;

	env_lock(m, b.caller);
	for (i = 0; i < count && !err; i++)
		err = op_run(&b, &ops[i], &slots);
	env_unlock_pair(m, b.target_env, b.source_env);
	flush_finish(m, c);
	*done = err ? (i - 1) << 32 | slots : count << 32;
	return err;
}

/* One, on one leaf of the caller's, by code where that and its form are known. */
static ALWAYS_INLINE err_t batch_run_one(struct batch b, union op_words o,
					 const struct form *form, uint64_t *done)
{
	unsigned slots = 0;
	err_t err;

	env_lock(b.m, b.caller);
	err = op_run_form(&b, &o, form, &slots);
	env_unlock(b.m, b.caller);
	flush_finish(b.m, b.c);
	*done = err ? slots : UINT64_C(1) << 32;
	return err;
}

/* The operation that registers describe, with level and count as `run` has them. */
static ALWAYS_INLINE union op_words op_words(const struct exo_regs *regs, uint32_t run)
{
	uint64_t word = EXO_REG_ARG0(regs);

	return (union op_words){ .words = {
		[0] = (word & UINT64_C(0x0fffffff000000ff)) | run, [1] = word >> 60,
		[3] = EXO_REG_ARG1(regs), [5] = EXO_REG_ARG2(regs),
		[6] = EXO_REG_ARG3(regs), [7] = EXO_REG_ARG4(regs),
	} };
}

err_t slots_run_one(struct machine *m, struct cpu *c, const struct exo_regs *regs, uint64_t *done)
{
	const uint32_t leaf = 1u << 8 | 1u << 16;
	uint32_t run = (uint32_t)EXO_REG_ARG0(regs) & ~0xffu;
	const union op_words one = op_words(regs, leaf);
	const struct batch b = batch_begin(m, c);
	union op_words any;

	switch (run == leaf ? one.op.op : EXO_OPS) {
	case EXO_OP_ALLOC: return batch_run_one(b, one, &forms[EXO_OP_ALLOC], done);
	case EXO_OP_DUP: return batch_run_one(b, one, &forms[EXO_OP_DUP], done);
	case EXO_OP_PROTECT: return batch_run_one(b, one, &forms[EXO_OP_PROTECT], done);
	default: any = op_words(regs, run);
	}
	return batch_run(m, c, &any, 1, done);
}

err_t slots_run(struct machine *m, struct cpu *c, uint64_t batch, uint64_t count, uint64_t *done)
{
	union op_words ops[EXO_BATCH_MAX];

	if (count > EXO_BATCH_MAX)
		return EXO_E_TOO_LONG;
	if (user_copy(m, m->vcpus[c->current].env, batch, ops, count * sizeof(*ops), false))
		return EXO_E_POINTER;
	return batch_run(m, c, ops, count, done);
}
