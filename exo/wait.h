/* SPDX-License-Identifier: ISC */
/*
 * Wait: vcpus that wait on a 32-bit word. A private wait is keyed by env and address, a shared one
 * by frame and offset; a shared one holds a reference on its frame and is woken when any slot on
 * that frame is dropped. Each vcpu has one wait: a new one takes the place of a doorbell.
 */
#ifndef EXO_WAIT_H
#define EXO_WAIT_H

#include "exo/base.h"

#define WAIT_KEY_SHARED (UINT64_C(1) << 63) /* of a key: the frame is in its lower half */

enum wait_mode { WAIT_NONE, WAIT_BLOCK, WAIT_BELL };

struct wait_bucket {
	struct lock lock;
	uint32_t head GUARDED_BY(wait_class); /* vcpu, VCPU_NONE ends */
};

/* Begin to wait (see doc/abi.md). EXO_E_POINTER, EXO_E_ARGUMENT, EXO_E_VALUE, EXO_E_PENDING,
 * EXO_E_COUNT. Blocking: the current vcpu is WAITING on return, or (woken at once) still RUNNING
 * or RUNNABLE. Takes env, wait, cpu. */
err_t wait_start(struct machine *m, struct cpu *c, uint64_t word, uint32_t expected,
		 uint64_t flags) MUST_USE;
/* Wake at most n of those who wait on the word. Takes env, wait, cpu. */
err_t wait_wake(struct machine *m, struct cpu *c, uint64_t word, uint64_t n, uint64_t flags,
		uint64_t *woken) MUST_USE;
/* End a vcpu's wait: it runs again, with EXO_E_PENDING. is_any: a doorbell goes, too, silently. The
 * vcpu is the caller's own, or the tree lock is held. Takes wait, cpu, free. */
void wait_end(struct machine *m, unsigned vcpu, bool is_any);
/* Wake all who wait on a frame, of which a slot was dropped. Takes wait, cpu. */
void wait_wake_frame(struct machine *m, struct pfn pfn);

#endif
