/* SPDX-License-Identifier: ISC */
/*
 * The library lock (libos/thread/vcpu.c): the vcpus 0 to 2 of a process run its threads, and library
 * code one at a time; who has nothing to run parks, asleep in the kernel on its own word, one of
 * them on the process's bell, which another process rings; a program that runs has a doorbell hung
 * there. A thread may make others that can run, and one halts all other vcpus and lets them go on.
 * Steps are as fine as what is seen without the lock: the lock, the words, the bell, the kernel.
 *
 * A program runs on while another halts, while the bell is not answered and while a thread waits
 * that a parked vcpu could run: only its doorbell, or the others, can end that.
 *
 * Shown: one vcpu at a time has the lock; who is called between giving it back and falling asleep
 * does not sleep; while one is the only one that goes on, no other runs the program; every thread
 * ends, the bell is answered, and all vcpus are asleep then.
 *
 * MUTANT=1: the lock is taken by a load and a store. 2: the word is read after the lock is given
 * back. 3: who calls wakes, and leaves the word as it is. 4: a vcpu is said to be parked after the
 * lock is given back. 5: who was woken stays called. 6: a program goes on without a doorbell. 7:
 * is_waiting is set after the kernel has looked at the bell. 8: who halts the others calls those
 * that are parked alone.
 */
#ifndef MUTANT
#define MUTANT 0
#endif

#define VCPUS 3
#define NOBODY 255
#define ALL 7
#define BIT(n) (1 << (n))
#define HAS_CHANGED ((where == OWN && word[self] != value) || (where == BELL && bell != value))
#define COUNT(bits) (((bits) & 1) + ((bits) >> 1 & 1) + ((bits) >> 2 & 1))

mtype = { AWAY, OWN, BELL };	/* where the kernel has a vcpu's wait, or doorbell */

byte holder = NOBODY;
byte word[VCPUS];
mtype asleep[VCPUS] = AWAY;
mtype door[VCPUS] = AWAY;
bool event[VCPUS];	/* pending: its doorbell has rung */
bool in_program[VCPUS];
/* guarded by the lock */
byte ready = 2;		/* threads that can run and do not */
byte spawns = 1;	/* threads still to be made */
byte left = 3;		/* threads that have not ended */
byte halts = 1;
byte parked;
byte called;
byte listener = NOBODY;
byte halter = NOBODY;
byte bell_seen;
/* shared with the other process */
byte bell;
bool is_waiting;
byte rings = 1;
bool is_over;

/* The program has nothing to wait for. */
#define MAY_END (halter == NOBODY && bell_seen == bell && (ready == 0 || parked == 0))

#if MUTANT == 1
#define lock() holder == NOBODY; holder = self
#else
#define lock() atomic { holder == NOBODY -> holder = self }
#endif
#define unlock() assert(holder == self); holder = NOBODY

/* EXO_CALL_WAKE of a word of vcpu n, or of the bell: one that waits, a doorbell too. */
inline wake(n, where)
{
	d_step {
		if
		:: asleep[n] == where -> asleep[n] = AWAY
		:: door[n] == where -> door[n] = AWAY; event[n] = true
		:: else
		fi
	}
}

inline wake_bell()
{
	d_step {
		other = 0;
		do
		:: other == VCPUS -> break
		:: other < VCPUS && asleep[other] == BELL -> asleep[other] = AWAY; break
		:: other < VCPUS && door[other] == BELL ->
			door[other] = AWAY;
			event[other] = true;
			break
		:: else -> other++
		od;
		other = 0
	}
}

/* vcpu_tell */
inline tell(n)
{
	if
	:: listener == n ->
#if MUTANT != 3
		bell++;
#endif
		wake_bell()
	:: else ->
#if MUTANT != 3
		word[n] = (word[n] + 1) % 4;
#endif
		wake(n, OWN)
	fi
}

inline tell_others()
{
	n = 0;
	do
	:: n == VCPUS -> n = 0; break
	:: n < VCPUS && n == self -> n++
	:: n < VCPUS && n != self -> tell(n); n++
	od
}

/* vcpu_spread */
inline spread()
{
	do
	:: ready > COUNT(called) && (parked & ~called) ->
		d_step {
			n = 0;
			do
			:: (parked & ~called) & BIT(n) -> break
			:: else -> n++
			od;
			called = called | BIT(n)
		}
		tell(n);
		n = 0
	:: else -> break
	od
}

/* vcpu_word */
inline what_to_wait_on()
{
	if
	:: listener != NOBODY && listener != self -> where = OWN; value = word[self]
	:: else ->
		listener = self;
#if MUTANT != 7
		is_waiting = true;
#endif
		where = BELL;
		value = bell_seen
	fi
}

/* EXO_CALL_WAIT: asleep, unless the word has changed or an event is pending. */
inline wait()
{
	atomic {
		door[self] = AWAY;
		if
		:: event[self] || HAS_CHANGED
		:: else -> asleep[self] = where
		fi
	}
#if MUTANT == 7
	if
	:: where == BELL -> is_waiting = true
	:: else
	fi;
#endif
	asleep[self] == AWAY
}

/* vcpu_rung, sched_look_at_bell */
inline rung()
{
	event[self] = false;
	if
	:: listener == self -> listener = NOBODY
	:: else
	fi;
	bell_seen = bell
}

/* vcpu_park */
inline park()
{
#if MUTANT == 4
	atomic { what_to_wait_on(); unlock() }
	parked = parked | BIT(self);
#else
	atomic { what_to_wait_on(); parked = parked | BIT(self); unlock() }
#endif
#if MUTANT == 2
	if
	:: where == OWN -> value = word[self]
	:: else -> value = bell
	fi;
#endif
	wait();
	lock();
	atomic {
		parked = parked & ~BIT(self);
#if MUTANT != 5
		called = called & ~BIT(self);
#endif
		rung()
	}
}

/* vcpu_hold */
inline hold()
{
	do
	:: halter == NOBODY || halter == self -> break
	:: else ->
		park();
		if
		:: halter != NOBODY && halter != self -> tell(halter)
		:: else
		fi
	od
}

/* vcpu_listen: its doorbell is hung, unless it is. */
inline listen()
{
	do
#if MUTANT == 6
	:: break
#endif
	:: door[self] != AWAY || event[self] -> break
	:: else ->
		what_to_wait_on();
		atomic {
			if
			:: HAS_CHANGED
			:: else -> door[self] = where
			fi
		}
		bell_seen = bell
	od
}

/* vcpu_halt_others, vcpu_go_on */
inline halt()
{
	halts--;
	halter = self;
#if MUTANT == 8
	n = 0;
	do
	:: n == VCPUS -> n = 0; break
	:: n < VCPUS && !(parked & BIT(n)) -> n++
	:: n < VCPUS && parked & BIT(n) -> tell(n); n++
	od;
#else
	tell_others();
#endif
	unlock();
	atomic { (parked | BIT(self)) == ALL && holder == NOBODY -> holder = self }
	assert(!in_program[(self + 1) % VCPUS] && !in_program[(self + 2) % VCPUS]);
	halter = NOBODY;
	tell_others()
}

/* A thread, from vcpu_leave to its next entry, because its doorbell rings, or to make another; and
 * its last acts. */
inline run_thread()
{
	do
	:: hold();
		spread();
		listen();
		atomic { in_program[self] = true; unlock() }
		atomic { event[self] || MAY_END -> in_program[self] = false }
		lock();
		if
		:: atomic { event[self] -> rung() }
		:: !event[self] && spawns > 0 -> hold(); atomic { spawns--; ready++ }
		:: !event[self] -> break
		fi
	od;
	hold();
	if
	:: halts > 0 && halter == NOBODY -> halt()
	:: else
	fi;
	left--
}

proctype vcpu(byte self)
{
	byte value, n, other;
	mtype where;

	lock();
	called = called & ~BIT(self);
	do
	:: hold();
		if
		:: ready > 0 -> ready--; spread(); run_thread()
		:: else -> park()
		fi
	od
}

/* family_ring */
active proctype ringer()
{
	byte other;

	do
	:: rings > 0 ->
		rings--;
		bell++;
		if
		:: atomic { is_waiting -> is_waiting = false }; wake_bell()
		:: else
		fi
	:: else -> break
	od
}

/* When nothing can go on: nothing is left that should. */
active proctype quiet()
{
	timeout ->
	assert(holder == NOBODY && parked == ALL && halter == NOBODY);
	assert(ready == 0 && left == spawns && called == 0);
	assert(bell_seen == bell);
	do	/* asleep for good is no fault */
	:: is_over = true
	:: is_over = false
	od
}

init
{
	atomic { run vcpu(0); run vcpu(1); run vcpu(2) }
}
