/* SPDX-License-Identifier: ISC */
/* The reference model (model/model.h) follows what the kernel answered, and is compared with what
 * an env can reach. */
#ifndef FUZZ_FOLLOW_H
#define FUZZ_FOLLOW_H

#include "fuzz/model/model.h"
#include "fuzz/step.h"

/* slots() or slot() with those operations, by env `caller`, said `error` and `value`. */
void model_slots(struct model *d, const struct exo_slot_op *ops, unsigned count, unsigned caller,
		 int64_t error, uint64_t value);
/* The same of calls that change memory by other ways. page: where a new vcpu's page is. */
void model_call(struct model *d, const struct fuzz_step *step, unsigned caller, int64_t error,
		uint64_t call, uint64_t page);
/* The same of a call whose answer nobody has, since who asked is no more or has lost the CPU: it
 * may have done some of what it does. */
void model_unanswered(struct model *d, const struct fuzz_step *step, unsigned caller,
		      uint64_t call);

/* What an env's tables give for a page: its bytes, NULL: a fault. need: EXO_READ, EXO_WRITE or
 * EXO_EXEC. */
typedef const void *model_reach(void *context, uint64_t address, unsigned need);
/* All pages of an env that the model knows, and all that a byte of an input names, are as it says:
 * NULL; else what is not, and where. */
const char *model_compare(struct model *d, unsigned env, model_reach *reach, void *context,
			  uint64_t *where);

#endif
