/* SPDX-License-Identifier: ISC */
/*
 * Upcalls and their mask (exo/upcall.c, cpu_leave, libos/upcall): the vcpu is run by CPU 0; CPUs 1 and 2
 * pend events for it, each of its own kind. Its program runs unmasked, makes synchronous upcalls, and
 * its handler goes back by resume from a frame that holds the old mask.
 *
 * Shown: an asynchronous upcall comes only to a program that is not masked, so that they never nest;
 * no event is lost or told twice; the program executes between two of them; when all is quiet nothing
 * is pending.
 *
 * MUTANT=1: an upcall does not mask. 2: what is pending is read, then cleared. 3: an EVENTS upcall
 * comes without regard for progress. 4: resume unmasks, but what is pending is not looked at. 5: a
 * synchronous upcall's frame says that its program was not masked. 6: whether the next EVENTS upcall
 * must wait for the clock is decided once, when its quantum begins.
 */
#ifndef MUTANT
#define MUTANT 0
#endif

#define KINDS 2
#define DEPTH 4

byte pending;		/* a bit a kind */
byte rung[KINDS];	/* how often it was pended while it was not pending */
byte told[KINDS];
byte rings[KINDS] = 2;
bool masked;
bool saved[DEPTH];	/* each frame's mask */
byte kind[DEPTH];	/* 0: synchronous, 1: events */
byte depth;		/* frames on the upcall stack */
byte nested;		/* of those, of EVENTS upcalls */
bool has_progressed = true;
bool is_deferred;	/* a deadline of 0: what is pending comes with the clock */
bool executed = true;	/* since the last EVENTS upcall's handler went back */
byte faults = 2;
bool is_user;

inline push(what)
{
	assert(depth < DEPTH);
#if MUTANT == 5
	saved[depth] = false;
#else
	saved[depth] = masked;
#endif
	kind[depth] = what;
	depth++;
#if MUTANT != 1
	masked = true;
#endif
}

inline tell(events)
{
	if
	:: events & 1 -> told[0]++
	:: else
	fi;
	if
	:: events & 2 -> told[1]++
	:: else
	fi
}

/* cpu_prepare: what is pending becomes an upcall if it may; else, once, a fresh quantum. */
inline leave()
{
	do
	:: masked || (has_progressed && (!pending || is_deferred)) -> break
#if MUTANT == 3 || MUTANT == 6
	:: !masked && has_progressed && pending && !is_deferred ->
#else
	:: !masked && has_progressed && pending && !is_deferred && !executed -> is_deferred = true
	:: !masked && has_progressed && pending && !is_deferred && executed ->
#endif
		assert(nested == 0);
		assert(executed);
		has_progressed = false;
#if MUTANT == 2
		taken = pending;
		pending = 0;
#else
		atomic { taken = pending; pending = 0 }
#endif
		push(1);
		nested++;
		tell(taken)
	:: !masked && !has_progressed ->
#if MUTANT == 6
		is_deferred = pending != 0;
#endif
		has_progressed = true
	od;
	is_user = true
}

active proctype vcpu()
{
	byte taken;

	leave();
	do
	/* the program, or a handler, executes something */
	:: is_user && !executed -> executed = true
	/* a fault, in either: its handler executes */
	:: is_user && faults > 0 && depth < DEPTH - 1 -> faults--; is_user = false; push(0); leave()
	/* the clock, or a kick by who has pended something; perhaps before anything was executed */
#if MUTANT != 4
	:: is_user && pending && !masked ->
		is_user = false;
		if
		:: executed -> is_deferred = false
		:: else -> has_progressed = false
		fi;
		leave()
#endif
	/* resume: a handler's last act */
	:: is_user && depth > 0 ->
		is_user = false;
		depth--;
		masked = saved[depth];
		executed = kind[depth] == 0;
		nested = nested - kind[depth];
		kind[depth] = 0;
#if MUTANT == 4
		is_user = true
#else
		leave()
#endif
	:: timeout ->
		assert(depth == 0 && !masked && pending == 0);
		assert(told[0] == rung[0] && told[1] == rung[1]);
		break
	od
}

/* vcpu_event, on another CPU. */
active [KINDS] proctype ringer()
{
	byte self = _pid - 1;

	do
	:: rings[self] > 0 ->
		rings[self]--;
		atomic {
			if
			:: !(pending & 1 << self) -> rung[self]++
			:: else
			fi;
			pending = pending | 1 << self
		}
	:: else -> break
	od
}
