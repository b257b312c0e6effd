/* SPDX-License-Identifier: ISC */
/* What the files of the audit share: the walk over all slots, and how to report. No locks. */
#ifndef EXO_AUDIT_SLOT_H
#define EXO_AUDIT_SLOT_H

#include "exo/audit.h"
#include "exo/machine.h"

/* One slot of the program's (or the recursive one), where it is and what it holds. */
struct audit_slot {
	struct pfn table;
	enum frame_type type; /* of the table */
	unsigned level;
	unsigned index;
	bool is_recursive;
	bool is_holder;       /* a leaf or branch that counts as a reference */
	uint64_t value;
};

/* What is done with each; false ends the walk. */
typedef bool audit_check(struct machine *m, const struct audit_slot *at, void *context);

/* Call `check` for the first slot of every table and for all that are not zero, in the order of
 * frames, until one is false. Roots without their kernel half. */
bool audit_slots(struct machine *m, bool is_dying_too, audit_check *check, void *context);

/* An env that holds a root table: alive or ending. */
static inline bool env_has_root(struct machine *m, unsigned env)
{
	return m->envs[env].state == ENV_ALIVE || m->envs[env].state == ENV_ENDING;
}

/* Fill the report; false. slot: UINT64_MAX if it is about none. */
bool audit_fail(struct audit_report *report, unsigned invariant, const char *what, uint64_t where,
		uint64_t slot, uint64_t got, uint64_t want);

/* In a function that has `report`, or `report` and the slot `at`: what must hold. */
#define AUDIT(invariant, holds, what, where, got, want) do {				\
	if (!(holds))									\
		return audit_fail(report, invariant, what, where, UINT64_MAX, got, want);	\
} while (0)
#define AUDIT_SLOT(invariant, holds, what) do {						\
	if (!(holds))									\
		return audit_fail(report, invariant, what, at->table.n, at->index, at->value, 0); \
} while (0)

#endif
