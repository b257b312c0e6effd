/* SPDX-License-Identifier: ISC */
/*
 * What a native program sees of the library OS, beside libc. Link with chitin-cc. Every function
 * may be called from any thread of the program; results are zero or positive, or a negative enum
 * exo_error (abi/error.def).
 */
#ifndef LIBOS_LIBOS_H
#define LIBOS_LIBOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/exo.h"

#define LIBOS_PUBLIC __attribute__((visibility("default")))

/* ---- Processes ---- */

/* Copy the process: the child's number, 0 in the child. LIMIT, FULL. */
LIBOS_PUBLIC long libos_fork(void);
/* Become the program (or script) `path` of the file tree. Returns only with an error: EMPTY not
 * found; TYPE not a program; RIGHTS not executable; POINTER; TOO_LONG; LIMIT. */
LIBOS_PUBLIC long libos_exec(const char *path, char *const argv[], char *const envp[]);
/* Start it in a new process: its number. Errors as libos_exec. */
LIBOS_PUBLIC long libos_spawn(const char *path, char *const argv[], char *const envp[]);
/* End the process with an exit code (0..255). */
LIBOS_PUBLIC _Noreturn void libos_exit(int code);
/* Wait for a child (0: any). Its number; *status (NULL allowed) as libc's <sys/wait.h> reads it.
 * EMPTY: no such child. */
LIBOS_PUBLIC long libos_wait(long pid, int *status);
/* This process's number. */
LIBOS_PUBLIC long libos_self(void);

/* A process of the family. */
struct libos_process {
	uint64_t env;         /* handle; the kernel's tables have more of it (abi/table.h) */
	uint64_t start_clock; /* when it was made */
	uint32_t pid, parent, group, session;
	char state;           /* R: runs or could; S: sleeps; T: stopped; Z: has ended */
	char name[16];        /* last part of argv[0]; no 0 at its end if it is 16 long */
};

/* The first n processes of the family, in no promised order: how many there are. POINTER. */
LIBOS_PUBLIC long libos_processes(struct libos_process *list, size_t n);

/* ---- Threads ---- */

/* Run entry(argument) in a new thread with its own stack; it shares the creator's thread-local
 * storage, so of libc it may use only what needs none. A handle (positive). FULL, LIMIT. */
LIBOS_PUBLIC long libos_thread_create(uint64_t (*entry)(void *), void *argument);
/* Wait for its end; *value (NULL allowed): what it returned. EMPTY, STATE: itself. */
LIBOS_PUBLIC long libos_thread_join(long handle, uint64_t *value);
LIBOS_PUBLIC long libos_thread_yield(void);
LIBOS_PUBLIC _Noreturn void libos_thread_exit(uint64_t value);
LIBOS_PUBLIC long libos_thread_self(void);
/* Sleep until the clock reaches `deadline` (libos_clock's units). */
LIBOS_PUBLIC long libos_sleep(uint64_t deadline);

/* ---- Memory ---- */

/* Fresh zeroed memory, private or (is_shared) shared with children; *address: 0 or where exactly.
 * ARGUMENT, RANGE, FULL, LIMIT. */
LIBOS_PUBLIC long libos_map(void **address, size_t length, unsigned access, bool is_shared);
LIBOS_PUBLIC long libos_unmap(void *address, size_t length);
/* Change the access of one range, or of n single pages at once. RANGE: not mapped. */
LIBOS_PUBLIC long libos_protect(void *address, size_t length, unsigned access);
LIBOS_PUBLIC long libos_protect_pages(void *const pages[], size_t n, unsigned access);

/* Which pages of a mapped range have been written to since they were mapped, brought in or cleaned:
 * pages[i] becomes 1 or 0, a byte for each page (Engler, Kaashoek, O'Toole, SOSP 1995: `dirty`).
 * Then: from now on. RANGE: not mapped; ARGUMENT: not page-aligned. */
LIBOS_PUBLIC long libos_dirty(const void *address, size_t length, unsigned char *pages);
LIBOS_PUBLIC long libos_clean(void *address, size_t length);

/* Called for faults in [start, end) that copy-on-write and demand-zero do not resolve, in library
 * context, on the library stack, asynchronous events masked: frame is what resumes the program. It
 * may change the registers (skip an instruction) or call libos_handler_protect. True: resume;
 * false: the fault goes its usual way. It must not call anything else of this header or of libc,
 * nor use memory below its stack pointer (chitin-cc sees to it). NULL: none. */
typedef bool libos_fault_handler(struct exo_frame *frame, void *argument);
LIBOS_PUBLIC long libos_set_fault_handler(libos_fault_handler *handler, void *argument,
					  void *start, void *end);
/* From a fault handler: as libos_protect. */
LIBOS_PUBLIC long libos_handler_protect(void *address, size_t length, unsigned access);

/* ---- Time, console ---- */

/* Now in clock units; how many there are in a second. */
LIBOS_PUBLIC uint64_t libos_clock(void);
LIBOS_PUBLIC uint64_t libos_clock_hz(void);
/* Bytes straight to the console, bypassing libc. */
LIBOS_PUBLIC long libos_console_write(const void *buffer, size_t length);

/* Any of Linux's calls of up to four arguments (doc/linux.md), as a call of the library: files and
 * pipes without an upcall through the kernel. What Linux returns, a negative errno of its own
 * (-EINTR if a signal came, however its handler was set) included. */
LIBOS_PUBLIC long libos_linux(long number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3);

/* ---- Switches and figures ---- */

enum libos_switch {
	LIBOS_SWITCH_GRACE,     /* first-run grace in clock units; 0: off */
	LIBOS_SWITCH_TICK,      /* period of thread ticks in clock units; 0: none */
	LIBOS_SWITCH_TICKS_MAX, /* no ticks after that many; 0: no end */
	/* End the process here and now, killed, with one of the family's locks held (enum
	 * family_lock_rank): a point for tests. */
	LIBOS_SWITCH_DIE_LOCKED,
};

/* Set; the old value. ARGUMENT. */
LIBOS_PUBLIC long libos_switch(enum libos_switch which, uint64_t value);

struct libos_statistics {
	uint64_t faults0;        /* resolved from the slot alone */
	uint64_t faults1;        /* resolved from regions */
	uint64_t forks;
	uint64_t ticks;
	uint64_t thread_switches;
	uint64_t edges_refused;  /* illegal changes of a thread's state */
	uint64_t frames_used;    /* of the account */
	uint64_t frames_limit;
	uint64_t reserved[8];
};

LIBOS_PUBLIC long libos_statistics(struct libos_statistics *statistics);

#endif
