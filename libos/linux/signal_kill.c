/* SPDX-License-Identifier: ISC */
/*
 * System calls that send signals, within the process and through the process table of the family;
 * and what comes from there. Takes what signal_post takes.
 */
#include "libos/linux/linux.h"

int64_t signal_kill(struct linux_call *c)
{
	uint32_t number = (uint32_t)c->arg[1];

	if (number > LINUX_SIGNALS)
		return family_signal(c->os, (int32_t)c->arg[0], 0, NULL) < 0 ? -LINUX_ESRCH
			: -LINUX_EINVAL;
	if ((uint32_t)c->arg[0] == c->os->process.pid)
		return number == 0 ? 0 : signal_post_self(c->os, NULL, number);
	if (family_signal(c->os, (int32_t)c->arg[0], number, NULL) < 0)
		return -LINUX_ESRCH;
	/* What was for this process too is there when the call returns. */
	signal_bell(c->os);
	return 0;
}

/* A child has stopped or goes on, and this process does not want to know. */
static bool kill_is_unwanted(const struct libos *os, const struct signal_info *info)
{
	enum { STOPPED = 5, CONTINUED = 6 };

	return info->number == LINUX_SIGCHLD
		&& (info->code == STOPPED || info->code == CONTINUED)
		&& os->linux->signals.action[LINUX_SIGCHLD].flags & SIGNAL_SA_NOCLDSTOP;
}

void signal_bell(struct libos *os)
{
	struct family_process *self = family_self(os);
	uint64_t pending = atomic_exchange(&self->pending, 0);

	for (; pending != 0; pending &= pending - 1) {
		unsigned number = (unsigned)__builtin_ctzll(pending) + 1;
		struct family_siginfo from = family_signal_info(os, number);
		struct signal_info info = {
			.number = (int32_t)number, .code = from.code, .pid = from.pid,
			.value = from.value,
		};

		/* Without room in the queue it is lost, as in Linux. */
		if (!kill_is_unwanted(os, &info))
			(void)signal_post(os, NULL, &info);
	}
}

bool signal_is_called(struct thread *t)
{
	signal_bell(t->os);
	return signal_waiting(t) & ~signal_thread(t)->blocked;
}

/* To another process. */
static int64_t kill_other(struct linux_call *c, uint32_t pid, const struct signal_info *info)
{
	struct family_siginfo out = { .code = info->code, .pid = info->pid, .value = info->value };

	return family_signal(c->os, (int32_t)pid, (unsigned)info->number, &out) < 0
		? -LINUX_ESRCH : 0;
}

/* To the thread with that number; of another process's, whichever takes it. */
static int64_t kill_one(struct linux_call *c, uint32_t id, const struct signal_info *info)
{
	struct thread *t;

	if (family_find(task_process(id)) == NULL)
		return -LINUX_ESRCH;
	if ((uint32_t)info->number > LINUX_SIGNALS)
		return -LINUX_EINVAL;
	if (task_process(id) != c->os->process.pid)
		return kill_other(c, task_process(id), info);
	t = task_thread(c->os, id);
	if (t == NULL)
		return -LINUX_ESRCH;
	return info->number == 0 ? 0 : signal_post(c->os, t, info);
}

int64_t signal_tkill(struct linux_call *c)
{
	struct signal_info info = {
		.number = (int32_t)c->arg[1], .code = SIGNAL_CODE_TKILL, .pid = c->os->process.pid,
	};

	return (int32_t)c->arg[0] <= 0 ? -LINUX_EINVAL : kill_one(c, (uint32_t)c->arg[0], &info);
}

int64_t signal_tgkill(struct linux_call *c)
{
	struct signal_info info = {
		.number = (int32_t)c->arg[2], .code = SIGNAL_CODE_TKILL, .pid = c->os->process.pid,
	};

	if ((int32_t)c->arg[0] <= 0 || (int32_t)c->arg[1] <= 0)
		return -LINUX_EINVAL;
	if (task_process((uint32_t)c->arg[1]) != (uint32_t)c->arg[0])
		return -LINUX_ESRCH;
	return kill_one(c, (uint32_t)c->arg[1], &info);
}

/* What comes with a signal that the program queues: to others it may not look like the kernel's. */
static int64_t kill_info_in(struct linux_call *c, int32_t pid, uint32_t number, uint64_t from,
	struct signal_info *info)
{
	if (linux_in(c, info, from, sizeof(*info)) < 0)
		return -LINUX_EFAULT;
	if ((info->code >= 0 || info->code == SIGNAL_CODE_TKILL)
			&& pid != (int32_t)c->os->process.pid)
		return -LINUX_EPERM;
	info->number = (int32_t)number;
	return 0;
}

int64_t signal_queueinfo(struct linux_call *c)
{
	int32_t pid = (int32_t)c->arg[0];
	uint32_t number = (uint32_t)c->arg[1];
	struct signal_info info;
	int64_t error = kill_info_in(c, pid, number, c->arg[2], &info);

	if (error < 0)
		return error;
	if (number > LINUX_SIGNALS)
		return -LINUX_EINVAL;
	if (pid != (int32_t)c->os->process.pid)
		return pid <= 0 ? -LINUX_ESRCH : kill_other(c, (uint32_t)pid, &info);
	return number == 0 ? 0 : signal_post(c->os, NULL, &info);
}

int64_t signal_tgqueueinfo(struct linux_call *c)
{
	uint32_t number = (uint32_t)c->arg[2];
	struct signal_info info;
	int64_t error;

	if ((int32_t)c->arg[0] <= 0 || (int32_t)c->arg[1] <= 0)
		return -LINUX_EINVAL;
	error = kill_info_in(c, (int32_t)c->arg[0], number, c->arg[3], &info);
	if (error < 0)
		return error;
	if (task_process((uint32_t)c->arg[1]) != (uint32_t)c->arg[0])
		return -LINUX_ESRCH;
	return kill_one(c, (uint32_t)c->arg[1], &info);
}
