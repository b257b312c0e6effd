/* SPDX-License-Identifier: ISC */
/* What a call's result means to the reference model, on the host and in the guest. Touches the
 * model alone. */
#include "fuzz/follow.h"

#include <string.h>

#include "exo/base.h"

static unsigned follow_env(uint64_t handle, unsigned caller)
{
	return handle ? (unsigned)(handle & 0xffff) : caller;
}

void model_slots(struct model *d, const struct exo_slot_op *ops, unsigned count, unsigned caller,
		 int64_t error, uint64_t value)
{
	unsigned done = EXO_DONE_OPS(value), i;

	for (i = 0; i < count && i <= done; i++) {
		unsigned target = follow_env(ops[i].target_env, caller);
		unsigned source = follow_env(ops[i].source_env, caller);

		if (target >= EXO_ENVS || source >= EXO_ENVS)
			return;
		model_operation(d, &ops[i], caller, target, source,
				i < done ? ops[i].count : EXO_DONE_SLOTS(value),
				i < done ? 0 : error);
	}
}

void model_call(struct model *d, const struct fuzz_step *step, unsigned caller, int64_t error,
		uint64_t call, uint64_t page)
{
	const uint64_t *argument = step->argument;
	unsigned i;

	if (call == EXO_CALL_VCPU_START && !error)
		model_add(d, follow_env(argument[0], caller), page,
			  EXO_READ | EXO_WRITE, EXO_READ | EXO_WRITE, NULL, true);
	if (call == EXO_CALL_ACCOUNT && argument[0] == EXO_ACCOUNT_REPOSSESS
	    && (!error || error == EXO_E_AGAIN))
		model_doubt_all(d);
	for (i = 0; call == EXO_CALL_CONSOLE_READ && i <= 256; i += EXO_PAGE_SIZE)
		if (model_look(d, caller, argument[0] + i).access & EXO_WRITE)
			model_loosen(d, caller, argument[0] + i);
}

void model_unanswered(struct model *d, const struct fuzz_step *step, unsigned caller, uint64_t call)
{
	d->is_lost |= call == EXO_CALL_SLOTS || call == EXO_CALL_SLOT
		|| call == EXO_CALL_VCPU_START;
	model_call(d, step, caller, EXO_E_AGAIN, call, 0);
}

static const char *compare_page(struct model *d, unsigned env, uint64_t address,
				model_reach *reach, void *context)
{
	struct model_view view = model_look(d, env, address);
	const void *bytes = reach(context, address, EXO_READ);

	if (bytes && !(view.object && view.access & EXO_READ))
		return "something can be read that must not";
	if (!bytes && view.object && view.access & EXO_READ && !view.is_maybe)
		return "something is gone";
	if (!bytes)
		return NULL;
	if (!view.object->is_loose && memcmp(bytes, view.object->bytes, EXO_PAGE_SIZE) != 0)
		return "bytes are not those that were written";
	if (!(view.access & EXO_WRITE) && reach(context, address, EXO_WRITE))
		return "something can be written that must not";
	if (!(view.access & EXO_EXEC) && reach(context, address, EXO_EXEC))
		return "something can be executed that must not";
	return NULL;
}

const char *model_compare(struct model *d, unsigned env, model_reach *reach, void *context,
			  uint64_t *where)
{
	const char *wrong = NULL;
	uint32_t i, j;

	for (i = 0; i < d->pages_count && !wrong; i++)
		if (d->pages[i].space == env)
			wrong = compare_page(d, env, *where = d->pages[i].address, reach, context);
	for (j = 0; j < d->regions_count; j++)
		for (i = 0; d->regions[j].space == env && i < d->pages_count && !wrong; i++)
			if (d->pages[i].space == d->regions[j].shared)
				wrong = compare_page(d, env, *where = d->regions[j].address
						     + d->pages[i].address, reach, context);
	for (i = 0; i < 128 && !wrong; i++) {
		*where = fuzz_address((uint8_t)i);
		if (reach(context, *where, EXO_READ))
			wrong = compare_page(d, env, *where, reach, context);
	}
	return wrong;
}
