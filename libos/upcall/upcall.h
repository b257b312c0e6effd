/* SPDX-License-Identifier: ISC */
/*
 * Upcall: where the kernel enters the library. The kernel pushes a struct exo_frame on the running
 * thread's library stack, sets `masked` and enters upcall_entry (upcall.S); upcall_dispatch does
 * the rest and its return resumes the frame. A handler that blocks leaves the frame on its stack
 * and another thread's stack runs (thread_block).
 *
 *   FAULT      level 0 (vm/fault0.c), then, if from the program, the program's fault handler
 *              (libos_set_fault_handler), then level 1 (vm_fault); unresolved: hooks.fault
 *   EXCEPTION  hooks.fault
 *   SYSCALL    the library's own calls (libos.h), else hooks.syscall
 *   EVENTS     sched_events, process_events, hooks.events
 *
 * Nesting bound: a synchronous upcall from the program (1 frame), a level 1 fault of the handler
 * (2), a level 0 fault within that (3). Nothing in level 0 faults. Each costs at most
 * UPCALL_FRAME_BYTES of stack besides the handler's own; LIBOS_STACK_BYTES has room for three.
 *
 * Stack: a library stack is 12 KiB, the first thread's some 11 KiB. Functions of the library keep
 * their locals below 1 KiB; larger buffers come from heap_alloc.
 */
#ifndef LIBOS_UPCALL_UPCALL_H
#define LIBOS_UPCALL_UPCALL_H

#include "libos/base.h"

struct libos;
struct thread;

#define UPCALL_FRAME_BYTES 2048u
/* In a frame's `masked`: it came from the program before there was a library lock, which is to be
 * given back before it is resumed. The kernel refuses to resume such a frame. */
#define UPCALL_OWED 2u

/* Why a fault or exception could not be resolved. */
enum upcall_fault {
	UPCALL_FAULT_NONE = 0,
	UPCALL_FAULT_UNMAPPED,  /* no region there */
	UPCALL_FAULT_ACCESS,    /* the region does not allow it */
	UPCALL_FAULT_BEYOND,    /* past the end of the mapped file */
	UPCALL_FAULT_MEMORY,    /* no frame for it */
	UPCALL_FAULT_EXCEPTION, /* frame->kind is EXO_UPCALL_EXCEPTION, code its class */
};

/* What the Linux layer answers; NULL: nobody does. Set once, by linux_init. All run in library
 * context on the thread's library stack with its frame; may change the frame's registers, may
 * block; the frame is resumed when they return. */
struct upcall_hooks {
	/* A foreign system call, registers as they were. The hook sets the result register. Not
	 * NULL when the program runs. */
	void (*syscall)(struct thread *t, struct exo_frame *frame);
	/* A foreign call of up to four arguments that a native program makes by libos_linux: its
	 * result. A call that a signal has interrupted is not made again. */
	int64_t (*linux_call)(struct thread *t, struct exo_frame *frame, uint64_t number,
			      const uint64_t argument[4]);
	/* A fault or exception of the program that nothing resolved: deliver a signal and return
	 * true, or return false: one line on the console, status 128 + 11 and the like. */
	bool (*fault)(struct thread *t, struct exo_frame *frame, enum upcall_fault why);
	/* The process is about to end by a fault that nobody took, and its line is printed: more
	 * for who wants to know. masked in the frame: it was the library's own. */
	void (*died)(struct libos *os, const struct exo_frame *frame);
	/* The process's bell rang (libos/family/process_table.h): a signal may be pending. Perhaps
	 * idle, on any thread's library stack; may not block. */
	void (*bell)(struct libos *os);
	/* Just before a frame is resumed to the program, if the thread's is_signalled is set. */
	void (*leave)(struct thread *t, struct exo_frame *frame);
	/* Events that nobody else took (DOORBELL: console input or a shared word; REVOKE; TIMER:
	 * sched.alarm). */
	void (*events)(struct libos *os, uint32_t events);
	/* fork: the parent before it is cut (the child inherits what it leaves), and the child
	 * after. */
	void (*fork_child)(struct thread *t);
	/* exit: close what must be closed. May not block. */
	void (*exit)(struct libos *os);
};

/* Called by upcall.S with the vcpu page and the frame that the kernel pushed. Masked. The frame to
 * resume: another one if that was being restored when events came. */
struct exo_frame *upcall_dispatch(struct exo_vcpu_page *page, struct exo_frame *frame);

/* The same for a process with several vcpus (libos/thread/vcpu.h). */
struct exo_frame *upcall_dispatch_shared(struct exo_vcpu_page *page, struct exo_frame *frame);
/* The kernel has refused to resume a frame: UPCALL_OWED is paid, else it is malformed, a bug.
 * Returns the frame. Called by upcall.S. */
struct exo_frame *upcall_refused(struct exo_frame *frame);

/* Before a frame is resumed: signals. */
void upcall_leave(struct thread *t, struct exo_frame *frame);
/* Resume a frame; does not return. */
_Noreturn void upcall_resume(struct exo_frame *frame);

/* Library context, masked, not in a handler that holds a lock: let asynchronous events that are
 * pending be taken now. */
void upcall_poll(struct libos *os);

#endif
