/* SPDX-License-Identifier: ISC */
/*
 * Ticks, grace, the choice of the next thread, idling, the end of a slice. Touches struct sched,
 * threads' grace, the vcpu page and its record. Takes sched.
 */
#include "libos/sched/sched.h"

#include <machine/call.h>

#include "libos/state.h"

void sched_init(struct libos *os)
{
	os->sched.policy = &sched_round_robin;
	os->sched.tick_units = libos_info()->slice_units;
	os->sched.grace_units = SCHED_GRACE_UNITS;
	os->sched.look_units = libos_info()->cpus > 1 ? libos_info()->slice_units : 0;
}

/* The first tick after `now`: ticks are absolute. */
static uint64_t sched_tick_after(const struct sched *s, uint64_t now)
{
	return (now / s->tick_units + 1) * s->tick_units;
}

static bool sched_is_ticking(const struct sched *s)
{
	return s->tick_units && s->ready_count && (!s->ticks_max || s->ticks < s->ticks_max);
}

/* A program that has a CPU for itself is never asked to yield: when does it look at its bell? */
static uint64_t sched_next_look(const struct sched *s, struct sched_clock *clock)
{
	uint64_t now = machine_clock();

	if (clock->look_at <= now)
		clock->look_at = now + s->look_units;
	return clock->look_at;
}

/* Arm the vcpu's timer for the next tick or deadline, at the latest for `deadline`. */
static void sched_arm_by(struct libos *os, struct vcpu_local *vcpu, uint64_t deadline)
{
	struct sched *s = &os->sched;
	struct sched_clock *clock = &vcpu->clock;
	struct thread *self = vcpu->current;

	if (clock->next_tick && clock->next_tick == clock->armed && s->ready_count && !s->sleepers
	    && !clock->yield_at && self->grace_end <= clock->armed)
		return; /* as most often */
	if (sched_is_ticking(s)) {
		if (!clock->next_tick)
			clock->next_tick = sched_tick_after(s, machine_clock());
		deadline = clock->next_tick;
		if (self->grace_end > deadline && self->grace_end != THREAD_NEWBORN)
			deadline = self->grace_end;
	} else {
		clock->next_tick = 0;
	}
	if (s->sleepers && s->sleepers->deadline < deadline)
		deadline = s->sleepers->deadline;
	if (clock->yield_at && clock->yield_at < deadline)
		deadline = clock->yield_at;
	if (s->alarm && s->alarm < deadline)
		deadline = s->alarm;
	if (deadline == UINT64_MAX || deadline == clock->armed)
		return;
	clock->armed = deadline;
	exo_call(EXO_CALL_TIMER, deadline, 0, 0, 0, 0);
}

void sched_arm(struct libos *os)
{
	struct vcpu_local *vcpu = libos_vcpu();

	sched_arm_by(os, vcpu, os->sched.look_units ? sched_next_look(&os->sched, &vcpu->clock)
		     : UINT64_MAX);
}

void sched_arm_idle(struct libos *os)
{
	sched_arm_by(os, libos_vcpu(), UINT64_MAX);
}

/* Has a tick passed? Then it is taken: t's turn is over unless its grace still runs. */
static bool sched_take_tick(struct libos *os, struct thread *t)
{
	struct sched *s = &os->sched;
	struct sched_clock *clock = &libos_vcpu()->clock;
	uint64_t now;

	if (!clock->next_tick)
		return false;
	now = machine_clock();
	if (now < clock->next_tick || (s->grace_units && now < t->grace_end))
		return false;
	if (t->grace_end) {
		/* The grace is over: what went past the tick is owed. */
		t->charge += now - clock->next_tick;
		t->grace_end = 0;
	}
	s->ticks++;
	clock->next_tick = sched_is_ticking(s) ? sched_tick_after(s, now) : 0;
	return s->policy->tick(os, t);
}

void sched_begin(struct libos *os, struct thread *self)
{
	if (self->grace_end == THREAD_NEWBORN)
		self->grace_end = os->sched.grace_units
			? machine_clock() + os->sched.grace_units : 0;
	sched_arm(os);
}

void sched_set_bell(struct libos *os, const _Atomic uint32_t *word, _Atomic uint32_t *waiting)
{
	struct sched *s = &os->sched;

	s->bell = word;
	s->bell_waiting = waiting;
	s->bell_seen = atomic_load(word);
	s->is_bell_hung = false;
}

/* The kernel watches the bell, blocking or not. */
static void sched_wait_bell(struct sched *s, uint64_t flags)
{
	/* seq_cst: either the ringer sees it, or the kernel sees the bell's new value.
	 * pairs with: family_ring */
	if (s->bell_waiting)
		atomic_store(s->bell_waiting, 1);
	s->is_bell_hung = exo_call(EXO_CALL_WAIT, (uint64_t)s->bell, s->bell_seen,
				   EXO_WAIT_SHARED | flags, 0, 0).value == 0
		&& flags & EXO_WAIT_DOORBELL;
	if (s->bell_waiting && !s->is_bell_hung)
		atomic_store_explicit(s->bell_waiting, 0, memory_order_relaxed);
}

void sched_look_at_bell(struct libos *os)
{
	struct sched *s = &os->sched;
	uint32_t value;

	if (!s->bell)
		return;
	/* Acquire: what was rung for is seen. pairs with: family_ring */
	value = atomic_load_explicit(s->bell, memory_order_acquire);
	if (value == s->bell_seen)
		return;
	s->bell_seen = value;
	s->is_bell_hung = false;
	if (os->hooks.events)
		os->hooks.events(os, EXO_EVENT_DOORBELL);
}

/* Others sleep while one runs: the kernel tells when the bell rings. */
static void sched_hang_bell(struct libos *os)
{
	if (!os->sched.bell || os->sched.is_bell_hung || !os->family.sleepers.first
	    || os->vcpus.count)
		return;
	sched_wait_bell(&os->sched, EXO_WAIT_DOORBELL);
	sched_look_at_bell(os);
}

/* Whom this process has just rung gets its time: perhaps the answer comes before it must wait, and
 * then neither side has to tell the kernel. True: it came, or an event did. */
static bool sched_yield_to_partner(struct sched *s)
{
	uint64_t partner = s->partner;

	s->partner = 0;
	if (!partner || exo_call(EXO_CALL_YIELD, partner, 0, 0, 0, 0).value < 0)
		return false;
	return atomic_load_explicit(s->bell, memory_order_acquire) != s->bell_seen
		|| libos_vcpu_page()->pending;
}

/* Wait masked until an event is pending, then let it in, here on the library stack of the thread
 * that ran last. */
void sched_idle(struct libos *os)
{
	if (os->vcpus.count) {
		vcpu_park(os);
		return;
	}
	sched_arm_idle(os);
	if (os->sched.bell) {
		if (!sched_yield_to_partner(&os->sched))
			sched_wait_bell(&os->sched, 0);
		sched_look_at_bell(os);
	} else {
		exo_call(EXO_CALL_WAIT, (uint64_t)&os->sched.idle_word, 0, 0, 0, 0);
	}
	upcall_poll(os);
}

/* Take the next thread whose turn is not over before it begins. NULL: nobody can run. */
static struct thread *sched_pick_locked(struct libos *os)
{
	struct thread *t;

	for (;;) {
		t = os->sched.policy->pick(os);
		if (!t || !os->sched.ready_count || !sched_take_tick(os, t))
			return t;
		os->sched.policy->enqueue(os, t);
	}
}

struct thread *sched_take_next_locked(struct libos *os)
{
	struct thread *next = sched_pick_locked(os);
	bool is_running = !next || thread_edge(next, thread_generation(next), THREAD_READY,
					       THREAD_RUNNING);

	assert(is_running);
	return next;
}

void sched_switch_locked(struct libos *os, struct thread *self)
{
	struct thread *next;

	while (!(next = sched_take_next_locked(os)) && !(next = libos_vcpu()->idle)) {
		lock_release(os, RANK_SCHED);
		lock_check_none(os);
		sched_idle(os);
		lock_acquire(os, RANK_SCHED);
	}
	lock_release(os, RANK_SCHED);
	lock_check_none(os);
	if (next != self) {
		sched_hang_bell(os);
		thread_switch(os, self, next);
	}
	sched_begin(os, self);
}

/* The slice is over: yield within the allowance, but give a newborn at most half of it first. */
static void sched_slice_end(struct libos *os, struct thread *t)
{
	uint64_t now = machine_clock(), limit;

	if (t->grace_end && t->grace_end != THREAD_NEWBORN && now < t->grace_end) {
		limit = libos_vcpu_page()->slice_end + libos_info()->allowance_units / 2;
		limit = limit < t->grace_end ? limit : t->grace_end;
		if (now < limit) {
			libos_vcpu()->clock.yield_at = limit;
			return;
		}
	}
	libos_vcpu()->clock.yield_at = 0;
	vcpu_yield(os);
}

static void sched_timer(struct libos *os)
{
	struct sched_clock *clock = &libos_vcpu()->clock;

	clock->armed = 0;
	thread_wake_deadlines(os);
	if (os->sched.alarm && machine_clock() >= os->sched.alarm) {
		os->sched.alarm = 0;
		if (os->hooks.events)
			os->hooks.events(os, EXO_EVENT_TIMER);
	}
	if (clock->yield_at && machine_clock() >= clock->yield_at) {
		clock->yield_at = 0;
		vcpu_yield(os);
	}
}

void sched_events(struct libos *os, struct thread *t, uint32_t events, bool is_idle)
{
	os->statistics.events++;
	if (events & EXO_EVENT_TIMER)
		sched_timer(os);
	if (events & EXO_EVENT_CHILD)
		process_events(os);
	if (events & EXO_EVENT_DOORBELL) {
		os->sched.is_bell_hung = false;
		vcpu_rung(os);
	}
	sched_look_at_bell(os);
	if (events & EXO_EVENT_REVOKE && os->hooks.events)
		os->hooks.events(os, EXO_EVENT_REVOKE);
	if (is_idle)
		return;
	if (events & EXO_EVENT_SLICE_END)
		sched_slice_end(os, t);
	if (os->sched.ready_count && sched_take_tick(os, t))
		thread_yield(os);
	else
		sched_arm(os);
}
