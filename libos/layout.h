/* SPDX-License-Identifier: ISC */
/*
 * Where things are. The library lives in one root slot (254), always linked there:
 *
 *   LIBOS_TEXT      text and constants; read and execute; one level 1 table, shared by fork
 *   LIBOS_PRIVATE   one level 1 table that fork copies at once:
 *     plain pages   the heap's first part: copy-on-write after fork, demand-zero
 *     exec pages    the state that exec and spawn pass (LIBOS_EXEC): as plain ones, not forked
 *     wired pages   struct libos, then the first thread's library stack; duplicated by fork,
 *                   always present and writable: what serves a copy-on-write fault touches
 *                   nothing else
 *     reserve       frames kept for the fault path
 *     trampoline    one page that carries exec from the old library to one with another text
 *     vcpu page     the last page: mapped by the kernel
 *   LIBOS_FAMILY    what the processes of a family share (libos/family): common level 1 tables
 *   LIBOS_HEAP      the heap's second part
 *   LIBOS_CONTEXTS  one page a thread: saved registers and FPU state
 *   LIBOS_VCPU_PAGES  behind them: pages of all vcpus but the first
 *   LIBOS_STACKS    library stacks of all threads but the first: present while the thread lives
 *
 * Below VM_TOP is the program's. Root slot 252 is where exec builds the new library.
 * libos.ld and native.ld repeat the addresses of text, plain and wired pages.
 */
#ifndef LIBOS_LAYOUT_H
#define LIBOS_LAYOUT_H

#include "abi/exo.h"

#define LIBOS_MIB UINT64_C(0x100000)

#define LIBOS_TEXT       EXO_LIBRARY_BASE
#define LIBOS_PROGRAM_ENTRY LIBOS_TEXT /* its first word: the program's own entry, or 0 */
#define LIBOS_PRIVATE    (EXO_LIBRARY_BASE + 2 * LIBOS_MIB)
#define LIBOS_PLAIN      LIBOS_PRIVATE
#define LIBOS_PLAIN_PAGES 0x160u
#define LIBOS_PLAIN_FIRST 4u /* pages that every process writes as it starts */
#define LIBOS_EXEC       (LIBOS_PRIVATE + LIBOS_PLAIN_PAGES * EXO_PAGE_SIZE)
#define LIBOS_EXEC_PAGES 0x80u
#define LIBOS_EXEC_BYTES (LIBOS_EXEC_PAGES * EXO_PAGE_SIZE)
#define LIBOS_WIRED      (LIBOS_EXEC + LIBOS_EXEC_BYTES)
#define LIBOS_WIRED_PAGES 3u
#define LIBOS_WIRED_END  (LIBOS_WIRED + LIBOS_WIRED_PAGES * EXO_PAGE_SIZE)
#define LIBOS_RESERVE    (LIBOS_PRIVATE + 0x1f0 * EXO_PAGE_SIZE)
#define LIBOS_RESERVE_PAGES 4u /* three tables and a page */
#define LIBOS_RESERVE_ALL ((1u << LIBOS_RESERVE_PAGES) - 1)
#define LIBOS_TRAMPOLINE (LIBOS_PRIVATE + 0x1fe * EXO_PAGE_SIZE)
#define LIBOS_VCPU_PAGE  (LIBOS_PRIVATE + 0x1ff * EXO_PAGE_SIZE)

#define LIBOS_FAMILY     (EXO_LIBRARY_BASE + 16 * LIBOS_MIB)
#define LIBOS_FAMILY_TABLES 16u /* each costs fork and exit some instructions */
#define LIBOS_FAMILY_BYTES (LIBOS_FAMILY_TABLES * EXO_SPAN(2))

#define LIBOS_HEAP       (EXO_LIBRARY_BASE + UINT64_C(0x40000000))
#define LIBOS_HEAP_PAGES (UINT64_C(1) << 24)
#define LIBOS_HEAP_MAP   (EXO_LIBRARY_BASE + UINT64_C(0x1800000000)) /* 4 bytes a heap page */
#define LIBOS_CONTEXTS   (EXO_LIBRARY_BASE + UINT64_C(0x2000000000))
#define LIBOS_VCPU_PAGES (LIBOS_CONTEXTS + (LIBOS_THREADS + LIBOS_VCPUS) * EXO_PAGE_SIZE)
#define LIBOS_STACKS     (EXO_LIBRARY_BASE + UINT64_C(0x3000000000))
#define LIBOS_STACK_BYTES  UINT64_C(0x3000) /* of a library stack */
#define LIBOS_STACK_STRIDE UINT64_C(0x8000) /* the rest is never mapped */

#define LIBOS_THREADS    256u
#define LIBOS_VCPUS      8u /* of one process; each has a thread of its own besides */
#define LIBOS_THREAD_SLOTS (LIBOS_THREADS - 1 + LIBOS_VCPUS) /* beside the first */

/* The program's part. */
#define VM_BOTTOM        UINT64_C(0x10000)
#define VM_TOP           (EXO_SPAN(EXO_LEVELS) * (EXO_ROOT_USER - 4))
#define LIBOS_STAGING    VM_TOP /* root slot 252 */
/* The main stack of a program that begins above VM_STACK_LOW_TOP, as chitin-cc links it, ends
 * there: one level 1 table serves both, which is one less to copy in fork. Others have it at the
 * end of the first GiB. */
#define VM_STACK_BYTES   (8 * LIBOS_MIB)
#define VM_STACK_LOW_TOP (VM_BOTTOM + VM_STACK_BYTES)
#define VM_STACK_TOP     UINT64_C(0x3fe00000)
#define VM_BREAK_END     (VM_STACK_TOP - VM_STACK_BYTES - LIBOS_MIB)
/* vm_map looks for free addresses from here up. */
#define VM_MAP_BASE      UINT64_C(0x100000000)

#endif
