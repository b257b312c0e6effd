/* SPDX-License-Identifier: ISC */
/* Upcalls: what is pushed and where, nesting, masking, foreign system calls, stacks that cannot
 * take them; resume: everything comes back, hostile frames are refused and change nothing. */
#include <string.h>

#include "tests/host/lab.h"

#define T EXO_ROOT_SPAN

static struct exo_regs fill(struct lab *l)
{
	struct exo_regs *regs = &l->m->vcpus[0].regs;
	uint64_t *words = (uint64_t *)regs;
	unsigned i;

	for (i = 0; i < sizeof(*regs) / 8; i++)
		words[i] = 0x1000 + i;
	regs->flags = 1;
	return *regs;
}

static struct exo_frame frame_at(struct lab *l, uint64_t address)
{
	struct exo_frame frame = { .kind = 99 };

	host_read(l->m, 0, address, &frame, sizeof(frame));
	return frame;
}

static int64_t resume(struct lab *l, uint64_t at)
{
	return lab_call(l, EXO_CALL_RESUME, at, 0, 0, 0, 0);
}

static void check_fault(struct lab *l)
{
	struct exo_vcpu_page *page = vcpu_page(l->m, 0);
	struct exo_regs before = fill(l), *regs = &l->m->vcpus[0].regs;
	struct exo_frame frame;
	uint64_t at;

	kernel_trap(l->m, &l->m->cpus[0], EXO_UPCALL_FAULT, EXO_FAULT_WRITE, 0x1234);
	at = regs->arg[1];
	frame = frame_at(l, at);
	tap_ok(regs->pc == LAB_ENTRY && regs->arg[0] == LAB_VCPU && regs->sp == at,
	       "a fault enters the upcall entry");
	tap_ok(at % 16 == 0 && at + sizeof(frame) <= LAB_STACK_TOP
	       && at + sizeof(frame) + 16 > LAB_STACK_TOP, "its frame is at the stack's top");
	tap_ok(frame.kind == EXO_UPCALL_FAULT && frame.code == EXO_FAULT_WRITE
	       && frame.address == 0x1234 && frame.masked == 0, "and says what happened");
	tap_ok(!memcmp(&frame.regs, &before, sizeof(before)), "with all registers");
	tap_eq(page->masked, 1, "masked is set");
	kernel_trap(l->m, &l->m->cpus[0], EXO_UPCALL_EXCEPTION, EXO_EXCEPTION_DIVIDE, 0);
	tap_ok(regs->sp == at - sizeof(frame), "a fault inside nests below");
	tap_eq(frame_at(l, regs->sp).masked, 1, "and remembers that it was masked");
	resume(l, regs->sp);
	tap_eq(page->masked, 1, "to the first upcall, masked");
	resume(l, at);
	tap_ok(!memcmp(regs, &before, sizeof(before)), "resume gives every register back");
	tap_eq(page->masked, 0, "and masked");
	lab_sound(l, "all is sound");
}

static void check_foreign(struct lab *l)
{
	struct exo_regs before = fill(l), *regs = &l->m->vcpus[0].regs;
	struct exo_frame frame;

	kernel_syscall(l->m, &l->m->cpus[0]);
	frame = frame_at(l, regs->sp);
	tap_eq(frame.kind, EXO_UPCALL_SYSCALL, "a number that is not ours is an upcall");
	tap_ok(!memcmp(&frame.regs, &before, sizeof(before)), "with the registers as they were");
	resume(l, regs->sp);
	regs->number = EXO_CALL_PREFIX ^ UINT64_C(1) << 63;
	kernel_syscall(l->m, &l->m->cpus[0]);
	tap_eq(frame_at(l, regs->sp).kind, EXO_UPCALL_SYSCALL, "so is one that has a bit too many");
	resume(l, regs->sp);
	tap_eq(lab_call(l, EXO_CALLS, 0, 0, 0, 0, 0), EXO_E_CALL, "one of ours there is not");
	tap_eq(lab_call(l, (enum exo_call)0x7fffffff, 0, 0, 0, 0, 0), EXO_E_CALL, "nor this");
}

static void check_events(struct lab *l)
{
	struct exo_vcpu_page *page = vcpu_page(l->m, 0);
	struct exo_regs *regs = &l->m->vcpus[0].regs;
	uint64_t at;

	fill(l);
	page->masked = 1;
	vcpu_event(l->m, 0, EXO_EVENT_TIMER);
	vcpu_event(l->m, 0, EXO_EVENT_DOORBELL);
	lab_call(l, EXO_CALL_SELF, 0, 0, 0, 0, 0);
	tap_ok(regs->pc != LAB_ENTRY, "masked events wait");
	tap_eq(page->pending, EXO_EVENT_TIMER | EXO_EVENT_DOORBELL, "and can be seen");
	page->masked = 0;
	lab_call(l, EXO_CALL_SELF, 0, 0, 0, 0, 0);
	kernel_interrupt(l->m, &l->m->cpus[0]);
	at = regs->sp;
	tap_ok(regs->pc == LAB_ENTRY && frame_at(l, at).kind == EXO_UPCALL_EVENTS,
	       "unmasked they come");
	tap_eq(frame_at(l, at).code, EXO_EVENT_TIMER | EXO_EVENT_DOORBELL, "all in one");
	tap_eq(page->pending, 0, "none is left");
	resume(l, at);
}

/* Each hostile frame: refused with its error, and nothing has changed. */
static void check_hostile(struct lab *l)
{
	struct exo_frame frame = { .regs.pc = 0x1000, .regs.sp = 0x2000 };
	uint64_t at = LAB_BATCH, last = LAB_BASE + LAB_PAGES * EXO_PAGE_SIZE;

	lab_denies(l, EXO_CALL_RESUME, at + 8, 0, 0, EXO_E_ARGUMENT, "a frame at an odd address");
	lab_denies(l, EXO_CALL_RESUME, 9 * T, 0, 0, EXO_E_POINTER, "nowhere");
	lab_denies(l, EXO_CALL_RESUME, UINT64_MAX - 15, 0, 0, EXO_E_ARGUMENT, "at the end of all");
	lab_denies(l, EXO_CALL_RESUME, UINT64_C(1) << 47, 0, 0, EXO_E_POINTER, "at no address");
	lab_denies(l, EXO_CALL_RESUME, EXO_ROOT_RECURSIVE * T, 0, 0, EXO_E_POINTER, "in a table");
	lab_denies(l, EXO_CALL_RESUME, last - 64, 0, 0, EXO_E_ARGUMENT, "across pages");
	frame.masked = 2;
	host_write(l->m, 0, at, &frame, sizeof(frame));
	lab_denies(l, EXO_CALL_RESUME, at, 0, 0, EXO_E_ARGUMENT, "masked twice");
	frame.masked = UINT64_C(1) << 32;
	host_write(l->m, 0, at, &frame, sizeof(frame));
	lab_denies(l, EXO_CALL_RESUME, at, 0, 0, EXO_E_ARGUMENT, "masked in the upper half");
	frame.masked = 0;
	frame.regs.pc = EXO_ROOT_USER * EXO_ROOT_SPAN;
	host_write(l->m, 0, at, &frame, sizeof(frame));
	lab_denies(l, EXO_CALL_RESUME, at, 0, 0, EXO_E_ARGUMENT, "a kernel's program counter");
	frame.regs.pc = 0x1000;
	frame.regs.sp = UINT64_C(1) << 63;
	host_write(l->m, 0, at, &frame, sizeof(frame));
	lab_denies(l, EXO_CALL_RESUME, at, 0, 0, EXO_E_ARGUMENT, "a kernel's stack");
	frame.regs.sp = 0x2000;
	frame.regs.flags = UINT64_MAX;
	host_write(l->m, 0, last - 2 * EXO_PAGE_SIZE - 48, &frame, sizeof(frame));
	resume(l, last - 2 * EXO_PAGE_SIZE - 48);
	tap_eq(l->m->vcpus[0].regs.pc, 0x1000, "a frame across two pages is taken");
	tap_eq(l->m->vcpus[0].regs.flags, 1, "without privileged flags");
	lab_op(l, OP(PROTECT, 1, LAB_STACK, 1, .access = EXO_READ));
	host_read(l->m, 0, LAB_STACK, &frame, sizeof(frame));
	tap_eq(frame.masked, 0, "a frame in read-only memory");
}

/* A child whose stack or entry is bad dies with that status; its parent goes on. */
static void check_bad(struct lab *l, uint64_t base, uint64_t top, uint64_t entry, unsigned death)
{
	uint64_t child = lab_child(l, 0), vcpu = lab_vcpu(l, child, T, 0);
	struct exo_vcpu_page *page = vcpu_page(l->m, vcpu & 0xffff);

	page->stack_base = base;
	page->stack_top = top;
	page->upcall_entry = entry;
	l->m->vcpus[vcpu & 0xffff].regs.sp = 0x100;
	lab_call(l, EXO_CALL_YIELD, vcpu, 0, 0, 0, 0);
	kernel_trap(l->m, &l->m->cpus[0], EXO_UPCALL_FAULT, 0, 0x1234);
	tap_eq(l->m->cpus[0].current, l->vcpu & 0xffff, "stack %llx to %llx, entry %llx: it dies",
	       (unsigned long long)base, (unsigned long long)top, (unsigned long long)entry);
	tap_ok(!lab_reap(l, child) && EXO_STATUS_DEATH(l->value) == death, "with its status");
	lab_sound(l, "and all is sound");
}

int main(void)
{
	const uint64_t top = T + 4 * EXO_PAGE_SIZE, size = sizeof(struct exo_frame);
	struct lab *l = lab_open(256, 1);

	check_fault(l);
	check_foreign(l);
	check_events(l);
	check_hostile(l);
	vcpu_page(l->m, 0)->masked = 1;
	check_bad(l, 0, 0, LAB_ENTRY, EXO_DEATH_UPCALL_STACK);
	check_bad(l, 0x10000, 0x20000, LAB_ENTRY, EXO_DEATH_UPCALL_STACK);
	check_bad(l, top - size, top, LAB_ENTRY, EXO_DEATH_UPCALL_STACK);
	check_bad(l, top, T, LAB_ENTRY, EXO_DEATH_UPCALL_STACK);
	check_bad(l, 0, UINT64_MAX, LAB_ENTRY, EXO_DEATH_UPCALL_STACK);
	check_bad(l, 0, UINT64_C(1) << 47, LAB_ENTRY, EXO_DEATH_UPCALL_STACK);
	check_bad(l, EXO_INFO_BASE, EXO_INFO_BASE + EXO_PAGE_SIZE, LAB_ENTRY,
		  EXO_DEATH_UPCALL_STACK);
	check_bad(l, T + EXO_PAGE_SIZE, top, EXO_ROOT_USER * T, EXO_DEATH_UPCALL_STACK);
	check_bad(l, T + EXO_PAGE_SIZE, top, 0, EXO_DEATH_NO_ENTRY);
	lab_close(l);
	return tap_done("tests/host/upcalls_and_resume.tap");
}
