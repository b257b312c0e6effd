/* SPDX-License-Identifier: ISC */
/*
 * System calls on signals. Actions and masks are recorded; a signal that a process sends itself
 * has its default effect or is ignored; handlers are not run. No locks.
 */
#include "libos/linux/linux.h"

enum { SIGNAL_DEFAULT = 0, SIGNAL_IGNORE = 1 };

int64_t signal_action(struct linux_call *c)
{
	uint64_t number = c->arg[0];
	struct linux_sigaction old;
	int64_t error = 0;

	if (number == 0 || number > LINUX_SIGNALS || c->arg[3] != sizeof(old.mask))
		return -LINUX_EINVAL;
	old = c->linux->action[number];
	if (c->arg[1] != 0) {
		if (number == LINUX_SIGKILL || number == LINUX_SIGSTOP)
			return -LINUX_EINVAL;
		error = linux_in(c, &c->linux->action[number], c->arg[1], sizeof(old));
	}
	if (error >= 0 && c->arg[2] != 0)
		error = linux_out(c, c->arg[2], &old, sizeof(old));
	return error;
}

int64_t signal_mask(struct linux_call *c)
{
	enum { BLOCK = 0, UNBLOCK = 1, SET = 2 };
	uint64_t old = c->linux->blocked, set;
	int64_t error = 0;

	if (c->arg[3] != sizeof(set))
		return -LINUX_EINVAL;
	if (c->arg[1] != 0) {
		error = linux_in(c, &set, c->arg[1], sizeof(set));
		if (error < 0)
			return error;
		if (c->arg[0] == BLOCK)
			set |= old;
		else if (c->arg[0] == UNBLOCK)
			set = old & ~set;
		else if (c->arg[0] != SET)
			return -LINUX_EINVAL;
		c->linux->blocked = set & ~(UINT64_C(1) << (LINUX_SIGKILL - 1))
			& ~(UINT64_C(1) << (LINUX_SIGSTOP - 1));
	}
	if (c->arg[2] != 0)
		error = linux_out(c, c->arg[2], &old, sizeof(old));
	return error;
}

int64_t signal_pending(struct linux_call *c)
{
	uint64_t none = 0;

	return linux_out(c, c->arg[0], &none, c->arg[1] < sizeof(none) ? c->arg[1] : sizeof(none));
}

/* No handler ever runs, so none needs the stack. */
int64_t signal_stack(struct linux_call *c)
{
	enum { DISABLED = 2 };
	uint64_t stack[3] = { 0, DISABLED, 0 };

	return c->arg[1] == 0 ? 0 : linux_out(c, c->arg[1], stack, sizeof(stack));
}

/* Signals that do nothing unless there is a handler: child, urgent data, window size, continue. */
static bool signal_is_harmless(uint64_t number)
{
	return number == LINUX_SIGCHLD || number == LINUX_SIGCONT || number == LINUX_SIGURG
		|| number == LINUX_SIGWINCH;
}

int64_t signal_send(struct linux_call *c, uint64_t number)
{
	uint64_t handler;

	if (number > LINUX_SIGNALS)
		return -LINUX_EINVAL;
	if (number == 0)
		return 0;
	handler = c->linux->action[number].handler;
	if (handler == SIGNAL_IGNORE || (handler == SIGNAL_DEFAULT && signal_is_harmless(number)))
		return 0;
	if (handler == SIGNAL_DEFAULT)
		process_exit(c->os, PROCESS_STATUS_SIGNAL(number));
	print("%s: handler of signal %lu is not run\n", c->os->process.name,
		(unsigned long)number);
	return 0;
}

static int64_t signal_send_to(struct linux_call *c, int32_t pid, uint64_t number)
{
	int32_t self = (int32_t)c->os->process.pid;

	if (pid == self || pid == 0 || pid == -self || pid == -1)
		return signal_send(c, (uint32_t)number);
	return -LINUX_ESRCH;
}

int64_t signal_kill(struct linux_call *c)
{
	return signal_send_to(c, (int32_t)c->arg[0], c->arg[1]);
}

int64_t signal_tkill(struct linux_call *c)
{
	if ((uint32_t)c->arg[0] == task_id(c->os, c->thread))
		return signal_send(c, (uint32_t)c->arg[1]);
	return -LINUX_ESRCH;
}

int64_t signal_tgkill(struct linux_call *c)
{
	if ((uint32_t)c->arg[1] == task_id(c->os, c->thread))
		return signal_send(c, (uint32_t)c->arg[2]);
	return -LINUX_ESRCH;
}
