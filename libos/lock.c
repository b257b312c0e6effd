/* SPDX-License-Identifier: ISC */
/* Locks by rank. Touches struct libos and the vcpu's record; both are wired or belong to the
 * vcpu. */
#include "libos/lock.h"

#include <machine/call.h>

#include "libos/state.h"

void lock_acquire(struct libos *os, enum lock_rank rank)
{
	struct vcpu_local *vcpu = libos_vcpu();
	uint32_t mine = vcpu->current->index + 1, expected = 0;

	assert(vcpu->locks >> rank == 0);
	/* Acquire: sees what the last holder wrote. pairs with: lock_release */
	while (!atomic_compare_exchange_weak_explicit(&os->lock[rank].holder, &expected, mine,
						      memory_order_acquire,
						      memory_order_relaxed)) {
		/* One vcpu at a time is here: another holder has blocked with the lock. */
		assert(expected == 0);
		machine_relax();
	}
	vcpu->locks |= UINT64_C(1) << rank;
}

void lock_release(struct libos *os, enum lock_rank rank)
{
	struct vcpu_local *vcpu = libos_vcpu();

	assert(vcpu->locks >> rank & 1);
	vcpu->locks &= ~(UINT64_C(1) << rank);
	/* Release: pairs with: lock_acquire */
	atomic_store_explicit(&os->lock[rank].holder, 0, memory_order_release);
}

void lock_acquire_all(struct libos *os)
{
	unsigned rank;

	for (rank = 0; rank < RANKS; rank++)
		lock_acquire(os, (enum lock_rank)rank);
}

void lock_release_all(struct libos *os)
{
	unsigned rank = RANKS;

	while (rank-- > 0)
		lock_release(os, (enum lock_rank)rank);
}

void lock_check_none(struct libos *os)
{
	(void)os;
	assert(libos_vcpu()->locks == 0);
}
