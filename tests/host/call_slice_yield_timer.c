/* SPDX-License-Identifier: ISC */
/* slice_alloc, slice_free, yield, timer, and what the clock does: whose turn it is, always. */
#include <string.h>

#include "tests/host/lab.h"

#define T EXO_ROOT_SPAN

static uint64_t other, third;

static uint64_t running(struct lab *l)
{
	unsigned current = l->m->cpus[0].current;

	return vcpu_handle(l->m, current);
}

static void check_slices(struct lab *l)
{
	uint32_t used = lab_used(l, 0, EXO_RESOURCE_SLICES);

	tap_eq(lab_call(l, EXO_CALL_SLICE_ALLOC, 0, 0, 100, 0, 0), 0, "a position asked for");
	tap_eq(l->value, 100, "is had");
	tap_eq(lab_used(l, 0, EXO_RESOURCE_SLICES), used + 1, "and paid for");
	lab_denies(l, EXO_CALL_SLICE_ALLOC, 0, 0, 100, EXO_E_USED, "not twice");
	lab_denies(l, EXO_CALL_SLICE_ALLOC, 0, 1, 5, EXO_E_RANGE, "no such CPU");
	lab_denies(l, EXO_CALL_SLICE_ALLOC, 0, UINT64_MAX, 5, EXO_E_RANGE, "nor this");
	lab_denies(l, EXO_CALL_SLICE_ALLOC, 0, 0, EXO_SLICES, EXO_E_RANGE, "no such position");
	lab_denies(l, EXO_CALL_SLICE_ALLOC, 400, 0, 5, EXO_E_VCPU, "no such vcpu");
	tap_eq(lab_call(l, EXO_CALL_SLICE_FREE, 0, 100, 0, 0, 0), 0, "it is given back");
	tap_eq(lab_used(l, 0, EXO_RESOURCE_SLICES), used, "and not paid for");
	lab_denies(l, EXO_CALL_SLICE_FREE, 0, 100, 0, EXO_E_EMPTY, "not twice");
	lab_denies(l, EXO_CALL_SLICE_FREE, 1, 0, 0, EXO_E_RANGE, "no such CPU");
	lab_denies(l, EXO_CALL_SLICE_FREE, 0, EXO_SLICES, 0, EXO_E_RANGE, "no such position");
	while (!lab_call(l, EXO_CALL_SLICE_ALLOC, 0, 0, EXO_SLICE_ANY, 0, 0))
		;
	lab_denies(l, EXO_CALL_SLICE_ALLOC, 0, 0, EXO_SLICE_ANY, EXO_E_LIMIT, "all are used");
	l->m->accounts[0].quota[EXO_RESOURCE_SLICES] += UINT64_C(1) << 32;
	lab_denies(l, EXO_CALL_SLICE_ALLOC, 0, 0, EXO_SLICE_ANY, EXO_E_FULL, "even if one may");
	l->m->accounts[0].quota[EXO_RESOURCE_SLICES] -= UINT64_C(1) << 32;
	lab_sound(l, "all is sound");
}

static void check_yield(struct lab *l)
{
	uint64_t child = lab_child(l, 0);

	other = lab_vcpu(l, child, T, 0);
	third = lab_vcpu(l, child, 2 * T, 0);
	lab_denies(l, EXO_CALL_YIELD, 400, 0, 0, EXO_E_VCPU, "yield to nobody");
	lab_denies(l, EXO_CALL_YIELD, l->vcpu, 0, 0, EXO_E_STATE, "to oneself, who runs");
	l->m->vcpus[0].regs.general[3] = 33;
	lab_call(l, EXO_CALL_YIELD, 0, 0, 0, 0, 0);
	tap_eq(running(l), other, "yield: the next in the vector runs");
	tap_eq(l->next->regs.arg[0], 77, "with its own registers");
	lab_call(l, EXO_CALL_YIELD, 0, 0, 0, 0, 0);
	tap_eq(running(l), third, "then the next");
	lab_call(l, EXO_CALL_YIELD, 0, 0, 0, 0, 0);
	tap_eq(running(l), l->vcpu, "and round");
	tap_ok(l->m->vcpus[0].regs.general[3] == 33 && !EXO_REG_RESULT(&l->m->vcpus[0].regs),
	       "with its registers and result 0");
	lab_call(l, EXO_CALL_YIELD, third, 0, 0, 0, 0);
	tap_eq(running(l), third, "yield to a named one");
	lab_call(l, EXO_CALL_YIELD, l->vcpu, 0, 0, 0, 0);
	tap_eq(running(l), l->vcpu, "and back, upwards");
	lab_sound(l, "all is sound");
}

/* Each vcpu's FPU is its own. */
static void check_fpu(struct lab *l)
{
	unsigned i, bad = 0;

	for (i = 0; i < 30; i++) {
		bad += i >= 3 && host_self.fpu.word[2] != running(l);
		host_self.fpu.word[2] = running(l);
		lab_call(l, EXO_CALL_YIELD, 0, 0, 0, 0, 0);
	}
	tap_eq(bad, 0, "the FPU follows its vcpu through 30 switches");
}

static void interrupt(struct lab *l, uint64_t at)
{
	if (l->m->arch.clock < at)
		l->m->arch.clock = at;
	l->next = kernel_interrupt(l->m, &l->m->cpus[0]);
}

/* The slice's end: asked, allowed, then taken. */
static void check_slice_end(struct lab *l)
{
	struct exo_vcpu_page *page = vcpu_page(l->m, 0);
	struct exo_regs before = l->m->vcpus[0].regs;

	tap_eq(running(l), l->vcpu, "the first runs");
	page->masked = 1;
	interrupt(l, l->m->cpus[0].slice_end);
	tap_eq(running(l), l->vcpu, "at the slice's end it still runs");
	tap_ok(page->pending & EXO_EVENT_SLICE_END, "asked, though masked, to yield");
	interrupt(l, l->m->cpus[0].slice_end + l->m->allowance_units);
	tap_ok(running(l) != l->vcpu, "past the allowance it runs no more");
	tap_eq(page->switches, 1, "which is counted");
	tap_ok(!memcmp(&before, &l->m->vcpus[0].regs, sizeof(before)), "every register is kept");
	lab_sound(l, "all is sound");
	while (running(l) != l->vcpu)
		lab_call(l, EXO_CALL_YIELD, 0, 0, 0, 0, 0);
	page->masked = 0;
	interrupt(l, 0);
	tap_eq(l->m->vcpus[0].regs.pc, LAB_ENTRY, "unmasked, it gets the event as an upcall");
}

static void check_timer(struct lab *l)
{
	struct exo_vcpu_page *page = vcpu_page(l->m, 0);
	uint64_t now = l->m->arch.clock;

	page->masked = 1;
	page->pending = 0;
	l->m->vcpus[0].pending = 0;
	tap_eq(lab_call(l, EXO_CALL_TIMER, now + 1000, 0, 0, 0, 0), 0, "a timer");
	tap_eq(page->pending, 0, "is not due");
	interrupt(l, now + 999);
	tap_eq(page->pending, 0, "nor just before");
	interrupt(l, now + 1000);
	tap_eq(page->pending & EXO_EVENT_TIMER, EXO_EVENT_TIMER, "it is, in time");
	page->pending = 0;
	l->m->vcpus[0].pending = 0;
	interrupt(l, now + 2000);
	tap_eq(page->pending & EXO_EVENT_TIMER, 0, "once");
	lab_call(l, EXO_CALL_TIMER, now + 3000, 0, 0, 0, 0);
	lab_call(l, EXO_CALL_TIMER, 0, 0, 0, 0, 0);
	interrupt(l, now + 4000);
	tap_eq(page->pending & EXO_EVENT_TIMER, 0, "a cancelled one is not");
	lab_call(l, EXO_CALL_TIMER, 1, 0, 0, 0, 0);
	interrupt(l, 0);
	tap_eq(page->pending & EXO_EVENT_TIMER, EXO_EVENT_TIMER, "one in the past is, at once");
	page->pending = 0;
	l->m->vcpus[0].pending = 0;
	lab_sound(l, "all is sound");
}

int main(void)
{
	struct lab *l = lab_open(256, 1);

	check_slices(l);
	lab_close(l);
	l = lab_open(256, 1);
	check_yield(l);
	check_fpu(l);
	check_slice_end(l);
	check_timer(l);
	lab_close(l);
	return tap_done("tests/host/call_slice_yield_timer.tap");
}
