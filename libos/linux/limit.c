/* SPDX-License-Identifier: ISC */
/*
 * Limits of a process: getrlimit, setrlimit, prlimit64. Whoever is forked or executed has those of
 * its maker. Only the limits of descriptors and processes are ever looked at. No locks.
 */
#include "libos/linux/linux.h"

enum { LIMIT_STACK = 3, LIMIT_CORE = 4, LIMIT_PROCESSES = 6, LIMIT_FILES = 7 };

void limit_init(struct linux_state *linux)
{
	memset(linux->limit, 0xff, sizeof(linux->limit));
	linux->limit[LIMIT_STACK].soft = VM_STACK_BYTES;
	linux->limit[LIMIT_CORE].soft = 0;
	linux->limit[LIMIT_FILES].soft = linux->limit[LIMIT_FILES].hard = OPEN_FILES;
}

uint64_t limit_processes(const struct linux_state *linux)
{
	return linux->limit[LIMIT_PROCESSES].soft;
}

/* A limit as it is now, or as `from` says (0: it is not changed); the one before to `to`. */
static int64_t limit_exchange(struct linux_call *c, uint32_t which, uint64_t from, uint64_t to)
{
	struct linux_limit old, new;

	if (from != 0 && linux_in(c, &new, from, sizeof(new)) < 0)
		return -LINUX_EFAULT;
	if (which >= LINUX_LIMITS || (from != 0 && new.soft > new.hard))
		return -LINUX_EINVAL;
	if (from != 0 && which == LIMIT_FILES && new.hard > OPEN_FILES)
		return -LINUX_EPERM;
	old = c->linux->limit[which];
	if (from != 0)
		c->linux->limit[which] = new;
	c->os->files->most = (uint32_t)c->linux->limit[LIMIT_FILES].soft;
	return to == 0 ? 0 : linux_out(c, to, &old, sizeof(old));
}

int64_t limit_get(struct linux_call *c)
{
	uint32_t which = (uint32_t)c->arg[0];

	if (which >= LINUX_LIMITS)
		return -LINUX_EINVAL;
	return linux_out(c, c->arg[1], &c->linux->limit[which], sizeof(struct linux_limit));
}

int64_t limit_set(struct linux_call *c)
{
	struct linux_limit probe;

	if (linux_in(c, &probe, c->arg[1], sizeof(probe)) < 0)
		return -LINUX_EFAULT;
	return limit_exchange(c, (uint32_t)c->arg[0], c->arg[1], 0);
}

/* Those of other processes cannot be seen. */
int64_t limit_get_and_set(struct linux_call *c)
{
	uint32_t process = task_process((uint32_t)c->arg[0]);
	struct linux_limit probe;

	if (c->arg[2] != 0 && linux_in(c, &probe, c->arg[2], sizeof(probe)) < 0)
		return -LINUX_EFAULT;
	if (process != 0 && process != c->os->process.pid)
		return family_find(process) == NULL ? -LINUX_ESRCH : -LINUX_EPERM;
	return limit_exchange(c, (uint32_t)c->arg[1], c->arg[2], c->arg[3]);
}
