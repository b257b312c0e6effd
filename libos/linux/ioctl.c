/* SPDX-License-Identifier: ISC */
/* ioctl: what programs ask of a terminal. The only terminal is the console. The family's
 * lock `file` is held. */
#include "libos/linux/linux.h"

#include "libos/fs/device.h"
#include "libos/fs/pipe.h"

enum {
	IOCTL_TCGETS = 0x5401,
	IOCTL_TCSETS = 0x5402,
	IOCTL_TCSETSW = 0x5403,
	IOCTL_TCSETSF = 0x5404,
	IOCTL_TCSBRK = 0x5409,
	IOCTL_TCXONC = 0x540a,
	IOCTL_TCFLSH = 0x540b,
	IOCTL_TIOCSCTTY = 0x540e,
	IOCTL_TIOCGPGRP = 0x540f,
	IOCTL_TIOCSPGRP = 0x5410,
	IOCTL_TIOCGSID = 0x5429,
	IOCTL_TIOCGWINSZ = 0x5413,
	IOCTL_TIOCSWINSZ = 0x5414,
	IOCTL_FIONREAD = 0x541b,
	IOCTL_FIONBIO = 0x5421,
};

static int64_t ioctl_window_out(struct linux_call *c, const struct tty *tty)
{
	uint16_t window[4] = { tty->rows, tty->columns, tty->width, tty->height };

	return linux_out(c, c->arg[2], window, sizeof(window));
}

static int64_t ioctl_window_in(struct linux_call *c, struct tty *tty)
{
	uint16_t window[4];
	int64_t error = linux_in(c, window, c->arg[2], sizeof(window));

	if (error < 0)
		return error;
	tty->rows = window[0];
	tty->columns = window[1];
	tty->width = window[2];
	tty->height = window[3];
	return 0;
}

static int64_t ioctl_modes_in(struct linux_call *c, struct tty *tty, bool is_flushed)
{
	struct tty_modes modes;
	int64_t error = linux_in(c, &modes, c->arg[2], sizeof(modes));

	if (error < 0)
		return error;
	if (is_flushed)
		tty_flush(tty);
	tty->modes = modes;
	return 0;
}

/* Is there a process of that group in the caller's session? 0; -LINUX_EPERM: elsewhere;
 * -LINUX_ESRCH. */
static int64_t ioctl_find_group(struct linux_call *c, uint32_t group)
{
	int64_t error = -LINUX_ESRCH;
	struct family_process *p;
	uint32_t place = 0;

	while ((p = family_next(&place))) {
		if (p->group == group && p->session == family_self(c->os)->session)
			return 0;
		if (p->group == group || p->pid == group)
			error = -LINUX_EPERM;
	}
	return error;
}

/* Whose input the keys interrupt. */
static int64_t ioctl_foreground_in(struct linux_call *c)
{
	int64_t error;
	int32_t group;

	if (linux_in(c, &group, c->arg[2], sizeof(group)) < 0)
		return -LINUX_EFAULT;
	if (family_self(c->os)->session != family_root()->session)
		return -LINUX_ENOTTY;
	if (group < 0)
		return -LINUX_EINVAL;
	error = ioctl_find_group(c, (uint32_t)group);
	if (error < 0)
		return error;
	family_root()->foreground = (uint32_t)group;
	return 0;
}

/* A session's leader makes the terminal its own. */
static int64_t ioctl_take(struct linux_call *c)
{
	struct family_process *self = family_self(c->os);

	if (self->session != self->pid)
		return -LINUX_EPERM;
	if (family_root()->session != self->session) {
		family_root()->session = self->session;
		family_root()->foreground = self->group;
	}
	return 0;
}

/* Is it only for the foreground? */
static bool ioctl_is_change(uint32_t request)
{
	return (request >= IOCTL_TCSETS && request <= IOCTL_TCSETSF)
		|| (request >= IOCTL_TCSBRK && request <= IOCTL_TCFLSH)
		|| request == IOCTL_TIOCSPGRP;
}

static int64_t ioctl_tty(struct linux_call *c, struct tty *tty, uint32_t device)
{
	uint32_t value;
	int64_t error;

	if (ioctl_is_change((uint32_t)c->arg[1])) {
		error = job_check_change(c);
		if (error < 0)
			return error;
	}
	switch ((uint32_t)c->arg[1]) {
	case IOCTL_TCGETS:
		return linux_out(c, c->arg[2], &tty->modes, sizeof(tty->modes));
	case IOCTL_TCSETS:
	case IOCTL_TCSETSW:
	case IOCTL_TCSETSF:
		return ioctl_modes_in(c, tty, c->arg[1] == IOCTL_TCSETSF);
	case IOCTL_TCFLSH:
		if (c->arg[2] != 1)
			tty_flush(tty);
		return 0;
	case IOCTL_TIOCGPGRP:
		value = family_root()->foreground;
		return linux_out(c, c->arg[2], &value, sizeof(value));
	case IOCTL_TIOCSPGRP:
		return ioctl_foreground_in(c);
	case IOCTL_TIOCGSID:
		value = family_root()->session;
		return linux_out(c, c->arg[2], &value, sizeof(value));
	case IOCTL_TIOCSCTTY:
		return ioctl_take(c);
	case IOCTL_TIOCGWINSZ:
		return ioctl_window_out(c, tty);
	case IOCTL_TIOCSWINSZ:
		return ioctl_window_in(c, tty);
	case IOCTL_FIONREAD:
		value = device_is_ready(c->fs, device) ? tty->count : 0;
		return linux_out(c, c->arg[2], &value, sizeof(value));
	case IOCTL_TCSBRK:
	case IOCTL_TCXONC:
		return 0;
	default:
		return -LINUX_ENOTTY;
	}
}

int64_t ioctl_call(struct linux_call *c)
{
	struct fs_open *open = files_find(c->os->files, (uint32_t)c->arg[0]);
	int32_t value;
	int64_t error;

	if (open == NULL)
		return -LINUX_EBADF;
	if (c->arg[1] == IOCTL_FIONBIO) {
		error = linux_in(c, &value, c->arg[2], sizeof(value));
		if (error < 0)
			return error;
		open->flags &= ~(uint32_t)OPEN_NONBLOCK;
		open->flags |= value ? (uint32_t)OPEN_NONBLOCK : 0;
		return 0;
	}
	if (open->node->kind == FS_PIPE && c->arg[1] == IOCTL_FIONREAD) {
		value = (int32_t)pipe_count(open->node->pipe);
		return linux_out(c, c->arg[2], &value, sizeof(value));
	}
	if (open->node->kind != FS_DEVICE || !device_is_tty(open->node->device))
		return -LINUX_ENOTTY;
	return ioctl_tty(c, &c->fs->shared->tty, open->node->device);
}
