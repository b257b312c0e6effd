/* SPDX-License-Identifier: ISC */
/*
 * Vcpu: what the kernel runs. Its life, changed by vcpu_edge only:
 *
 *   FREE -> INITIALIZING -> RUNNABLE <-> RUNNING -> WAITING -> RUNNABLE
 *                 |             |        |     |       |
 *                 |             |   STOPPING   |       |
 *                 |             |        |     |       |
 *                 +-------------+----> TERMINATED <----+     TERMINATED -> FREE
 *
 * INITIALIZING belongs to its claimant alone, RUNNING to the CPU that took it. STOPPING still runs
 * there; another CPU has asked for its end, and it neither blocks nor goes to user mode any more.
 * regs and fpu are written by the claimant before RUNNABLE, and after that by the CPU that stops
 * running it; they are complete before the state says RUNNABLE, and zeroed before FREE. A handle is
 * index | generation << 16, as an env's.
 */
#ifndef EXO_VCPU_H
#define EXO_VCPU_H

#include <machine/fpu.h>
#include <machine/regs.h>

#include "exo/base.h"

enum vcpu_state {
	VCPU_FREE, VCPU_INITIALIZING, VCPU_RUNNABLE, VCPU_RUNNING, VCPU_STOPPING, VCPU_WAITING,
	VCPU_TERMINATED, VCPU_STATES
};

#define VCPU_NONE 0xffffu

struct CACHE_ALIGNED vcpu {
	struct exo_regs regs;         /* first: the entry code stores here */
	uint32_t env;                 /* const from INITIALIZING to TERMINATED */
	uint32_t next GUARDED_BY(tree_class); /* of the same env */
	struct pfn page;              /* vcpu page; holds one reference */
	uint64_t page_address;        /* where its env sees it */
	/* Events; or-ed by anyone. seq_cst: or-ed before wait_mode and CPUs' current are read, and
	 * read after those are written. pairs with: vcpu_pend, upcall_events, wait_enqueue */
	_Atomic uint32_t pending;
	/* went to user mode with `masked` clear since the last EVENTS upcall; its CPU only */
	bool has_progressed;
	/* deadline, UINT64_MAX: none; its CPU, or cpu lock if sleeping */
	uint64_t timer;
	uint32_t sleep_next GUARDED_BY(cpu_class);  /* in its CPU's list of sleepers */
	/* CPU whose list it is on; written by it before is_sleeping */
	uint32_t sleep_cpu;
	uint32_t slices GUARDED_BY(tree_class); /* positions it holds */
	_Atomic uint32_t homes;       /* CPUs where it has had one, a bit each; relaxed: a hint */
	bool is_sleeping GUARDED_BY(cpu_class);
	/* enum wait_mode; written under its bucket's lock: NONE last of all, so that who reads
	 * NONE meets nobody who still ends that wait. seq_cst: see pending. pairs with: wait_end,
	 * wait_enqueue, wait_finish */
	_Atomic uint32_t wait_mode;
	uint32_t wait_next GUARDED_BY(wait_class);  /* in its bucket */
	/* What it waits on, see wait.c; written under its bucket's lock. Relaxed: who reads them
	 * without looks again under the lock. */
	_Atomic uint64_t wait_key;
	_Atomic uint64_t wait_offset;
	uint64_t excess;              /* run past the last slice's end, owed; its CPU only */
	struct arch_fpu fpu;
	/* What outlives it: the end of a vcpu zeroes all before. */
	/* changed with the tree lock held; relaxed: without it a hint */
	_Atomic uint64_t generation;
	/* seq_cst: written before CPUs' current are read, and read after those are written. pairs
	 * with: vcpu_edge, vcpu_kick, cpu_take, cpu_put */
	_Atomic uint32_t state;
};

uint64_t vcpu_handle(struct machine *m, unsigned vcpu);
/* One step of a vcpu's life, by compare-and-swap. False, counted and nothing changed, if the edge
 * is not in the drawing above or the state is not `from`. */
bool vcpu_edge(struct machine *m, unsigned vcpu, enum vcpu_state from, enum vcpu_state to);
/* The live vcpu that `handle` names (EXO_E_VCPU), of whichever env. */
err_t vcpu_find(struct machine *m, uint64_t handle, unsigned *vcpu) MUST_USE;
/* A new vcpu of `env`, RUNNABLE but without a slice. Everything is checked before anything changes.
 * EXO_E_ARGUMENT (addresses, registers), EXO_E_LIMIT, EXO_E_FULL, EXO_E_AGAIN, and as ALLOC for the
 * slot of the vcpu page. Requires tree lock; takes env. */
err_t vcpu_start(struct machine *m, unsigned env, const struct exo_vcpu_start *start,
		 unsigned *vcpu) MUST_USE REQUIRES(tree_class);
/* End a vcpu in any state but FREE; INITIALIZING only if its claimant has died. What its env has
 * not heard by it yet of children and revocation goes to who hears of these now. Requires tree
 * lock; takes wait, cpu, free. */
void vcpu_stop(struct machine *m, struct cpu *c, unsigned vcpu) REQUIRES(tree_class);
/* Make the CPU that runs a vcpu, and those that idle where it has slices, look at it soon. */
void vcpu_kick(struct machine *m, unsigned vcpu);
/* Pend events, for a vcpu that cannot end meanwhile: it is the caller's own, or the tree lock or
 * its bucket's is held. vcpu_event: one that blocks is woken, too (VCPU_NONE: nobody). Takes wait,
 * cpu. */
void vcpu_pend(struct machine *m, unsigned vcpu, uint32_t events);
void vcpu_event(struct machine *m, unsigned vcpu, uint32_t events);
/* The kernel's address of a vcpu's page. */
struct exo_vcpu_page *vcpu_page(struct machine *m, unsigned vcpu);

#endif
