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
 * that came while it was blocking are not looked at. 6: a handle carries no generation. 7: what is
 * asked to stop while it blocks is not woken.
 */
#ifndef MUTANT
#define MUTANT 0
#endif

#define CPUS 3
#define NOBODY 255

mtype = { FREE, INITIALIZING, RUNNABLE, RUNNING, WAITING, TERMINATED };

#define LEGAL(from, to) ( \
	(from == FREE && to == INITIALIZING) || \
	(from == INITIALIZING && to == RUNNABLE) || \
	(from == INITIALIZING && to == TERMINATED) || \
	(from == RUNNABLE && to == RUNNING) || \
	(from == RUNNABLE && to == TERMINATED) || \
	(from == RUNNING && to == RUNNABLE) || \
	(from == RUNNING && to == WAITING) || \
	(from == RUNNING && to == TERMINATED) || \
	(from == WAITING && to == RUNNABLE) || \
	(from == WAITING && to == TERMINATED) || \
	(from == TERMINATED && to == FREE))

mtype state = FREE;
byte generation;	/* of the occupant */
byte context;		/* whose registers are saved; 0: none, or not all of them */
byte on_cpu = NOBODY;	/* whose stack and registers are in use */
bool pending;
bool stopping;
bool in_bucket;
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

/* cpu_put: the context is whole before the state says so. */
inline put(to)
{
	mine = false;
#if MUTANT == 1
	edge(RUNNING, to, done);
	context = generation;
	on_cpu = NOBODY;
#else
	context = 0;
	context = generation;
	on_cpu = NOBODY;
	edge(RUNNING, to, done);
#endif
	assert(done)
}

/* vcpu_end, by whoever made it TERMINATED. */
inline end()
{
	context = 0;
	atomic { stopping = false; pending = false; word = 0 }
	edge(TERMINATED, FREE, done);
	assert(done)
}

/* wait_end, wait_take: out of the bucket, and RUNNABLE if it is to run. */
inline wake(is_to_run)
{
	lock(bucket);
	if
	:: in_bucket ->
		in_bucket = false;
		if
		:: is_to_run -> edge(WAITING, RUNNABLE, done)
		:: else
		fi
	:: else
	fi;
	unlock(bucket)
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
		wake(false);
		if
		:: mine -> put(TERMINATED); end()
		:: else ->
			seen = state;
#if MUTANT == 3
			edge(seen, TERMINATED, done);
#else
			done = false;
			if
			:: seen != RUNNING -> edge(seen, TERMINATED, done)
			:: else
			fi;
#endif
			if
			:: done -> end()
			:: else ->
				stopping = true;
#if MUTANT != 7
				wake(true)
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
		in_bucket = true;
		put(WAITING);
		unlock(bucket);
#if MUTANT != 5
		if
		:: pending || stopping -> wake(true)
		:: else
		fi
#endif
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
	:: mine && stopping -> stop(generation)
	:: mine && !stopping -> assert(on_cpu == self && state == RUNNING); put(RUNNABLE)
	:: mine && !stopping && pending -> pending = false
	:: mine && !stopping && !word && !pending && blocks > 0 -> blocks--; block()
	:: !mine && state == RUNNABLE -> take()
	:: atomic { self == 0 && !mine && starts > 0 && state == FREE -> starts-- }; start()
	:: atomic { self == 1 && stops > 0 && generation > 0 -> stops--; handle = generation }; stop(handle)
	:: atomic { self == 2 && !mine && changes && generation > 0 -> changes = 0 }; word = 1; wake(true)
	:: atomic { self == 0 && !mine && rings && state != FREE && state != INITIALIZING -> rings = 0 };
		pending = true;
		wake(true)
	/* its last act; or what might have happened does not */
	:: mine && !stopping && exits > 0 ->
		exits--;
		lock(tree);
		put(TERMINATED);
		end();
		unlock(tree)
	:: atomic { changes && self == 0 -> changes = 0 }
	:: atomic { rings && self == 0 -> rings = 0 }
	/* nothing left to do: what still waits must have a reason to */
	:: atomic {
		!mine && timeout ->
		assert(state != RUNNABLE && state != RUNNING && state != INITIALIZING);
		assert(state != WAITING || (!word && !pending && !stopping && in_bucket));
		break
	}
	od
}

init
{
	atomic { run cpu(0); run cpu(1); run cpu(2) }
}
