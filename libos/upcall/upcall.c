/* SPDX-License-Identifier: ISC */
/* Dispatch of upcalls. Touches the frame, the current thread's record, struct libos; takes no lock
 * itself. Faults come first and touch nothing else until level 0 has looked. */
#include "libos/upcall/upcall.h"

#include <machine/call.h>

#include "libos/arch.h"
#include "libos/state.h"
#include "libos/upcall/native.h"

/* What Linux would have killed the process with. */
static unsigned upcall_signal(const struct exo_frame *frame, enum upcall_fault why)
{
	static const uint8_t signals[] = {
		[EXO_EXCEPTION_DIVIDE] = 8, [EXO_EXCEPTION_DEBUG] = 5,
		[EXO_EXCEPTION_BREAKPOINT] = 5, [EXO_EXCEPTION_UNDEFINED] = 4,
		[EXO_EXCEPTION_ALIGNMENT] = 7, [EXO_EXCEPTION_FPU] = 8,
		[EXO_EXCEPTION_PROTECTION] = 11, [EXO_EXCEPTION_OTHER] = 11,
	};

	if (why == UPCALL_FAULT_EXCEPTION)
		return frame->code && frame->code < ARRAY_COUNT(signals)
			? signals[frame->code] : 11;
	return why == UPCALL_FAULT_BEYOND ? 7 : why == UPCALL_FAULT_MEMORY ? 9 : 11;
}

static _Noreturn void upcall_die(struct libos *os, const struct exo_frame *frame,
				 enum upcall_fault why)
{
	bool is_told = frame->masked || os->process.is_examined || process_is_told(os);

	if (is_told && why == UPCALL_FAULT_EXCEPTION)
		print("%s: exception %lu (pc 0x%lx)\n", os->process.name, frame->code,
		      EXO_REG_PC(&frame->regs));
	else if (is_told)
		print("%s: page fault at 0x%lx (pc 0x%lx)%s\n", os->process.name, frame->address,
		      EXO_REG_PC(&frame->regs),
		      why == UPCALL_FAULT_MEMORY ? ": out of memory" : "");
	if (is_told && os->hooks.died)
		os->hooks.died(os, frame);
	process_exit(os, PROCESS_STATUS_SIGNAL(upcall_signal(frame, why)));
}

/* A fault or exception of the library itself, with masked set: program memory that it copies, else
 * a bug. */
static void upcall_library(struct libos *os, struct exo_frame *frame)
{
	uint64_t pc = EXO_REG_PC(&frame->regs);
	enum upcall_fault why = UPCALL_FAULT_EXCEPTION;

	if (frame->kind == EXO_UPCALL_FAULT) {
		why = frame->address < VM_TOP ? vm_fault(os, frame->address, frame->code)
			: UPCALL_FAULT_UNMAPPED;
		if (why == UPCALL_FAULT_NONE)
			return;
	}
	/* A bad address; state of the FPU that the CPU refuses. */
	if (pc >= (uint64_t)user_begin && pc < (uint64_t)user_end) {
		EXO_REG_PC(&frame->regs) = (uint64_t)user_fault;
		return;
	}
	print("libos: in the library:\n");
	upcall_die(os, frame, why);
}

/* The program's own handler. True: resume. */
static bool upcall_own_handler(struct libos *os, struct exo_frame *frame)
{
	return os->fault_handler
		&& frame->address - os->fault_start < os->fault_end - os->fault_start
		&& os->fault_handler(frame, os->fault_argument);
}

static void upcall_fault(struct libos *os, struct thread *t, struct exo_frame *frame)
{
	enum upcall_fault why;

	/* A page that is there is protected: nobody but the program's handler knows more. */
	if (frame->code & EXO_FAULT_PRESENT && upcall_own_handler(os, frame))
		return;
	t->frame = frame;
	why = frame->address < VM_TOP ? vm_fault(os, frame->address, frame->code)
		: UPCALL_FAULT_UNMAPPED;
	if (why == UPCALL_FAULT_NONE)
		return;
	if (!(frame->code & EXO_FAULT_PRESENT) && upcall_own_handler(os, frame))
		return;
	if (!os->hooks.fault || !os->hooks.fault(t, frame, why))
		upcall_die(os, frame, why);
}

static void upcall_syscall(struct libos *os, struct thread *t, struct exo_frame *frame)
{
	t->frame = frame;
	if (!native_call(os, frame))
		os->hooks.syscall(t, frame);
}

/* Events that came while a frame was being restored (upcall.S) are events of what it belongs to;
 * who has looked at his vcpu's register, and not yet masked, looks again: it may be another. */
static struct exo_frame *upcall_rewind(struct exo_frame *frame)
{
	uint64_t pc = EXO_REG_PC(&frame->regs);
	struct exo_frame *restored;

	if (pc < (uint64_t)upcall_window || pc >= (uint64_t)upcall_window_end)
		return frame;
	if (pc >= (uint64_t)native_at_once && pc < (uint64_t)native_masked) {
		EXO_REG_PC(&frame->regs) = pc < (uint64_t)native_enter
			? (uint64_t)native_at_once : (uint64_t)native_enter;
		return frame;
	}
	if (pc == (uint64_t)upcall_window_last) {
		EXO_REG_PC(&frame->regs) = libos_vcpu()->restored_pc;
		return frame;
	}
	restored = (struct exo_frame *)((EXO_REG_SP(&frame->regs) + 15) & ~UINT64_C(15));
	restored->kind = EXO_UPCALL_EVENTS;
	restored->code = frame->code;
	return restored;
}

void upcall_leave(struct thread *t, struct exo_frame *frame)
{
	if (t->is_signalled && t->os->hooks.leave)
		t->os->hooks.leave(t, frame);
}

struct exo_frame *upcall_dispatch(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	struct vcpu_local *vcpu = vcpu_local(page);
	struct thread *t = vcpu->current;
	struct libos *os = vcpu->os;

	if (frame->kind == EXO_UPCALL_FAULT && vm_fault0(frame))
		return frame;
	if (frame->masked) {
		upcall_library(os, frame);
		return frame;
	}
	switch (frame->kind) {
	case EXO_UPCALL_FAULT:
		upcall_fault(os, t, frame);
		break;
	case EXO_UPCALL_SYSCALL:
		upcall_syscall(os, t, frame);
		break;
	case EXO_UPCALL_EVENTS:
		if (vcpu->is_idle) {
			sched_events(os, t, (uint32_t)frame->code, true);
			return frame;
		}
		frame = upcall_rewind(frame);
		t->frame = frame;
		sched_events(os, t, (uint32_t)frame->code, false);
		break;
	default:
		t->frame = frame;
		if (!os->hooks.fault || !os->hooks.fault(t, frame, UPCALL_FAULT_EXCEPTION))
			upcall_die(os, frame, UPCALL_FAULT_EXCEPTION);
	}
	upcall_leave(t, frame);
	return frame;
}

/* The library lock goes back, and with it the right to anything but what is on this stack. */
static void upcall_give_back(struct thread *t, struct exo_frame *frame)
{
	while (vcpu_leave(t->os))
		upcall_leave(t, frame);
	vcpu_unlock(t->os);
}

struct exo_frame *upcall_refused(struct exo_frame *frame)
{
	if (frame->masked != UPCALL_OWED)
		__builtin_trap();
	frame->masked = 0;
	upcall_give_back(thread_self(), frame);
	return frame;
}

struct exo_frame *upcall_dispatch_shared(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	struct libos *os = vcpu_local(page)->os;
	bool is_idle = vcpu_local(page)->is_idle;

	if (frame->masked)
		return upcall_dispatch(page, frame);
	vcpu_lock(os);
	if (is_idle) {
		frame = upcall_dispatch(page, frame);
		vcpu_unlock(os);
		return frame;
	}
	vcpu_enter(os);
	/* Another vcpu may have had the same fault. */
	if (frame->kind != EXO_UPCALL_FAULT || !vm_is_resolved(frame->address, frame->code))
		frame = upcall_dispatch(libos_vcpu_page(), frame);
	upcall_give_back(thread_self(), frame);
	return frame;
}

void upcall_poll(struct libos *os)
{
	volatile struct exo_vcpu_page *page = libos_vcpu_page();
	volatile struct vcpu_local *vcpu = libos_vcpu();

	lock_check_none(os);
	if (!page->pending)
		return;
	vcpu->is_idle = 1;
	page->masked = 0;
	exo_call(EXO_CALL_SELF, 0, 0, 0, 0, 0); /* the kernel delivers on its way out */
	page->masked = 1;
	vcpu->is_idle = 0;
}
