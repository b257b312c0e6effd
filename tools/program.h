/* SPDX-License-Identifier: ISC */
/* Looks at a program before it is booted, so that a mistake gets one clear line at once. */
#ifndef TOOLS_PROGRAM_H
#define TOOLS_PROGRAM_H

/*
 * Ends the run with RUN_USAGE and one line unless file is a static 64-bit x86-64 ELF program.
 * It is the user's help, not a defence: the library checks every header again in the guest.
 */
void program_check(const char *file);

#endif
