/* SPDX-License-Identifier: ISC */
/*
 * Sched: which thread runs next. A policy is one file behind struct sched_policy.
 *
 * Ticks are absolute, k * tick_units of the clock, armed only while more than one thread can run,
 * and checked before a thread is resumed: a tick that has passed meanwhile counts. A newborn
 * (thread, fork child, exec) runs at least the grace before its first preemption by the library,
 * whatever the rate, and is charged for what went past the tick.
 */
#ifndef LIBOS_SCHED_SCHED_H
#define LIBOS_SCHED_SCHED_H

#include "libos/lock.h"
#include "libos/thread/thread.h"

struct libos;

#define SCHED_GRACE_UNITS 20000u /* default; at most half the allowance at a slice's end */

/* Called with sched held. */
struct sched_policy {
	const char *name;
	/* t became READY. */
	void (*enqueue)(struct libos *os, struct thread *t);
	/* Take off and return the thread to run next, or NULL. */
	struct thread *(*pick)(struct libos *os);
	/* Take a READY thread off the queue (it is killed). */
	void (*remove)(struct libos *os, struct thread *t);
	/* A tick: shall the current thread be preempted? */
	bool (*tick)(struct libos *os, struct thread *current);
	/* Bit n: a new process gets a slice of CPU n. At least one; no lock is needed. */
	uint64_t (*cpus)(struct libos *os);
};

extern const struct sched_policy sched_round_robin;

/* What each vcpu has its timer for; in its record. */
struct sched_clock {
	uint64_t next_tick;         /* 0: not ticking */
	uint64_t armed;             /* deadline of the vcpu's timer, 0: none */
	uint64_t look_at;           /* when a program that runs looks up next */
	uint64_t yield_at;          /* the slice is over, grace runs until then; 0: no */
};

struct sched {
	const struct sched_policy *policy;
	struct wait_queue ready;    /* the policy's queue */
	uint32_t ready_count;
	struct thread *sleepers;    /* BLOCKED threads with a deadline, the nearest first */
	uint64_t tick_units;        /* 0: no ticks */
	uint64_t grace_units;       /* 0: off (tests) */
	uint64_t ticks;             /* taken, in all */
	uint64_t ticks_max;         /* after that many, no more ticks (tests); 0: no end */
	uint64_t switches;
	uint64_t alarm;             /* hooks.events gets TIMER then, once; 0: none */
	uint64_t look_units;        /* with several CPUs: how often a program that runs looks up */
	uint32_t idle_word;         /* never changes: idle waits on it until an event is pending */
	uint32_t bell_seen;         /* what the bell was when it was last answered */
	const _Atomic uint32_t *bell; /* a shared word: its change is a DOORBELL; NULL: none */
	_Atomic uint32_t *bell_waiting; /* set while the kernel watches the bell; NULL: no need */
	bool is_bell_hung;          /* the kernel watches it while threads run */
	uint64_t partner;           /* vcpu of the process that was rung last: it may answer */
};

void sched_init(struct libos *os);
/* The current thread stops here (READY: it goes on later; BLOCKED, TERMINATED: edge already made).
 * Runs another, or idles; returns when it runs again. Library context; sched is held, no other
 * lock, and is given back. */
void sched_switch_locked(struct libos *os, struct thread *self) UNCHECKED;
/* EVENTS upcall: `events` came while thread t ran in the program or the library was idle. */
void sched_events(struct libos *os, struct thread *t, uint32_t events, bool is_idle);
/* Nothing can run: wait for an event and let it be taken. Library context, no lock held. */
void sched_idle(struct libos *os);
/* Run the current thread from here on: its grace begins if it is newborn; arms the timer. */
void sched_begin(struct libos *os, struct thread *self);
/* The process's bell: hooks.events gets DOORBELL when the word has changed. That is looked at when
 * nothing can run (the vcpu waits on it), when an event comes, and at once if threads run while
 * others sleep for it (sched_hang_bell). waiting: see struct sched. */
void sched_set_bell(struct libos *os, const _Atomic uint32_t *word, _Atomic uint32_t *waiting);
/* Has the bell's word changed? Then that is answered. */
void sched_look_at_bell(struct libos *os);
/* Take the thread to run next off the queue: RUNNING. NULL: nobody can run. sched is held. */
struct thread *sched_take_next_locked(struct libos *os);
/* Nothing can run: arm the vcpu's timer for what is needed nevertheless. */
void sched_arm_idle(struct libos *os);
/* A program goes on: arm the vcpu's timer for the next tick or deadline, whichever is needed. */
void sched_arm(struct libos *os);

#endif
