/* SPDX-License-Identifier: ISC */
/* Whatever the operation: every malformed, misplaced or foreign one is refused with its own error
 * and changes nothing. The same table of mistakes is applied to a good example of each. */
#include "tests/host/lab.h"

#include <string.h>

#define T EXO_ROOT_SPAN
#define P(n) (T + (n) * EXO_PAGE_SIZE)
#define L2(n) (2 * T + (n) * EXO_SPAN(2))

enum { SOURCE = 1, FROZEN_OK = 2, ACCESS = 4, RIGHTS = 8, ARGUMENT = 16, RESERVE = 32,
       COMMON_OK = 64 };

/* A good example of each operation, in the state that prepare() makes. */
static const struct {
	struct exo_slot_op op;
	unsigned flags;
	unsigned traits;
} examples[] = {
	{ { .op = EXO_OP_ALLOC, .level = 1, .count = 1, .target = P(20), .access = 1 }, 0,
	  ACCESS | ARGUMENT | COMMON_OK },
	{ { .op = EXO_OP_DUP, .level = 1, .count = 1, .target = P(20), .source = P(1),
	    .access = 1 }, 0, SOURCE | ACCESS | RESERVE },
	{ { .op = EXO_OP_TABLE, .level = 2, .count = 1, .target = L2(20) },
	  EXO_OP_COMMON | EXO_OP_DOWN, RESERVE },
	{ { .op = EXO_OP_COPY, .level = 1, .count = 1, .target = P(20), .source = P(1),
	    .access = 1, .rights = 1 }, EXO_OP_MASK, SOURCE | ACCESS | RIGHTS },
	{ { .op = EXO_OP_SHARE, .level = 2, .count = 1, .target = L2(20), .source = L2(1),
	    .rights = 7 }, 0, SOURCE | RIGHTS },
	{ { .op = EXO_OP_UNSHARE, .level = 2, .count = 1, .target = L2(2) }, 0, RESERVE },
	{ { .op = EXO_OP_MOVE, .level = 2, .count = 1, .target = L2(20), .source = L2(3) }, 0,
	  SOURCE },
	{ { .op = EXO_OP_PROTECT, .level = 1, .count = 1, .target = P(1), .access = 1 },
	  EXO_OP_MASK | EXO_OP_CLEAN, ACCESS | COMMON_OK },
	{ { .op = EXO_OP_CLEAR, .level = 1, .count = 1, .target = P(2), .argument = 9 }, 0,
	  ARGUMENT | COMMON_OK },
	{ { .op = EXO_OP_CLAIM, .level = 1, .count = 1, .target = P(1) }, 0,
	  FROZEN_OK | COMMON_OK },
};

static uint64_t foreign, dead;

static void prepare(struct lab *l)
{
	unsigned i;

	lab_map(l, 0, T, 4);
	lab_map(l, 0, 2 * T, 0);
	for (i = 1; i < 4; i++)
		lab_map(l, 0, L2(i), 1);
	lab_op(l, OP(SHARE, 2, L2(9), 1, .source = L2(2), .rights = 7));
	dead = lab_child(l, 0);
	lab_call(l, EXO_CALL_ENV_KILL, dead, 0, 0, 0, 0);
	foreign = lab_child(l, 0) + (UINT64_C(1) << 16);
}

static void refuse(struct lab *l, struct exo_slot_op op, int64_t error, const char *what)
{
	static const char *const names[] = {
#define SLOT_OP(number, NAME, handler, text) [number] = #NAME,
#include "abi/slot_op.def"
#undef SLOT_OP
	};

	lab_refuses(l, op, error, "%s: %s", names[op.op], what);
}

static void check_form(struct lab *l, struct exo_slot_op good, unsigned flags, unsigned traits)
{
	struct exo_slot_op op;
	unsigned i;

	for (i = 0; i < sizeof(op.zero); i++) {
		op = good;
		op.zero[i] = 1;
		refuse(l, op, EXO_E_ARGUMENT, "a reserved byte");
	}
	for (i = 1; i < 256; i <<= 1) {
		op = good;
		op.flags = (uint8_t)i;
		if (!(flags & i))
			refuse(l, op, EXO_E_ARGUMENT, "a flag that it does not have");
	}
	op = good;
	op.rights = traits & RIGHTS ? 8 : 1;
	refuse(l, op, EXO_E_ARGUMENT, "rights that there are not");
	op = good;
	op.access = traits & ACCESS ? 8 : 1;
	refuse(l, op, EXO_E_ARGUMENT, "access that there is not");
	op = good;
	op.access = EXO_WRITE;
	refuse(l, op, EXO_E_ARGUMENT, "writing without reading");
	op = good;
	op.soft = traits & ACCESS ? 16 : 1;
	refuse(l, op, EXO_E_ARGUMENT, "a fifth soft bit");
	op = good;
	op.soft_mask = traits & ACCESS ? 16 : 1;
	refuse(l, op, EXO_E_ARGUMENT, "a fifth bit of the soft mask");
	op = good;
	op.argument = 1;
	if (!(traits & ARGUMENT))
		refuse(l, op, EXO_E_ARGUMENT, "an argument that it does not take");
	op = good;
	op.reserve = P(3);
	if (!(traits & RESERVE))
		refuse(l, op, EXO_E_ARGUMENT, "a reserve that it does not take");
	op = good;
	op.source = 1;
	if (!(traits & SOURCE))
		refuse(l, op, EXO_E_ARGUMENT, "a source that it does not take");
	op = good;
	op.source_env = 1;
	if (!(traits & SOURCE))
		refuse(l, op, EXO_E_ARGUMENT, "a source env that it does not take");
}

static void check_place(struct lab *l, struct exo_slot_op good, unsigned traits)
{
	static const uint64_t outside[] = { EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN,
		(EXO_ROOT_RECURSIVE + 1) * EXO_ROOT_SPAN - 1, EXO_ROOT_USER * EXO_ROOT_SPAN,
		UINT64_C(0xffff800000000000), UINT64_MAX };
	struct exo_slot_op op = good;
	unsigned i;

	op.level = 0;
	refuse(l, op, EXO_E_TYPE, "level 0");
	op.level = EXO_LEVELS + 1;
	refuse(l, op, EXO_E_TYPE, "a level above the root");
	op.level = 255;
	refuse(l, op, EXO_E_TYPE, "level 255");
	op = good;
	op.count = 0;
	refuse(l, op, EXO_E_RANGE, "no slots");
	op.count = EXO_TABLE_SLOTS + 1;
	refuse(l, op, EXO_E_RANGE, "more slots than a table has");
	op.count = UINT16_MAX;
	refuse(l, op, EXO_E_RANGE, "the most slots there can be");
	for (i = 0; i < ARRAY_COUNT(outside); i++) {
		op = good;
		op.target = outside[i];
		refuse(l, op, EXO_E_RANGE, "a target that is not the program's");
		op = good;
		op.source = outside[i];
		if (traits & SOURCE)
			refuse(l, op, EXO_E_RANGE, "a source that is not the program's");
	}
	op = good;
	op.target = 7 * T;
	refuse(l, op, EXO_E_NO_TABLE, "a target without a table");
	op = good;
	op.source = 7 * T;
	if (traits & SOURCE)
		refuse(l, op, EXO_E_NO_TABLE, "a source without a table");
}

static void check_env(struct lab *l, struct exo_slot_op good, unsigned traits)
{
	const uint64_t bad[] = { foreign, dead, l->env + 3, UINT64_MAX, 1, 0xffff };
	struct exo_slot_op op;
	unsigned i;

	for (i = 0; i < ARRAY_COUNT(bad); i++) {
		op = good;
		op.target_env = bad[i];
		refuse(l, op, EXO_E_ENV, "a target env that is not the caller's");
		op = good;
		op.source_env = bad[i];
		if (traits & SOURCE)
			refuse(l, op, EXO_E_ENV, "a source env that is not the caller's");
	}
}

static void check_kinds(struct lab *l)
{
	struct exo_slot_op op = { .level = 1, .count = 1, .target = P(20) };
	unsigned kind;

	for (kind = EXO_OPS; kind < 256; kind += 61) {
		op.op = (uint8_t)kind;
		lab_refuses(l, op, EXO_E_ARGUMENT, "operation %u, which there is not", kind);
	}
}

/* Last, since it changes things: the examples are good indeed. */
static void check_good(struct lab *l)
{
	unsigned i;

	for (i = 0; i < ARRAY_COUNT(examples); i++) {
		lab_does(l, examples[i].op, "example %u succeeds", i);
		if (examples[i].op.target == P(20) || examples[i].op.target == L2(20))
			lab_op(l, OP(CLEAR, examples[i].op.level, examples[i].op.target, 1));
	}
}

int main(void)
{
	struct lab *l = lab_open(256, 1);
	unsigned i;

	prepare(l);
	for (i = 0; i < ARRAY_COUNT(examples); i++) {
		check_form(l, examples[i].op, examples[i].flags, examples[i].traits);
		check_place(l, examples[i].op, examples[i].traits);
		check_env(l, examples[i].op, examples[i].traits);
	}
	check_kinds(l);
	check_good(l);
	lab_close(l);
	return tap_done("tests/host/slot_op_form.tap");
}
