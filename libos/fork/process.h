/* SPDX-License-Identifier: ISC */
/*
 * Process: fork, spawn, exec, exit, wait. A process is an env and an entry in its family's process
 * table (libos/family), which says its number (pid), its parent and how it ended.
 *
 * Fork copies eagerly what level 0 needs (wired pages, the forking thread's library stack), shares
 * text, and chooses per table between copying leaves (few) and SHARE (many); see fork.c. Exec and
 * spawn build the library slot of the new image, in a staging slot or in a child env, and pass
 * one struct process_exec_state; the new library maps the program itself (start.c).
 *
 * Needs of libos/fs/archive.h only
 *   err_t archive_find(const char *path, struct archive_file *file);   EXO_E_EMPTY
 *   struct archive_file { uint64_t offset, bytes; uint32_t mode; };
 * which works without any state (it reads the archive at EXO_INFO_ARCHIVE).
 */
#ifndef LIBOS_FORK_PROCESS_H
#define LIBOS_FORK_PROCESS_H

#include "libos/base.h"
#include "libos/fork/image.h"
#include "libos/layout.h"
#include "libos/thread/thread.h"

struct libos;

/* Status of an ended process as process_wait gives it: exit code in bits 8..15, or the number of
 * the signal that killed it in bits 0..6 (as Linux's wait has it). */
#define PROCESS_STATUS_EXIT(code)   (((uint32_t)(code) & 0xffu) << 8)
#define PROCESS_STATUS_RESTART      (UINT32_C(0x100) << 8) /* pid 1's: start the machine again */
#define PROCESS_STATUS_SIGNAL(sign) ((uint32_t)(sign) & 0x7fu)

struct fs_node;

/* Where a program's ELF file is. */
struct process_file {
	struct fs_node *node;    /* made in memory: a reference; NULL: */
	uint64_t archive;        /* byte offset in the boot archive */
	uint64_t bytes;          /* its length */
};

#define PROCESS_EXEC_VERSION 3u

/* What exec and spawn pass, at LIBOS_EXEC both where it is made (strings.h) and in the new image,
 * followed by the data it points into (offsets from its start). */
struct process_exec_state {
	uint32_t version;
	uint32_t is_spawned;     /* a new process, not an exec of an old one */
	uint64_t bytes;          /* all, with what follows */
	struct process_file file; /* the program's ELF file */
	uint64_t library;        /* struct process.library of the new image */
	uint64_t pid;
	uint64_t path, exe;      /* strings: for AT_EXECFN and messages; absolute, of the file */
	uint64_t argc, argv;     /* count and offset of the strings, one after another */
	uint64_t envc, envp;
	uint64_t state, state_bytes; /* of the Linux layer (masks) */
	uint64_t grace_units, tick_units;
	struct image image;      /* the program's, taken apart */
};

static inline const char *process_text(const struct process_exec_state *state, uint64_t offset)
{
	return (const char *)state + offset;
}

struct process {
	uint64_t env;            /* own handle */
	uint32_t pid;
	uint64_t library;        /* archive offset of the file that its library's text is of;
				  * 0: not known, or made in memory */
	char name[64];           /* for messages: last part of argv[0] */
	bool is_native;          /* the program brought its own library */
	bool is_examined;        /* LIBOS_POSTMORTEM=1: its death is told at length */
	bool is_exiting;
	bool is_childless;       /* SIGCHLD is ignored: ended children leave nothing to wait for */
	uint64_t forks;          /* in all */
	struct family_process *made; /* the child that a fork is making */
	const struct process_exec_state *exec; /* while the program starts; NULL later */
};

struct process_fork_how {
	bool is_borrowing; /* for vfork (process_wait_borrower) */
	unsigned signal;   /* what its end sends, 0: nothing */
	uint64_t most;     /* how many processes there may be with it, not counting pid 1 */
	/* Has a signal come that this thread takes? Asked when the child has an entry: what comes
	 * later reaches both. NULL: such a signal can wait. */
	bool (*is_called)(struct thread *t);
};

/* Copy the calling process. In the parent *pid is the child's; in the child 0, and its thread
 * returns from here too. EXO_E_PENDING: is_called, so nothing was done; EXO_E_LIMIT, EXO_E_FULL.
 * Takes all locks. */
err_t process_fork(struct libos *os, const struct process_fork_how *how, uint32_t *pid) MUST_USE;
/* Sleep until vfork's child executes a program or ends; signals wait. */
void process_wait_borrower(struct libos *os, uint32_t pid);
/* vfork-like start of the program that `state` describes, in a new process. EXO_E_TYPE: not a
 * program that can run (one line says why on the console); EXO_E_LIMIT, EXO_E_FULL. */
err_t process_spawn(struct libos *os, struct process_exec_state *state, uint32_t *pid) MUST_USE;
/* Become that program. Returns only with an error, and then nothing has changed: EXO_E_TYPE (as
 * above), EXO_E_LIMIT. */
err_t process_exec(struct libos *os, struct process_exec_state *state) MUST_USE;
/* End with an exit code, or as killed by a signal (status as PROCESS_STATUS_...). */
_Noreturn void process_exit(struct libos *os, uint32_t status);
/* What process_wait waits for, and how. */
enum {
	PROCESS_WAIT_NO_HANG = 1,
	PROCESS_WAIT_STOPPED = 2,
	PROCESS_WAIT_ENDED = 4,
	PROCESS_WAIT_CONTINUED = 8,
	PROCESS_WAIT_KEEP = 0x1000000, /* leave it waitable */
};
/* Children whose end sends SIGCHLD are waited for; or all, or only the others. */
#define PROCESS_WAIT_ALL   0x40000000u
#define PROCESS_WAIT_CLONE 0x80000000u

/* What a wait tells of a child. */
struct process_ended {
	uint32_t pid;
	uint32_t status;         /* PROCESS_STATUS_..., or struct family_process.change */
	uint64_t units;          /* CPU time with that of its children; 0: it has not ended */
};

/* Wait for a child: `who` > 0 that pid, 0 any of the caller's group, -1 any, < -1 any of group
 * -who. EXO_E_EMPTY: no such child; EXO_E_AGAIN: PROCESS_WAIT_NO_HANG and nothing to tell;
 * EXO_E_PENDING: interrupted (thread_interrupt). */
err_t process_wait(struct libos *os, int32_t who, unsigned how, struct process_ended *ended)
	MUST_USE;
/* Let traces and debuggers know this process by its name (struct exo_vcpu_page). */
void process_show_name(const struct libos *os);
/* Does nobody but the console say how this process ended? Its parent is no program. */
bool process_is_told(const struct libos *os);
/* A CHILD event came. */
void process_events(struct libos *os);
/* CPU time that an env has had up to its last switch, in clock units. */
uint64_t process_units(uint64_t env);
/* Take note of dead children's ends; they can be waited for. Takes nothing: also for whoever waits
 * for a lock of the family. */
void process_reap(struct libos *os);
/* The argv and envp strings (NULL: no more), and the Linux layer's state, that this process was
 * started with. Valid until the program runs. */
const char *process_argument(struct libos *os, unsigned n);
const char *process_environment(struct libos *os, unsigned n);
const void *process_state(struct libos *os, size_t *bytes);

#endif
