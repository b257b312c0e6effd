/* SPDX-License-Identifier: ISC */
/* Spin locks with ranks. Touches the locks and, in debug builds, the CPU's list of ranks held. */
#include "exo/machine.h"

void lock_acquire(struct machine *m, struct lock *lock, enum lock_rank rank, bool is_second)
{
	if (EXO_IS_DEBUG) {
		uint64_t *held = &m->cpus[arch_cpu_index()].held; /* 8 bits a rank */

		/* Nothing of this rank or an inner one is held; of a pair, exactly the first. */
		assert(*held >> (8 * rank) == (is_second ? 1 : 0));
		*held += UINT64_C(1) << (8 * rank);
	}
	while (atomic_exchange_explicit(&lock->held, 1, memory_order_acquire)) {
		point("lock_spin");
		flush_answer(m, &m->cpus[arch_cpu_index()]);
	}
}

void lock_release(struct machine *m, struct lock *lock, enum lock_rank rank)
{
	if (EXO_IS_DEBUG)
		m->cpus[arch_cpu_index()].held -= UINT64_C(1) << (8 * rank);
	atomic_store_explicit(&lock->held, 0, memory_order_release); /* pairs with: lock_acquire */
}
