/* SPDX-License-Identifier: ISC */
/*
 * What another CPU asks just before this one leaves the kernel keeps it there for the flush alone:
 * a vcpu that is masked gets no event for it, nor one for which there is none. An event that it may
 * get comes as without.
 */
#include "tests/host/lab.h"

#define PROGRAM 0x2000

/* A call on whose way out CPU 1 asks for a flush. */
static uint64_t call_pc(struct lab *l)
{
	l->m->vcpus[0].regs.pc = PROGRAM;
	atomic_fetch_or(&l->m->cpus[0].shoot, SHOOT_FLUSH);
	lab_call(l, EXO_CALL_SELF, 0, 0, 0, 0, 0);
	tap_eq(l->m->cpus[0].shoot, 0, "the flush is done");
	return l->m->vcpus[0].regs.pc;
}

int main(void)
{
	struct lab *l = lab_open(256, 2);
	struct exo_vcpu_page *page = vcpu_page(l->m, 0);

	page->masked = 0;
	tap_eq(call_pc(l), PROGRAM, "no event pending: none comes");
	page->masked = 1;
	vcpu_event(l->m, 0, EXO_EVENT_DOORBELL);
	tap_eq(call_pc(l), PROGRAM, "one pending, masked: it stays pending");
	tap_eq(page->pending, EXO_EVENT_DOORBELL, "and the page says so");
	page->masked = 0;
	tap_eq(call_pc(l), LAB_ENTRY, "unmasked: it comes");
	lab_close(l);
	return tap_done("tests/host/shoot_brings_no_event.tap");
}
