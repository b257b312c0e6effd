/* SPDX-License-Identifier: ISC */
/*
 * Every lock of the kernel, on one screen. A lock belongs to a class; classes are taken in the
 * order of their ranks, outermost first. Two of one class: only envs, by env_lock_pair, in index
 * order. Interrupts are off whenever the kernel runs, so every lock is interrupt-safe.
 *
 *   tree     who is whose parent; births and deaths of envs, vcpus and accounts; revocation
 *   env      an env's slots (all tables that only it reaches)
 *   common   a common table's slots (hashed by frame)
 *   account  an account's dying list (limits and use are atomic)
 *   free     a CPU's list of free frames
 *   wait     a bucket of waits
 *   cpu      a CPU's slice vector, its sleepers
 *   console  the input ring
 *
 * clang checks classes (-Wthread-safety: C cannot name a sibling field, so a class token stands
 * for all its locks); debug builds check ranks at run time.
 */
#ifndef EXO_LOCK_H
#define EXO_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define LOCK_ATTRIBUTE(x) __attribute__((x))
#define GUARDED_BY(class) LOCK_ATTRIBUTE(guarded_by(class))
#define REQUIRES(...)     LOCK_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define ACQUIRES(...)     LOCK_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RELEASES(...)     LOCK_ATTRIBUTE(release_capability(__VA_ARGS__))
#define UNCHECKED         LOCK_ATTRIBUTE(no_thread_safety_analysis)

struct LOCK_ATTRIBUTE(capability("lock class")) lock_class {
	char unused;
};

/* Every class but the outermost, with the one before it. */
#define LOCK_CLASSES(CLASS)								\
	CLASS(env, ENV, tree) CLASS(common, COMMON, env) CLASS(account, ACCOUNT, common)	\
	CLASS(free, FREE, account) CLASS(wait, WAIT, free) CLASS(cpu, CPU, wait)		\
	CLASS(console, CONSOLE, cpu)

#define LOCK_RANK(class, RANK, outer) RANK_##RANK,
enum lock_rank { RANK_TREE, LOCK_CLASSES(LOCK_RANK) RANKS };

#define LOCK_EXTERN(class, RANK, outer) \
	extern struct lock_class class##_class LOCK_ATTRIBUTE(acquired_after(outer##_class));
extern struct lock_class tree_class;
LOCK_CLASSES(LOCK_EXTERN)

struct machine;

/* 0: free, 1: held. Acquire on taking pairs with: lock_release. */
struct lock {
	_Atomic uint32_t held;
};

/* The functions CLASS_lock() and CLASS_unlock() beside each object: their parameters, and the lock
 * that those name. */
#define LOCK_PAIR(class, RANK, parameters, lock)						\
	static inline void class##_lock parameters ACQUIRES(class##_class) UNCHECKED		\
	{											\
		lock_acquire(m, lock, RANK, false);						\
	}											\
	static inline void class##_unlock parameters RELEASES(class##_class) UNCHECKED		\
	{											\
		lock_release(m, lock, RANK);							\
	}

/* Take, give back. A lock of a rank must not be taken while one of the same or an inner rank is
 * held (debug builds panic; `is_second` admits one more of the same rank). CPUs that spin
 * for common or outer ones answer shoot-downs. Called through the class-named wrappers beside each
 * object. */
void lock_acquire(struct machine *m, struct lock *lock, enum lock_rank rank, bool is_second);
void lock_release(struct machine *m, struct lock *lock, enum lock_rank rank);

#endif
