/* SPDX-License-Identifier: ISC */
/* The alarm of a process: alarm, setitimer, getitimer, and its signal. Over sched.alarm; no
 * locks. */
#include "libos/linux/linux.h"

#include <machine/call.h>

enum { TIMER_REAL = 0 };

#define TIMER_NS UINT64_C(1000000000)

/* As setitimer has it. */
struct timer_value {
	int64_t every_s, every_us;
	int64_t left_s, left_us;
};

static uint64_t timer_left_ns(const struct linux_signals *signals)
{
	uint64_t now = machine_clock();

	if (signals->alarm == 0)
		return 0;
	/* It may be due and not yet here: 0 would say that there is none. */
	return signals->alarm > now ? time_ns(signals->alarm - now) : 1000;
}

static void timer_set(struct libos *os, uint64_t ns, uint64_t every_ns)
{
	struct linux_signals *signals = &os->linux->signals;

	signals->alarm = ns != 0 ? machine_clock() + time_units(ns) : 0;
	signals->alarm_every = time_units(every_ns);
	os->sched.alarm = signals->alarm;
	sched_arm(os);
}

void timer_alarm(struct libos *os)
{
	struct linux_signals *signals = &os->linux->signals;
	struct signal_info info = { .number = LINUX_SIGALRM, .code = SIGNAL_CODE_KERNEL };
	uint64_t now = machine_clock(), late;

	if (signals->alarm == 0)
		return;
	late = now > signals->alarm ? now - signals->alarm : 0;
	if (signals->alarm_every != 0)
		signals->alarm += (late / signals->alarm_every + 1) * signals->alarm_every;
	else
		signals->alarm = 0;
	os->sched.alarm = signals->alarm;
	signal_post(os, NULL, &info);
}

int64_t timer_set_alarm(struct linux_call *c)
{
	uint64_t left = timer_left_ns(&c->linux->signals);

	timer_set(c->os, (uint32_t)c->arg[0] * TIMER_NS, 0);
	/* To the nearest second, but never to none. */
	if (left != 0 && left < TIMER_NS)
		return 1;
	return (int64_t)((left + TIMER_NS / 2) / TIMER_NS);
}

static struct timer_value timer_value(const struct linux_signals *signals)
{
	uint64_t left = timer_left_ns(signals);
	uint64_t every_us = (time_ns(signals->alarm_every) + 500) / 1000;

	return (struct timer_value){
		.every_s = (int64_t)(every_us / 1000000), .every_us = (int64_t)(every_us % 1000000),
		.left_s = (int64_t)(left / TIMER_NS), .left_us = (int64_t)(left % TIMER_NS / 1000),
	};
}

static bool timer_is_time(int64_t s, int64_t us)
{
	return s >= 0 && us >= 0 && us < 1000000;
}

static uint64_t timer_in_ns(int64_t s, int64_t us)
{
	return s > INT32_MAX ? INT32_MAX * TIMER_NS : (uint64_t)s * TIMER_NS + (uint64_t)us * 1000;
}

int64_t timer_getitimer(struct linux_call *c)
{
	struct timer_value value = timer_value(&c->linux->signals);

	return (uint32_t)c->arg[0] != TIMER_REAL ? -LINUX_EINVAL
		: linux_out(c, c->arg[1], &value, sizeof(value));
}

int64_t timer_setitimer(struct linux_call *c)
{
	struct timer_value value = { 0 }, old = timer_value(&c->linux->signals);

	if (c->arg[1] != 0 && linux_in(c, &value, c->arg[1], sizeof(value)) < 0)
		return -LINUX_EFAULT;
	if ((uint32_t)c->arg[0] != TIMER_REAL || !timer_is_time(value.every_s, value.every_us)
			|| !timer_is_time(value.left_s, value.left_us))
		return -LINUX_EINVAL;
	timer_set(c->os, timer_in_ns(value.left_s, value.left_us),
		timer_in_ns(value.every_s, value.every_us));
	return c->arg[2] == 0 ? 0 : linux_out(c, c->arg[2], &old, sizeof(old));
}
