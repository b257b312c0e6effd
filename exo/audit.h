/* SPDX-License-Identifier: ISC */
/*
 * Audit: a full recount of the invariants I-1..I-8 (ARCHITECTURE.md) from the state alone. One
 * function an invariant, with its number in the name. It reads a quiet machine: no other CPU in the
 * kernel, or a snapshot. Takes no locks, allocates nothing, changes nothing but its scratch array.
 */
#ifndef EXO_AUDIT_H
#define EXO_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct machine;

/* What is wrong. */
struct audit_report {
	unsigned invariant; /* 1..8; 0: nothing is */
	const char *what;   /* in words */
	uint64_t where;     /* frame number, or index of the env, vcpu, account or CPU */
	uint64_t slot;      /* index of the slot in table `where`, if it is about a slot */
	uint64_t got, want;
};

/* Check everything, in the order of the numbers. scratch: one word a frame, contents undefined
 * before and after. True if all hold; else the report has the first that does not. */
bool audit(struct machine *m, uint32_t *scratch, struct audit_report *report);

/* With the word `audit` on the kernel's command line the machine has room for the scratch array
 * behind its frame table: bytes of that, else 0. Then, when the first env ends, everything is
 * checked, and what does not hold is a panic. */
size_t audit_scratch_bytes(uint32_t frame_count, const char *cmdline);
void audit_at_end(struct machine *m);

/* I-1: a present slot names a frame of a type that slots may name. */
bool audit_i1_no_forging(struct machine *m, struct audit_report *report);
/* I-2: no access beyond the rights, in leaf or branch. */
bool audit_i2_monotone_rights(struct machine *m, struct audit_report *report);
/* I-3: branches lead one level down, tables are in no leaf, the recursive slot is the kernel's. */
bool audit_i3_one_type(struct machine *m, struct audit_report *report);
/* I-4: no path writable at every level passes a private table with more than one reference. */
bool audit_i4_frozen(struct machine *m, struct audit_report *report);
/* I-5: only data frames are ever writable. */
bool audit_i5_sole_holder(struct machine *m, struct audit_report *report);
/* I-6: every slot of a table is one that the kernel wrote, none is a former owner's bytes. */
bool audit_i6_zero_before_use(struct machine *m, struct audit_report *report);
/* I-7: outside a call no drop and no flush is pending, and each CPU is known to the env it runs. */
bool audit_i7_no_stale_translation(struct machine *m, struct audit_report *report);
/* I-8: references, used slots, accounts, free frames, vcpus and queues are what a recount gives. */
bool audit_i8_conservation(struct machine *m, uint32_t *scratch, struct audit_report *report);

#endif
