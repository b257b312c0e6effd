/* SPDX-License-Identifier: ISC */
/*
 * The user side's few lines of assembly (arch/NAME/libos) as C sees them; the rest is inline, in
 * <machine/call.h>.
 */
#ifndef LIBOS_ARCH_H
#define LIBOS_ARCH_H

#include "libos/base.h"

struct libos;

/* The image's entry, libos_start, by a name that is the library's own. */
extern const char library_start[];
/* Where the kernel enters with the vcpu page and a frame: calls upcall_dispatch, then resumes. */
void upcall_entry(void);
/* The same for a process with several vcpus: calls upcall_dispatch_shared. */
void upcall_entry_shared(void);
/* Where a further vcpu begins, with its page as argument: calls vcpu_main. */
void vcpu_entry(void);
/* A program's call of the library, native_enter above native_at_once: before native_masked no
 * register is changed but those that they take from the vcpu; there either begins again if it was
 * interrupted. */
extern const char native_at_once[], native_enter[], native_masked[];
/* The code that restores a frame with events let in: the frame is at the stack pointer, rounded up
 * to 16; at upcall_window_last all is restored but the program counter. */
extern const char upcall_window[], upcall_window_last[], upcall_window_end[];

/* Save callee-saved registers and the stack pointer (in *from), continue where *to was saved. */
void context_switch(uint64_t *from, const uint64_t *to);
/* Where context_switch begins a new thread, whose stack machine_context_start has prepared: calls
 * thread_first with its frame. */
void context_first(void);

/* Save callee-saved registers, stack pointer and return address in *context; returns 0. A vcpu that
 * starts at fork_child with a pointer to it as argument returns from the same call with 1; the
 * caller's stack frame must be as it was. */
struct fork_context {
	uint64_t saved[14]; /* the stack pointer in [6] */
};
int fork_save(struct fork_context *context) __attribute__((returns_twice));
void fork_child(void);

/* Copy or zero bytes where one side is the program's memory. EXO_OK or EXO_E_POINTER: a fault that
 * vm_fault refuses, with its program counter in user_begin .. user_end, goes on at user_fault. */
err_t user_copy(void *to, const void *from, size_t n);
err_t user_zero(void *to, size_t n);
extern const char user_begin[], user_end[], user_fault[];

/* The program's FPU state to and from its own memory, 64-byte aligned, as user_copy: EXO_E_POINTER
 * also for state that the CPU refuses. user_fpu_save leaves `extended`, which lies in the legacy
 * part from byte 464 on, and the four bytes `end` behind all. user_fpu_load_legacy takes the first
 * 512 bytes alone. */
err_t user_fpu_save(void *to, const uint64_t extended[6], uint64_t bytes, uint32_t end);
err_t user_fpu_load(const void *from);
err_t user_fpu_load_legacy(const void *from);

/* As Linux's siginfo begins; the rest of its 128 bytes is zero. */
struct signal_info {
	int32_t number, error, code, zero;
	union {
		struct {
			uint32_t pid, uid;
			uint64_t value; /* of a child: its status */
		};
		uint64_t address;       /* of a fault */
		uint64_t words[4];
	};
};

/* An alternate stack, as sigaltstack has it. */
struct signal_stack {
	uint64_t base;
	uint32_t flags, zero;
	uint64_t bytes;
};

/* The last fault, as a frame shows it: the CPU's number, its error code, the address. */
struct signal_trap {
	uint64_t number, code, address;
};

/* What a frame for a handler is made from. */
struct signal_setup {
	const struct signal_info *info;
	const struct signal_trap *trap;
	uint64_t handler, restorer;
	uint64_t mask;             /* to come back to */
	struct signal_stack stack; /* the same */
	uint64_t top, bottom;      /* the frame lies between them */
};

/* Can a program be resumed there, by Linux's rule? */
static inline bool signal_is_code(uint64_t address)
{
	return address < (UINT64_C(1) << 47) - EXO_PAGE_SIZE;
}

/* Push a frame as Linux does and let `regs` enter the handler. EXO_E_POINTER: no room there. */
err_t signal_frame_save(struct libos *os, struct exo_regs *regs, const struct signal_setup *setup)
	MUST_USE;
/* Come back from it: `regs` and FPU state; what was saved in *mask and *stack. EXO_E_POINTER: the
 * frame is not readable, or says what cannot be; registers are unchanged. */
err_t signal_frame_load(struct libos *os, struct exo_regs *regs, uint64_t *mask,
	struct signal_stack *stack) MUST_USE;
/* What Linux makes of a fault or exception: number, code and address of *info. code: of a page
 * fault, from vm. */
void signal_of_trap(const struct exo_frame *frame, struct signal_info *info,
	struct signal_trap *trap);

/* Thread ends of the program: a thread's function returns here. */
void native_thread_return(void);

#endif
