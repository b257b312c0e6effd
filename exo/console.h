/* SPDX-License-Identifier: ISC */
/* Console: a ring of input bytes. info->console_in counts what has come, so that a shared wait on
 * that word waits for input. Output is written through at once. */
#ifndef EXO_CONSOLE_H
#define EXO_CONSOLE_H

#include "exo/machine.h"

#define CONSOLE_WRITE_MAX 4096u

/* Take from the device what the ring has room for; the rest waits there until it is read. Takes
 * console, wait, cpu. */
void console_receive(struct machine *m);
/* Write from a program's buffer, at most CONSOLE_WRITE_MAX bytes. EXO_E_TOO_LONG, EXO_E_POINTER
 * (nothing written). Takes env, console. */
err_t console_write(struct machine *m, unsigned env, uint64_t buffer, uint64_t bytes) MUST_USE;
/* Read what has come, at most `bytes`; none is no error. EXO_E_POINTER (nothing taken). Takes env,
 * console. */
err_t console_read(struct machine *m, unsigned env, uint64_t buffer, uint64_t bytes,
		   uint64_t *taken) MUST_USE;
/* Print a line of the kernel's own. */
void console_print(struct machine *m, const char *text);

#endif
