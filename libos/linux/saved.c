/* SPDX-License-Identifier: ISC */
/* Saving and loading what exec passes (see saved.h). No locks. */
#include "libos/linux/saved.h"

#include "libos/linux/linux.h"

static uint64_t saved_ignored(const struct linux_state *linux)
{
	uint64_t ignored = 0;
	unsigned i;

	for (i = 1; i <= LINUX_SIGNALS; i++)
		if (linux->signals.action[i].handler == 1)
			ignored |= UINT64_C(1) << (i - 1);
	return ignored;
}

void linux_save(struct libos *os, struct process_exec_state *state)
{
	struct saved *saved = (struct saved *)((char *)state + state->bytes);

	state->state = state->bytes;
	state->state_bytes = sizeof(*saved);
	state->bytes += sizeof(*saved);
	*saved = (struct saved){
		.version = SAVED_VERSION, .ignored = saved_ignored(os->linux),
		.blocked = signal_thread(thread_self())->blocked,
		.pending = signal_waiting(thread_self()),
		.alarm = os->linux->signals.alarm,
		.alarm_every = os->linux->signals.alarm_every,
	};
	memcpy(saved->limit, os->linux->limit, sizeof(saved->limit));
}

/* What still waited for the program before: a signal, an alarm. */
static void saved_load_waiting(struct libos *os, const struct saved *saved)
{
	struct linux_signals *signals = &os->linux->signals;

	signals->pending.mask = saved->pending;
	signals->alarm = os->sched.alarm = saved->alarm;
	signals->alarm_every = saved->alarm_every;
	thread_self()->is_signalled = saved->pending != 0;
}

void saved_load(struct libos *os)
{
	struct linux_state *linux = os->linux;
	const struct saved *saved;
	uint64_t left;
	size_t bytes;

	saved = process_state(os, &bytes);
	if (saved == NULL || bytes < sizeof(*saved) || saved->version != SAVED_VERSION)
		return;
	memcpy(linux->limit, saved->limit, sizeof(linux->limit));
	for (left = saved->ignored; left; left &= left - 1) /* the others are 0 */
		linux->signals.action[__builtin_ctzll(left) + 1].handler = 1;
	os->process.is_childless = signal_ignores_children(os);
	signal_thread(thread_self())->blocked = saved->blocked;
	if (!os->process.exec->is_spawned)
		saved_load_waiting(os, saved);
}
