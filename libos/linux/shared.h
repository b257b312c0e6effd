/* SPDX-License-Identifier: ISC */
/* Futexes between processes (see shared.c). */
#ifndef LIBOS_LINUX_SHARED_H
#define LIBOS_LINUX_SHARED_H

#include "libos/linux/linux.h"

/* A thread that waits, in the family's arena. */
struct family_waiter {
	struct family_waiter *next;
	uint64_t key;
	uint64_t since;     /* start_clock of its process: pids are used again */
	uint32_t pid;
	uint32_t bits;
	bool is_woken;
};

/* What names a word of memory in all processes. False: it is not in memory that stays shared. */
bool shared_key(uint64_t address, uint64_t *key);
/* Wait on the word of the call's first argument while it has the value of the third. 0, and how
 * the wait ended: EXO_OK it was woken, else as thread_block; -LINUX_EAGAIN: another value;
 * -LINUX_EFAULT, -LINUX_ENOMEM. Takes the family's lock `file`. */
int64_t shared_wait(struct linux_call *c, uint64_t key, uint64_t deadline, uint32_t bits,
	err_t *ended) MUST_USE;
/* Wake up to count; how many. Takes the family's lock `file`. */
int64_t shared_wake(struct libos *os, uint64_t key, uint64_t count, uint32_t bits);
/* Let up to count of them wait for another word; how many. Takes the family's lock `file`. */
int64_t shared_move(struct libos *os, uint64_t key, uint64_t to, uint64_t count);

#endif
