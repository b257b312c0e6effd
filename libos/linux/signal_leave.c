/* SPDX-License-Identifier: ISC */
/*
 * What becomes of a signal: on the way back to the program a thread takes what is pending and not
 * blocked, one after another, as Linux does: each handler's frame lies on that of the one before,
 * so that the last taken runs first. And calls that a signal ended: again, or EINTR. Touches the
 * program's stack and registers; no locks but what waking takes.
 */
#include "libos/linux/linux.h"

#include <machine/linux.h>

static const uint64_t leave_stops = SIGNAL_BIT(LINUX_SIGSTOP) | SIGNAL_BIT(LINUX_SIGTSTP)
	| SIGNAL_BIT(LINUX_SIGTTIN) | SIGNAL_BIT(LINUX_SIGTTOU);
static const uint64_t leave_harmless = SIGNAL_BIT(LINUX_SIGCHLD) | SIGNAL_BIT(LINUX_SIGCONT)
	| SIGNAL_BIT(LINUX_SIGURG) | SIGNAL_BIT(LINUX_SIGWINCH);

/* Those that would leave a core. */
static const uint64_t leave_cores = SIGNAL_BIT(LINUX_SIGQUIT) | SIGNAL_BIT(LINUX_SIGILL)
	| SIGNAL_BIT(LINUX_SIGTRAP) | SIGNAL_BIT(LINUX_SIGABRT) | SIGNAL_BIT(LINUX_SIGBUS)
	| SIGNAL_BIT(LINUX_SIGFPE) | SIGNAL_BIT(LINUX_SIGSEGV);

_Noreturn void signal_end(struct libos *os, unsigned number)
{
	const char *name = signal_name(number);

	/* Where a shell is the parent it says so itself; a restart is what was asked for. */
	if ((process_is_told(os) && number != LINUX_SIGINT && number != LINUX_SIGPIPE
	     && !family_root()->is_restarting)
	    || os->process.is_examined)
		print("%s: ended by signal %u%s%s\n", os->process.name, number,
			name != NULL ? ", SIG" : "", name != NULL ? name : "");
	if (leave_cores & SIGNAL_BIT(number) && thread_self()->frame != NULL)
		post_mortem(os, thread_self()->frame);
	process_exit(os, PROCESS_STATUS_SIGNAL(number));
}

/* Nothing of the process runs until SIGCONT, or its end. */
static void leave_stop(struct libos *os, unsigned number)
{
	os->linux->signals.is_stopped = true;
	vcpu_halt_others(os);
	family_set_stopped(os, number);
	while (os->linux->signals.is_stopped)
		sched_idle(os);
	vcpu_go_on(os);
	family_set_stopped(os, 0);
}

static void leave_default(struct libos *os, unsigned number)
{
	if (leave_harmless & SIGNAL_BIT(number))
		return;
	if (!(leave_stops & SIGNAL_BIT(number)))
		signal_end(os, number);
	/* A terminal's stop is for who has a shell to be continued by. */
	if (number == LINUX_SIGSTOP || !family_is_orphaned(os))
		leave_stop(os, number);
}

/* How a call that was ended goes on. act: of the handler that runs first, or NULL. */
static void leave_restart(struct linux_thread *lt, struct exo_regs *regs,
	const struct linux_sigaction *act)
{
	int64_t restart = -lt->restart;
	bool is_again = act == NULL || restart == LINUX_ERESTARTNOINTR
		|| (restart == LINUX_ERESTARTSYS && act->flags & SIGNAL_SA_RESTART);

	if (restart == 0)
		return;
	lt->restart = 0;
	if (!is_again) {
		lt->again = NULL; /* nor does it by restart_syscall */
		return;
	}
	EXO_REG_NUMBER(regs) = restart == LINUX_ERESTART_RESTARTBLOCK ? LINUX_RESTART_SYSCALL
		: lt->restart_number;
	EXO_REG_ARG0(regs) = lt->restart_argument;
	EXO_REG_PC(regs) -= LINUX_CALL_BYTES;
}

/* A frame on the program's stack, or on the alternate one, for a handler. */
static err_t leave_push(struct thread *t, struct exo_regs *regs, const struct linux_sigaction *act,
	const struct signal_info *info)
{
	struct linux_thread *lt = signal_thread(t);
	const struct signal_stack *stack = &lt->stack;
	uint64_t sp = EXO_REG_SP(regs);
	bool is_on = signal_stack_has(lt, sp);
	struct signal_setup setup = {
		.info = info, .trap = &lt->trap, .handler = act->handler,
		.restorer = act->flags & SIGNAL_SA_RESTORER ? act->restorer : 0,
		.mask = lt->has_saved ? lt->saved : lt->blocked,
		.stack = *stack, .top = sp - LINUX_RED_ZONE,
	};

	if (LINUX_NEEDS_RESTORER && !setup.restorer)
		return EXO_E_POINTER;
	if (stack->bytes == 0)
		setup.stack.flags = SIGNAL_SS_DISABLE;
	if (act->flags & SIGNAL_SA_ONSTACK && stack->bytes != 0 && !is_on)
		setup.top = stack->base + stack->bytes;
	if (is_on || setup.top == stack->base + stack->bytes)
		setup.bottom = stack->base;
	return signal_frame_save(t->os, regs, &setup);
}

static void leave_handler(struct thread *t, struct exo_frame *frame, const struct signal_info *info)
{
	struct linux_thread *lt = signal_thread(t);
	struct linux_sigaction *action = &t->os->linux->signals.action[info->number];
	struct linux_sigaction act = *action;
	struct signal_info fault = { .number = LINUX_SIGSEGV, .code = SIGNAL_CODE_KERNEL };
	uint64_t blocked = lt->blocked | act.mask;

	if (act.flags & SIGNAL_SA_RESETHAND)
		action->handler = SIGNAL_DEFAULT;
	leave_restart(lt, &frame->regs, &act);
	if (leave_push(t, &frame->regs, &act, info) < 0) {
		/* That of SIGSEGV itself cannot be had either. */
		if (info->number == LINUX_SIGSEGV)
			action->handler = SIGNAL_DEFAULT;
		signal_force(t, &fault);
		return;
	}
	if (!(act.flags & SIGNAL_SA_NODEFER))
		blocked |= SIGNAL_BIT(info->number);
	if (lt->stack.flags & SIGNAL_SS_AUTODISARM)
		lt->stack = (struct signal_stack){ .bytes = 0 };
	lt->has_saved = false;
	signal_set_mask(t, blocked);
}

void signal_leave(struct thread *t, struct exo_frame *frame)
{
	struct linux_thread *lt = signal_thread(t);
	struct libos *os = t->os;
	struct signal_info info;
	unsigned number;

	for (;;) {
		number = signal_take(os, lt, ~lt->blocked, &info);
		if (number != 0) {
			uint64_t handler = os->linux->signals.action[number].handler;

			if (os->linux->is_traced)
				strace_signal(t, &info);
			if (handler == SIGNAL_DEFAULT)
				leave_default(os, number);
			else if (handler != SIGNAL_IGNORE)
				leave_handler(t, frame, &info);
			continue;
		}
		leave_restart(lt, &frame->regs, NULL);
		if (!lt->has_saved)
			break;
		lt->has_saved = false;
		signal_set_mask(t, lt->saved);
	}
	t->is_signalled = false;
}

bool signal_fault(struct thread *t, struct exo_frame *frame, enum upcall_fault why)
{
	struct signal_info info = { .number = LINUX_SIGSEGV, .code = SIGNAL_CODE_MAPERR };

	if (why == UPCALL_FAULT_MEMORY)
		return false;
	if (why == UPCALL_FAULT_ACCESS)
		info.code = SIGNAL_CODE_ACCERR;
	if (why == UPCALL_FAULT_BEYOND) {
		info.number = LINUX_SIGBUS;
		info.code = SIGNAL_CODE_ADRERR;
	}
	signal_of_trap(frame, &info, &signal_thread(t)->trap);
	if (!signal_has_handler(t, (unsigned)info.number)) {
		if (t->os->linux->is_traced)
			strace_signal(t, &info);
		return false;
	}
	signal_force(t, &info);
	return true;
}

/* sigreturn: what it finds on the stack is what the handler, or whoever, left there. */
int64_t signal_return(struct linux_call *c)
{
	struct signal_info fault = { .number = LINUX_SIGSEGV, .code = SIGNAL_CODE_KERNEL };
	struct signal_stack stack;
	uint64_t mask;

	if (signal_frame_load(c->os, &c->frame->regs, &mask, &stack) < 0) {
		signal_force(c->thread, &fault);
		return 0;
	}
	signal_set_mask(c->thread, mask);
	/* A stack that cannot be is left as it is. */
	(void)signal_stack_set(signal_thread(c->thread), &stack, EXO_REG_SP(&c->frame->regs));
	return (int64_t)EXO_REG_RESULT(&c->frame->regs);
}

int64_t signal_restart(struct linux_call *c, int64_t result)
{
	struct linux_thread *lt = signal_thread(c->thread);

	lt->restart = result;
	lt->restart_number = c->number;
	lt->restart_argument = EXO_REG_ARG0(&c->frame->regs);
	c->thread->is_signalled = true;
	return -LINUX_EINTR;
}
