/* SPDX-License-Identifier: ISC */
/* Calls that several scopes have: what can be done to a leaf, to a branch, to a child. Holds
 * nothing. */
#include "fuzz/explore.h"

static void calls_op(struct explore *x, struct exo_slot_op op)
{
	explore_add(x, (struct explore_call){ .kind = EXPLORE_SLOTS, .count = 1, .ops = { op } });
}

void explore_leaf(struct explore *x, unsigned env, unsigned index, bool is_copied)
{
	struct exo_slot_op op = { .op = EXO_OP_CLEAR, .level = 1, .count = 1, .target_env = env,
		.target = index * EXO_PAGE_SIZE };

	calls_op(x, op);
	op.op = EXO_OP_ALLOC;
	op.access = 3;
	calls_op(x, op);
	op.op = EXO_OP_PROTECT;
	calls_op(x, op);
	op.access = 1;
	calls_op(x, op);
	op.op = EXO_OP_DUP;
	op.source_env = env;
	op.source = op.target;
	op.access = 3;
	calls_op(x, op);
	if (!is_copied)
		return;
	op.op = EXO_OP_COPY;
	op.rights = 7;
	op.source = !index * EXO_PAGE_SIZE;
	calls_op(x, op);
	op.source_env = !env;
	op.rights = 1;
	calls_op(x, op);
	op.rights = 7;
	op.flags = EXO_OP_MASK;
	calls_op(x, op);
}

void explore_branch(struct explore *x, unsigned env, unsigned level)
{
	struct exo_slot_op op = { .op = EXO_OP_TABLE, .level = (uint8_t)level, .count = 1,
		.target_env = env };

	calls_op(x, op);
	if (level == EXO_LEVELS && level > 2) {
		op.flags = EXO_OP_DOWN;
		op.count = EXO_LEVELS - 1;
		calls_op(x, op);
		op.flags = 0;
		op.count = 1;
	}
	op.op = EXO_OP_CLEAR;
	calls_op(x, op);
	op.op = EXO_OP_UNSHARE;
	calls_op(x, op);
	op.op = EXO_OP_MOVE;
	op.source_env = !env;
	calls_op(x, op);
	op.op = EXO_OP_SHARE;
	op.rights = 7;
	calls_op(x, op);
	op.rights = 1;
	calls_op(x, op);
}

/* The second slot of a level below the root. */
void explore_branch_beside(struct explore *x, unsigned env, unsigned level)
{
	struct exo_slot_op op = { .op = EXO_OP_SHARE, .level = (uint8_t)level, .count = 1,
		.target_env = env, .source_env = env, .target = EXO_SPAN(level), .rights = 1 };

	calls_op(x, op);
	op.op = EXO_OP_UNSHARE;
	op.source_env = op.rights = 0;
	calls_op(x, op);
	op.op = EXO_OP_CLEAR;
	calls_op(x, op);
}

void explore_child(struct explore *x, bool is_own)
{
	explore_add(x, (struct explore_call){ .kind = EXPLORE_CREATE, .number = is_own });
	explore_add(x, (struct explore_call){ .kind = EXPLORE_KILL });
	explore_add(x, (struct explore_call){ .kind = EXPLORE_REAP });
}

void explore_accounts(struct explore *x)
{
	unsigned n;

	explore_add(x, (struct explore_call){ .kind = EXPLORE_GRANT });
	explore_add(x, (struct explore_call){ .kind = EXPLORE_RETURN });
	for (n = 1; n <= 3; n++)
		explore_add(x, (struct explore_call){ .kind = EXPLORE_ASK, .number = n });
	explore_add(x, (struct explore_call){ .kind = EXPLORE_TAKE });
	explore_add(x, (struct explore_call){ .kind = EXPLORE_TAKE, .number = 1,
		.is_wild = true });
}

void explore_wild(struct explore *x)
{
	static const struct exo_slot_op wild[] = {
		{ .op = EXO_OP_ALLOC, .level = 1, .count = 1, .argument = UINT64_MAX },
		{ .op = EXO_OP_ALLOC, .level = 1, .count = EXO_TABLE_SLOTS + 1 },
		{ .op = EXO_OP_TABLE, .level = EXO_LEVELS, .count = EXO_LEVELS,
		  .flags = EXO_OP_DOWN },
		{ .op = EXO_OP_CLEAR, .level = EXO_LEVELS, .count = 1,
		  .target = EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN },
		{ .op = EXO_OP_CLEAR, .level = 1, .count = 1,
		  .target = EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN },
		{ .op = EXO_OP_SHARE, .level = EXO_LEVELS, .count = 1, .target_env = 1,
		  .source = EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN, .rights = 7 },
		{ .op = EXO_OP_UNSHARE, .level = EXO_LEVELS, .count = 1, .target_env = 1,
		  .target = EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN },
		{ .op = EXO_OP_COPY, .level = 1, .count = 1, .rights = 7, .access = 7,
		  .source = EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN },
	};
	struct explore_call call = { .kind = EXPLORE_SLOTS, .count = 1, .is_wild = true };
	unsigned i;

	for (i = 0; i < ARRAY_COUNT(wild); i++) {
		call.ops[0] = wild[i];
		explore_add(x, call);
	}
}
