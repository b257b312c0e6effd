/* SPDX-License-Identifier: ISC */
/*
 * Strings: makes what exec and spawn pass, in its place at LIBOS_EXEC. No other thread runs before
 * it is used, since nothing here blocks.
 */
#ifndef LIBOS_FORK_STRINGS_H
#define LIBOS_FORK_STRINGS_H

#include "libos/fork/process.h"

#define STRINGS_BYTES_MAX (128u * 1024u) /* of one argument list, as Linux has it for one string */
#define STRINGS_MAX       4096u          /* strings of one list */

/* An empty state, with what the Linux layer passes. */
struct process_exec_state *strings_begin(struct libos *os);
/* Append bytes; *offset (NULL allowed): where. EXO_E_TOO_LONG: no room. */
err_t strings_put(struct process_exec_state *state, const void *from, size_t n, uint64_t *offset)
	MUST_USE;
/* The whole of it from path, argv and envp in program memory (the latter each a NULL-ended array;
 * 0: empty), with the program found. EXO_E_POINTER, EXO_E_TOO_LONG, EXO_E_LIMIT; EXO_E_EMPTY,
 * EXO_E_TYPE as linux_program. */
err_t strings_read(struct libos *os, uint64_t path, uint64_t argv, uint64_t envp,
		   struct process_exec_state **result) MUST_USE;
/* It is not used after all: the file is given back. */
void strings_drop(struct libos *os, struct process_exec_state *state);

#endif
