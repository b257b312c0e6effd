/* SPDX-License-Identifier: ISC */
/*
 * The user side's few lines of assembly (arch/NAME/libos) as C sees them; the rest is inline, in
 * <machine/call.h>.
 */
#ifndef LIBOS_ARCH_H
#define LIBOS_ARCH_H

#include "libos/base.h"

/* Where the kernel enters with the vcpu page and a frame: calls upcall_dispatch, then resumes. */
void upcall_entry(void);
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
	uint64_t saved[8]; /* the stack pointer in [6] */
};
int fork_save(struct fork_context *context) __attribute__((returns_twice));
void fork_child(void);

/* Copy or zero bytes where one side is the program's memory. EXO_OK or EXO_E_POINTER: a fault that
 * vm_fault refuses, with its program counter in user_begin .. user_end, goes on at user_fault. */
err_t user_copy(void *to, const void *from, size_t n);
err_t user_zero(void *to, size_t n);
extern const char user_begin[], user_end[], user_fault[];

/* Thread ends of the program: a thread's function returns here. */
void native_thread_return(void);

#endif
