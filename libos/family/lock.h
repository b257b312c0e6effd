/* SPDX-License-Identifier: ISC */
/*
 * The locks of a family, outermost first; they are held for the length of one call at most, never
 * over thread_block, and taken before any of libos/lock.h:
 *
 *   file   the file tree, open descriptions, pipes, descriptors, the terminal
 *   arena  the family's memory
 *   table  who is there: one entry more, or a signal to a whole group, at a time
 *
 * A lock's word names its owner by pid, so a waiter can see that the owner has died. What a lock
 * guards can be gone on with after every single store (a structure is complete before it is
 * linked, unlinked before it is taken apart), so whoever finds the owner dead takes the lock over
 * and puts right what a store alone cannot keep right: of files, all counts of references are
 * counted anew (libos/fs/recount.h), and runs of pages that nothing names are free; the arena is
 * walked, and if it makes no sense the family is broken: each member says so and ends. A member
 * that dies in the middle leaks at most a few blocks and pages that it had in hand.
 */
#ifndef LIBOS_FAMILY_LOCK_H
#define LIBOS_FAMILY_LOCK_H

#include <stdatomic.h>

#include "libos/base.h"
#include "libos/lock.h"

enum family_lock_rank {
	FAMILY_FILE,
	FAMILY_ARENA,
	FAMILY_TABLE,
	FAMILY_LOCKS
};

/* 0: free; else the owner's pid, and whether somebody may be asleep on the word. */
#define FAMILY_LOCK_WAITED (1u << 31)

/* Take a lock; a waiter sleeps. Not while this or an inner one is held. Library context. */
void family_lock(struct libos *os, enum family_lock_rank rank) UNCHECKED;
void family_unlock(struct libos *os, enum family_lock_rank rank) UNCHECKED;
/* This process ends: give back what it holds, put right as after a death. */
void family_unlock_all(struct libos *os) UNCHECKED;
/* A member was killed, perhaps with a lock or while it gave one back: who waits looks again. Takes
 * nothing. */
void family_lock_bury(void);

#endif
