/* SPDX-License-Identifier: ISC */
/*
 * Signals of a process: what is pending, what is done about it, and the way to a handler. A signal
 * waits in a set, that of a thread or that of the process; whoever makes it deliverable to a
 * thread sets the thread's is_signalled and ends its wait. On its way back to the program the
 * thread takes what it does not block (signal_leave, hooks.leave) and acts on it.
 *
 *   kill, a fault, an alarm      -> signal_post, signal_force -> signal_set
 *   another process              -> family_signal -> its bell -> signal_bell -> signal_post
 *   signal_set -> signal_leave   -> ignored, the end, a stop, or a frame on the program's stack
 *
 * Everything runs in library context, masked, and touches struct linux_state, thread records, the
 * program's stack; takes sched (waking) and heap.
 */
#ifndef LIBOS_LINUX_SIGNAL_H
#define LIBOS_LINUX_SIGNAL_H

#include "libos/arch.h"
#include "libos/thread/thread.h"
#include "libos/upcall/upcall.h"

struct libos;
struct linux_call;
struct linux_state;

enum { LINUX_SIGNALS = 64 };

enum linux_signal {
	LINUX_SIGINT = 2, LINUX_SIGQUIT = 3, LINUX_SIGILL = 4, LINUX_SIGTRAP = 5,
	LINUX_SIGABRT = 6,
	LINUX_SIGBUS = 7, LINUX_SIGFPE = 8, LINUX_SIGKILL = 9, LINUX_SIGSEGV = 11,
	LINUX_SIGPIPE = 13, LINUX_SIGALRM = 14, LINUX_SIGCHLD = 17, LINUX_SIGCONT = 18,
	LINUX_SIGSTOP = 19, LINUX_SIGTSTP = 20, LINUX_SIGTTIN = 21, LINUX_SIGTTOU = 22,
	LINUX_SIGURG = 23, LINUX_SIGWINCH = 28, LINUX_SIGSYS = 31,
};

/* si_code of signals that the library makes. */
enum {
	SIGNAL_CODE_USER = 0, SIGNAL_CODE_QUEUE = -1, SIGNAL_CODE_TKILL = -6,
	SIGNAL_CODE_KERNEL = 0x80,
	SIGNAL_CODE_MAPERR = 1, SIGNAL_CODE_ACCERR = 2, /* SIGSEGV */
	SIGNAL_CODE_ADRERR = 2,                         /* SIGBUS */
};

/* Flags of an action. */
enum {
	SIGNAL_SA_NOCLDSTOP = 1, SIGNAL_SA_NOCLDWAIT = 2, SIGNAL_SA_RESTORER = 0x04000000,
	SIGNAL_SA_ONSTACK = 0x08000000, SIGNAL_SA_RESTART = 0x10000000,
	SIGNAL_SA_NODEFER = 0x40000000,
};
#define SIGNAL_SA_RESETHAND 0x80000000u

/* Flags of an alternate stack. */
enum { SIGNAL_SS_ONSTACK = 1, SIGNAL_SS_DISABLE = 2 };
#define SIGNAL_SS_AUTODISARM 0x80000000u

#define SIGNAL_BIT(number) (UINT64_C(1) << ((number) - 1))

/* Handlers that are none. */
enum { SIGNAL_DEFAULT = 0, SIGNAL_IGNORE = 1 };

/* As rt_sigaction has it. */
struct linux_sigaction {
	uint64_t handler;
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};

struct signal_queued {
	struct signal_queued *next;
	struct signal_info info;
};

/* Signals that wait, and what came with them in the order of their coming. */
struct signal_set {
	uint64_t mask;
	struct signal_queued *first, *last;
};

/* What the Linux layer keeps of a thread. */
struct linux_thread {
	uint64_t clear_word;        /* zeroed when it ends; 0: none */
	uint64_t robust;            /* set_robust_list: address of the head; 0: none */
	uint64_t blocked;           /* signals that it does not take now */
	uint64_t waited;            /* what it blocks apart from a sigtimedwait; 0: in none */
	uint64_t saved;             /* `blocked` as the program left it, if has_saved: a call */
	bool has_saved;             /* has put another in its place until it returns */
	struct signal_set pending;  /* for this thread alone */
	struct signal_stack stack;  /* the alternate one; 0 bytes: none */
	struct signal_trap trap;    /* its last fault */
	/* A call that a signal ended, until signal_leave has decided: how it wants to go on
	 * (-LINUX_ERESTART...; 0: none), its number and first argument. */
	int64_t restart;
	uint64_t restart_number, restart_argument;
	/* What restart_syscall goes on with, until when. */
	int64_t (*again)(struct linux_call *c, uint64_t deadline);
	uint64_t again_deadline;
};

struct linux_signals {
	struct signal_set pending;  /* for the process: any thread may take them */
	struct signal_queued *free;
	uint32_t blocks;            /* of queue entries, got from the heap */
	bool is_stopped;
	uint64_t alarm;             /* deadline in clock units as the program set it; 0: none */
	uint64_t alarm_every;       /* interval in clock units; 0: once */
	struct linux_sigaction action[LINUX_SIGNALS + 1];
};

/* The record of a thread; made if it has none yet. */
struct linux_thread *signal_thread_make(struct thread *t);

static inline struct linux_thread *signal_thread(struct thread *t)
{
	return t->linux_thread != NULL ? t->linux_thread : signal_thread_make(t);
}

/* A signal to thread t, or to the process (NULL). One that is ignored, or that waits already and is
 * not queued, is dropped. 0, or -LINUX_EAGAIN: no room in the queue. */
int64_t signal_post(struct libos *os, struct thread *t, const struct signal_info *info);
/* The same with SI_USER or SI_TKILL from this process. */
int64_t signal_post_self(struct libos *os, struct thread *t, unsigned number);
/* A signal that a thread brought upon itself: ignoring or blocking it does not help. */
void signal_force(struct thread *t, const struct signal_info *info);
/* Whether a forced signal would reach a handler. */
bool signal_has_handler(struct thread *t, unsigned number);
/* Take the next signal of `allowed` off the sets. 0: there is none. */
unsigned signal_take(struct libos *os, struct linux_thread *lt, uint64_t allowed,
	struct signal_info *info);
/* Forget what waits of these signals. */
void signal_flush(struct libos *os, uint64_t mask);
/* What of the thread's and the process's is pending, blocked or not. */
uint64_t signal_waiting(struct thread *t);
/* process_fork_how: has one come that the thread does not block? */
bool signal_is_called(struct thread *t);
/* Change a thread's mask; whoever can take what it no longer does is woken. */
void signal_set_mask(struct thread *t, uint64_t mask);
/* The same until the call returns, or if a signal ends it until its handler has. */
void signal_suspend(struct thread *t, uint64_t mask);
/* The call returns by itself. */
void signal_unsuspend(struct thread *t);
/* The process ends by a signal. */
_Noreturn void signal_end(struct libos *os, unsigned number);
/* Does this process let its children end without a wait? */
bool signal_ignores_children(const struct libos *os);
/* A forked child: nothing is pending, no alarm. */
void signal_fork_child(struct thread *t);

/* struct upcall_hooks: leave, fault, bell. */
void signal_leave(struct thread *t, struct exo_frame *frame);
bool signal_fault(struct thread *t, struct exo_frame *frame, enum upcall_fault why);
void signal_bell(struct libos *os);
/* TIMER: sched.alarm. */
void timer_alarm(struct libos *os);

/* A handler's answer for a call that a signal ended: it goes on by calling `again`, unless the
 * signal has a handler. deadline: clock units. */
int64_t signal_again(struct linux_call *c,
	int64_t (*again)(struct linux_call *c, uint64_t deadline), uint64_t deadline);
/* call_hook: the call ended with -LINUX_ERESTART...; what its result register says meanwhile. */
int64_t signal_restart(struct linux_call *c, int64_t result);
/* A mask of the program's for the length of a call (ppoll and the like); from 0: none.
 * -LINUX_EFAULT, -LINUX_EINVAL: not 8 bytes. */
int64_t signal_suspend_in(struct linux_call *c, uint64_t from, uint64_t bytes) MUST_USE;
/* Make `stack` the thread's alternate one. sp: the program's stack pointer. -LINUX_EPERM: it is on
 * it now; -LINUX_EINVAL, -LINUX_ENOMEM. */
int64_t signal_stack_set(struct linux_thread *lt, const struct signal_stack *stack, uint64_t sp);
/* Is sp on the alternate stack? */
bool signal_stack_has(const struct linux_thread *lt, uint64_t sp);

/* Its name without SIG, or NULL. */
const char *signal_name(unsigned number);

#endif
