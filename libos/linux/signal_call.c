/* SPDX-License-Identifier: ISC */
/*
 * System calls on signals: actions, masks, the alternate stack, waiting. Over signal.c; sleep with
 * nothing held.
 */
#include "libos/linux/linux.h"

#include <machine/call.h>
#include <machine/linux.h>

enum { SIGNAL_STACK_LEAST = 2048, SIGNAL_INFO_BYTES = 128 };

static const uint64_t signal_kept = SIGNAL_BIT(LINUX_SIGKILL) | SIGNAL_BIT(LINUX_SIGSTOP);
static const uint64_t signal_idle = SIGNAL_BIT(LINUX_SIGCHLD) | SIGNAL_BIT(LINUX_SIGCONT)
	| SIGNAL_BIT(LINUX_SIGURG) | SIGNAL_BIT(LINUX_SIGWINCH);

int64_t signal_action(struct linux_call *c)
{
	uint64_t number = (uint32_t)c->arg[0];
	struct linux_sigaction *action, old, new;

	if (c->arg[3] != sizeof(new.mask))
		return -LINUX_EINVAL;
	if (c->arg[1] != 0 && linux_in(c, &new, c->arg[1], sizeof(new)) < 0)
		return -LINUX_EFAULT;
	if (number == 0 || number > LINUX_SIGNALS)
		return -LINUX_EINVAL;
	if (c->arg[1] != 0 && SIGNAL_BIT(number) & signal_kept)
		return -LINUX_EINVAL;
	action = &c->linux->signals.action[number];
	old = *action;
	if (c->arg[1] != 0) {
		new.mask &= ~signal_kept;
		*action = new;
		c->os->process.is_childless = signal_ignores_children(c->os);
		/* What has no effect any more does not wait for it. */
		if (new.handler == SIGNAL_IGNORE
				|| (new.handler == SIGNAL_DEFAULT
					&& SIGNAL_BIT(number) & signal_idle))
			signal_flush(c->os, SIGNAL_BIT(number));
	}
	return c->arg[2] == 0 ? 0 : linux_out(c, c->arg[2], &old, sizeof(old));
}

int64_t signal_mask(struct linux_call *c)
{
	enum { BLOCK = 0, UNBLOCK = 1, SET = 2 };
	uint64_t old = signal_thread(c->thread)->blocked, set;

	if (c->arg[3] != sizeof(set))
		return -LINUX_EINVAL;
	if (c->arg[1] != 0) {
		if (linux_in(c, &set, c->arg[1], sizeof(set)) < 0)
			return -LINUX_EFAULT;
		if ((int32_t)c->arg[0] == BLOCK)
			set |= old;
		else if ((int32_t)c->arg[0] == UNBLOCK)
			set = old & ~set;
		else if ((int32_t)c->arg[0] != SET)
			return -LINUX_EINVAL;
		signal_set_mask(c->thread, set);
	}
	return c->arg[2] == 0 ? 0 : linux_out(c, c->arg[2], &old, sizeof(old));
}

int64_t signal_pending(struct linux_call *c)
{
	uint64_t pending = signal_waiting(c->thread) & signal_thread(c->thread)->blocked;

	if (c->arg[1] > sizeof(pending))
		return -LINUX_EINVAL;
	return linux_out(c, c->arg[0], &pending, c->arg[1]);
}

bool signal_stack_has(const struct linux_thread *lt, uint64_t sp)
{
	return !(lt->stack.flags & SIGNAL_SS_AUTODISARM) && sp > lt->stack.base
		&& sp - lt->stack.base <= lt->stack.bytes;
}

int64_t signal_stack_set(struct linux_thread *lt, const struct signal_stack *stack, uint64_t sp)
{
	uint32_t mode = stack->flags & ~SIGNAL_SS_AUTODISARM;

	if (signal_stack_has(lt, sp))
		return -LINUX_EPERM;
	if (stack->base == lt->stack.base && stack->bytes == lt->stack.bytes
			&& stack->flags == lt->stack.flags)
		return 0;
	if (mode != SIGNAL_SS_DISABLE && mode != SIGNAL_SS_ONSTACK && mode != 0)
		return -LINUX_EINVAL;
	if (mode != SIGNAL_SS_DISABLE && stack->bytes < SIGNAL_STACK_LEAST)
		return -LINUX_ENOMEM;
	lt->stack = *stack;
	if (mode == SIGNAL_SS_DISABLE)
		lt->stack.base = lt->stack.bytes = 0;
	return 0;
}

int64_t signal_stack(struct linux_call *c)
{
	struct linux_thread *lt = signal_thread(c->thread);
	uint64_t sp = EXO_REG_SP(&c->frame->regs);
	struct signal_stack stack, old = lt->stack;
	int64_t error = 0;

	old.flags = (lt->stack.flags & SIGNAL_SS_AUTODISARM)
		| (old.bytes == 0 ? SIGNAL_SS_DISABLE
			: signal_stack_has(lt, sp) ? SIGNAL_SS_ONSTACK : 0u);
	old.zero = 0;
	if (c->arg[0] != 0)
		error = linux_in(c, &stack, c->arg[0], sizeof(stack));
	if (c->arg[0] != 0 && error >= 0)
		error = signal_stack_set(lt, &stack, sp);
	if (error >= 0 && c->arg[1] != 0)
		error = linux_out(c, c->arg[1], &old, sizeof(old));
	return error;
}

int64_t signal_suspend_in(struct linux_call *c, uint64_t from, uint64_t bytes)
{
	uint64_t mask;

	if (from == 0)
		return 0;
	if (bytes != sizeof(mask))
		return -LINUX_EINVAL;
	if (linux_in(c, &mask, from, sizeof(mask)) < 0)
		return -LINUX_EFAULT;
	signal_suspend(c->thread, mask);
	return 0;
}

int64_t signal_pause(struct linux_call *c)
{
	while (thread_block(c->os, NULL, THREAD_NO_DEADLINE) != EXO_E_PENDING)
		;
	return -LINUX_ERESTARTNOHAND;
}

int64_t signal_sigsuspend(struct linux_call *c)
{
	uint64_t mask;

	if (c->arg[1] != sizeof(mask))
		return -LINUX_EINVAL;
	if (linux_in(c, &mask, c->arg[0], sizeof(mask)) < 0)
		return -LINUX_EFAULT;
	signal_suspend(c->thread, mask);
	return signal_pause(c);
}

/* Wait for one of `wanted`, which are taken while they are not blocked. */
static unsigned signal_wait(struct linux_call *c, uint64_t wanted, uint64_t deadline,
	struct signal_info *info, err_t *ended)
{
	struct linux_thread *lt = signal_thread(c->thread);
	uint64_t blocked = lt->blocked;
	unsigned number;

	lt->waited = blocked;
	signal_set_mask(c->thread, blocked & ~wanted);
	*ended = thread_block(c->os, NULL, deadline);
	number = signal_take(c->os, lt, wanted, info);
	lt->waited = 0;
	signal_set_mask(c->thread, blocked);
	return number;
}

int64_t signal_timedwait(struct linux_call *c)
{
	uint64_t wanted, ns = 0, deadline = THREAD_NO_DEADLINE;
	uint8_t bytes[SIGNAL_INFO_BYTES] = { 0 };
	struct signal_info info;
	err_t ended = EXO_E_EARLY;
	unsigned number;

	if (c->arg[3] != sizeof(wanted))
		return -LINUX_EINVAL;
	if (linux_in(c, &wanted, c->arg[0], sizeof(wanted)) < 0)
		return -LINUX_EFAULT;
	if (c->arg[2] != 0) {
		int64_t error = time_in(c, c->arg[2], &ns);

		if (error < 0)
			return error;
		deadline = machine_clock() + time_units(ns);
	}
	wanted &= ~signal_kept;
	number = signal_take(c->os, signal_thread(c->thread), wanted, &info);
	if (number == 0 && (c->arg[2] == 0 || ns != 0))
		number = signal_wait(c, wanted, deadline, &info, &ended);
	if (number == 0)
		return ended == EXO_E_PENDING ? -LINUX_EINTR : -LINUX_EAGAIN;
	memcpy(bytes, &info, sizeof(info));
	if (c->arg[1] != 0 && linux_out(c, c->arg[1], bytes, sizeof(bytes)) < 0)
		return -LINUX_EFAULT;
	return number;
}

int64_t signal_again(struct linux_call *c,
	int64_t (*again)(struct linux_call *c, uint64_t deadline), uint64_t deadline)
{
	struct linux_thread *lt = signal_thread(c->thread);

	lt->again = again;
	lt->again_deadline = deadline;
	return -LINUX_ERESTART_RESTARTBLOCK;
}

/* The arguments are still those of the call that was ended. */
int64_t signal_restart_syscall(struct linux_call *c)
{
	struct linux_thread *lt = signal_thread(c->thread);
	int64_t (*again)(struct linux_call *c, uint64_t deadline) = lt->again;

	lt->again = NULL;
	return again == NULL ? -LINUX_EINTR : again(c, lt->again_deadline);
}
