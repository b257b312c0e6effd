/* SPDX-License-Identifier: ISC */
/*
 * What every file of the library OS needs: the error type and a few macros. Errors are those of
 * the exokernel (abi/error.def), used in the library too:
 *   ARGUMENT malformed · RANGE not mapped or not the program's · USED something is there already
 *   RIGHTS not allowed · LIMIT out of memory or frames · FULL a table of the library is full
 *   STATE wrong state · EMPTY nothing there, no such thing · TYPE not an image that can run
 * Linux error numbers exist in libos/linux/ only.
 */
#ifndef LIBOS_BASE_H
#define LIBOS_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/exo.h"

/* Zero or a negative enum exo_error. */
typedef int32_t err_t;
#define MUST_USE __attribute__((warn_unused_result))
/* For what is rare, so that the frequent path saves no registers for it. */
#define NOINLINE __attribute__((noinline))

#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Round to pages. */
#define PAGE_DOWN(x) ((x) & ~(EXO_PAGE_SIZE - 1))
#define PAGE_UP(x)   PAGE_DOWN((x) + EXO_PAGE_SIZE - 1)

/* A bug of the library's own: one line on the console, and the process ends with status 134. */
_Noreturn void libos_panic(const char *what, const char *file, unsigned line);
#define assert(x) ((x) ? (void)0 : libos_panic(#x, __FILE__, __LINE__))

#endif
