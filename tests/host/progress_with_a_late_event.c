/* SPDX-License-Identifier: ISC */
/*
 * kernel-progress: another CPU pends an event when a vcpu has just been given its quantum after an
 * EVENTS upcall, and is still in the kernel. The program executes before that event comes: it comes
 * with the clock, at the quantum's end.
 */
#include "tests/host/lab.h"

#include <string.h>

#define PROGRAM 0x2000

static void at_point(void *context, const char *name)
{
	struct lab *l = context;

	if (strcmp(name, "quantum_begun") != 0)
		return;
	host_self.at_point = NULL;
	host_self.index = 1;
	vcpu_event(l->m, 0, EXO_EVENT_DOORBELL);
	host_self.index = 0;
}

int main(void)
{
	struct lab *l = lab_open(256, 2);
	struct exo_regs *regs = &l->m->vcpus[0].regs;
	struct cpu *c = &l->m->cpus[0];

	regs->pc = PROGRAM;
	vcpu_event(l->m, 0, EXO_EVENT_TIMER);
	lab_call(l, EXO_CALL_SELF, 0, 0, 0, 0, 0);
	host_advance(l->m, l->m->quantum_units);
	kernel_interrupt(l->m, c);
	tap_eq(regs->pc, LAB_ENTRY, "an event comes");
	host_self.context = l;
	host_self.at_point = at_point;
	lab_call(l, EXO_CALL_RESUME, regs->sp, 0, 0, 0, 0);
	tap_ok(!host_self.at_point, "while its handler goes back there is another");
	tap_eq(regs->pc, PROGRAM, "but the program executes first");
	tap_ok(c->armed <= c->not_before + l->m->quantum_units, "the clock is armed");
	kernel_interrupt(l->m, c);
	tap_eq(regs->pc, PROGRAM, "that is interrupted too early");
	host_advance(l->m, l->m->quantum_units);
	kernel_interrupt(l->m, c);
	tap_eq(regs->pc, LAB_ENTRY, "and then the event comes");
	lab_close(l);
	return tap_done("tests/host/progress_with_a_late_event.tap");
}
