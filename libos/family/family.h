/* SPDX-License-Identifier: ISC */
/*
 * Family: all processes that descend from the first one. They share the memory at LIBOS_FAMILY:
 * common tables that the first process makes, that fork and spawn share into each child and exec
 * leaves in place. In it lie the process table, the file tree with all open files, pipes, the
 * terminal. Members trust each other; families do not, and the kernel stands between them.
 */
#ifndef LIBOS_FAMILY_FAMILY_H
#define LIBOS_FAMILY_FAMILY_H

#include "libos/family/arena.h"
#include "libos/family/lock.h"
#include "libos/family/process_table.h"
#include "libos/fs/fs.h"
#include "libos/thread/thread.h"

#define FAMILY_VERSION 1u

struct family_waiter;

/* At LIBOS_FAMILY. Its atomics are seq_cst, but for the locks (lock.h) and last_pid, which orders
 * nothing. */
struct family {
	uint32_t version;
	uint32_t bytes;                   /* sizeof(struct family): libraries must agree */
	_Atomic uint32_t lock[FAMILY_LOCKS];
	_Atomic uint32_t is_broken;
	_Atomic uint32_t last_pid;
	_Atomic uint64_t used[FAMILY_PROCESSES / 64]; /* bit n: entry n is not FREE */
	_Atomic uint32_t places;          /* entries from here on have never been used */
	_Atomic uint16_t by_env[FAMILY_PROCESSES];    /* env's index -> place + 1 */
	_Atomic uint16_t by_pid[2 * FAMILY_PROCESSES]; /* pid modulo that -> place + 1 */
	/* Job control of the one terminal. */
	_Atomic uint32_t foreground;      /* its foreground group */
	_Atomic uint32_t session;         /* whose terminal it is */
	_Atomic uint32_t main;            /* pid of the program that the machine was started for */
	_Atomic uint32_t is_restarting;   /* when that has ended the machine is started again */
	struct fs_shared fs;
	struct family_waiter *waiters;    /* on futexes (libos/linux/shared.h) */
	struct family_process process[FAMILY_PROCESSES];
	struct family_arena arena;
	struct family_siginfo info[FAMILY_PROCESSES][FAMILY_SIGNALS];
	/* What a child of vfork leaves of its parent's stack for it. */
	uint8_t loan[FAMILY_PROCESSES][FAMILY_LOAN_BYTES];
};

/* A process's own part of it, in struct libos. */
struct family_local {
	struct family_process *self;
	uint32_t held;                    /* bit n: this process holds family lock n */
	bool has_buried;                  /* one that left files open, or that nobody waits for */
	bool is_woken;                    /* family_wake was called: for a thread that is alone */
	struct wait_queue sleepers;       /* threads that look again when the bell rings; sched */
};

static inline struct family *family_root(void)
{
	return (struct family *)LIBOS_FAMILY;
}

/* The first process: make the shared memory and its own entry (pid 1). EXO_E_LIMIT. */
err_t family_create(struct libos *os) MUST_USE;
/* A process that was started by another: its entry is there. EXO_E_TYPE: made by another version
 * of the library. */
err_t family_attach(struct libos *os, uint32_t pid) MUST_USE;
/* Slot operation that shares the family's memory with a child env. */
struct exo_slot_op family_share_op(uint64_t env);

/* An entry for a new child of this process, MAKING, without files: what is sent to its group from
 * now on is sent to it, too. EXO_E_FULL: none is free, or there are `most` already, not counting
 * pid 1; EXO_E_LIMIT. Takes table. */
err_t family_make(struct libos *os, uint64_t most, struct family_process **made) MUST_USE;
/* Its env is known: it is ALIVE. */
void family_announce(struct family_process *p, uint64_t env);
/* Give an entry back that is MAKING by this process, or a ZOMBIE that is not waited for any more;
 * nothing if another member is doing so, or it is neither. */
void family_release(struct libos *os, struct family_process *p);
/* The forked child: who it is now. */
void family_fork_child(struct libos *os, struct family_process *self);
/* This process is ending: its children are pid 1's, its parent need not wait for it to execute,
 * its status is known, its locks are free. */
void family_exit(struct libos *os, uint32_t status);
/* The entry of an env, NULL: none. Before the env is reaped: after that its number may be another
 * member's. */
struct family_process *family_of_env(uint64_t env);
/* The env of a member has been reaped (os->family.self->burying names it): it is a ZOMBIE, its
 * locks are free, SIGCHLD is pending here if it was this process's child. `status` counts if it
 * said nothing itself: then whatever it had in hand is finished for it, a child that it was making
 * does not begin, and everybody looks around. units: CPU time. */
void family_bury(struct libos *os, struct family_process *p, uint32_t status, uint64_t units);
/* The children of a process that ends are pid 1's, which asks no questions. */
void family_disown(struct libos *os, const struct family_process *parent);
/* A child's news for its parent: a signal (0: none), and what comes along. */
void family_tell_parent(const struct family_process *p, unsigned signal, int32_t code,
			uint32_t value);
/* Post a signal to one process (as family_signal, without looking for it). */
void family_post(struct family_process *p, unsigned number, const struct family_siginfo *info);

/* Sleep until the bell rings (or anything else that concerns the family happens), or until a
 * deadline. Results as thread_block. Who is to ring must have been told before
 * (fs_outside.wait). */
err_t family_block(struct libos *os, uint64_t deadline) MUST_USE;
/* The same with the lock `file` held, which is given back meanwhile. */
err_t family_sleep(struct libos *os, uint64_t deadline) MUST_USE;
/* The bell rang: everybody who sleeps in family_sleep looks again. */
void family_wake(struct libos *os);

/* Pid 1, for good: start that program, serve the terminal, reap. */
struct process_exec_state;
_Noreturn void family_init(struct libos *os, struct process_exec_state *state);

#endif
