/* SPDX-License-Identifier: ISC */
/*
 * System calls on processes and threads: clone in its forms, exec, exit, wait, who one is. Over
 * libos/fork and libos/thread, which take their locks.
 */
#include "libos/linux/linux.h"

#include <machine/call.h>
#include <machine/linux.h>

#include "libos/fork/strings.h"

enum {
	TASK_CLONE_SIGNAL = 0xff,
	TASK_CLONE_VM = 0x100,
	TASK_CLONE_SIGHAND = 0x800,
	TASK_CLONE_VFORK = 0x4000,
	TASK_CLONE_THREAD = 0x10000,
	TASK_CLONE_SETTLS = 0x80000,
	TASK_CLONE_PARENT_SETTID = 0x100000,
	TASK_CLONE_CHILD_CLEARTID = 0x200000,
	TASK_CLONE_CHILD_SETTID = 0x1000000,
};

enum { TASK_INDEX_SHIFT = 16, TASK_WAIT_OWN = 0x20000000, TASK_ROBUST_BYTES = 24 };

uint64_t task_id(const struct libos *os, const struct thread *t)
{
	return os->process.pid | (uint64_t)t->index << TASK_INDEX_SHIFT;
}

struct thread *task_thread(struct libos *os, uint64_t id)
{
	uint32_t i;

	for (i = 0; i < os->threads_used; i++) {
		struct thread *t = thread_at(os, i);
		enum thread_state state = thread_state(t);

		if (state != THREAD_FREE && state != THREAD_TERMINATED && task_id(os, t) == id)
			return t;
	}
	return NULL;
}

uint32_t task_process(uint32_t id)
{
	return id & ((1u << TASK_INDEX_SHIFT) - 1);
}

/* The word that is cleared when it ends, and on which its joiner waits. */
int64_t task_set_tid_address(struct linux_call *c)
{
	signal_thread(c->thread)->clear_word = c->arg[0];
	return (int64_t)task_id(c->os, c->thread);
}

/* Tell a thread's number where the caller asked for it. An address where that does not work is the
 * caller's loss, as in Linux. */
static int64_t task_tid_out(struct linux_call *c, uint64_t flag, unsigned argument, uint64_t id)
{
	uint32_t value = (uint32_t)id;

	return c->arg[0] & flag ? linux_out(c, c->arg[argument], &value, sizeof(value)) : 0;
}

static int64_t task_clone_thread(struct linux_call *c)
{
	uint64_t flags = c->arg[0], handle, id;
	uint64_t tls = machine_thread_pointer();
	struct exo_regs regs = c->frame->regs;
	struct linux_thread *lt;
	struct thread *made;

	if (c->arg[1] == 0)
		return -LINUX_EINVAL;
	if (flags & TASK_CLONE_SETTLS)
		tls = c->arg[LINUX_CLONE_TLS];
	EXO_REG_SP(&regs) = c->arg[1];
	EXO_REG_RESULT(&regs) = 0;
	if (thread_create_regs(c->os, &regs, tls, &handle) < 0)
		return -LINUX_EAGAIN;
	made = thread_find(c->os, handle);
	made->is_detached = true;
	id = task_id(c->os, made);
	c->linux->threads++;
	lt = signal_thread(made);
	lt->blocked = signal_thread(c->thread)->blocked;
	lt->clear_word = flags & TASK_CLONE_CHILD_CLEARTID ? c->arg[LINUX_CLONE_CHILD] : 0;
	(void)task_tid_out(c, TASK_CLONE_PARENT_SETTID, LINUX_CLONE_PARENT, id);
	(void)task_tid_out(c, TASK_CLONE_CHILD_SETTID, LINUX_CLONE_CHILD, id);
	return (int64_t)id;
}

void task_loan_give(struct libos *os)
{
	struct family_process *self = family_self(os);
	uint64_t from = os->linux->loan;
	uint32_t bytes = FAMILY_LOAN_BYTES, page = EXO_PAGE_SIZE - from % EXO_PAGE_SIZE;
	uint8_t *to;

	if (from == 0 || self == NULL || !self->is_borrowing)
		return;
	to = family_root()->loan[family_place(self)];
	/* The stack may end before. */
	if (vm_read(os, to, from, bytes) < 0) {
		bytes = page < bytes ? page : bytes;
		if (vm_read(os, to, from, bytes) < 0)
			return;
	}
	self->loan_bytes = bytes;
}

static void task_loan_take(struct libos *os, uint32_t pid, uint64_t sp)
{
	struct family_process *p = family_find(pid);

	/* Without its stack it ends by itself. */
	if (p != NULL && p->loan_bytes != 0)
		(void)vm_write(os, sp, family_root()->loan[family_place(p)], p->loan_bytes);
}

static int64_t task_clone_process(struct linux_call *c)
{
	uint64_t flags = c->arg[0], id, sp = EXO_REG_SP(&c->frame->regs);
	const struct process_fork_how how = {
		.is_borrowing = flags & TASK_CLONE_VFORK, .signal = flags & TASK_CLONE_SIGNAL,
		.most = limit_processes(c->linux), .is_called = signal_is_called,
	};
	uint32_t pid;
	err_t error = process_fork(c->os, &how, &pid);

	if (error < 0)
		return error == EXO_E_PENDING ? -LINUX_ERESTARTNOINTR : -LINUX_EAGAIN;
	if (pid != 0) {
		(void)task_tid_out(c, TASK_CLONE_PARENT_SETTID, LINUX_CLONE_PARENT, pid);
		if (flags & TASK_CLONE_VFORK) {
			process_wait_borrower(c->os, pid);
			task_loan_take(c->os, pid, sp);
		}
		return pid;
	}
	id = task_id(c->os, c->thread);
	c->linux->loan = flags & TASK_CLONE_VFORK ? sp : 0;
	if (c->arg[1] != 0)
		EXO_REG_SP(&c->frame->regs) = c->arg[1];
	if (flags & TASK_CLONE_SETTLS)
		machine_set_thread_pointer(c->arg[LINUX_CLONE_TLS]);
	signal_thread(c->thread)->clear_word = flags & TASK_CLONE_CHILD_CLEARTID
		? c->arg[LINUX_CLONE_CHILD] : 0;
	(void)task_tid_out(c, TASK_CLONE_CHILD_SETTID, LINUX_CLONE_CHILD, id);
	return 0;
}

int64_t task_clone(struct linux_call *c)
{
	uint64_t flags = c->arg[0];

	if ((flags & TASK_CLONE_THREAD && !(flags & TASK_CLONE_SIGHAND))
			|| (flags & TASK_CLONE_SIGHAND && !(flags & TASK_CLONE_VM)))
		return -LINUX_EINVAL;
	if (flags & TASK_CLONE_THREAD)
		return task_clone_thread(c);
	/* A child that shares memory while the parent goes on is not a thread we have. */
	if ((flags & TASK_CLONE_VM && !(flags & TASK_CLONE_VFORK)))
		return -LINUX_EINVAL;
	return task_clone_process(c);
}

/* The same with the arguments in memory; the stack is given by its low end. */
int64_t task_clone3(struct linux_call *c)
{
	struct {
		uint64_t flags, pidfd, child, parent, exit_signal, stack, stack_bytes, tls;
	} args;

	if (c->arg[1] > EXO_PAGE_SIZE)
		return -LINUX_E2BIG;
	if (c->arg[1] < sizeof(args))
		return -LINUX_EINVAL;
	if (linux_in(c, &args, c->arg[0], sizeof(args)) < 0)
		return -LINUX_EFAULT;
	if (args.flags & TASK_CLONE_SIGNAL || args.exit_signal > LINUX_SIGNALS
			|| (args.stack == 0) != (args.stack_bytes == 0))
		return -LINUX_EINVAL;
	c->arg[0] = args.flags | args.exit_signal;
	c->arg[1] = args.stack + args.stack_bytes;
	c->arg[LINUX_CLONE_PARENT] = args.parent;
	c->arg[LINUX_CLONE_CHILD] = args.child;
	c->arg[LINUX_CLONE_TLS] = args.tls;
	return task_clone(c);
}

int64_t task_fork(struct linux_call *c)
{
	memset(c->arg, 0, sizeof(c->arg));
	c->arg[0] = LINUX_SIGCHLD;
	return task_clone_process(c);
}

int64_t task_vfork(struct linux_call *c)
{
	memset(c->arg, 0, sizeof(c->arg));
	c->arg[0] = TASK_CLONE_VFORK | LINUX_SIGCHLD;
	return task_clone_process(c);
}

int64_t task_execve(struct linux_call *c)
{
	struct process_exec_state *state;
	err_t error = strings_read(c->os, c->arg[0], c->arg[1], c->arg[2], &state);

	if (error < 0)
		return errno_from(error);
	error = process_exec(c->os, state);
	strings_drop(c->os, state);
	return errno_from(error);
}

int64_t task_exit_group(struct linux_call *c)
{
	process_exit(c->os, PROCESS_STATUS_EXIT(c->arg[0]));
}

int64_t task_exit(struct linux_call *c)
{
	uint64_t word = signal_thread(c->thread)->clear_word;
	uint32_t none = 0;

	if (--c->linux->threads == 0)
		return task_exit_group(c);
	/* What waits for the process others take. */
	signal_set_mask(c->thread, UINT64_MAX);
	futex_robust_end(c->thread);
	if (word != 0 && linux_out(c, word, &none, sizeof(none)) >= 0)
		futex_wake(c->os, word, 1, UINT32_MAX);
	thread_exit(c->os, c->arg[0]);
}

int64_t task_wait4(struct linux_call *c)
{
	unsigned how = (unsigned)c->arg[2] & (PROCESS_WAIT_NO_HANG | PROCESS_WAIT_STOPPED
		| PROCESS_WAIT_CONTINUED | PROCESS_WAIT_ALL | PROCESS_WAIT_CLONE);
	struct process_ended ended;
	err_t error;

	if ((uint32_t)c->arg[2] & ~(how | TASK_WAIT_OWN))
		return -LINUX_EINVAL;
	if ((int32_t)c->arg[0] == INT32_MIN)
		return -LINUX_ESRCH;
	error = process_wait(c->os, (int32_t)c->arg[0], how | PROCESS_WAIT_ENDED, &ended);
	if (error == EXO_E_EMPTY)
		return -LINUX_ECHILD;
	if (error == EXO_E_AGAIN)
		return 0;
	if (error < 0)
		return error == EXO_E_PENDING ? -LINUX_ERESTARTSYS : errno_from(error);
	if (c->arg[1] != 0 && linux_out(c, c->arg[1], &ended.status, sizeof(ended.status)) < 0)
		return -LINUX_EFAULT;
	if (c->arg[3] != 0 && usage_child_out(c, c->arg[3], ended.units) < 0)
		return -LINUX_EFAULT;
	return ended.pid;
}

/* A status of wait4 as waitid tells it: si_code and si_status. */
static void task_wait_codes(uint32_t status, int32_t *code, int32_t *value)
{
	enum { EXITED = 1, KILLED = 2, STOPPED = 5, CONTINUED = 6 };

	*value = (int32_t)(status >> 8 & 0xff);
	*code = EXITED;
	if (status == 0xffff) {
		*code = CONTINUED;
		*value = LINUX_SIGCONT;
	} else if ((status & 0xff) == 0x7f) {
		*code = STOPPED;
	} else if (status & 0x7f) {
		*code = KILLED;
		*value = (int32_t)(status & 0x7f);
	}
}

int64_t task_waitid(struct linux_call *c)
{
	enum { WHAT = PROCESS_WAIT_STOPPED | PROCESS_WAIT_ENDED | PROCESS_WAIT_CONTINUED };
	unsigned how = (unsigned)c->arg[3] & (WHAT | PROCESS_WAIT_NO_HANG | PROCESS_WAIT_KEEP
		| PROCESS_WAIT_ALL | PROCESS_WAIT_CLONE);
	enum { ALL = 0, PID = 1, GROUP = 2, FD = 3 };
	int32_t id = (int32_t)c->arg[1], info[7] = { 0 };
	struct process_ended ended;
	err_t error;

	if ((uint32_t)c->arg[0] > FD || (uint32_t)c->arg[3] & ~(how | TASK_WAIT_OWN)
			|| !(how & WHAT) || (c->arg[0] == PID && id <= 0)
			|| (c->arg[0] >= GROUP && id < 0))
		return -LINUX_EINVAL;
	if (c->arg[0] == FD)
		return -LINUX_EBADF;
	error = process_wait(c->os, c->arg[0] == ALL ? -1 : c->arg[0] == PID ? id : -id, how,
		&ended);
	if (error >= 0) {
		info[0] = LINUX_SIGCHLD;
		info[4] = (int32_t)ended.pid;
		task_wait_codes(ended.status, &info[2], &info[6]);
	}
	if (error >= 0 && c->arg[4] != 0 && usage_child_out(c, c->arg[4], ended.units) < 0)
		return -LINUX_EFAULT;
	if (c->arg[2] != 0 && linux_out(c, c->arg[2], info, sizeof(info)) < 0)
		return -LINUX_EFAULT;
	if (error >= 0 || error == EXO_E_AGAIN)
		return 0;
	if (error == EXO_E_PENDING)
		return -LINUX_ERESTARTSYS;
	return error == EXO_E_EMPTY ? -LINUX_ECHILD : errno_from(error);
}

int64_t task_getpid(struct linux_call *c)
{
	return c->os->process.pid;
}

int64_t task_getppid(struct linux_call *c)
{
	return family_self(c->os)->parent;
}

int64_t task_gettid(struct linux_call *c)
{
	return (int64_t)task_id(c->os, c->thread);
}

/* The process that a number names, 0: the caller; NULL: none. */
static struct family_process *task_find(struct linux_call *c, uint64_t pid)
{
	struct family_process *p = (uint32_t)pid == 0 ? family_self(c->os)
		: family_find((uint32_t)pid);

	return p != NULL && p->state != FAMILY_ZOMBIE ? p : NULL;
}

int64_t task_getpgrp(struct linux_call *c)
{
	return family_self(c->os)->group;
}

int64_t task_getpgid(struct linux_call *c)
{
	struct family_process *p = task_find(c, c->arg[0]);

	return p == NULL ? -LINUX_ESRCH : (int64_t)p->group;
}

int64_t task_getsid(struct linux_call *c)
{
	struct family_process *p = task_find(c, c->arg[0]);

	return p == NULL ? -LINUX_ESRCH : (int64_t)p->session;
}

/* Has the group a member in that session? */
static bool task_is_group(uint32_t group, uint32_t session)
{
	struct family_process *p;
	uint32_t place = 0;

	while ((p = family_next(&place)) != NULL)
		if (p->group == group && p->session == session)
			return true;
	return false;
}

int64_t task_setpgid(struct linux_call *c)
{
	struct family_process *self = family_self(c->os), *p = task_find(c, c->arg[0]);
	uint32_t group = (uint32_t)c->arg[1];

	if (group == 0)
		group = (uint32_t)c->arg[0];
	if ((int32_t)group < 0)
		return -LINUX_EINVAL;
	if (p == NULL || (p != self && p->parent != self->pid))
		return -LINUX_ESRCH;
	if (p != self && p->has_executed)
		return -LINUX_EACCES;
	if (group == 0)
		group = p->pid;
	if (p->session == p->pid || p->session != self->session
			|| (group != p->pid && !task_is_group(group, p->session)))
		return -LINUX_EPERM;
	p->group = group;
	return 0;
}

int64_t task_setsid(struct linux_call *c)
{
	struct family_process *self = family_self(c->os);

	if (task_is_group(self->pid, self->session))
		return -LINUX_EPERM;
	self->group = self->session = self->pid;
	return self->pid;
}

int64_t task_yield(struct linux_call *c)
{
	thread_yield(c->os);
	return 0;
}

int64_t task_prctl(struct linux_call *c)
{
	enum { SET_NAME = 15, GET_NAME = 16 };
	char *comm = c->linux->comm, name[sizeof(c->linux->comm)];
	size_t length = sizeof(name) - 1; /* if there is no end within that */
	err_t error;

	switch (c->arg[0]) {
	case SET_NAME:
		error = vm_read_string(c->os, name, length, c->arg[1], &length);
		if (error < 0 && error != EXO_E_TOO_LONG)
			return -LINUX_EFAULT;
		memset(name + length, 0, sizeof(name) - length);
		memcpy(comm, name, sizeof(name));
		if (c->thread == thread_at(c->os, 0))
			memcpy(family_self(c->os)->name, name, sizeof(name));
		return 0;
	case GET_NAME:
		return linux_out(c, c->arg[1], comm, sizeof(name));
	default:
		return -LINUX_EINVAL;
	}
}

int64_t task_arch_prctl(struct linux_call *c)
{
	enum { SET_FS = 0x1002, GET_FS = 0x1003 };
	uint64_t value = machine_thread_pointer();

	switch (c->arg[0]) {
	case SET_FS:
		if (c->arg[1] >= EXO_SPAN(EXO_LEVELS) * EXO_ROOT_USER)
			return -LINUX_EPERM;
		machine_set_thread_pointer(c->arg[1]);
		return 0;
	case GET_FS:
		return linux_out(c, c->arg[1], &value, sizeof(value));
	default:
		return -LINUX_EINVAL;
	}
}

int64_t task_set_robust_list(struct linux_call *c)
{
	if (c->arg[1] != TASK_ROBUST_BYTES)
		return -LINUX_EINVAL;
	signal_thread(c->thread)->robust = c->arg[0];
	return 0;
}

int64_t task_get_robust_list(struct linux_call *c)
{
	const uint64_t bytes = TASK_ROBUST_BYTES;
	struct thread *t = (uint32_t)c->arg[0] == 0 ? c->thread
		: task_thread(c->os, (uint32_t)c->arg[0]);

	if (t == NULL)
		return family_find(task_process((uint32_t)c->arg[0])) == NULL ? -LINUX_ESRCH
			: -LINUX_EPERM;
	if (linux_out(c, c->arg[2], &bytes, sizeof(bytes)) < 0)
		return -LINUX_EFAULT;
	return linux_out(c, c->arg[1], &signal_thread(t)->robust, sizeof(bytes));
}

/* libc does without. */
int64_t task_rseq(struct linux_call *c)
{
	(void)c;
	return -LINUX_ENOSYS;
}
