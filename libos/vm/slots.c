/* SPDX-License-Identifier: ISC */
/* Slots: reads through the recursive view, batches. Touches only the view and the caller's
 * batch. */
#include "libos/vm/slots.h"

/* Go on after the first `slots` slots of an operation. */
static void slots_advance(struct exo_slot_op *op, uint32_t slots)
{
	uint64_t bytes = slots * EXO_SPAN(op->level);

	op->count = (uint16_t)(op->count - slots);
	if (op->op == EXO_OP_TABLE && op->flags & EXO_OP_DOWN) {
		op->level = (uint8_t)(op->level - slots);
		return;
	}
	op->target += bytes;
	if (op->op == EXO_OP_DUP || op->op == EXO_OP_COPY || op->op == EXO_OP_SHARE
	    || op->op == EXO_OP_MOVE)
		op->source += bytes;
	if (op->op == EXO_OP_ALLOC && op->argument)
		op->argument += slots;
}

/* One operation on our own slots goes in registers. */
static struct exo_result slots_call(const struct exo_slot_op *ops, unsigned count)
{
	uint64_t word;

	if (count > 1 || (ops->target_env | ops->source_env))
		return exo_call(EXO_CALL_SLOTS, (uint64_t)ops, count, 0, 0, 0);
	__builtin_memcpy(&word, ops, sizeof(word));
	return exo_call(EXO_CALL_SLOT, word | exo_slot_word_soft(0, ops->soft_mask), ops->target,
			ops->source, ops->argument, ops->reserve);
}

err_t slots_run(struct exo_slot_op *ops, unsigned count, unsigned *done)
{
	unsigned first = 0;

	while (first < count) {
		unsigned batch = count - first > EXO_BATCH_MAX ? EXO_BATCH_MAX : count - first;
		struct exo_result r = slots_call(ops + first, batch);

		if (r.value >= 0) {
			first += batch;
			continue;
		}
		first += EXO_DONE_OPS(r.second);
		if (r.value != EXO_E_AGAIN) {
			if (done)
				*done = first;
			return (err_t)r.value;
		}
		slots_advance(&ops[first], EXO_DONE_SLOTS(r.second));
	}
	if (done)
		*done = first;
	return EXO_OK;
}

unsigned slots_level(uint64_t address, unsigned level, uint64_t *slot)
{
	unsigned l;

	for (l = EXO_LEVELS; l > level; l--) {
		*slot = slots_view(address, l);
		if (!slot_is_present(*slot))
			return l;
	}
	*slot = slots_view(address, level);
	return level;
}

bool slots_read(uint64_t address, unsigned level, uint64_t *slot)
{
	return slots_level(address, level, slot) == level;
}

unsigned slots_unshare(struct exo_slot_op *ops, uint64_t address, unsigned level)
{
	unsigned n = 0, l;

	for (l = EXO_LEVELS; l > level; l--) {
		uint64_t slot = slots_view(address, l);

		if (!slot_is_present(slot))
			break;
		/* Below an unshared table every branch has lost write access. */
		if (n || !slot_is_writable(slot))
			ops[n++] = (struct exo_slot_op){
				.op = EXO_OP_UNSHARE, .level = (uint8_t)l, .count = 1,
				.target = address,
			};
	}
	return n;
}

unsigned slots_path_ops(struct exo_slot_op *ops, uint64_t address, unsigned level)
{
	bool is_missing = false;
	unsigned n = 0, l;

	for (l = EXO_LEVELS; l > level; l--) {
		uint64_t slot = is_missing ? 0 : slots_view(address, l);

		is_missing = !slot_is_present(slot);
		/* Below an unshared table every branch has lost write access. */
		if (is_missing || n || !slot_is_writable(slot))
			ops[n++] = (struct exo_slot_op){
				.op = is_missing ? EXO_OP_TABLE : EXO_OP_UNSHARE,
				.level = (uint8_t)l, .count = 1, .target = address,
			};
	}
	return n;
}

err_t slots_path(uint64_t address, unsigned level)
{
	struct exo_slot_op ops[2 * EXO_LEVELS];
	unsigned n = slots_path_ops(ops, address, level);

	return n ? slots_run(ops, n, NULL) : EXO_OK;
}

err_t slots_fill(uint64_t address, uint64_t end)
{
	struct exo_slot_op ops[2 * EXO_LEVELS + 1];
	err_t err = EXO_OK;
	uint64_t slot;
	unsigned n;

	for (; address < end && err == EXO_OK; address += EXO_PAGE_SIZE) {
		if (slots_read(address, 1, &slot) && slot_is_present(slot))
			continue;
		n = slots_path_ops(ops, address, 1);
		ops[n++] = (struct exo_slot_op){
			.op = EXO_OP_ALLOC, .level = 1, .count = 1, .target = address,
			.access = EXO_READ | EXO_WRITE,
		};
		err = slots_run(ops, n, NULL);
		if (err == EXO_E_USED) /* another process of the family was first */
			err = EXO_OK;
	}
	return err;
}
