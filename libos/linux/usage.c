/* SPDX-License-Identifier: ISC */
/*
 * What processes have used: getrusage, times, the clocks of CPU time. The kernel counts the time of
 * each env up to its last switch; what a process has run since then it adds itself. All of it is
 * the program's: it calls no kernel. No locks.
 */
#include "libos/linux/linux.h"

#include <machine/call.h>

#define USAGE_NS UINT64_C(1000000000)

/* As getrusage and wait4 have it; what is not counted is 0. */
struct usage_out {
	int64_t user_s, user_us, system_s, system_us;
	int64_t most_memory, zero[3];
	int64_t minor_faults, more[9];
};

uint64_t usage_self_ns(struct libos *os)
{
	struct linux_usage *u = &os->usage;
	uint64_t counted = process_units(os->process.env), now = machine_clock();

	/* Without a switch since the last look, all the time since then was this process's. */
	if (counted == u->counted)
		u->units += now - u->clock;
	else if (counted > u->units)
		u->units = counted;
	u->counted = counted;
	u->clock = now;
	return time_ns(u->units);
}

static int64_t usage_out(struct linux_call *c, uint64_t to, uint64_t ns, uint64_t faults)
{
	struct usage_out usage = {
		.user_s = (int64_t)(ns / USAGE_NS), .user_us = (int64_t)(ns % USAGE_NS / 1000),
		.minor_faults = (int64_t)faults,
	};

	return linux_out(c, to, &usage, sizeof(usage));
}

int64_t usage_child_out(struct linux_call *c, uint64_t to, uint64_t units)
{
	return usage_out(c, to, time_ns(units), 0);
}

int64_t usage_get(struct linux_call *c)
{
	enum { CHILDREN = -1, SELF = 0, THREAD = 1 };
	int32_t who = (int32_t)c->arg[0];

	if (who < CHILDREN || who > THREAD)
		return -LINUX_EINVAL;
	if (who == CHILDREN)
		return usage_child_out(c, c->arg[1], family_self(c->os)->children_units);
	return usage_out(c, c->arg[1], usage_self_ns(c->os),
		c->os->vm.faults + c->os->wired.faults0);
}

int64_t usage_times(struct linux_call *c)
{
	const uint64_t tick_ns = USAGE_NS / 100;
	int64_t times[4] = {
		(int64_t)(usage_self_ns(c->os) / tick_ns), 0,
		(int64_t)(time_ns(family_self(c->os)->children_units) / tick_ns), 0,
	};
	int64_t error = c->arg[0] == 0 ? 0 : linux_out(c, c->arg[0], times, sizeof(times));

	return error < 0 ? error : (int64_t)(time_now_ns() / tick_ns);
}
