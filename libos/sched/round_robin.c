/* SPDX-License-Identifier: ISC */
/* Round robin: in order of arrival; who owes a tick's worth of grace is passed over once for it.
 * Touches the ready queue; sched is held. */
#include "libos/state.h"

static void round_robin_enqueue(struct libos *os, struct thread *t)
{
	struct wait_queue *ready = &os->sched.ready;

	t->next = NULL;
	if (ready->last)
		ready->last->next = t;
	else
		ready->first = t;
	ready->last = t;
	os->sched.ready_count++;
}

static struct thread *round_robin_take(struct libos *os)
{
	struct wait_queue *ready = &os->sched.ready;
	struct thread *t = ready->first;

	if (!t)
		return NULL;
	ready->first = t->next;
	if (!ready->first)
		ready->last = NULL;
	t->next = NULL;
	os->sched.ready_count--;
	return t;
}

static struct thread *round_robin_pick(struct libos *os)
{
	uint64_t tick = os->sched.tick_units;
	struct thread *t = round_robin_take(os);

	while (t && tick && t->charge >= tick && os->sched.ready_count) {
		t->charge -= tick;
		round_robin_enqueue(os, t);
		t = round_robin_take(os);
	}
	return t;
}

static void round_robin_remove(struct libos *os, struct thread *t)
{
	struct wait_queue *ready = &os->sched.ready;
	struct thread *before = NULL, *at;

	for (at = ready->first; at && at != t; at = at->next)
		before = at;
	if (!at)
		return;
	if (before)
		before->next = t->next;
	else
		ready->first = t->next;
	if (ready->last == t)
		ready->last = before;
	os->sched.ready_count--;
}

static bool round_robin_tick(struct libos *os, struct thread *current)
{
	(void)current;
	return os->sched.ready_count != 0;
}

/* Every CPU: whichever is free first takes whoever can run. */
static uint64_t round_robin_cpus(struct libos *os)
{
	(void)os;
	return (UINT64_C(1) << libos_info()->cpus) - 1;
}

const struct sched_policy sched_round_robin = {
	.name = "round robin",
	.enqueue = round_robin_enqueue,
	.pick = round_robin_pick,
	.remove = round_robin_remove,
	.tick = round_robin_tick,
	.cpus = round_robin_cpus,
};
