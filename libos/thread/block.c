/* SPDX-License-Identifier: ISC */
/* Blocking and waking: wait queues and deadlines. Touches wait queues and threads; takes sched. */
#include <machine/call.h>

#include "libos/state.h"

static void queue_append(struct wait_queue *queue, struct thread *t)
{
	t->next = NULL;
	if (queue->last)
		queue->last->next = t;
	else
		queue->first = t;
	queue->last = t;
}

static void queue_remove(struct wait_queue *queue, struct thread *t)
{
	struct thread *before = NULL, *at;

	for (at = queue->first; at && at != t; at = at->next)
		before = at;
	if (!at)
		return;
	if (before)
		before->next = t->next;
	else
		queue->first = t->next;
	if (queue->last == t)
		queue->last = before;
	t->next = NULL;
}

static void sleepers_insert(struct libos *os, struct thread *t)
{
	struct thread **link = &os->sched.sleepers;

	while (*link && (*link)->deadline <= t->deadline)
		link = &(*link)->sleep_next;
	t->sleep_next = *link;
	*link = t;
}

static void sleepers_remove(struct libos *os, struct thread *t)
{
	struct thread **link = &os->sched.sleepers;

	while (*link && *link != t)
		link = &(*link)->sleep_next;
	if (*link)
		*link = t->sleep_next;
	t->sleep_next = NULL;
}

/* BLOCKED -> READY, with sched held. False: it is not BLOCKED any more; counted. */
static bool block_end_locked(struct libos *os, struct thread *t)
{
	if (t->queue)
		queue_remove(t->queue, t);
	if (t->deadline != THREAD_NO_DEADLINE)
		sleepers_remove(os, t);
	t->queue = NULL;
	if (!thread_edge(t, thread_generation(t), THREAD_BLOCKED, THREAD_READY)) {
		os->statistics.wakes_stale++;
		return false;
	}
	os->sched.policy->enqueue(os, t);
	return true;
}

err_t thread_block(struct libos *os, struct wait_queue *queue, uint64_t deadline)
{
	struct thread *self = thread_self();
	bool is_blocked;

	lock_check_none(os);
	if (self->is_signalled && !self->is_deaf)
		return EXO_E_PENDING;
	lock_acquire(os, RANK_SCHED);
	self->is_timed_out = self->is_interrupted = false;
	self->queue = queue;
	self->deadline = deadline;
	if (queue)
		queue_append(queue, self);
	if (deadline != THREAD_NO_DEADLINE)
		sleepers_insert(os, self);
	is_blocked = thread_edge(self, thread_generation(self), THREAD_RUNNING, THREAD_BLOCKED);
	assert(is_blocked);
	sched_switch_locked(os, self);
	return self->is_timed_out ? EXO_E_EARLY : self->is_interrupted ? EXO_E_PENDING : EXO_OK;
}

unsigned thread_wake(struct libos *os, struct wait_queue *queue, unsigned count)
{
	unsigned woken = 0;

	if (!queue->first)
		return 0;
	lock_acquire(os, RANK_SCHED);
	while (woken < count && queue->first)
		woken += block_end_locked(os, queue->first);
	lock_release(os, RANK_SCHED);
	sched_arm(os);
	return woken;
}

bool thread_interrupt(struct libos *os, uint64_t handle)
{
	struct thread *t = thread_find(os, handle);
	bool is_woken = false;

	if (!t)
		return false;
	lock_acquire(os, RANK_SCHED);
	if (thread_state(t) == THREAD_BLOCKED && !t->is_deaf) {
		t->is_interrupted = true;
		is_woken = block_end_locked(os, t);
	}
	lock_release(os, RANK_SCHED);
	if (is_woken)
		sched_arm(os);
	return is_woken;
}

void thread_wake_deadlines(struct libos *os)
{
	uint64_t now = machine_clock();

	if (!os->sched.sleepers || os->sched.sleepers->deadline > now)
		return;
	lock_acquire(os, RANK_SCHED);
	while (os->sched.sleepers && os->sched.sleepers->deadline <= now) {
		struct thread *t = os->sched.sleepers;

		t->is_timed_out = true;
		block_end_locked(os, t);
	}
	lock_release(os, RANK_SCHED);
}

void thread_yield(struct libos *os)
{
	struct thread *self = thread_self();
	bool is_ready;

	if (!os->sched.ready_count) {
		vcpu_yield(os);
		return;
	}
	lock_acquire(os, RANK_SCHED);
	is_ready = thread_edge(self, thread_generation(self), THREAD_RUNNING, THREAD_READY);
	assert(is_ready);
	os->sched.policy->enqueue(os, self);
	sched_switch_locked(os, self);
}
