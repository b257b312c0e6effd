/* SPDX-License-Identifier: ISC */
/*
 * Cpu: a processor's circular vector of slices, what runs on it, its sleepers and its pending
 * flush. `current` and what follows it belong to the CPU itself; the rest is under its lock.
 */
#ifndef EXO_CPU_H
#define EXO_CPU_H

#include "exo/base.h"
#include "exo/flush.h"
#include "exo/vcpu.h"

enum { SHOOT_FLUSH = 1, SHOOT_END = 2 };

/* First what programs may read: struct exo_table_cpu. */
struct CACHE_ALIGNED cpu {
	/* Vcpu whose registers are loaded, VCPU_NONE: none. Written by the CPU itself; seq_cst:
	 * before it reads vcpus' states and events. pairs with: vcpu_kick */
	_Atomic uint32_t current;
	uint32_t root_env;            /* env whose root is loaded, ENV_NONE: the kernel's own */
	uint64_t traced;              /* records in this CPU's ring, in all */
	uint64_t switches;
	uint64_t idle_units;
	uint64_t upcalls[EXO_UPCALLS];
	uint64_t since;               /* when the vcpu that runs was last charged for its time */
	uint32_t position;            /* of the running slice */
	uint64_t slice_end;           /* clock units */
	uint64_t deadline;            /* next event of this CPU */
	uint64_t armed;               /* what its clock is set to, 0: nothing */
	uint64_t not_before;          /* an earlier interrupt finds nothing executed */
	bool is_over;                 /* slice over: the allowance runs */
	struct flush flush;
	uint64_t held;                /* ranks of locks held: 8 bits a rank (debug builds) */
	/* What other CPUs ask, SHOOT_...; in the kernel, where no user translation is used, or not.
	 * seq_cst: who asks looks then whether it is in the kernel, who leaves that looks then
	 * whether it is asked. pairs with: flush_others, cpu_may_leave */
	_Atomic uint32_t shoot;
	_Atomic uint32_t in_kernel;
	struct lock lock;
	uint32_t sleepers GUARDED_BY(cpu_class);              /* by deadline, VCPU_NONE ends */
	uint16_t slices[EXO_SLICES] GUARDED_BY(cpu_class);    /* vcpu, VCPU_NONE: free */
	uint16_t slice_account[EXO_SLICES] GUARDED_BY(cpu_class); /* who pays */
	uint64_t slices_used[EXO_SLICES / 64] GUARDED_BY(cpu_class); /* bit set: not free */
	/* bit set: was free when one was given back in this round of the vector */
	uint64_t slices_late[EXO_SLICES / 64] GUARDED_BY(cpu_class);
	uint32_t slices_end GUARDED_BY(cpu_class); /* from here on none was ever used; n * 64 */
	struct lock free_lock;        /* of its list of free frames */
};

/* Hand out a position (EXO_SLICE_ANY: the first free one after the running slice's) of cpu's vector
 * to a vcpu, charged to `account`. EXO_E_RANGE: no such CPU or position; EXO_E_USED: position
 * taken; EXO_E_FULL; EXO_E_LIMIT. Requires tree lock; takes cpu. */
err_t slice_alloc(struct machine *m, unsigned vcpu, uint64_t cpu, uint64_t want, unsigned account,
		  uint64_t *position) MUST_USE REQUIRES(tree_class);
/* Give a position back on behalf of `env`. EXO_E_RANGE: no such CPU or position; EXO_E_EMPTY: it is
 * free; EXO_E_VCPU: its vcpu is not the env's or below it. Requires tree lock; takes cpu. */
err_t slice_free(struct machine *m, unsigned env, uint64_t cpu, uint64_t position)
	MUST_USE REQUIRES(tree_class);
/* Give back all positions of a vcpu. Requires tree lock; takes cpu. */
void slice_free_all(struct machine *m, unsigned vcpu) REQUIRES(tree_class);

/* End of a kernel entry: if no vcpu is current, choose one from the slices (idle until there is
 * one); deliver its pending events; arm the clock. Returns the vcpu to run. Takes tree, wait,
 * cpu. */
struct vcpu *cpu_leave(struct machine *m, struct cpu *c);
/* Let `vcpu` run in the rest of the running slice. EXO_E_STATE: it is not RUNNABLE. */
err_t cpu_yield_to(struct machine *m, struct cpu *c, unsigned vcpu) MUST_USE;
/* Clock work: sleepers whose deadline has passed, the current vcpu's timer, the slice's end. */
void cpu_tick(struct machine *m, struct cpu *c);
/* When the first sleeper's time comes. Takes cpu. */
uint64_t cpu_first_timer(struct machine *m, struct cpu *c);
/* Recompute the next event of this CPU, which runs a vcpu, by that time. */
void cpu_set_deadline(struct machine *m, struct cpu *c, uint64_t sleeper);
/* Put a vcpu that waits with a timer among the sleepers; take it off. Takes cpu. */
void cpu_sleep(struct machine *m, struct cpu *c, unsigned vcpu);
void cpu_unsleep(struct machine *m, unsigned vcpu);
/* Load an env's root, or (ENV_NONE) the kernel's own. */
void cpu_load_root(struct machine *m, struct cpu *c, unsigned env);
/* If the trace is on (trace.c), one record about the vcpu that runs, if one does: abi/trace.def. */
void trace(struct machine *m, struct cpu *c, enum exo_trace_kind kind, unsigned what, uint64_t a,
	   uint64_t b);
/* Stop running the current vcpu: excess charged, FPU state stored, then the state edge to `to`.
 * False: it is STOPPING, and still current; so only TERMINATED is left for it. */
bool cpu_put(struct machine *m, struct cpu *c, enum vcpu_state to);

#endif
