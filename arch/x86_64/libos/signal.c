/* SPDX-License-Identifier: ISC */
/*
 * Signal frames as Linux lays them out on x86-64 (its arch/x86/include/uapi/asm/sigcontext.h and
 * ucontext.h): below the red zone the XSAVE area, below that struct frame. Touches the program's
 * stack, the frame's registers, the FPU; no locks.
 */
#include <machine/call.h>
#include <machine/linux.h>

#include "libos/arch.h"
#include "libos/state.h"

/* What frame.h says for upcall.S. */
_Static_assert((EXO_CALL_PREFIX | EXO_CALL_RESUME) == UINT64_C(0x4348544e00000007), "frame.h");
_Static_assert((EXO_CALL_PREFIX | EXO_CALL_SELF) == UINT64_C(0x4348544e00000000), "frame.h");
_Static_assert(sizeof(struct exo_frame) == 176, "frame.h");
_Static_assert(offsetof(struct exo_vcpu_page, upcall_entry) == 16
	       && offsetof(struct exo_vcpu_page, stack_top) == 32
	       && offsetof(struct exo_vcpu_page, masked) == 40
	       && offsetof(struct exo_vcpu_page, pending) == 44, "frame.h");
_Static_assert(VCPU_LOCAL_OFFSET + offsetof(struct vcpu_local, restored_pc) == 4000, "frame.h");
_Static_assert(EXO_UPCALL_SYSCALL == 2 && EXO_UPCALL_EVENTS == 3 && UPCALL_OWED == 2, "frame.h");
_Static_assert(offsetof(struct exo_frame, masked) == 24 && offsetof(struct exo_frame, regs) == 32,
	       "frame.h");

enum {
	FRAME_FP_XSTATE = 1,       /* uc_flags: the XSAVE area has its header, */
	FRAME_SS = 2 | 4,          /* ss is saved and restored */
	FRAME_CS = 0x33, FRAME_SS_VALUE = 0x2b,
	FRAME_FLAGS_HANDLER = 0x10500, /* RF, DF, TF: clear when the handler begins */
	FRAME_FLAGS = 0x240dd5,    /* CF PF AF ZF SF TF DF OF AC ID: the program's own */
	FRAME_XSTATE_ALIGN = 64,
	FRAME_LEGACY_BYTES = 512,
};

#define FRAME_MAGIC1 0x46505853u /* in the legacy area: there is more */
#define FRAME_MAGIC2 0x46505845u /* behind the area: all of it is there */

struct frame_context {
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
	uint16_t cs, gs, fs, ss;
	uint64_t code, trap, mask, address;
	uint64_t fpu;
	uint64_t reserved[8];
};

struct frame {
	uint64_t restorer;
	uint64_t flags;
	uint64_t link;
	struct signal_stack stack;
	struct frame_context context;
	uint64_t mask;
	struct signal_info info;
	uint8_t info_rest[128 - sizeof(struct signal_info)];
};

_Static_assert(sizeof(struct signal_info) == 48 && sizeof(struct signal_stack) == 24, "Linux");
_Static_assert(sizeof(struct frame_context) == 256 && sizeof(struct frame) == 440, "Linux");

/* What Linux keeps in bytes 464..511 of the legacy area. */
struct frame_extended {
	uint32_t magic1;
	uint32_t bytes;    /* all, with the second magic number */
	uint64_t features;
	uint32_t state_bytes;
	uint32_t zero[7];
};

enum { FRAME_EXTENDED_BYTE = 464 };

/* The program's registers, where frames have them. */
static inline void frame_context_fill(struct frame_context *c, const struct exo_regs *r)
{
	c->r8 = r->r8;
	c->r9 = r->r9;
	c->r10 = r->r10;
	c->r11 = r->r11;
	c->r12 = r->r12;
	c->r13 = r->r13;
	c->r14 = r->r14;
	c->r15 = r->r15;
	c->rdi = r->rdi;
	c->rsi = r->rsi;
	c->rbp = r->rbp;
	c->rbx = r->rbx;
	c->rdx = r->rdx;
	c->rax = r->rax;
	c->rcx = r->rcx;
	c->rsp = r->rsp;
	c->rip = r->rip;
	c->rflags = r->rflags;
	c->cs = FRAME_CS;
	c->gs = c->fs = 0;
	c->ss = FRAME_SS_VALUE;
}

static inline void frame_context_load(const struct frame_context *c, struct exo_regs *r)
{
	r->r8 = c->r8;
	r->r9 = c->r9;
	r->r10 = c->r10;
	r->r11 = c->r11;
	r->r12 = c->r12;
	r->r13 = c->r13;
	r->r14 = c->r14;
	r->r15 = c->r15;
	r->rdi = c->rdi;
	r->rsi = c->rsi;
	r->rbp = c->rbp;
	r->rbx = c->rbx;
	r->rdx = c->rdx;
	r->rax = c->rax;
	r->rcx = c->rcx;
	r->rsp = c->rsp;
	r->rip = c->rip;
	r->rflags &= ~(uint64_t)FRAME_FLAGS;
	r->rflags |= c->rflags & FRAME_FLAGS;
}

static inline void frame_fill(struct frame *f, const struct exo_regs *r,
	const struct signal_setup *s)
{
	f->restorer = s->restorer;
	f->flags = FRAME_FP_XSTATE | FRAME_SS;
	f->link = 0;
	f->stack = s->stack;
	frame_context_fill(&f->context, r);
	f->context.code = s->trap->code;
	f->context.trap = s->trap->number;
	f->context.mask = s->mask;
	f->context.address = s->trap->address;
	memset(f->context.reserved, 0, sizeof(f->context.reserved));
	f->mask = s->mask;
	f->info = *s->info;
	memset(f->info_rest, 0, sizeof(f->info_rest));
}

err_t signal_frame_save(struct libos *os, struct exo_regs *regs, const struct signal_setup *s)
{
	uint32_t fpu_bytes = libos_info()->fpu_bytes;
	uint64_t fpu = (s->top - fpu_bytes - 4) & ~(uint64_t)(FRAME_XSTATE_ALIGN - 1);
	uint64_t at = ((fpu - sizeof(struct frame)) & ~UINT64_C(15)) - 8;
	const struct frame_extended extended = {
		.magic1 = FRAME_MAGIC1, .bytes = fpu_bytes + 4, .state_bytes = fpu_bytes,
		.features = fpu_bytes > FRAME_LEGACY_BYTES + FRAME_XSTATE_ALIGN ? 7 : 3,
	};
	struct frame frame;
	err_t err;

	if (at < s->bottom || at > s->top || s->top > VM_TOP || !signal_is_code(s->handler))
		return EXO_E_POINTER;
	frame_fill(&frame, regs, s);
	frame.context.fpu = fpu;
	err = vm_write(os, at, &frame, sizeof(frame));
	if (!err)
		err = user_fpu_save((void *)fpu, (const uint64_t *)&extended, fpu_bytes,
			FRAME_MAGIC2);
	if (err)
		return err;
	machine_fpu_reset();
	regs->rdi = (uint32_t)s->info->number;
	regs->rsi = at + offsetof(struct frame, info);
	regs->rdx = at + offsetof(struct frame, flags);
	regs->rax = 0;
	regs->rip = s->handler;
	regs->rsp = at;
	regs->rflags &= ~(uint64_t)FRAME_FLAGS_HANDLER;
	return EXO_OK;
}

/* Is the whole of the area at `at` what this CPU saves? If not its legacy part counts. */
static err_t frame_fpu_is_whole(struct libos *os, uint64_t at, bool *is_whole)
{
	uint32_t bytes = libos_info()->fpu_bytes, magic2;
	struct frame_extended extended;
	err_t err = vm_read(os, &extended, at + FRAME_EXTENDED_BYTE, sizeof(extended));

	*is_whole = false;
	if (err || extended.magic1 != FRAME_MAGIC1 || extended.state_bytes != bytes)
		return err;
	err = vm_read(os, &magic2, at + bytes, sizeof(magic2));
	*is_whole = !err && magic2 == FRAME_MAGIC2;
	return err;
}

static err_t frame_fpu_load(struct libos *os, uint64_t at)
{
	bool is_whole;
	err_t err;

	if (at == 0) {
		machine_fpu_reset();
		return EXO_OK;
	}
	if (at % FRAME_XSTATE_ALIGN || at >= VM_TOP - EXO_PAGE_SIZE)
		return EXO_E_POINTER;
	err = frame_fpu_is_whole(os, at, &is_whole);
	if (!err)
		err = is_whole ? user_fpu_load((const void *)at)
			: user_fpu_load_legacy((const void *)at);
	/* What the CPU refused may be half there. */
	if (err)
		machine_fpu_reset();
	return err;
}

err_t signal_frame_load(struct libos *os, struct exo_regs *regs, uint64_t *mask,
	struct signal_stack *stack)
{
	struct {
		struct signal_stack stack;
		struct frame_context context;
		uint64_t mask;
	} saved;
	struct frame_context *c = &saved.context;
	uint64_t at = regs->rsp - 8; /* the handler's return has taken the restorer off */
	err_t err = vm_read(os, &saved, at + offsetof(struct frame, stack), sizeof(saved));

	if (!err && (c->cs != FRAME_CS || !signal_is_code(c->rip) || c->rsp > VM_TOP))
		err = EXO_E_POINTER;
	if (!err)
		err = frame_fpu_load(os, c->fpu);
	if (err)
		return err;
	*mask = saved.mask;
	*stack = saved.stack;
	frame_context_load(c, regs);
	return EXO_OK;
}

/* si_code of an arithmetic exception: the first of what happened and is not masked. */
static int32_t trap_fpu_code(void)
{
	/* Invalid, denormal, by zero, overflow, underflow, inexact. */
	static const uint8_t codes[] = { 7, 5, 3, 4, 5, 6 };
	uint16_t status, control;
	uint32_t mxcsr, happened;

	__asm__ volatile("fnstsw %0; fnstcw %1; stmxcsr %2"
			 : "=m"(status), "=m"(control), "=m"(mxcsr));
	happened = status & ~control & 0x3f;
	if (!happened)
		happened = mxcsr & ~(mxcsr >> 7) & 0x3f;
	return happened ? codes[__builtin_ctz(happened)] : 0;
}

struct trap_kind {
	uint8_t number;  /* the signal */
	uint8_t code;    /* its si_code; 0: the kernel's */
	uint8_t vector;
	bool is_at_pc;   /* the address is the program counter */
};

static const struct trap_kind trap_kinds[] = {
	[EXO_EXCEPTION_DIVIDE] = { 8, 1, 0, true },
	[EXO_EXCEPTION_DEBUG] = { 5, 2, 1, true },
	[EXO_EXCEPTION_BREAKPOINT] = { 5, 0, 3, false },
	[EXO_EXCEPTION_UNDEFINED] = { 4, 2, 6, true },
	[EXO_EXCEPTION_ALIGNMENT] = { 7, 1, 17, false },
	[EXO_EXCEPTION_FPU] = { 8, 0, 16, true },
	[EXO_EXCEPTION_PROTECTION] = { 11, 0, 13, false },
	[EXO_EXCEPTION_OTHER] = { 11, 0, 13, false },
};

void signal_of_trap(const struct exo_frame *frame, struct signal_info *info,
	struct signal_trap *trap)
{
	enum { PAGE_FAULT = 14, KERNEL_CODE = 0x80, PRESENT = 1, USER = 4, FETCH = 16 };
	const struct trap_kind *kind = &trap_kinds[EXO_EXCEPTION_OTHER];

	/* Of the kernel's half nothing is told, not even what is not there. */
	if (frame->kind == EXO_UPCALL_FAULT) {
		info->address = frame->address;
		trap->number = PAGE_FAULT;
		trap->code = USER | (frame->code & EXO_FAULT_WRITE)
			| (frame->code & EXO_FAULT_EXEC ? FETCH : 0)
			| (frame->code & EXO_FAULT_PRESENT || frame->address >> 47 ? PRESENT : 0);
		trap->address = frame->address;
		return;
	}
	if (frame->code && frame->code < ARRAY_COUNT(trap_kinds))
		kind = &trap_kinds[frame->code];
	info->number = kind->number;
	info->code = kind->code ? kind->code : KERNEL_CODE;
	if (frame->code == EXO_EXCEPTION_FPU)
		info->code = trap_fpu_code();
	info->address = kind->is_at_pc ? frame->regs.rip : 0;
	trap->number = kind->vector;
	trap->code = frame->address;
}
