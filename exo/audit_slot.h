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
	uint64_t value;
};

/* What is done with each; false ends the walk. */
typedef bool audit_check(struct machine *m, const struct audit_slot *at, void *context);

/* Call `check` for every slot of every table, in the order of frames, until one is false. Roots
 * without their kernel half. */
bool audit_slots(struct machine *m, bool is_dying_too, audit_check *check, void *context);

/* Fill the report; false. */
bool audit_fail(struct audit_report *report, unsigned invariant, const char *what, uint64_t where,
		uint64_t got, uint64_t want);
bool audit_fail_slot(struct audit_report *report, unsigned invariant, const char *what,
		     const struct audit_slot *at);

#endif
