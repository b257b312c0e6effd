/* SPDX-License-Identifier: ISC */
/*
 * Scheduling as far as programs ask for it: everybody has the one usual policy; how nice a process
 * is is kept and has no effect. Touches the process table. No locks.
 */
#include "libos/linux/linux.h"

enum {
	PRIORITY_OTHER = 0, PRIORITY_FIFO = 1, PRIORITY_RR = 2, PRIORITY_BATCH = 3,
	PRIORITY_IDLE = 5,
};
enum { PRIORITY_NICEST = 19, PRIORITY_LEAST_NICE = -20 };

/* The process of a task's number, 0: the caller; NULL: none. */
static struct family_process *priority_find(struct linux_call *c, uint64_t id)
{
	return (uint32_t)id == 0 ? family_self(c->os) : family_find(task_process((uint32_t)id));
}

static bool priority_is_timed(uint32_t policy)
{
	return policy == PRIORITY_FIFO || policy == PRIORITY_RR;
}

static bool priority_is_policy(uint32_t policy)
{
	return priority_is_timed(policy) || policy == PRIORITY_OTHER || policy == PRIORITY_BATCH
		|| policy == PRIORITY_IDLE;
}

int64_t priority_most(struct linux_call *c)
{
	uint32_t policy = (uint32_t)c->arg[0];

	return !priority_is_policy(policy) ? -LINUX_EINVAL : priority_is_timed(policy) ? 99 : 0;
}

int64_t priority_least(struct linux_call *c)
{
	uint32_t policy = (uint32_t)c->arg[0];

	return !priority_is_policy(policy) ? -LINUX_EINVAL : priority_is_timed(policy);
}

int64_t priority_policy(struct linux_call *c)
{
	if ((int32_t)c->arg[0] < 0)
		return -LINUX_EINVAL;
	return priority_find(c, c->arg[0]) == NULL ? -LINUX_ESRCH : PRIORITY_OTHER;
}

int64_t priority_parameters(struct linux_call *c)
{
	uint32_t none = 0;

	if ((int32_t)c->arg[0] < 0 || c->arg[1] == 0)
		return -LINUX_EINVAL;
	if (priority_find(c, c->arg[0]) == NULL)
		return -LINUX_ESRCH;
	return linux_out(c, c->arg[1], &none, sizeof(none));
}

/* Nobody gets a policy by which others wait. */
static int64_t priority_change(struct linux_call *c, uint32_t policy, uint64_t from)
{
	int32_t value;

	if ((int32_t)c->arg[0] < 0 || from == 0)
		return -LINUX_EINVAL;
	if (linux_in(c, &value, from, sizeof(value)) < 0)
		return -LINUX_EFAULT;
	if (priority_find(c, c->arg[0]) == NULL)
		return -LINUX_ESRCH;
	if (!priority_is_policy(policy) || priority_is_timed(policy) != (value != 0) || value < 0
			|| value > 99)
		return -LINUX_EINVAL;
	return priority_is_timed(policy) ? -LINUX_EPERM : 0;
}

int64_t priority_set_policy(struct linux_call *c)
{
	return priority_change(c, (uint32_t)c->arg[1], c->arg[2]);
}

int64_t priority_set_parameters(struct linux_call *c)
{
	return priority_change(c, PRIORITY_OTHER, c->arg[1]);
}

/* Is p among those that getpriority and setpriority name? There is one user. */
static bool priority_is_named(struct linux_call *c, const struct family_process *p)
{
	enum { PROCESS, GROUP, USER };
	uint32_t who = (uint32_t)c->arg[1];

	if (p->state < FAMILY_ALIVE || p->state == FAMILY_ZOMBIE)
		return false;
	switch (c->arg[0]) {
	case PROCESS:
		return p == priority_find(c, who);
	case GROUP:
		return p->group == (who != 0 ? who : (uint32_t)family_self(c->os)->group);
	default:
		return who == 0;
	}
}

/* The least nice of all that are named, or all of them made so nice. */
static int64_t priority_nice(struct linux_call *c, bool is_set, int32_t nice)
{
	enum { USER = 2, BASE = 20 };
	int64_t result = -LINUX_ESRCH;
	struct family_process *p;
	uint32_t place = 0;

	if (c->arg[0] > USER)
		return -LINUX_EINVAL;
	while ((p = family_next(&place)) != NULL) {
		if (!priority_is_named(c, p))
			continue;
		if (is_set)
			p->nice = nice;
		if (is_set || BASE - p->nice > result)
			result = is_set ? 0 : BASE - p->nice;
	}
	return result;
}

int64_t priority_get(struct linux_call *c)
{
	return priority_nice(c, false, 0);
}

int64_t priority_set(struct linux_call *c)
{
	int32_t nice = (int32_t)c->arg[2];

	return priority_nice(c, true, nice > PRIORITY_NICEST ? PRIORITY_NICEST
		: nice < PRIORITY_LEAST_NICE ? PRIORITY_LEAST_NICE : nice);
}
