/* SPDX-License-Identifier: ISC */
/*
 * The process table of a family: every process that descends from the first one, in memory that all
 * of them share (LIBOS_FAMILY, at the same address everywhere). A new
 * process takes the first free place; pids ascend.
 *
 *   FREE -> MAKING -> ALIVE <-> STOPPED
 *             |         |          |
 *             |         `-> ZOMBIE <
 *   FREE <----'---------------'
 *
 * MAKING belongs to the process that forks, its `owner`. ALIVE <-> STOPPED is the process's own
 * change, ZOMBIE is written by whoever reaps its env; a ZOMBIE's entry is given back by its
 * parent's wait, at once if its parent is pid 1. Fields are single words that anyone may read and,
 * where it is said, write; seq_cst, since one is often written before another is read. The lock
 * `table` is for two things that concern all entries: one more, and a signal to a whole group.
 *
 * How a signal reaches a process: family_signal sets its bit in `pending`, then rings: `bell`
 * grows, and if `is_waiting` says that the target sleeps the kernel wakes it. The target looks at
 * its bell whenever it sleeps (the idle loop waits on that word), whenever an event of the kernel
 * comes (at the latest at the end of a slice) and then calls hooks.bell(os): there the Linux
 * layer interrupts sleeping threads (thread_interrupt) if something in `pending` is not blocked.
 * On the way back to the program hooks.leave looks at `pending` and delivers.
 */
#ifndef LIBOS_FAMILY_PROCESS_TABLE_H
#define LIBOS_FAMILY_PROCESS_TABLE_H

#include <stdatomic.h>

#include "libos/base.h"
#include "libos/layout.h"

struct libos;
struct fs_files; /* libos/fs/open.h */

#define FAMILY_PROCESSES 512u /* as many as the kernel has envs */
#define FAMILY_INIT      1u   /* pid of the first process */
#define FAMILY_SIGNALS   64u
#define FAMILY_LOAN_BYTES 2048u

enum family_state {
	FAMILY_FREE,
	FAMILY_MAKING,
	FAMILY_ALIVE,
	FAMILY_STOPPED,
	FAMILY_ZOMBIE,
};

/* What comes along with a signal: the fields of Linux's siginfo that are not the same for all. */
struct family_siginfo {
	int32_t code;    /* si_code: 0 SI_USER, -6 SI_TKILL, 1 CLD_EXITED ... */
	uint32_t pid;    /* si_pid: who sent it, or which child */
	uint64_t value;  /* si_value, or si_status of a child */
};

struct family_process {
	_Atomic uint32_t state;   /* enum family_state */
	/* pid of the member that makes it or gives it back: nobody else does; 0: none */
	_Atomic uint32_t owner;
	_Atomic uint32_t pid;
	_Atomic uint32_t parent;  /* pid; 1 once the parent is gone */
	_Atomic uint32_t group;   /* written by itself, and by its parent until it has executed */
	_Atomic uint32_t session;
	_Atomic uint32_t bell;    /* grows with every ring; the process sleeps on it */
	_Atomic uint32_t is_waiting; /* it sleeps, or is about to: a ring needs a WAKE */
	_Atomic uint32_t status;  /* PROCESS_STATUS_..., written by itself before it ends */
	_Atomic uint64_t pending; /* bit n - 1: signal n waits to be delivered */
	/* A stop or a continuation that its parent has not yet seen: 0x137f with the signal in
	 * bits 8..15, or 0xffff, as wait gives it; 0: none. */
	_Atomic uint32_t change;
	_Atomic uint32_t has_executed;
	_Atomic uint32_t is_reported; /* status is valid: it ended by itself */
	/* made by vfork: its parent sleeps until it executes or ends */
	_Atomic uint32_t is_borrowing;
	_Atomic int32_t nice;     /* -20 .. 19 */
	_Atomic uint32_t end_signal; /* what its end sends to its parent: SIGCHLD but for clone */
	_Atomic uint32_t loan_bytes;   /* in struct family.loan when is_borrowing becomes 0 */
	uint32_t burying;         /* pid of whose env it reaps, till that is a ZOMBIE; 0: none */
	uint64_t env;             /* handle; set before ALIVE */
	uint64_t vcpu;            /* handle of its first vcpu; 0: not yet */
	uint64_t start_clock;     /* clock units when it was made */
	/* CPU time in clock units: of a ZOMBIE with all it waited for; of what it has waited for */
	uint64_t units, children_units;
	struct fs_files *files;   /* in the family's arena; of the process alone while ALIVE */
	char name[16];            /* last part of argv[0], or by prctl */
	char command[60];         /* the arguments, each with its NUL, as far as there is room */
	uint32_t command_bytes;
};

/* The entry of a process that is there (ZOMBIE too), or NULL. */
struct family_process *family_find(uint32_t pid);
/* Its place in the table. */
unsigned family_place(const struct family_process *p);
/* This process's own; valid from process start on. */
struct family_process *family_self(const struct libos *os);
/* The next entry in use after *place (start with 0); NULL: no more. For scans. */
struct family_process *family_next(uint32_t *place);

/* Let a process look around: what it waits for may have come. */
void family_ring(struct family_process *p);

/* Send a signal as kill(2) does: pid > 0 that process, 0 the caller's group, -1 all but pid 1 and
 * the caller, < -1 the group -pid. number 0: only look. info NULL: SI_USER from the caller. A
 * stop signal takes away a pending SIGCONT and the other way round. The caller may be among the
 * targets. A group gets it at once: whoever is being made, too. EXO_E_EMPTY: there is no such
 * process; EXO_E_ARGUMENT: number > 64. Takes table, but not for one process. */
err_t family_signal(struct libos *os, int32_t pid, unsigned number,
		    const struct family_siginfo *info) MUST_USE;
/* What came with the last signal of that number to this process; takes nothing off `pending`. */
struct family_siginfo family_signal_info(const struct libos *os, unsigned number);

/* Has nobody in the caller's group a parent in another group of the session, who could continue it
 * if it stopped? Pid 1 counts for nobody. */
bool family_is_orphaned(const struct libos *os);

/* The calling process stops (number: the signal) or goes on (0): its state, its `change`, SIGCHLD
 * and a ring for its parent. */
void family_set_stopped(struct libos *os, unsigned number);

#endif
