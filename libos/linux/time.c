/* SPDX-License-Identifier: ISC */
/* System calls on time. The launcher says when the machine was started. */
#include "libos/linux/linux.h"

#include <machine/call.h>

/* Bit n: there is a clock n; it can be slept on: realtime, monotonic, CPU time of the process,
 * since the boot, atomic. */
enum { TIME_CLOCKS = 0xbff, TIME_SLEEPS = 0x887 };

/* Those that follow the calendar: realtime, coarse, with alarm, atomic. */
enum { TIME_CALENDAR = 0x921 };

#define TIME_NS UINT64_C(1000000000)

uint64_t time_ns(uint64_t units)
{
	const struct exo_info *info = libos_info();

	return (uint64_t)((unsigned __int128)units * info->clock_mult >> info->clock_shift);
}

uint64_t time_now_ns(void)
{
	return time_ns(machine_clock() - libos_info()->boot_clock);
}

uint64_t time_calendar_ns(void)
{
	return libos_info()->epoch_s * TIME_NS + time_now_ns();
}

uint64_t time_units(uint64_t ns)
{
	uint64_t hz = libos_info()->clock_hz, s = ns / TIME_NS;

	if (s > UINT64_MAX / 4 / hz)
		return UINT64_MAX / 4;
	return s * hz + ns % TIME_NS * hz / TIME_NS;
}

uint64_t time_deadline(uint64_t ns, bool is_calendar)
{
	uint64_t epoch_ns = is_calendar ? libos_info()->epoch_s * TIME_NS : 0;

	return libos_info()->boot_clock + time_units(ns > epoch_ns ? ns - epoch_ns : 0);
}

int64_t time_in(struct linux_call *c, uint64_t from, uint64_t *ns)
{
	struct linux_time time;
	int64_t error = linux_in(c, &time, from, sizeof(time));

	if (error < 0)
		return error;
	if (time.s < 0 || time.ns < 0 || time.ns >= (int64_t)TIME_NS)
		return -LINUX_EINVAL;
	*ns = time.s > UINT32_MAX ? UINT32_MAX * TIME_NS
		: (uint64_t)time.s * TIME_NS + (uint64_t)time.ns;
	return 0;
}

static bool time_is_clock(uint64_t id)
{
	return (uint32_t)id < 32 && TIME_CLOCKS >> (uint32_t)id & 1;
}

static int64_t time_out(struct linux_call *c, uint64_t to, uint64_t ns)
{
	struct linux_time time = { (int64_t)(ns / TIME_NS), (int64_t)(ns % TIME_NS) };

	return linux_out(c, to, &time, sizeof(time));
}

int64_t time_clock_gettime(struct linux_call *c)
{
	enum { PROCESS_CPU = 2, THREAD_CPU = 3 };

	if (!time_is_clock(c->arg[0]))
		return -LINUX_EINVAL;
	if (TIME_CALENDAR >> c->arg[0] & 1)
		return time_out(c, c->arg[1], time_calendar_ns());
	return time_out(c, c->arg[1], c->arg[0] == PROCESS_CPU || c->arg[0] == THREAD_CPU
		? usage_self_ns(c->os) : time_now_ns());
}

int64_t time_clock_getres(struct linux_call *c)
{
	if (!time_is_clock(c->arg[0]))
		return -LINUX_EINVAL;
	return c->arg[1] == 0 ? 0 : time_out(c, c->arg[1], 1);
}

int64_t time_gettimeofday(struct linux_call *c)
{
	uint64_t now = time_calendar_ns();
	int64_t value[2] = { (int64_t)(now / TIME_NS), (int64_t)(now % TIME_NS / 1000) };
	uint32_t zone[2] = { 0, 0 };
	int64_t error = 0;

	if (c->arg[0] != 0)
		error = linux_out(c, c->arg[0], value, sizeof(value));
	if (error >= 0 && c->arg[1] != 0)
		error = linux_out(c, c->arg[1], zone, sizeof(zone));
	return error;
}

int64_t time_time(struct linux_call *c)
{
	int64_t now = (int64_t)(time_calendar_ns() / TIME_NS);
	int64_t error = c->arg[0] == 0 ? 0 : linux_out(c, c->arg[0], &now, sizeof(now));

	return error < 0 ? error : now;
}

/* Sleep until the deadline in clock units. False: a signal ended it. */
static bool time_sleep(struct linux_call *c, uint64_t deadline)
{
	err_t error = EXO_OK;

	while (error == EXO_OK && machine_clock() < deadline)
		error = thread_block(c->os, NULL, deadline);
	return error != EXO_E_PENDING;
}

/* What is left of a sleep that a signal ended goes to `rest`. */
static int64_t time_sleep_rest(struct linux_call *c, uint64_t deadline, uint64_t rest,
	int64_t (*again)(struct linux_call *c, uint64_t deadline))
{
	uint64_t now;

	if (time_sleep(c, deadline))
		return 0;
	now = machine_clock();
	if (rest != 0 && time_out(c, rest, deadline > now ? time_ns(deadline - now) : 0) < 0)
		return -LINUX_EFAULT;
	return signal_again(c, again, deadline);
}

static int64_t time_nanosleep_until(struct linux_call *c, uint64_t deadline)
{
	return time_sleep_rest(c, deadline, c->arg[1], time_nanosleep_until);
}

int64_t time_nanosleep(struct linux_call *c)
{
	uint64_t ns;
	int64_t error = time_in(c, c->arg[0], &ns);

	return error < 0 ? error : time_nanosleep_until(c, machine_clock() + time_units(ns));
}

static int64_t time_clock_nanosleep_until(struct linux_call *c, uint64_t deadline)
{
	return time_sleep_rest(c, deadline, c->arg[3], time_clock_nanosleep_until);
}

int64_t time_clock_nanosleep(struct linux_call *c)
{
	enum { ABSOLUTE = 1 };
	bool is_absolute = c->arg[1] & ABSOLUTE;
	uint64_t ns;
	int64_t error;

	if (!time_is_clock(c->arg[0]))
		return -LINUX_EINVAL;
	if (!(TIME_SLEEPS >> c->arg[0] & 1))
		return -LINUX_EOPNOTSUPP;
	error = time_in(c, c->arg[2], &ns);
	if (error < 0)
		return error;
	if (!is_absolute)
		return time_clock_nanosleep_until(c, machine_clock() + time_units(ns));
	return time_sleep(c, time_deadline(ns, TIME_CALENDAR >> c->arg[0] & 1))
		? 0 : -LINUX_ERESTARTNOHAND;
}
