/* SPDX-License-Identifier: ISC */
/*
 * The target `linux`: the library's Linux layer on the simulated machine. linux.c has the machine,
 * the input and what is checked, linux_library.c the library's side: one process with one thread;
 * kernel and library do not meet in one file. One thread.
 */
#ifndef FUZZ_LINUX_H
#define FUZZ_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pages of the library that files' contents lie in, so that programs can map them. */
#define LINUX_POOL_PAGES 32u

/* linux_library.c. A process with nothing mapped, the archive's files, the console on 0, 1, 2. */
void linux_begin(uint64_t archive_bytes);
/* Map anonymous memory there. protection: EXO_READ and so on. */
void linux_map(uint64_t address, uint64_t bytes, unsigned protection);
void linux_protect(uint64_t address, uint64_t bytes, unsigned protection);
/* A system call of the program, and what happens before it goes on. False: the process has ended.
 * is_native: made by libos_linux, with four arguments. */
bool linux_call(uint64_t number, const uint64_t argument[6], bool is_native, int64_t *result);
/* A page fault of the library for the program. True: resolved. */
bool linux_fault(uint64_t address, uint64_t code);
/* The program itself faults there, and that is not resolved. False: the process has ended. */
bool linux_trap(uint64_t address, uint64_t code);
/* Something is typed; time passes. */
bool linux_type(const char *bytes, size_t count);
bool linux_advance(uint64_t ns);
/* Is that descriptor open? Is the whole range mapped with that protection? */
bool linux_is_open(unsigned fd);
bool linux_is_mapped(uint64_t address, uint64_t bytes, unsigned protection);
/* No lock is held; regions and descriptors are in order. At the end: nothing is lost. */
void linux_check(void);
void linux_check_lost(void);
/* The process ends by itself; then files and family must be in order without it. */
void linux_end(void);

/* linux.c. Between library memory and the program's, as the program's CPU would: false: some byte
 * is not there, or not so. */
bool linux_copy(uint64_t address, void *memory, size_t bytes, bool is_write);
/* Memory of pool page n; does anybody map it beside the library? */
void *linux_pool(unsigned n);
bool linux_pool_is_mapped(unsigned n);
/* The archive, as the library reads it. */
const char *linux_archive(void);

/* Say what is wrong, and abort. */
_Noreturn void fuzz_fail(const char *what);

#endif
