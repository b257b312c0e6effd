/* SPDX-License-Identifier: ISC */
/*
 * What a step, whatever it is, must leave of CPUs and vcpus: events come when they are not masked,
 * none is lost, who waits is woken by them; a parent hears of deaths; clocks are set in time; time
 * is charged once, and what was run past a slice's end taken off the next. Written from doc/abi.md,
 * not from the kernel. Reads a quiet machine; takes no locks.
 */
#ifndef FUZZ_ANSWER_CPU_H
#define FUZZ_ANSWER_CPU_H

#include "exo/machine.h"

/* What was so before a step. */
struct answer_cpu {
	uint64_t clock, charged;     /* of all envs, and not yet */
	struct {
		uint64_t upcalls[EXO_UPCALLS], switches, idle, since, slice_end;
		unsigned current, position;
		bool is_over;
	} cpu[EXO_CPUS];
	struct {
		uint64_t generation, excess;
		uint32_t pending;
		bool is_masked, is_blocked, is_shared;
	} vcpu[EXO_VCPUS];
	struct { uint64_t generation; unsigned state, parent; } env[EXO_ENVS];
};

/* call: what the step was; if none, no number of one. After it: what is wrong, or NULL. */
void answer_cpu_before(struct answer_cpu *a, struct machine *m);
const char *answer_cpu_after(const struct answer_cpu *a, struct machine *m, unsigned cpu,
			     uint64_t call);

#endif
