/* SPDX-License-Identifier: ISC */
/* Argument and environment strings between the program's memory and the library's. */
#ifndef LIBOS_FORK_STRINGS_H
#define LIBOS_FORK_STRINGS_H

#include "libos/fork/process.h"

#define STRINGS_BYTES_MAX (128u * 1024u) /* of one argument list, as Linux has it for one string */
#define STRINGS_MAX       4096u          /* strings of one list */

/* Read path, argv and envp (each a NULL-ended array in program memory; 0: empty) and find the
 * program: everything process_exec needs, in library memory. EXO_E_POINTER, EXO_E_TOO_LONG,
 * EXO_E_LIMIT; EXO_E_EMPTY, EXO_E_TYPE as linux_program. */
err_t strings_read(struct libos *os, uint64_t path, uint64_t argv, uint64_t envp,
		   struct process_image *image) MUST_USE;
/* Free what strings_read allocated. */
void strings_free(struct libos *os, struct process_image *image);

#endif
