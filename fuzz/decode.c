/* SPDX-License-Identifier: ISC */
/*
 * From records to steps. A byte chooses among what makes sense; a flag in `where` lets a hostile
 * number through. Nothing is refused, so every input means something. Asks for handles and the
 * clock, changes nothing; runs on the host and in the guest.
 */
#include "fuzz/step.h"

#define FUZZ_VCPUS 8u /* that a byte names */
#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Four root slots with 4 x 8 pages each, the library's first pages, and places of the kernel's. */
uint64_t fuzz_address(uint8_t byte)
{
	static const uint64_t places[] = {
		EXO_INFO_BASE, EXO_INFO_BASE + EXO_SPAN(2),
		EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN,
		EXO_ROOT_RECURSIVE * (EXO_ROOT_SPAN + EXO_SPAN(2)),
		EXO_ROOT_USER * EXO_ROOT_SPAN, (EXO_TABLE_SLOTS - 1) * EXO_PAGE_SIZE,
		(EXO_TABLE_SLOTS - 1) * EXO_SPAN(2),
		EXO_ROOT_SPAN - EXO_PAGE_SIZE,
	};

	if (byte < 128)
		return (byte >> 5) * EXO_ROOT_SPAN + (byte >> 3 & 3) * EXO_SPAN(2)
			+ (byte & 7) * EXO_PAGE_SIZE;
	if (byte < 160)
		return EXO_LIBRARY_BASE + (byte & 31) * EXO_PAGE_SIZE;
	if (byte < 192)
		return places[byte % ARRAY_COUNT(places)];
	return (byte >> 3 & 3) * EXO_SPAN(2) + (byte & 7) * EXO_PAGE_SIZE;
}

static uint64_t decode_pointer(const struct fuzz_record *r, uint8_t byte)
{
	return r->where & FUZZ_FAR ? r->wild : fuzz_address(byte);
}

/* The caller, an env that there may be, or a wild number. */
static uint64_t decode_env(struct fuzz_world *w, const struct fuzz_record *r, uint8_t byte)
{
	unsigned index = byte % 8;

	if (index == 7)
		return r->wild;
	return index ? fuzz_ask_env(w, index) : 0;
}

static uint64_t decode_vcpu(struct fuzz_world *w, const struct fuzz_record *r, uint8_t byte)
{
	unsigned index = byte % (FUZZ_VCPUS + 2);

	if (index == FUZZ_VCPUS)
		return r->wild;
	return index < FUZZ_VCPUS ? fuzz_ask_vcpu(w, index) : 0;
}

static uint16_t decode_count(const struct fuzz_record *r, uint8_t byte)
{
	static const uint16_t counts[] = { 1, 1, 1, 1, 16, 2, 2, 3, 4, 8, EXO_TABLE_SLOTS - 1,
		EXO_TABLE_SLOTS };

	if (r->where & FUZZ_RAW)
		return (uint16_t)(r->wild >> 32);
	return counts[byte % ARRAY_COUNT(counts)];
}

/* What an operation does not use is left 0. */
static void decode_op_fields(struct fuzz_world *w, const struct fuzz_record *r, uint8_t more,
			     struct exo_slot_op *op)
{
	unsigned uses = 0xff;
	static const uint8_t used[EXO_OPS] = {
		[EXO_OP_ALLOC] = 4 | 8, [EXO_OP_DUP] = 1 | 4 | 16, [EXO_OP_TABLE] = 16 | 32,
		[EXO_OP_COPY] = 1 | 2 | 4 | 128, [EXO_OP_SHARE] = 1 | 2, [EXO_OP_UNSHARE] = 16,
		[EXO_OP_MOVE] = 1, [EXO_OP_PROTECT] = 4 | 64, [EXO_OP_CLEAR] = 8,
	};

	if (op->op < EXO_OPS && !(r->where & FUZZ_RAW))
		uses = used[op->op];
	if (!(uses & 1))
		op->source = op->source_env = 0;
	op->rights = uses & 2 ? more & EXO_RWX : 0;
	op->access = uses & 4 ? more >> 3 & EXO_RWX : 0;
	if (op->access && !(r->where & FUZZ_RAW))
		op->access |= EXO_READ;
	if (uses & 4 && more & 0x40)
		op->soft = op->soft_mask = r->wild & EXO_SOFT_MASK;
	if (uses & 8 && more & 0x80)
		op->argument = op->op == EXO_OP_ALLOC && !(r->where & FUZZ_RAW)
			? fuzz_ask_frame(w, r->wild) : r->wild;
	if (uses & 16 && more & 0x80)
		op->reserve = fuzz_address((uint8_t)r->wild);
	if (uses & 32 && more & 0x20 && op->level == 2)
		op->flags = EXO_OP_COMMON;
	else if (uses & 32 && more & 0x10)
		op->flags = EXO_OP_DOWN;
	if (uses & 64)
		op->flags = r->where >> 4 & (EXO_OP_MASK | EXO_OP_CLEAN);
	if (uses & 128 && !(uses & 64))
		op->flags = r->where >> 4 & EXO_OP_MASK;
}

static void decode_op(struct fuzz_world *w, const struct fuzz_record *r, struct exo_slot_op *op)
{
	static const uint8_t leaf_levels[] = { 1, 1, 1, 1, 1, 1, 1, 2 };
	static const uint8_t levels[] = { 2, 2, 2, EXO_LEVELS, EXO_LEVELS, 3, 1, EXO_LEVELS + 1 };
	bool is_leaf;

	*op = (struct exo_slot_op){ 0 };
	op->op = r->byte[0] % (EXO_OPS + 1);
	is_leaf = op->op == EXO_OP_ALLOC || op->op == EXO_OP_DUP || op->op == EXO_OP_COPY
		|| op->op == EXO_OP_PROTECT || (op->op >= EXO_OP_CLEAR && r->byte[0] & 0x40);
	op->level = (is_leaf ? leaf_levels : levels)[r->byte[1] % 8];
	op->count = decode_count(r, r->byte[1] >> 3);
	op->target = decode_pointer(r, r->byte[2]);
	op->source = fuzz_address(r->byte[3]);
	op->target_env = decode_env(w, r, r->byte[4]);
	op->source_env = decode_env(w, r, r->byte[4] >> 3);
	decode_op_fields(w, r, r->byte[5], op);
}

/* Operations that follow each other are one batch. */
static void decode_slots(struct fuzz_world *w, const struct fuzz_target *target,
			 const struct fuzz_record *records, unsigned count, unsigned *at,
			 struct fuzz_step *step)
{
	const struct fuzz_record *r = &records[*at - 1];
	struct exo_slot_op *op = step->memory.ops;

	decode_op(w, r, op);
	step->ops_count = 1;
	step->is_in_registers = r->where & FUZZ_REGISTERS && !op->target_env && !op->source_env;
	if (step->is_in_registers) {
		step->number = EXO_CALL_SLOT;
		step->argument[0] = exo_slot_word(op->op, op->level, op->count, op->flags,
						  op->rights, op->access)
			| exo_slot_word_soft(op->soft, op->soft_mask);
		step->argument[1] = op->target;
		step->argument[2] = op->source;
		step->argument[3] = op->argument;
		step->argument[4] = op->reserve;
		return;
	}
	while (*at < count && step->ops_count < FUZZ_BATCH && records[*at].where & FUZZ_JOINED
	       && target->kinds[records[*at].kind % target->kinds_count] == EXO_CALL_SLOTS)
		decode_op(w, &records[(*at)++], &step->memory.ops[step->ops_count++]);
	step->memory_bytes = step->ops_count * (unsigned)sizeof(*op);
	step->argument[0] = step->memory_at;
	step->argument[1] = step->ops_count;
}

static void decode_start(struct fuzz_world *w, const struct fuzz_record *r, struct fuzz_step *step)
{
	const struct fuzz_facts *facts = fuzz_ask_facts(w);
	uint64_t page = fuzz_address(r->byte[1]);

	step->argument[0] = decode_env(w, r, r->byte[0]);
	step->argument[1] = step->memory_at;
	step->memory_bytes = sizeof(step->memory.start);
	step->memory.start = (struct exo_vcpu_start){ .page = page,
		.entry = r->where & FUZZ_RAW ? r->wild : facts->entry,
		.stack = r->where & FUZZ_FAR ? r->wild : page + 3 * EXO_PAGE_SIZE,
		.upcall_entry = r->byte[2] & 1 ? 0 : facts->upcall_entry,
		.stack_base = page + EXO_PAGE_SIZE, .stack_top = page + 3 * EXO_PAGE_SIZE,
		.masked = r->byte[2] >> 1 & 1 };
}

static void decode_create(const struct fuzz_record *r, struct fuzz_step *step)
{
	uint64_t *limit = step->memory.limits.limit;

	if (!(r->byte[0] & 1))
		return;
	step->argument[0] = step->memory_at;
	step->memory_bytes = sizeof(step->memory.limits);
	limit[EXO_RESOURCE_FRAMES] = r->where & FUZZ_RAW ? r->wild : r->byte[1] % 32;
	limit[EXO_RESOURCE_SLICES] = r->byte[2] % 4;
	limit[EXO_RESOURCE_ENVS] = r->byte[3] % 4;
	limit[EXO_RESOURCE_VCPUS] = r->byte[4] % 4;
}

/* The frame that the last upcall pushed, or one made here. */
static void decode_resume(struct fuzz_world *w, const struct fuzz_record *r,
			  struct fuzz_step *step)
{
	step->argument[0] = r->where & FUZZ_FAR ? r->wild : fuzz_ask_upcall(w, step->cpu);
	if (!(r->byte[0] & 1))
		return;
	step->argument[0] = step->memory_at;
	step->memory_bytes = sizeof(step->memory.frame);
	step->memory.frame.masked = r->byte[1] % 4 ? r->byte[1] & 1 : r->wild;
	step->memory.frame.regs = *fuzz_ask_regs(w, step->cpu);
	EXO_REG_SP(&step->memory.frame.regs) = decode_pointer(r, r->byte[2]);
}

/* A word and what to expect there. */
static void decode_word(const struct fuzz_record *r, struct fuzz_step *step)
{
	bool is_wait = step->kind == EXO_CALL_WAIT;

	step->argument[0] = decode_pointer(r, r->byte[0]) + (r->byte[1] & 7u) * 4;
	if (r->byte[1] & 0x80)
		step->argument[0] = EXO_INFO_PAGE + offsetof(struct exo_info, console_in);
	if (r->where & FUZZ_RAW)
		step->argument[0]++;
	step->argument[1] = is_wait ? r->byte[3] & 1 ? r->wild : 0 : r->byte[3] % 4;
	step->argument[2] = r->byte[2] & (is_wait ? 3 : 1);
	if (r->byte[2] & 0x80)
		step->argument[2] = r->wild;
}

static void decode_account(struct fuzz_world *w, const struct fuzz_record *r,
			   struct fuzz_step *step)
{
	step->argument[0] = r->byte[0] % (EXO_ACCOUNT_REPOSSESS + 2);
	step->argument[1] = decode_env(w, r, r->byte[1]);
	step->argument[2] = r->byte[2] % 4 ? EXO_RESOURCE_FRAMES : r->byte[2] / 4 % 8;
	step->argument[3] = r->where & FUZZ_RAW ? r->wild : r->byte[3] % 32;
	step->argument[4] = r->byte[4] & 1 ? r->wild : fuzz_ask_clock(w) + r->byte[4];
}

static void decode_call(struct fuzz_world *w, const struct fuzz_record *r, struct fuzz_step *step)
{
	const uint8_t *byte = r->byte;

	switch ((unsigned)step->kind) {
	case EXO_CALL_ENV_CREATE:
		decode_create(r, step);
		break;
	case EXO_CALL_ENV_KILL:
		step->argument[1] = r->where & FUZZ_RAW ? r->wild : byte[1];
		step->argument[0] = decode_env(w, r, byte[0]);
		/* The end of the first env is the end of all: not too often. */
		if (!step->argument[0] && byte[0] != 0xf8)
			step->argument[0] = fuzz_ask_env(w, 1);
		break;
	case EXO_CALL_ENV_REAP:
		step->argument[0] = decode_env(w, r, byte[0]);
		break;
	case EXO_CALL_VCPU_START:
		decode_start(w, r, step);
		break;
	case EXO_CALL_VCPU_STOP:
	case EXO_CALL_YIELD:
		step->argument[0] = decode_vcpu(w, r, byte[0]);
		break;
	case EXO_CALL_RESUME:
		decode_resume(w, r, step);
		break;
	case EXO_CALL_TIMER:
		step->argument[0] = byte[0] & 1 ? r->wild
			: fuzz_ask_clock(w) + byte[1] * fuzz_ask_facts(w)->quantum_units;
		break;
	case EXO_CALL_SLICE_ALLOC:
		step->argument[0] = decode_vcpu(w, r, byte[0]);
		step->argument[1] = byte[1] % 4;
		step->argument[2] = byte[2] & 1 ? EXO_SLICE_ANY : byte[2] / 2;
		break;
	case EXO_CALL_SLICE_FREE:
		step->argument[0] = byte[0] % 4;
		step->argument[1] = r->where & FUZZ_RAW ? r->wild : byte[1] % 8;
		break;
	case EXO_CALL_WAIT:
	case EXO_CALL_WAKE:
		decode_word(r, step);
		break;
	case EXO_CALL_ACCOUNT:
		decode_account(w, r, step);
		break;
	case EXO_CALL_CONSOLE_WRITE:
	case EXO_CALL_CONSOLE_READ:
		step->argument[0] = decode_pointer(r, byte[0]) + byte[1];
		step->argument[1] = r->where & FUZZ_RAW ? r->wild : byte[2];
		break;
	default:
		break;
	}
}

/* What is no call of the exokernel's. */
static void decode_other(struct fuzz_world *w, const struct fuzz_record *r, struct fuzz_step *step)
{
	unsigned i;

	step->argument[0] = decode_pointer(r, r->byte[0]) + (r->byte[1] & 0x1fu) * 8;
	step->argument[1] = r->wild;
	step->argument[2] = r->byte[2];
	if (step->kind == FUZZ_ADVANCE)
		step->argument[0] = r->where & FUZZ_FAR ? r->wild >> 24
			: r->byte[0] * fuzz_ask_facts(w)->quantum_units
			+ r->byte[1] * fuzz_ask_facts(w)->slice_units / 16;
	if (step->kind == FUZZ_FOREIGN)
		step->number = r->wild;
	if (step->kind != FUZZ_ANY_CALL)
		return;
	step->number = r->byte[0] & 0x80 ? r->wild : EXO_CALL_PREFIX | r->byte[0];
	for (i = 0; i < 5; i++)
		step->argument[i] = r->byte[1 + i] < 16 ? r->byte[1 + i]
			: r->byte[1 + i] < 240 ? fuzz_address(r->byte[1 + i]) : r->wild;
}

void fuzz_decode(struct fuzz_world *w, const struct fuzz_target *target,
		 const struct fuzz_record *records, unsigned count, unsigned *at,
		 struct fuzz_step *step)
{
	const struct fuzz_record *r = &records[(*at)++];

	step->kind = target->kinds[r->kind % target->kinds_count];
	step->cpu = r->where & FUZZ_CPU && fuzz_ask_facts(w)->cpus > 1;
	step->number = EXO_CALL_PREFIX | (uint64_t)step->kind;
	step->memory_at = r->where & FUZZ_FAR && r->where & FUZZ_RAW ? r->wild : FUZZ_MEMORY_AT;
	if (fuzz_ask_parked(w, step->cpu))
		return;
	if (step->kind == EXO_CALL_SLOTS)
		decode_slots(w, target, records, count, at, step);
	else if (step->kind < (enum fuzz_kind)EXO_CALLS)
		decode_call(w, r, step);
	else
		decode_other(w, r, step);
	if (step->is_in_registers)
		step->number |= EXO_CALL_PREFIX;
}
