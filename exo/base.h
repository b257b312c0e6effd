/* SPDX-License-Identifier: ISC */
/*
 * What every object's header needs: sizes of the arrays, the type of errors, assertions and test
 * points. Holds no state.
 */
#ifndef EXO_BASE_H
#define EXO_BASE_H

#include "arch/arch.h"
#include "exo/lock.h"

#ifndef EXO_ENVS
#define EXO_ENVS     512u
#define EXO_VCPUS    512u
#define EXO_ACCOUNTS 64u
#define EXO_CPUS     8u
#define EXO_SLICES   512u /* a CPU; a multiple of 64 */
#define EXO_BUCKETS  64u  /* of waits; a power of two */
#define EXO_DROPS    64u  /* references that wait for one flush */
#endif

/* Zero or a negative enum exo_error. */
typedef int32_t err_t;
/* Each time round where a CPU waits for another. */
#define spin_point(name) (point(name), arch_relax())
#define ALWAYS_INLINE inline INLINED
/* In line in other files too, where the kernel is optimised as one program: on the paths of every
 * call and upcall. */
#define INLINED __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
/* An array's elements that different CPUs write lie in different cache lines. */
#define CACHE_ALIGNED __attribute__((aligned(64)))
#define MUST_USE __attribute__((warn_unused_result))

#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The kernel's own bugs only; stays in release builds, so what it asks for may have an effect. */
#define assert(x) ((x) ? (void)0 : arch_panic(#x, __FILE__, __LINE__))

#ifdef EXO_DEBUG
#define EXO_IS_DEBUG true
#define point(name) arch_point(name)
#else
#define EXO_IS_DEBUG false
#define point(name) ((void)0)
#endif

#endif
