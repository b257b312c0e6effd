/* SPDX-License-Identifier: ISC */
/*
 * Vcpu: the threads of a process over several vcpus of its env.
 *
 * A process begins with one, and then nothing here is used. Its second thread, on a machine with
 * several CPUs, makes it one of several vcpus: from then on library code is run by one vcpu at a
 * time, which holds the library lock, so its data are as they are with one. The lock is taken
 * where an upcall comes from the program (upcall_dispatch_shared is then the entry), and given back
 * as the last act before the program goes on (upcall_give_back) and while there is nothing to do.
 * It belongs to the vcpu: threads are switched under it, so nobody runs a thread before the vcpu
 * that ran it last has left its stack. What entered before there was a lock owes giving it back:
 * its frame says so (UPCALL_OWED).
 *
 * Each vcpu has a thread of its own that it runs when there is no other: it parks, asleep in the
 * kernel, until it is called or an event comes. One of those that wait does so on the process's
 * bell. Vcpus are made as there are more threads that can run than vcpus, up to one for each CPU,
 * and stay until the program ends.
 */
#ifndef LIBOS_THREAD_VCPU_H
#define LIBOS_THREAD_VCPU_H

#include <stdatomic.h>

#include "libos/base.h"

struct libos;
struct thread;

/* In struct libos; but for `holder` guarded by the library lock. */
struct vcpus {
	_Atomic uint64_t holder; /* handle of the vcpu that has the library lock; 0: none.
				  * pairs with: vcpu_unlock */
	uint32_t count;          /* 0: there is but the first, and no lock */
	uint32_t parked;         /* bit n: vcpu n has nothing to run */
	uint32_t called;         /* bit n: vcpu n is on its way to run something */
	uint32_t listener;       /* 1 + number of the vcpu that waits on the bell; 0: none */
	uint32_t halter;         /* 1 + number of the only vcpu that goes on; 0: all do */
	bool is_full;            /* no more vcpus could be had */
	struct thread *home;     /* goes on on the first vcpu: it executes a program */
};

/* A thread has been made: from now on several vcpus may run the threads. */
void vcpu_begin(struct libos *os);
/* The library lock, nothing with one vcpu. Who waits for it leaves its time to the holder. */
void vcpu_lock(struct libos *os);
void vcpu_unlock(struct libos *os);
/* The current thread is about to enter the library from the program: not while another vcpu is the
 * only one that goes on. */
void vcpu_enter(struct libos *os);
/* It is about to go back to the program. True: it had to wait, look at its signals again. */
bool vcpu_leave(struct libos *os) MUST_USE;
/* Wait for anything to happen, with the lock given back meanwhile. */
void vcpu_park(struct libos *os);
/* Run what there is to run, for good: the idle thread of a vcpu. */
_Noreturn void vcpu_idle(struct libos *os);
/* If t runs on another vcpu: that shall come by here soon. */
void vcpu_call(struct libos *os, const struct thread *t);
/* Give up the CPU, and the lock meanwhile. */
void vcpu_yield(struct libos *os);
/* The doorbell of this vcpu has rung. */
void vcpu_rung(struct libos *os);
/* No other vcpu runs any of the program when this returns, until it may again. */
void vcpu_halt_others(struct libos *os);
void vcpu_go_on(struct libos *os);
/* For exec: come back on the first vcpu, with all others ended. */
void vcpu_go_home(struct libos *os);

#endif
