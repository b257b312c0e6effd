/* SPDX-License-Identifier: ISC */
/* Slots: reads through the recursive view, batches. Touches only the view and the caller's
 * batch. */
#include "libos/vm/slots.h"

#include <machine/call.h>

/* Go on after the first `slots` slots of an operation. */
static void slots_advance(struct exo_slot_op *op, uint32_t slots)
{
	uint64_t bytes = slots * EXO_SPAN(op->level);

	op->target += bytes;
	op->count = (uint16_t)(op->count - slots);
	if (op->op == EXO_OP_DUP || op->op == EXO_OP_COPY || op->op == EXO_OP_SHARE
	    || op->op == EXO_OP_MOVE)
		op->source += bytes;
	if (op->op == EXO_OP_ALLOC && op->argument)
		op->argument += slots;
}

err_t slots_run(struct exo_slot_op *ops, unsigned count, unsigned *done)
{
	unsigned first = 0;

	while (first < count) {
		unsigned batch = count - first > EXO_BATCH_MAX ? EXO_BATCH_MAX : count - first;
		struct exo_result r = exo_call(EXO_CALL_SLOTS, (uint64_t)(ops + first), batch, 0,
					       0, 0);

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

static uint64_t slots_view(uint64_t address, unsigned level)
{
	return *(volatile uint64_t *)exo_slot_address(address, level);
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
	unsigned n = slots_unshare(ops, address, level), l;
	uint64_t slot;

	for (l = slots_level(address, level, &slot); l > level; l--)
		ops[n++] = (struct exo_slot_op){
			.op = EXO_OP_TABLE, .level = (uint8_t)l, .count = 1, .target = address,
		};
	return n;
}

err_t slots_path(uint64_t address, unsigned level)
{
	struct exo_slot_op ops[2 * EXO_LEVELS];
	unsigned n = slots_path_ops(ops, address, level);

	return n ? slots_run(ops, n, NULL) : EXO_OK;
}
