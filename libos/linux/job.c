/* SPDX-License-Identifier: ISC */
/*
 * Job control: a group in the background that reads from the terminal or changes it stops, so that
 * a shell can bring it to the foreground. Touches the process table. No locks.
 */
#include "libos/linux/linux.h"

#include "libos/fs/device.h"

/* Would the signal do nothing to this thread? */
static bool job_is_deaf(struct linux_call *c, unsigned number)
{
	return c->linux->signals.action[number].handler == SIGNAL_IGNORE
		|| signal_thread(c->thread)->blocked & SIGNAL_BIT(number);
}

static int64_t job_check(struct linux_call *c, unsigned number)
{
	const struct family_process *self = family_self(c->os);
	struct family_siginfo info = { .code = SIGNAL_CODE_KERNEL };
	struct family *f = family_root();

	if (self->session != f->session || self->group == f->foreground)
		return 0;
	if (job_is_deaf(c, number))
		return number == LINUX_SIGTTIN ? -LINUX_EIO : 0;
	if (family_is_orphaned(c->os))
		return -LINUX_EIO;
	if (family_signal(c->os, 0, number, &info) < 0)
		return -LINUX_EIO;
	/* It has come when the call ends, and then the call begins anew. */
	signal_bell(c->os);
	return -LINUX_ERESTARTSYS;
}

int64_t job_check_move(struct linux_call *c, const struct fs_open *open, bool is_write)
{
	if (open->node->kind != FS_DEVICE || !device_is_tty(open->node->device))
		return 0;
	if (is_write && !(c->fs->shared->tty.modes.local & TTY_TOSTOP))
		return 0;
	return job_check(c, is_write ? LINUX_SIGTTOU : LINUX_SIGTTIN);
}

int64_t job_check_change(struct linux_call *c)
{
	return job_check(c, LINUX_SIGTTOU);
}
