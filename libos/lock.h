/* SPDX-License-Identifier: ISC */
/*
 * Every lock of the library, on one screen, outermost first. Each is an instance in struct libos;
 * two of one class are never held together. Library code runs masked, on one vcpu at a time
 * (libos/thread/vcpu.h), so none is held when an asynchronous upcall comes; none may be held over
 * thread_block. Fork takes all of them, in this order, and the child releases its copies.
 *
 *   process  children, exec in progress
 *   file     open files, the file tree, pipes (libos/fs, libos/linux)
 *   sched    run queues, wait queues, deadlines
 *   frame    what this process holds, pins
 *   spt      regions and the slots below them
 *   swap     swap map
 *   heap     the library's heap
 *
 * The fault path below level 1 (copy-on-write, the library's own heap) takes none.
 */
#ifndef LIBOS_LOCK_H
#define LIBOS_LOCK_H

#include <stdatomic.h>

#include "libos/base.h"

#if defined(__clang__)
#define LOCK_ATTRIBUTE(x) __attribute__((x))
#else
#define LOCK_ATTRIBUTE(x)
#endif
#define GUARDED_BY(class) LOCK_ATTRIBUTE(guarded_by(class))
#define REQUIRES(class)   LOCK_ATTRIBUTE(requires_capability(class))
#define ACQUIRES(class)   LOCK_ATTRIBUTE(acquire_capability(class))
#define RELEASES(class)   LOCK_ATTRIBUTE(release_capability(class))
#define UNCHECKED         LOCK_ATTRIBUTE(no_thread_safety_analysis)

/* For the compiler, which checks what of the heap is touched under its lock only. */
struct LOCK_ATTRIBUTE(capability("lock class")) lock_class {
	char unused;
};
extern struct lock_class heap_class;

enum lock_rank {
	RANK_PROCESS,
	RANK_FILE,
	RANK_SCHED,
	RANK_FRAME,
	RANK_SPT,
	RANK_SWAP,
	RANK_HEAP,
	RANKS
};

/* 0: free, else 1 + index of the holder's thread slot. Acquire on taking pairs with:
 * lock_release. */
struct lock {
	_Atomic uint32_t holder;
};

struct libos;

/* Take, give back os->lock[rank]. A lock must not be taken while one of the same or an inner rank
 * is held by this vcpu: debug builds panic. Library context only. */
void lock_acquire(struct libos *os, enum lock_rank rank) UNCHECKED;
void lock_release(struct libos *os, enum lock_rank rank) UNCHECKED;
static inline void heap_lock(struct libos *os) ACQUIRES(heap_class) UNCHECKED
{
	lock_acquire(os, RANK_HEAP);
}

static inline void heap_unlock(struct libos *os) RELEASES(heap_class) UNCHECKED
{
	lock_release(os, RANK_HEAP);
}

/* Fork: all of them, in order; both sides release. */
void lock_acquire_all(struct libos *os) UNCHECKED;
void lock_release_all(struct libos *os) UNCHECKED;
/* Panic in debug builds if this vcpu holds any. */
void lock_check_none(struct libos *os);

#endif
