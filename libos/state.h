/* SPDX-License-Identifier: ISC */
/*
 * The whole state of the library in one structure, found through the current thread's record
 * (thread_self()->os) or libos_state(). It lies in wired memory, so level 0 may use it; arrays that
 * are large or seldom used lie in the heap behind pointers.
 */
#ifndef LIBOS_STATE_H
#define LIBOS_STATE_H

#include <machine/call.h>

#include "libos/family/family.h"
#include "libos/fork/process.h"
#include "libos/lock.h"
#include "libos/memory.h"
#include "libos/sched/sched.h"
#include "libos/thread/thread.h"
#include "libos/thread/vcpu.h"
#include "libos/upcall/upcall.h"
#include "libos/vm/vm.h"

struct fs_files;
struct linux_state; /* libos/linux */

/* Level 0's data. */
struct wired {
	uint64_t faults0;         /* resolved by level 0, in all */
	uint64_t faults0_copied;  /* of these with unshared tables */
	uint32_t reserve_missing; /* bit n: reserve page n is gone */
	uint32_t reserve_after;   /* level 0 faults until it is filled */
};

/* The library's heap. Pages are numbered: LIBOS_PLAIN's first, then LIBOS_HEAP's. */
struct heap {
	uint32_t end[2];          /* first page never used, in each part; heap, which fork has */
	uint32_t hint[2] GUARDED_BY(heap_class); /* no free page before this one */
	void *free[6] GUARDED_BY(heap_class);    /* free blocks by size class */
};

/* The library's part of the vcpu page, behind struct exo_vcpu_page. */
struct vcpu_local {
	struct libos *os;
	struct thread *current;
	uint64_t locks;           /* bit n: rank n is held by this vcpu */
	uint32_t is_idle;         /* waits for events with masked 0 in library code */
	uint32_t zero;
	uint64_t restored_pc;     /* where the frame being restored goes on (upcall.S) */
	struct sched_clock clock;
	/* With several vcpus (libos/thread/vcpu.h). */
	struct thread *idle;      /* what it runs when there is no other */
	uint32_t number;
	_Atomic uint32_t word;    /* it waits on it; changes when it is called; seq_cst */
	bool is_listening;        /* a doorbell will ring when it is called */
};

#define VCPU_LOCAL_OFFSET 3968u

/* For libos_statistics and the tests. */
struct statistics {
	uint64_t edges_refused;
	uint64_t wakes_stale;
	uint64_t events;
};

/* CPU time as this process saw it last (libos/linux/usage.c). */
struct linux_usage {
	uint64_t units;    /* what it was found to have run */
	uint64_t counted;  /* by the kernel then */
	uint64_t clock;
};

struct libos {
	struct lock lock[RANKS];
	struct wired wired;
	struct heap heap;
	struct upcall_hooks hooks;
	struct sched sched;
	struct vcpus vcpus;
	struct vm vm;
	struct process process;
	struct family_local family;
	struct statistics statistics;
	/* The program's own fault handler (libos_set_fault_handler). */
	bool (*fault_handler)(struct exo_frame *frame, void *argument);
	void *fault_argument;
	uint64_t fault_start, fault_end; /* only faults in this range go there */
	struct linux_state *linux;
	struct fs *fs;
	/* The Linux layer's; here, since a forked child writes them at once. */
	struct fs_files *files;   /* family_self()->files */
	struct linux_usage usage;
	struct thread thread0;    /* thread slot 0 */
	struct thread *threads;   /* slots 1 .. LIBOS_THREAD_SLOTS, in the heap; NULL: none yet */
	uint32_t threads_used;    /* slots that were ever claimed are below */
	uint64_t canary;          /* the first library stack ends above it */
};

#define LIBOS_CANARY UINT64_C(0x6c6962726f6f7421)

static inline struct thread *thread_at(struct libos *os, uint32_t index)
{
	return index ? &os->threads[index - 1] : &os->thread0;
}

/* The one instance of a running process. */
struct libos *libos_state(void);

/* Of the vcpu that runs this: not the same after a thread has been switched. */
static inline struct exo_vcpu_page *libos_vcpu_page(void)
{
	return (struct exo_vcpu_page *)machine_vcpu();
}

static inline struct vcpu_local *vcpu_local(struct exo_vcpu_page *page)
{
	return (struct vcpu_local *)((uint64_t)page + VCPU_LOCAL_OFFSET);
}

static inline struct vcpu_local *libos_vcpu(void)
{
	return vcpu_local(libos_vcpu_page());
}

/* The machine's facts. */
static inline const struct exo_info *libos_info(void)
{
	return (const struct exo_info *)EXO_INFO_PAGE;
}

/* Set up by the layers above; called by process start before the program is mapped, in this
 * order. fs_init: the first process makes the file tree, others find it. */
void fs_init(struct libos *os);
void linux_init(struct libos *os);

/* What process start found in the program's ELF file. */
struct program_image {
	uint64_t entry;        /* of the program */
	uint64_t headers;      /* address of its program headers, 0: in no segment */
	uint64_t header_bytes; /* of one */
	uint64_t header_count;
};

/* Fill the program's first stack, which is mapped and ends at `top`: argc, argv, envp and the
 * auxiliary vector, from process_argument and process_environment. *sp: where the program begins.
 * EXO_E_TOO_LONG: more than a quarter of VM_STACK_BYTES; EXO_E_LIMIT. Called by process start. */
err_t linux_stack(struct libos *os, const struct program_image *image, uint64_t top,
		  uint64_t *sp) MUST_USE;
/* Append what a program that is executed inherits beside its place in the family: ignored and
 * blocked signals. The state is empty so far. */
void linux_save(struct libos *os, struct process_exec_state *state);
/* The file that state->path names in the file tree, through links: fills file and exe; argv begins
 * where the state then ends. A #! script is its interpreter, whose path is the new one, and argc
 * arguments are there already: the interpreter, its argument, the script's path. EXO_E_EMPTY:
 * nothing there; EXO_E_RIGHTS: no file, or not executable; EXO_E_TYPE: neither a program nor a
 * script; EXO_E_TOO_LONG. Takes the family's lock `file`. */
err_t linux_program(struct libos *os, struct process_exec_state *state) MUST_USE;

#endif
