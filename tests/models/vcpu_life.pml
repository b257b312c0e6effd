/* SPDX-License-Identifier: ISC */
/*
 * The life of one vcpu entry (exo/vcpu.h) among CPUs 0 to 2: started, run, preempted, blocked,
 * woken by a change of its word or by an event, stopped from elsewhere, used again.
 * Locks as in exo/: tree (start, stop), bucket (waits). Edges are those of vcpu_edge's table; a test
 * compares the two. Steps are as fine as what another CPU can see.
 *
 * Each CPU takes, runs and ends it; who starts, stops, changes and rings is one of them each, since they
 * are alike.
 *
 * Shown: an entry is never on two CPUs; its context is whole when it is taken; one incarnation's
 * context is never run as another's; no wake and no event is lost; a stale handle stops nobody.
 *
 * MUTANT=1: says RUNNABLE before the context is saved. 2: the word is not looked at under the
 * bucket's lock. 3: what runs elsewhere is ended at once. 4: taken by a load and a store. 5: events
 * before it blocks are not looked at. 6: a handle carries no generation. 7: what is asked to stop
 * may block all the same. 8: a wait is over before its vcpu runs again.
 */
#ifndef MUTANT
#define MUTANT 0
#endif

#define CPUS 3
#define NOBODY 255

mtype = { FREE, INITIALIZING, RUNNABLE, RUNNING, STOPPING, WAITING, TERMINATED };

#define LEGAL(from, to) ( \
	(from == FREE && to == INITIALIZING) || \
	(from == INITIALIZING && to == RUNNABLE) || \
	(from == INITIALIZING && to == TERMINATED) || \
	(from == RUNNABLE && to == RUNNING) || \
	(from == RUNNABLE && to == TERMINATED) || \
	(from == RUNNING && to == RUNNABLE) || \
	(from == RUNNING && to == STOPPING) || \
	(from == RUNNING && to == WAITING) || \
	(from == RUNNING && to == TERMINATED) || \
	(from == STOPPING && to == TERMINATED) || \
	(from == WAITING && to == RUNNABLE) || \
	(from == WAITING && to == TERMINATED) || \
	(from == TERMINATED && to == FREE))

mtype state = FREE;
byte generation;	/* of the occupant */
byte context;		/* whose registers are saved; 0: none, or not all of them */
byte on_cpu = NOBODY;	/* whose stack and registers are in use */
bool pending;
bool in_bucket;		/* linked there */
bool waits;		/* wait_mode: until this is clear somebody may still wake it */
bool word;		/* 0: worth waiting for */
byte starts = 2;	/* what is left to happen in all */
byte stops = 1;
byte exits = 1;
byte blocks = 1;
bool rings = 1;
bool changes = 1;
byte tree = NOBODY;
byte bucket = NOBODY;

#define lock(which) atomic { which == NOBODY -> which = self }
#define unlock(which) which = NOBODY

/* vcpu_edge: compare and swap. */
inline edge(from, to, done)
{
	atomic {
		done = LEGAL(from, to) && state == from;
		if
		:: done -> state = to
		:: else
		fi
	}
}

/* cpu_put: the context is whole before the state says so. It stays here if it is STOPPING and not
 * to be TERMINATED. */
inline put(to)
{
	mine = false;
	seen = state;
#if MUTANT == 1
	edge(seen, to, done);
	context = generation;
	on_cpu = NOBODY;
#else
	context = 0;
	context = generation;
	on_cpu = NOBODY;
	edge(seen, to, done);
#endif
	if
	:: !done -> on_cpu = self; mine = true
	:: else
	fi
}

/* vcpu_end, by whoever made it TERMINATED. */
inline end()
{
	context = 0;
	atomic { pending = false; word = 0; waits = false; in_bucket = false }
	edge(TERMINATED, FREE, done);
	assert(done)
}

/* wait_finish with its bucket locked: out of it, and RUNNABLE; only then is the wait over. It must
 * still be the vcpu that waited. */
inline finish()
{
	handle = generation;
	in_bucket = false;
#if MUTANT == 8
	waits = false;
#endif
	edge(WAITING, RUNNABLE, done);
	assert(handle == generation && state != FREE);
	waits = false
}

/* wait_wake. */
inline wake()
{
	lock(bucket);
	if
	:: in_bucket -> finish()
	:: else
	fi;
	unlock(bucket)
}

/* wait_end: the same for one vcpu, by whoever sees that it waits. */
inline wait_end()
{
	if
	:: waits -> wake()
	:: else
	fi
}

inline start()
{
	lock(tree);
	edge(FREE, INITIALIZING, done);
	if
	:: done ->
		generation++;
		context = generation;
		edge(INITIALIZING, RUNNABLE, done);
		assert(done)
	:: else
	fi;
	unlock(tree)
}

/* vcpu_stop by a handle. A CPU whose own current is meant ends it itself. */
inline stop(handle)
{
	lock(tree);
	seen = state;
	if
#if MUTANT == 6
	:: seen == FREE || seen == INITIALIZING || seen == TERMINATED -> skip
#else
	:: handle != generation || seen == FREE || seen == INITIALIZING || seen == TERMINATED -> skip
#endif
	:: else ->
		assert(handle == generation);
		if
		:: mine -> put(TERMINATED); wait_end(); end()
		:: else ->
			do
			:: seen = state;
				if
				:: seen == STOPPING -> break
#if MUTANT != 3
				:: seen == RUNNING -> edge(RUNNING, STOPPING, done)
				:: seen != RUNNING && seen != STOPPING -> edge(seen, TERMINATED, done)
#else
				:: seen != STOPPING -> edge(seen, TERMINATED, done)
#endif
				fi;
				if
				:: done -> break
				:: else
				fi
			od;
			if
#if MUTANT != 3
			:: seen == RUNNING || seen == STOPPING -> skip /* its CPU ends it */
			:: else -> wait_end(); end()
#else
			:: seen == STOPPING -> skip
			:: else -> wait_end(); end()
#endif
			fi
		fi
	fi;
	unlock(tree)
}

inline take()
{
#if MUTANT == 4
	if
	:: state == RUNNABLE -> state = RUNNING; done = true
	:: else -> done = false
	fi;
#else
	edge(RUNNABLE, RUNNING, done);
#endif
	if
	:: done ->
		assert(on_cpu == NOBODY);
		assert(context == generation);
		on_cpu = self;
		mine = true
	:: else
	fi
}

inline block()
{
	lock(bucket);
#if MUTANT != 2
	if
	:: word -> unlock(bucket)
	:: else ->
#endif
		waits = true;
#if MUTANT == 7
		in_bucket = true;
		mine = false; context = generation; on_cpu = NOBODY;
		state = WAITING;
#else
#if MUTANT != 5
		if
		:: pending -> done = false
		:: else -> put(WAITING)
		fi;
#else
		put(WAITING);
#endif
		if
		:: done -> in_bucket = true
		:: else -> waits = false
		fi;
#endif
		unlock(bucket);
#if MUTANT != 2
	fi
#endif
}

proctype cpu(byte self)
{
	bool mine, done;
	byte handle;
	mtype seen;

	do
	/* in user mode, or on its way: interrupted, it looks at what was asked of it */
	:: mine && state == STOPPING -> stop(generation)
	:: mine && state == RUNNING -> assert(on_cpu == self); put(RUNNABLE)
	:: mine && state == RUNNING && pending -> pending = false
	:: mine && state == RUNNING && !word && !pending && blocks > 0 -> blocks--; block()
	:: !mine && state == RUNNABLE -> take()
	:: atomic { self == 0 && !mine && starts > 0 && state == FREE -> starts-- }; start()
	:: atomic { self == 1 && stops > 0 && generation > 0 -> stops--; handle = generation }; stop(handle)
	:: atomic { self == 2 && !mine && changes && generation > 0 -> changes = 0 }; word = 1; wake()
	:: atomic { self == 0 && !mine && rings && state != FREE && state != INITIALIZING -> rings = 0 };
		pending = true;
		wait_end()
	/* its last act; or what might have happened does not */
	:: mine && state == RUNNING && exits > 0 ->
		exits--;
		lock(tree);
		put(TERMINATED);
		wait_end();
		end();
		unlock(tree)
	:: atomic { changes && self == 0 -> changes = 0 }
	:: atomic { rings && self == 0 -> rings = 0 }
	/* nothing left to do: what still waits must have a reason to */
	:: atomic {
		!mine && timeout ->
		assert(state != RUNNABLE && state != RUNNING && state != STOPPING && state != INITIALIZING);
		assert(state != WAITING || (!word && !pending && in_bucket && waits));
		break
	}
	od
}

init
{
	atomic { run cpu(0); run cpu(1); run cpu(2) }
}
