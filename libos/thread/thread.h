/* SPDX-License-Identifier: ISC */
/*
 * Thread: a thread slot of the process, its library stack and its saved context.
 *
 *   FREE -> INITIALIZING -> READY <-> RUNNING -> BLOCKED, TERMINATED
 *                             ^--------------------'         |
 *   FREE <---------------------------------------------------'
 *
 * thread_edge is the one function that changes a state, by compare-and-swap; it knows the legal
 * edges and refuses (and counts) the others. (In a forked child, where they do not exist, the slots
 * of its parent's other threads become FREE by a store.) INITIALIZING belongs to its claimant;
 * nobody else cleans it up. A handle is index | generation << 16, generations start at 1 and grow
 * at each claim, so a stale handle finds nothing. A context is written by the claimant before
 * READY, or by the vcpu that stops running the thread; it has no owner before the slot says FREE,
 * and is written whole before it says READY.
 *
 * A blocked or preempted thread is its library stack: callee-saved registers on it, the stack
 * pointer, FS base and FPU state in its context. Library code uses general registers only, so the
 * FPU state is the program's and is saved only when threads are switched.
 */
#ifndef LIBOS_THREAD_THREAD_H
#define LIBOS_THREAD_THREAD_H

#include <stdatomic.h>

#include "libos/base.h"
#include "libos/layout.h"

struct libos;
struct linux_thread;
struct thread;

enum thread_state {
	THREAD_FREE,
	THREAD_INITIALIZING,
	THREAD_READY,
	THREAD_RUNNING,
	THREAD_BLOCKED,
	THREAD_TERMINATED,
	THREAD_STATES
};

/* Threads that wait for one thing, in order of arrival. Zero is empty. Guarded by sched. */
struct wait_queue {
	struct thread *first, *last;
};

#define THREAD_NO_DEADLINE UINT64_MAX
#define THREAD_NEWBORN     UINT64_MAX

struct thread {
	_Atomic uint64_t word;      /* state | generation << 8; pairs with: thread_edge */
	struct libos *os;
	uint32_t index;
	uint32_t has_stack;         /* the library stack is mapped (kept over FREE) */
	uint64_t stack_base;        /* of the library stack */
	uint64_t stack_top;
	struct thread *next;        /* in the run queue or a wait queue; sched */
	struct wait_queue *queue;   /* that it waits in; sched */
	struct thread *sleep_next;  /* in the list of deadlines; sched */
	uint64_t deadline;          /* of its wait in clock units; sched */
	bool is_timed_out;          /* its last wait ended by deadline; sched */
	bool is_interrupted;        /* its last wait ended by thread_interrupt; sched */
	bool is_signalled;          /* hooks.leave has something to do for it: waits end at once */
	bool is_deaf;               /* its waits go on nevertheless */
	bool is_detached;           /* TERMINATED -> FREE without a join */
	bool is_idle;               /* a vcpu's own (vcpu.h), in a slot behind all others */
	uint64_t grace_end;         /* not preempted by the library before this; 0: used up,
				     * THREAD_NEWBORN: it has not run yet */
	uint64_t charge;            /* clock units of grace still to be paid back; sched */
	uint64_t value;             /* what it exited with */
	struct wait_queue joiners;  /* sched */
	uint64_t user_stack;        /* that the library mapped for it, 0: none */
	uint64_t user_stack_bytes;
	struct exo_frame *frame;    /* the frame by which it came from the program */
	struct linux_thread *linux_thread; /* the Linux layer's own record, NULL: none yet */
};

/* What is saved of a thread that does not run: one page each at LIBOS_CONTEXTS. */
struct thread_context {
	uint64_t sp;
	uint64_t thread_pointer;    /* FS base */
	uint64_t owner;             /* handle; 0: nothing saved */
	uint64_t zero[5];
	_Alignas(64) uint8_t fpu[EXO_PAGE_SIZE - 64];
};

/* How often the slot was claimed. */
static inline uint32_t thread_generation(const struct thread *t)
{
	/* Acquire: what was written before the state is seen. pairs with: thread_edge */
	return (uint32_t)(atomic_load_explicit(&t->word, memory_order_acquire) >> 8);
}

/* The current thread, from the vcpu's register and record. */
struct thread *thread_self(void);
/* The thread that a handle names, or NULL if its slot is FREE or someone else's by now. */
struct thread *thread_find(struct libos *os, uint64_t handle);
uint64_t thread_handle(const struct thread *t);
enum thread_state thread_state(const struct thread *t);

/* Change t's state from `from` to `to` if it still is `from` with this generation. False: refused
 * (illegal edge, or it is not so); nothing changed; counted in os->statistics. */
bool thread_edge(struct thread *t, uint32_t generation, enum thread_state from,
		 enum thread_state to);

/* Make the running vcpu's first thread record (process start). */
void thread_init(struct libos *os);
/* Claim a slot and start a thread that enters the program at `entry` with stack pointer `stack`
 * and one argument. stack 0: the library maps stack_bytes. thread_pointer: its FS base. The new
 * thread is READY. EXO_E_FULL: no slot; EXO_E_LIMIT: no memory. */
err_t thread_create(struct libos *os, uint64_t entry, uint64_t argument, uint64_t stack,
		    uint64_t stack_bytes, uint64_t thread_pointer, uint64_t *handle) MUST_USE;
/* Start a thread from whole registers (clone); otherwise as thread_create. */
err_t thread_create_regs(struct libos *os, const struct exo_regs *regs, uint64_t thread_pointer,
			 uint64_t *handle) MUST_USE;
/* Make the thread that a vcpu runs when there is no other: it begins with vcpu_idle. There are
 * other threads. EXO_E_LIMIT. */
err_t thread_make_idle(struct libos *os, uint32_t vcpu, struct thread **made) MUST_USE;
/* End the current thread with a value; the last one ends the process with that status. */
_Noreturn void thread_exit(struct libos *os, uint64_t value);
/* Wait for a thread's end and free its slot. EXO_E_EMPTY: no such thread; EXO_E_STATE: itself. */
err_t thread_join(struct libos *os, uint64_t handle, uint64_t *value) MUST_USE;
/* Let another ready thread run. */
void thread_yield(struct libos *os);

/* Block the current thread in a queue until it is woken, or until `deadline` (clock units,
 * THREAD_NO_DEADLINE: for ever), or until thread_interrupt. Condition and queue are the caller's:
 * check in a loop. No lock may be held but the library's (so nothing comes between the
 * check and the block). EXO_OK: woken; EXO_E_EARLY: the deadline passed; EXO_E_PENDING:
 * interrupted, or is_signalled is set (unless is_deaf). queue NULL: sleep. Takes sched. */
err_t thread_block(struct libos *os, struct wait_queue *queue, uint64_t deadline) MUST_USE;
/* Make one (the first), or all threads of a queue READY; returns how many. Takes sched. */
unsigned thread_wake(struct libos *os, struct wait_queue *queue, unsigned count);
/* End the wait of a BLOCKED thread with EXO_E_PENDING. False: it is not BLOCKED, or is_deaf. Takes
 * sched. */
bool thread_interrupt(struct libos *os, uint64_t handle);

/* The timer came: end the waits whose deadline has passed. Takes sched. */
void thread_wake_deadlines(struct libos *os);
/* What a context begins with: called on the new thread's stack by context_first. */
_Noreturn void thread_first(struct exo_frame *frame);
/* Library stack to library stack: save the current thread's context and continue `to`. Only
 * sched calls it. */
void thread_switch(struct libos *os, struct thread *from, struct thread *to);
/* In a forked child: every slot but the current thread's becomes FREE. */
void thread_fork_child(struct libos *os, struct thread *self);

#endif
