/* SPDX-License-Identifier: ISC */
/*
 * Futexes of one process: waiters stand in a list in the order of their coming, each on its own
 * library stack. One vcpu at a time runs library code, so between the look at the word and the
 * block nobody wakes. Those in memory that processes share are in shared.c; a shared futex
 * elsewhere is taken as a private one.
 */
#include "libos/linux/shared.h"

#include <machine/call.h>

enum {
	FUTEX_WAIT = 0,
	FUTEX_WAKE = 1,
	FUTEX_REQUEUE = 3,
	FUTEX_CMP_REQUEUE = 4,
	FUTEX_WAIT_BITSET = 9,
	FUTEX_WAKE_BITSET = 10,
	FUTEX_COMMAND = 0x7f,
	FUTEX_PRIVATE = 0x80,
	FUTEX_REALTIME = 0x100,
};

/* A lock's word, and the most locks of a robust list. */
enum { FUTEX_OWNER = 0x3fffffff, FUTEX_OWNER_DIED = 0x40000000, FUTEX_ROBUST = 2048 };
#define FUTEX_WAITERS 0x80000000u

static void futex_append(struct linux_state *linux, struct futex_waiter *waiter)
{
	struct futex_waiter **last = &linux->waiters;

	while (*last != NULL)
		last = &(*last)->next;
	*last = waiter;
}

static void futex_drop(struct linux_state *linux, struct futex_waiter *waiter)
{
	struct futex_waiter **link = &linux->waiters;

	while (*link != NULL && *link != waiter)
		link = &(*link)->next;
	if (*link == waiter)
		*link = waiter->next;
}

int64_t futex_wake(struct libos *os, uint64_t address, uint64_t count, uint32_t bits)
{
	struct futex_waiter *waiter;
	int64_t woken = 0;

	for (waiter = os->linux->waiters; waiter != NULL; waiter = waiter->next) {
		if ((uint64_t)woken >= count)
			break;
		if (waiter->address != address || waiter->is_woken || !(waiter->bits & bits))
			continue;
		waiter->is_woken = true;
		thread_wake(os, &waiter->queue, 1);
		woken++;
	}
	return woken;
}

/* The same wherever they wait. */
static int64_t futex_wake_all_kinds(struct libos *os, uint64_t address, uint64_t count,
	uint32_t bits)
{
	int64_t woken = futex_wake(os, address, count, bits);
	uint64_t key;

	if ((uint64_t)woken < count && shared_key(address, &key))
		woken += shared_wake(os, key, count - (uint64_t)woken, bits);
	return woken;
}

void futex_fork_child(struct linux_state *linux)
{
	if (linux->waiters)
		linux->waiters = NULL;
}

/* ---- Robust lists ---- */

/* One lock of a thread that ends: it is free, and whoever takes it is told. */
static void robust_free(struct thread *t, uint64_t address)
{
	uint32_t word, dead;

	if (address % sizeof(word) != 0 || vm_read(t->os, &word, address, sizeof(word)) < 0)
		return;
	if ((word & FUTEX_OWNER) != task_id(t->os, t))
		return;
	dead = (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
	if (vm_write(t->os, address, &dead, sizeof(dead)) >= 0 && word & FUTEX_WAITERS)
		futex_wake_all_kinds(t->os, address, 1, UINT32_MAX);
}

void futex_robust_end(struct thread *t)
{
	struct {
		uint64_t next, offset, pending;
	} head;
	uint64_t start, entry;
	unsigned i;

	if (t->linux_thread == NULL || t->linux_thread->robust == 0)
		return;
	start = t->linux_thread->robust;
	t->linux_thread->robust = 0;
	if (vm_read(t->os, &head, start, sizeof(head)) < 0)
		return;
	entry = head.next;
	for (i = 0; i < FUTEX_ROBUST && entry != start; i++) {
		uint64_t next;

		if (vm_read(t->os, &next, entry, sizeof(next)) < 0)
			return;
		if (entry != head.pending)
			robust_free(t, entry + head.offset);
		entry = next;
	}
	if (head.pending != 0)
		robust_free(t, head.pending + head.offset);
}

/* ---- Waiting ---- */

/* The deadline in clock units of a wait's fourth argument. */
static int64_t futex_deadline(struct linux_call *c, bool is_absolute, uint64_t *deadline)
{
	uint64_t ns;
	int64_t error;

	*deadline = THREAD_NO_DEADLINE;
	if (c->arg[3] == 0)
		return 0;
	error = time_in(c, c->arg[3], &ns);
	if (error >= 0)
		*deadline = is_absolute ? time_deadline(ns, c->arg[1] & FUTEX_REALTIME)
			: machine_clock() + time_units(ns);
	return error;
}

/* Among the threads of this process; the word has been looked at. EXO_OK: it was woken. */
static err_t futex_wait_here(struct linux_call *c, uint64_t deadline, uint32_t bits)
{
	struct futex_waiter waiter = { .address = c->arg[0], .bits = bits };
	err_t ended = EXO_OK;

	futex_append(c->linux, &waiter);
	while (!waiter.is_woken && ended == EXO_OK)
		ended = thread_block(c->os, &waiter.queue, deadline);
	futex_drop(c->linux, &waiter);
	return waiter.is_woken ? EXO_OK : ended;
}

static int64_t futex_wait_until(struct linux_call *c, uint64_t deadline, uint32_t bits,
	int64_t (*again)(struct linux_call *c, uint64_t deadline))
{
	uint32_t word = 0;
	uint64_t key;
	int64_t error = 0;
	err_t ended;

	if (linux_in(c, &word, c->arg[0], sizeof(word)) < 0)
		return -LINUX_EFAULT;
	if (word != (uint32_t)c->arg[2])
		return -LINUX_EAGAIN;
	if (!(c->arg[1] & FUTEX_PRIVATE) && shared_key(c->arg[0], &key))
		error = shared_wait(c, key, deadline, bits, &ended);
	else
		ended = futex_wait_here(c, deadline, bits);
	if (error < 0)
		return error;
	if (ended != EXO_E_PENDING)
		return errno_from(ended);
	return deadline == THREAD_NO_DEADLINE ? -LINUX_ERESTARTSYS
		: signal_again(c, again, deadline);
}

static int64_t futex_wait_again(struct linux_call *c, uint64_t deadline)
{
	return futex_wait_until(c, deadline, UINT32_MAX, futex_wait_again);
}

static int64_t futex_wait_bitset_again(struct linux_call *c, uint64_t deadline)
{
	return futex_wait_until(c, deadline, (uint32_t)c->arg[5], futex_wait_bitset_again);
}

static int64_t futex_wait(struct linux_call *c, bool has_bits)
{
	uint64_t deadline;
	int64_t error = futex_deadline(c, has_bits, &deadline);

	if (error < 0)
		return error;
	return has_bits ? futex_wait_bitset_again(c, deadline) : futex_wait_again(c, deadline);
}

static int64_t futex_wake_call(struct linux_call *c, uint32_t bits)
{
	uint32_t count = (uint32_t)c->arg[2];

	return c->arg[1] & FUTEX_PRIVATE ? futex_wake(c->os, c->arg[0], count, bits)
		: futex_wake_all_kinds(c->os, c->arg[0], count, bits);
}

/* Wake some, let the others wait for another word. */
static int64_t futex_requeue(struct linux_call *c, bool is_compared)
{
	struct futex_waiter *waiter;
	uint64_t moved = 0, key, to;
	uint32_t word;
	int64_t woken;

	if ((int32_t)c->arg[2] < 0 || (int32_t)c->arg[3] < 0)
		return -LINUX_EINVAL;
	if (c->arg[4] % sizeof(word) != 0)
		return -LINUX_EINVAL;
	if (!linux_is_user(c->arg[4], sizeof(word)))
		return -LINUX_EFAULT;
	if (is_compared && linux_in(c, &word, c->arg[0], sizeof(word)) < 0)
		return -LINUX_EFAULT;
	if (is_compared && word != (uint32_t)c->arg[5])
		return -LINUX_EAGAIN;
	if (!(c->arg[1] & FUTEX_PRIVATE) && shared_key(c->arg[0], &key)
			&& shared_key(c->arg[4], &to)) {
		woken = shared_wake(c->os, key, (uint32_t)c->arg[2], UINT32_MAX);
		return woken + shared_move(c->os, key, to, (uint32_t)c->arg[3]);
	}
	woken = futex_wake(c->os, c->arg[0], (uint32_t)c->arg[2], UINT32_MAX);
	for (waiter = c->linux->waiters; waiter != NULL && moved < (uint32_t)c->arg[3];
			waiter = waiter->next) {
		if (waiter->address == c->arg[0] && !waiter->is_woken) {
			waiter->address = c->arg[4];
			moved++;
		}
	}
	return woken + (int64_t)moved;
}

int64_t futex_call(struct linux_call *c)
{
	uint32_t command = c->arg[1] & FUTEX_COMMAND;

	if (c->arg[0] % sizeof(uint32_t) != 0)
		return -LINUX_EINVAL;
	if (!linux_is_user(c->arg[0], sizeof(uint32_t)))
		return -LINUX_EFAULT;
	if (c->arg[1] & FUTEX_REALTIME && command != FUTEX_WAIT_BITSET)
		return -LINUX_ENOSYS;
	if ((command == FUTEX_WAIT_BITSET || command == FUTEX_WAKE_BITSET)
			&& (uint32_t)c->arg[5] == 0)
		return -LINUX_EINVAL;
	switch (command) {
	case FUTEX_WAIT:
		return futex_wait(c, false);
	case FUTEX_WAIT_BITSET:
		return futex_wait(c, true);
	case FUTEX_WAKE:
		return futex_wake_call(c, UINT32_MAX);
	case FUTEX_WAKE_BITSET:
		return futex_wake_call(c, (uint32_t)c->arg[5]);
	case FUTEX_REQUEUE:
		return futex_requeue(c, false);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(c, true);
	default:
		return -LINUX_ENOSYS;
	}
}
