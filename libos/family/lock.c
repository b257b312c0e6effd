/* SPDX-License-Identifier: ISC */
/* Locks that name their owner (see lock.h). Touches the lock words, the process table (reading),
 * what a lock guards when its owner has died. */
#include "libos/family/lock.h"

#include <machine/call.h>

#include "libos/family/family.h"
#include "libos/fork/process.h"
#include "libos/fs/recount.h"
#include "libos/state.h"

static bool lock_is_dead(uint32_t pid)
{
	const struct family_process *p = family_find(pid);

	return !p || p->state == FAMILY_ZOMBIE;
}

static _Noreturn void lock_broken(struct libos *os)
{
	family_root()->is_broken = 1;
	print("%s: the family's memory is broken: a member died in it\n", os->process.name);
	os->family.held = 0;
	for (;;)
		exo_call(EXO_CALL_ENV_KILL, 0, 134, 0, 0, 0);
}

/* Everybody's open files: also of who is being made, or has ended. */
static struct fs_files *lock_next_files(uint32_t *place)
{
	struct family *f = family_root();

	while (*place < f->places) {
		struct fs_files *files = f->process[(*place)++].files;

		if (files)
			return files;
	}
	return NULL;
}

/* The lock is ours now, and its last owner died with it. */
static void lock_repair(struct libos *os, enum family_lock_rank rank)
{
	if (rank == FAMILY_ARENA && !arena_repair(&family_root()->arena))
		lock_broken(os);
	if (rank == FAMILY_FILE) {
		fs_recount(os->fs, lock_next_files, arena_name);
		arena_sweep(os);
	}
}

/* One look at a lock that was not free. True: it is ours. */
static bool lock_try(struct libos *os, _Atomic uint32_t *word, enum family_lock_rank rank)
{
	uint32_t mine = os->process.pid | FAMILY_LOCK_WAITED, value = atomic_load(word);
	bool is_dead = value && lock_is_dead(value & ~FAMILY_LOCK_WAITED);

	if (!value || is_dead) {
		/* Acquire: what the last owner wrote is seen. pairs with: family_unlock */
		if (!atomic_compare_exchange_strong(word, &value, mine))
			return false;
		if (is_dead)
			lock_repair(os, rank);
		return true;
	}
	if (!(value & FAMILY_LOCK_WAITED)
	    && !atomic_compare_exchange_strong(word, &value, value | FAMILY_LOCK_WAITED))
		return false;
	if (exo_call(EXO_CALL_WAIT, (uint64_t)word, value | FAMILY_LOCK_WAITED, EXO_WAIT_SHARED,
		     0, 0).value == EXO_E_PENDING) {
		/* Perhaps the owner was our child, and has died. */
		process_reap(os);
		exo_call(EXO_CALL_YIELD, 0, 0, 0, 0, 0);
	}
	return false;
}

void family_lock(struct libos *os, enum family_lock_rank rank)
{
	_Atomic uint32_t *word = &family_root()->lock[rank];
	uint32_t expected = 0;

	assert(!(os->family.held >> rank));
	/* Acquire: what the last owner wrote is seen. pairs with: family_unlock */
	if (!atomic_compare_exchange_strong_explicit(word, &expected, os->process.pid,
						     memory_order_acquire, memory_order_relaxed))
		while (!lock_try(os, word, rank))
			if (family_root()->is_broken)
				lock_broken(os);
	os->family.held |= 1u << rank;
}

void family_unlock(struct libos *os, enum family_lock_rank rank)
{
	_Atomic uint32_t *word = &family_root()->lock[rank];

	assert(os->family.held >> rank & 1);
	os->family.held &= ~(1u << rank);
	/* Release: pairs with: family_lock */
	if (atomic_exchange_explicit(word, 0, memory_order_release) & FAMILY_LOCK_WAITED)
		exo_call(EXO_CALL_WAKE, (uint64_t)word, 1, EXO_WAIT_SHARED, 0, 0);
}

void family_unlock_all(struct libos *os)
{
	unsigned rank = FAMILY_LOCKS;

	while (rank-- > 0) {
		if (!(os->family.held >> rank & 1))
			continue;
		lock_repair(os, (enum family_lock_rank)rank);
		family_unlock(os, (enum family_lock_rank)rank);
	}
}

void family_lock_bury(void)
{
	unsigned rank;

	for (rank = 0; rank < FAMILY_LOCKS; rank++)
		exo_call(EXO_CALL_WAKE, (uint64_t)&family_root()->lock[rank], 1, EXO_WAIT_SHARED,
			 0, 0);
}
