/* SPDX-License-Identifier: ISC */
/*
 * Signal frames as Linux lays them out on AArch64 (its arch/arm64/include/uapi/asm/sigcontext.h and
 * ucontext.h): a frame record, below it struct frame. Touches the program's stack, the frame's
 * registers, the FPU; no locks.
 */
#include <machine/call.h>
#include <machine/linux.h>

#include "arch/aarch64/libos/frame.h"
#include "libos/arch.h"
#include "libos/state.h"

_Static_assert(sizeof(struct exo_frame) == FRAME_BYTES, "frame.h");
_Static_assert(offsetof(struct exo_frame, masked) == FRAME_MASKED, "frame.h");
_Static_assert(offsetof(struct exo_frame, regs) == FRAME_X0, "frame.h");
_Static_assert(offsetof(struct exo_frame, regs.x[8]) == FRAME_X8, "frame.h");
_Static_assert(offsetof(struct exo_frame, regs.x[19]) == FRAME_X19, "frame.h");
_Static_assert(offsetof(struct exo_frame, regs.x[29]) == FRAME_X29, "frame.h");
_Static_assert(offsetof(struct exo_frame, regs.sp) == FRAME_SP, "frame.h");
_Static_assert(offsetof(struct exo_frame, regs.pc) == FRAME_PC, "frame.h");
_Static_assert((EXO_CALL_PREFIX | EXO_CALL_RESUME) == UINT64_C(CALL_RESUME), "frame.h");
_Static_assert((EXO_CALL_PREFIX | EXO_CALL_SELF) == UINT64_C(CALL_SELF), "frame.h");
_Static_assert(EXO_UPCALL_SYSCALL == KIND_SYSCALL, "frame.h");
_Static_assert(offsetof(struct exo_vcpu_page, upcall_entry) == VCPU_ENTRY
	       && offsetof(struct exo_vcpu_page, stack_top) == VCPU_STACK_TOP
	       && offsetof(struct exo_vcpu_page, masked) == VCPU_MASKED
	       && offsetof(struct exo_vcpu_page, pending) == VCPU_PENDING, "frame.h");

#define FRAME_FPU_MAGIC 0x46508001u

/* A record of what follows the registers; the last is all zero. */
struct frame_head {
	uint32_t magic, bytes;
};

struct frame_fpu {
	struct frame_head head;
	uint32_t status, control;
	uint8_t registers[512];
};

struct frame_context {
	uint64_t fault_address;
	struct exo_regs regs; /* as Linux has them: x0 to x30, sp, pc, pstate */
	uint64_t zero;
	struct frame_fpu fpu;
	struct frame_head end;
	uint64_t pad;
};

struct frame {
	struct signal_info info;
	uint8_t info_rest[128 - sizeof(struct signal_info)];
	uint64_t flags;
	uint64_t link;
	struct signal_stack stack;
	uint64_t mask;
	uint8_t mask_rest[120];
	uint64_t zero;
	struct frame_context context;
};

_Static_assert(sizeof(struct signal_info) == 48 && sizeof(struct signal_stack) == 24, "Linux");
_Static_assert(offsetof(struct frame, context) == 304, "Linux");
_Static_assert(offsetof(struct frame_context, fpu) == 288 && sizeof(struct frame_fpu) == 528,
	       "Linux");
_Static_assert(sizeof(struct frame) % 16 == 0, "the stack's alignment");

/* What machine_fpu_save and _load have. */
struct frame_fpu_area {
	_Alignas(64) uint8_t registers[512];
	uint64_t status, control;
};

/* What a handler of a program that names no restorer returns to. */
__attribute__((naked)) static void frame_return(void)
{
	__asm__("mov x8, #139\n\tsvc #0\n\tudf #0");
}

static inline void frame_fill(struct frame *f, const struct exo_regs *r,
	const struct signal_setup *s)
{
	struct frame_fpu_area area;

	memset(f, 0, sizeof(*f));
	machine_fpu_save(&area, sizeof(area));
	f->info = *s->info;
	f->stack = s->stack;
	f->mask = s->mask;
	f->context.fault_address = s->trap->address;
	f->context.regs = *r;
	f->context.fpu.head = (struct frame_head){ FRAME_FPU_MAGIC, sizeof(f->context.fpu) };
	f->context.fpu.status = (uint32_t)area.status;
	f->context.fpu.control = (uint32_t)area.control;
	memcpy(f->context.fpu.registers, area.registers, sizeof(area.registers));
}

err_t signal_frame_save(struct libos *os, struct exo_regs *regs, const struct signal_setup *s)
{
	const uint64_t record[2] = { regs->x[29], regs->x[30] };
	uint64_t record_at = (s->top - sizeof(record)) & ~UINT64_C(15);
	uint64_t at = record_at - sizeof(struct frame);
	struct frame *frame;
	err_t err;

	if (at < s->bottom || at > s->top || s->top > VM_TOP || !signal_is_code(s->handler))
		return EXO_E_POINTER;
	frame = heap_alloc(os, sizeof(*frame));
	if (frame == NULL)
		return EXO_E_POINTER;
	frame_fill(frame, regs, s);
	err = vm_write(os, at, frame, sizeof(*frame));
	heap_free(os, frame);
	if (!err)
		err = vm_write(os, record_at, record, sizeof(record));
	if (err)
		return err;
	regs->x[0] = (uint32_t)s->info->number;
	regs->x[1] = at + offsetof(struct frame, info);
	regs->x[2] = at + offsetof(struct frame, flags);
	regs->x[29] = record_at;
	regs->x[30] = s->restorer ? s->restorer : (uint64_t)frame_return;
	regs->pc = s->handler;
	regs->sp = at;
	return EXO_OK;
}

/* The FPU's state, which must be the first record. */
static err_t frame_fpu_load(const struct frame_fpu *fpu)
{
	struct frame_fpu_area area;

	if (fpu->head.magic != FRAME_FPU_MAGIC || fpu->head.bytes != sizeof(*fpu))
		return EXO_E_POINTER;
	memcpy(area.registers, fpu->registers, sizeof(area.registers));
	area.status = fpu->status;
	area.control = fpu->control;
	machine_fpu_load(&area, sizeof(area));
	return EXO_OK;
}

err_t signal_frame_load(struct libos *os, struct exo_regs *regs, uint64_t *mask,
	struct signal_stack *stack)
{
	struct frame *frame = heap_alloc(os, sizeof(*frame));
	const struct exo_regs *saved;
	err_t err;

	if (frame == NULL)
		return EXO_E_POINTER;
	saved = &frame->context.regs;
	err = regs->sp % 16 ? EXO_E_POINTER : vm_read(os, frame, regs->sp, sizeof(*frame));
	if (!err && (!signal_is_code(saved->pc) || saved->sp > VM_TOP))
		err = EXO_E_POINTER;
	if (!err)
		err = frame_fpu_load(&frame->context.fpu);
	if (!err) {
		*mask = frame->mask;
		*stack = frame->stack;
		*regs = *saved;
	}
	heap_free(os, frame);
	return err;
}

/* si_code of an arithmetic exception: the first of what happened. */
static int32_t trap_fpu_code(uint64_t syndrome)
{
	/* Invalid, by zero, overflow, underflow, inexact. */
	static const uint8_t codes[] = { 7, 3, 4, 5, 6 };
	unsigned happened = syndrome & 0x1f;

	return happened ? codes[__builtin_ctz(happened)] : 0;
}

struct trap_kind {
	uint8_t number; /* the signal */
	uint8_t code;   /* its si_code; 0: the kernel's */
};

static const struct trap_kind trap_kinds[] = {
	[EXO_EXCEPTION_DEBUG] = { 5, 4 },
	[EXO_EXCEPTION_BREAKPOINT] = { 5, 1 },
	[EXO_EXCEPTION_UNDEFINED] = { 4, 1 },
	[EXO_EXCEPTION_ALIGNMENT] = { 7, 1 },
	[EXO_EXCEPTION_FPU] = { 8, 0 },
	[EXO_EXCEPTION_OTHER] = { 11, 0 },
};

void signal_of_trap(const struct exo_frame *frame, struct signal_info *info,
	struct signal_trap *trap)
{
	enum { KERNEL_CODE = 0x80 };
	const struct trap_kind *kind = &trap_kinds[EXO_EXCEPTION_OTHER];

	*trap = (struct signal_trap){ .address = frame->address };
	if (frame->kind == EXO_UPCALL_FAULT) {
		info->address = frame->address;
		return;
	}
	if (frame->code < ARRAY_COUNT(trap_kinds) && trap_kinds[frame->code].number)
		kind = &trap_kinds[frame->code];
	info->number = kind->number;
	info->code = kind->code ? kind->code : KERNEL_CODE;
	if (frame->code == EXO_EXCEPTION_FPU)
		info->code = trap_fpu_code(frame->address);
	info->address = frame->regs.pc;
	trap->address = 0;
}
