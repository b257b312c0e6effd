/* SPDX-License-Identifier: ISC */
/*
 * Included before all else in the library's sources that the target `linux` is built from: names
 * that the kernel has too, and where the library's own memory is: the host's, not the simulated
 * machine's.
 */
#ifndef FUZZ_LINUX_NAMES_H
#define FUZZ_LINUX_NAMES_H

#include "fuzz/memory_names.h"
#include "libos/layout.h"

/* The family, what exec passes, the machine's facts and tables; the archive. */
char *linux_family(void);
char *linux_exec(void);
char *linux_info(void);
const void *linux_table(const struct exo_info *info, unsigned which);
const char *linux_archive(void);

#undef memset /* what it sets is not the program's */
#undef LIBOS_FAMILY
#define LIBOS_FAMILY ((uint64_t)linux_family())
#undef LIBOS_EXEC
#define LIBOS_EXEC ((uint64_t)linux_exec())
#undef EXO_INFO_PAGE
#define EXO_INFO_PAGE ((uint64_t)linux_info())
#undef EXO_INFO_ARCHIVE
#define EXO_INFO_ARCHIVE ((uint64_t)linux_archive())
#define exo_table linux_table
#define slots_fill linux_slots_fill /* the library's own pages are there */

#endif
