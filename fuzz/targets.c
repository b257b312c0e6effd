/* SPDX-License-Identifier: ISC */
/* The targets: what each does, and how an input is run. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/kinds.h"
#include "fuzz/schedule.h"

/* How often each kind stands here is how likely it is; abi_kinds: kinds.h. */
static const uint8_t slots_kinds[] = {
	EXO_CALL_SLOTS, EXO_CALL_SLOTS, EXO_CALL_SLOTS, EXO_CALL_SLOTS, EXO_CALL_SLOTS,
	EXO_CALL_SLOTS, EXO_CALL_SLOTS, EXO_CALL_SLOTS, FUZZ_LOAD, FUZZ_STORE, FUZZ_FETCH,
	EXO_CALL_ENV_CREATE, EXO_CALL_ENV_KILL, EXO_CALL_ENV_REAP,
};

static const uint8_t accounts_kinds[] = {
	EXO_CALL_ACCOUNT, EXO_CALL_ACCOUNT, EXO_CALL_ACCOUNT, EXO_CALL_ACCOUNT, EXO_CALL_SLOTS,
	EXO_CALL_SLOTS, EXO_CALL_SLOTS, EXO_CALL_ENV_CREATE, EXO_CALL_ENV_CREATE,
	EXO_CALL_ENV_KILL, EXO_CALL_ENV_REAP, EXO_CALL_VCPU_START, EXO_CALL_VCPU_STOP,
	EXO_CALL_SLICE_ALLOC, EXO_CALL_SLICE_FREE, FUZZ_ADVANCE, FUZZ_LOAD, FUZZ_STORE,
};

static const uint8_t wait_kinds[] = {
	EXO_CALL_WAIT, EXO_CALL_WAIT, EXO_CALL_WAIT, EXO_CALL_WAKE, EXO_CALL_WAKE,
	EXO_CALL_TIMER, EXO_CALL_TIMER, EXO_CALL_YIELD, EXO_CALL_YIELD, EXO_CALL_RESUME,
	EXO_CALL_RESUME, EXO_CALL_SLICE_ALLOC, EXO_CALL_SLICE_FREE, EXO_CALL_VCPU_START,
	EXO_CALL_VCPU_START, EXO_CALL_VCPU_STOP, EXO_CALL_ENV_KILL, EXO_CALL_ENV_REAP,
	EXO_CALL_CONSOLE_READ, EXO_CALL_SLOTS, EXO_CALL_SLOTS, FUZZ_STORE, FUZZ_ADVANCE,
	FUZZ_ADVANCE, FUZZ_INTERRUPT, FUZZ_INTERRUPT, FUZZ_TYPE, FUZZ_MEMORY, FUZZ_TRAP,
};

/* The corpus has the first ten from the time when there were no more. */
static const uint8_t schedules_kinds[] = {
	EXO_CALL_SLOTS, EXO_CALL_SLOTS, EXO_CALL_SLOTS, EXO_CALL_SLOTS, EXO_CALL_SLOTS,
	EXO_CALL_SLOTS, EXO_CALL_SLOTS, FUZZ_LOAD, FUZZ_STORE, EXO_CALL_ENV_CREATE,
	EXO_CALL_ENV_KILL, EXO_CALL_ENV_REAP, EXO_CALL_VCPU_START, EXO_CALL_VCPU_STOP,
	EXO_CALL_WAIT, EXO_CALL_WAKE, EXO_CALL_TIMER, EXO_CALL_YIELD, EXO_CALL_ACCOUNT,
	EXO_CALL_SLICE_ALLOC, EXO_CALL_SLICE_FREE, EXO_CALL_RESUME, FUZZ_ADVANCE,
	FUZZ_INTERRUPT,
};

#define RECORDS(name, is_concurrent)							\
	{ #name, name##_kinds, sizeof(name##_kinds), NULL, is_concurrent }

static const struct fuzz_target targets[] = {
	RECORDS(abi, false), RECORDS(slots, false), RECORDS(accounts, false), RECORDS(wait, false),
	RECORDS(schedules, true),
	{ "elf", NULL, 0, files_elf, false }, { "archive", NULL, 0, files_archive, false },
};

const struct fuzz_target *fuzz_target_find(const char *name)
{
	unsigned i;

	for (i = 0; i < ARRAY_COUNT(targets); i++)
		if (!strcmp(targets[i].name, name))
			return &targets[i];
	return NULL;
}

const struct fuzz_target *fuzz_target_at(unsigned number)
{
	return number < ARRAY_COUNT(targets) ? &targets[number] : NULL;
}

void fuzz_run(const struct fuzz_target *target, const uint8_t *data, size_t size, bool is_traced)
{
	struct fuzz_record records[FUZZ_RECORDS_MAX];
	struct fuzz_world *w;
	struct fuzz_step step;
	unsigned count, at = 0;

	if (target->run) {
		target->run(data, size, is_traced);
		return;
	}
	w = fuzz_world();
	count = size / sizeof(*records) < FUZZ_RECORDS_MAX ? (unsigned)(size / sizeof(*records))
		: FUZZ_RECORDS_MAX;
	if (count)
		memcpy(records, data, count * sizeof(*records));
	if (target->is_concurrent) {
		schedule_run(target, records, count, is_traced);
		return;
	}
	fuzz_reset(w);
	w->is_traced = is_traced;
	w->m->arch.is_tlb_shared = count % 2;
	while (at < count && !w->is_over) {
		memset(&step, 0, sizeof(step)); /* the memory too */
		fuzz_decode(w, target, records, count, &at, &step);
		fuzz_step(w, &step);
	}
	fuzz_finish(w);
}
