/* SPDX-License-Identifier: ISC */
/* Looks at a program before it is booted, so that a mistake gets one clear line at once. */
#ifndef TOOLS_PROGRAM_H
#define TOOLS_PROGRAM_H

#include "tools/run.h"

/*
 * Ends the run with RUN_USAGE and one line unless file is a static 64-bit ELF program for that
 * architecture.
 * It is the user's help, not a defence: the library checks every header again in the guest.
 */
void program_check(const char *file, const struct run_arch *arch);

/* How many bytes of a program that passed program_check are loaded: symbols and what debuggers want
 * come after these. */
uint64_t program_loaded_bytes(const char *file);

#endif
