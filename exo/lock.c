/* SPDX-License-Identifier: ISC */
/* Spin locks with ranks. Touches the locks and, in debug builds, the CPU's list of ranks held. */
#include "exo/machine.h"

/* Another CPU holds it. A call that costs the usual way no registers. */
static NOINLINE __attribute__((preserve_most)) void lock_wait(struct machine *m, struct lock *lock,
							      enum lock_rank rank)
{
	struct cpu *c = &m->cpus[arch_cpu_index()];

	do {
		spin_point("lock_spin");
		/* Whoever holds an inner lock waits for nobody; whoever wants one may have a
		 * window open. */
		if (rank <= RANK_COMMON)
			flush_answer(m, c);
		/* The holder may be waiting for this root's end: see env_finish. */
		if (c->current == VCPU_NONE)
			cpu_load_root(m, c, ENV_NONE);
	} while (atomic_exchange_explicit(&lock->held, 1, memory_order_acquire));
}

void lock_acquire(struct machine *m, struct lock *lock, enum lock_rank rank, bool is_second)
{
	point("lock_acquire");
	if (EXO_IS_DEBUG) {
		uint64_t *held = &m->cpus[arch_cpu_index()].held; /* 8 bits a rank */

		/* Nothing of this rank or an inner one is held; of a pair, exactly the first. */
		assert(*held >> (8 * rank) == (is_second ? 1 : 0));
		*held += UINT64_C(1) << (8 * rank);
	}
	/* pairs with: lock_release */
	if (__builtin_expect(atomic_exchange_explicit(&lock->held, 1, memory_order_acquire), 0))
		lock_wait(m, lock, rank);
}

void lock_release(struct machine *m, struct lock *lock, enum lock_rank rank)
{
	if (EXO_IS_DEBUG)
		m->cpus[arch_cpu_index()].held -= UINT64_C(1) << (8 * rank);
	atomic_store_explicit(&lock->held, 0, memory_order_release); /* pairs with: lock_acquire */
	point("lock_release");
}
