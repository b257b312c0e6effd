/* SPDX-License-Identifier: ISC */
/*
 * Frame: a 4 KiB physical page, 8 bytes of state. Who may touch what:
 *   refs   counts all holders (I-8): slots, roots, vcpus, waits, the kernel. Raised only through a
 *          holder that cannot go away meanwhile (its env's lock is held); so a count of one, read
 *          under that lock, is stable. In a free or dying frame: the next one of its list.
 *   meta   type 0..2, level 3..5 (not 0: a table), used 6..15, groups 16..23, account 24..31.
 *          Changed atomically, since CLAIM, waits and slot counts meet in it. In a free frame:
 *          type, FRAME_ZERO, and the former one of its free list in 4..31.
 *   groups of a table: which eighths of it may hold anything but zeros, so that of a table with a
 *          few slots in use only their surroundings are searched, copied and made zero again. What
 *          a table dies of leaves it zero: a free frame that is known to be is not cleared again.
 *
 *        frame_alloc            last frame_unref
 *   FREE ------------> DATA, TABLE, COMMON, VCPU ---------> FREE (tables: DYING -> drained -> FREE)
 *   KERNEL: the kernel's own, in no slot. BOOT: archive and info page: in slots, for reading only.
 */
#ifndef EXO_FRAME_H
#define EXO_FRAME_H

#include "exo/base.h"

enum frame_type {
#define FRAME(number, NAME, text) FRAME_##NAME = number,
#include "abi/table.def"
#undef FRAME
};

#define FRAME_NONE      0x0fffffffu
#define FRAME_ZERO      8u
/* A free frame is on the list of a CPU, always the same one's: so many frames, one after another,
 * on the first CPU's, then on the next one's. A list is a ring through the frame table, guarded by
 * that CPU's free lock: first those that are known to be zero; its ends are an entry, as of a
 * KERNEL frame, behind the table, in a cache line of its own. */
#define FREE_RUN        EXO_TABLE_SLOTS
#define FREE_ENDS       (EXO_CPUS * 8)
/* No new holder at the limit; CPUs that have seen the count just below it may pass it by a table's
 * slots each. */
#define FRAME_REFS_MAX  0x80000000u
#define FRAME_REFS_OVER (EXO_CPUS * EXO_TABLE_SLOTS)

struct frame {
	_Atomic uint32_t refs; /* acq_rel on drop pairs with: frame_unref */
	_Atomic uint32_t meta; /* relaxed: of a frame in use, a lock orders what it says */
};

/* Slots of one group of a table. */
#define TABLE_GROUP     (EXO_TABLE_SLOTS < 32 ? 4 : EXO_TABLE_SLOTS / 8)

/* Take a frame off a free list for `account`: refs 1, zero (I-6). want: a physical frame
 * number, or 0 for any. Drains the account's dying list a bounded amount when it has to.
 * EXO_E_LIMIT: account full; EXO_E_FRAME: `want` is out of range or not free; EXO_E_AGAIN: full,
 * but dying tables are left or not yet taken apart. Locks: takes account, free. */
err_t frame_alloc(struct machine *m, unsigned account, enum frame_type type, unsigned level,
		  uint64_t want, struct pfn *pfn) MUST_USE;
/* The same for any data frame, with undefined contents, which the caller must overwrite. */
err_t frame_alloc_raw(struct machine *m, unsigned account, struct pfn *pfn) MUST_USE;
/* One more holder. EXO_E_COUNT at the limit. The caller can name a holder that stays. (The check
 * and the act: frame_is_full and frame_hold, exo/inline.h.) */
err_t frame_ref(struct machine *m, struct pfn pfn) MUST_USE;
/* One holder less; the last frees a frame or puts a table on its account's dying list. The caller
 * has flushed what could still name it (I-7). Locks: takes account, free. */
void frame_unref(struct machine *m, struct pfn pfn);
/* A slot on the frame is gone: wake all who wait on the frame, then unref. Takes wait, cpu too. */
void frame_drop(struct machine *m, struct pfn pfn);
/* Turn a solely held data frame into another type, keeping refs and account. */
void frame_retype(struct machine *m, struct pfn pfn, enum frame_type type, unsigned level);
/* Change the number of used slots (tables) or waits (other frames) by `change`. */
void frame_use(struct machine *m, struct pfn pfn, int change);
/* Slots in these groups of a table may have been filled, `change` more of them are used. */
void table_use(struct machine *m, struct pfn table, int change, unsigned groups);
/* Charge the frame to another account. EXO_E_LIMIT. */
err_t frame_claim(struct machine *m, struct pfn pfn, unsigned account) MUST_USE;
/* Work on an account's dying tables, one after another, until that was as much as dropping `slots`
 * slots: so at most a table more. True if some are left, be it in another CPU's hands. Locks: takes
 * account, free, wait. */
bool frame_drain(struct machine *m, unsigned account, int slots);
/* Put a frame that nobody uses on its free list. is_zero: that is all it holds. Takes free. */
void frame_free(struct machine *m, struct pfn pfn, bool is_zero);

#endif
