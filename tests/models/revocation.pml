/* SPDX-License-Identifier: ISC */
/*
 * Revocation with shoot-down (exo/revoke.c, exo/flush.c): env A has one frame in one slot and vcpus on
 * CPUs 0 to 2, as the dispatcher likes. A's own program may give the frame back; from the deadline on
 * any CPU may take it. Whoever drops it flushes first; then the frame is another env's. The lock is
 * A's. The hardware walks the tables at any time while A's root is loaded, in the kernel too.
 *
 * Shown: nobody reaches the frame by an old translation after it is another's (I-7); it is dropped
 * once (I-8); two CPUs that shoot at each other, or one that shoots at another which spins for its
 * lock, both go on.
 *
 * MUTANT=1: the frame is released before the others have answered. 2: a CPU leaves the kernel without
 * looking for a request again. 3: it says that it runs the env after it has loaded the root. 4: that a
 * CPU is in the kernel, spinning for the lock perhaps, does not count as its answer. 5: who comes second does not look at the slot again under the
 * lock. 6: a request is taken back after the flush, and with it one that came meanwhile.
 */
#ifndef MUTANT
#define MUTANT 0
#endif

#define CPUS 3
#define NOBODY 255

bool slot = true;	/* present */
bool is_ours = true;	/* the frame is A's; later another's */
byte references = 1;
byte owner = NOBODY;	/* of A's lock */
bool runs[CPUS];	/* env.cpus: may hold translations of A */
bool in_kernel[CPUS] = true;
bool shoot[CPUS];
bool cached[CPUS];	/* the translation is in the TLB */
byte takes = 2;		/* how often somebody still tries to drop the frame */
bool others = true;	/* another env's flush is still to come */

inline answer()
{
	if
	:: shoot[self] ->
#if MUTANT == 6
		cached[self] = false;
		atomic {
			if
			:: loaded && slot -> cached[self] = true
			:: true
			fi
		};
		shoot[self] = false
#else
		shoot[self] = false;
		cached[self] = false
#endif
	:: else
	fi
}

inline lock_env()
{
	atomic { owner == NOBODY -> owner = self }
}

/* flush_remote: in the kernel is as good as an answer, since it flushes on its way out. */
inline shoot_at(cpu)
{
	if
	:: cpu != self && runs[cpu] ->
		shoot[cpu] = true;
#if MUTANT == 4
		!shoot[cpu]
#else
		in_kernel[cpu] || !shoot[cpu]
#endif
	:: else
	fi
}

inline drop()
{
#if MUTANT == 5
	is_there = slot;
	lock_env();
#else
	lock_env();
	is_there = slot;
#endif
	if
	:: is_there ->
		slot = false;
#if MUTANT == 1
		assert(references == 1);
		references--;
		is_ours = false;
#endif
		cached[self] = false;
		shoot_at(0);
		shoot_at(1);
		shoot_at(2);
#if MUTANT != 1
		assert(references == 1);
		references--;
		is_ours = false
#endif
	:: else
	fi;
	owner = NOBODY
}

/* cpu_load_root: a root that is loaded anew begins without translations. */
inline dispatch()
{
#if MUTANT == 3
	atomic { loaded = true; cached[self] = slot };
	runs[self] = true
#else
	runs[self] = true;
	loaded = true
#endif
}

inline undispatch()
{
	atomic { loaded = false; cached[self] = false };
	runs[self] = false
}

inline leave()
{
	do
	:: answer();
		in_kernel[self] = false;
#if MUTANT == 2
		break
#else
		if
		:: !shoot[self] -> break
		:: else -> in_kernel[self] = true
		fi
#endif
	od
}

proctype cpu(byte self)
{
	bool loaded, is_there;

	do
	:: in_kernel[self] && !loaded -> dispatch()
	:: in_kernel[self] && loaded -> undispatch()
	:: in_kernel[self] && loaded -> leave()
	:: atomic { in_kernel[self] && takes > 0 -> takes-- }; drop()
	:: atomic { in_kernel[self] && others -> others = false }; shoot[(self + 1) % CPUS] = true
	/* the program: the hardware walks, and uses what it has */
	:: atomic { loaded && slot -> cached[self] = true }
	:: atomic { !in_kernel[self] && cached[self] -> assert(is_ours) }
	/* a call, or an interrupt: for a request it is certain */
	:: !in_kernel[self] -> in_kernel[self] = true
	:: takes == 0 && in_kernel[self] && owner == NOBODY && !loaded -> break
	od
}

init
{
	atomic { run cpu(0); run cpu(1); run cpu(2) }
}
