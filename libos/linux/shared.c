/* SPDX-License-Identifier: ISC */
/*
 * Futexes between processes: words in memory that stays shared, known by their frame. Waiters stand
 * in a list of the family, in the order of their coming; who wakes one says so there and rings its
 * process. Touches the family's root and arena; takes the family's lock `file`.
 */
#include "libos/linux/shared.h"

#include "libos/vm/slots.h"

bool shared_key(uint64_t address, uint64_t *key)
{
	uint64_t slot;

	if (!slots_read(address, 1, &slot) || !slot_is_present(slot)
			|| !(slot_soft(slot) & VM_SOFT_SHARED))
		return false;
	*key = (uint64_t)slot_pfn(slot) * EXO_PAGE_SIZE + address % EXO_PAGE_SIZE;
	return true;
}

static void shared_unlink(struct libos *os, struct family_waiter *waiter)
{
	struct family_waiter **link = &family_root()->waiters;

	while (*link != NULL && *link != waiter)
		link = &(*link)->next;
	if (*link == waiter)
		*link = waiter->next;
	arena_free(os, waiter);
}

/* The process that waits, or NULL: it has died meanwhile. */
static struct family_process *shared_process(const struct family_waiter *waiter)
{
	struct family_process *p = family_find(waiter->pid);

	return p != NULL && p->state != FAMILY_ZOMBIE && p->start_clock == waiter->since ? p : NULL;
}

static struct family_waiter *shared_add(struct libos *os, uint64_t key, uint32_t bits)
{
	struct family_waiter **last = &family_root()->waiters, *waiter;

	waiter = arena_alloc(os, sizeof(*waiter));
	if (waiter == NULL)
		return NULL;
	waiter->key = key;
	waiter->bits = bits;
	waiter->pid = os->process.pid;
	waiter->since = family_self(os)->start_clock;
	while (*last != NULL)
		last = &(*last)->next;
	*last = waiter;
	return waiter;
}

int64_t shared_wake(struct libos *os, uint64_t key, uint64_t count, uint32_t bits)
{
	struct family_waiter *waiter, *next;
	uint64_t woken = 0;

	family_lock(os, FAMILY_FILE);
	for (waiter = family_root()->waiters; waiter != NULL && woken < count; waiter = next) {
		struct family_process *p = shared_process(waiter);

		next = waiter->next;
		if (p == NULL) {
			shared_unlink(os, waiter);
			continue;
		}
		if (waiter->key != key || waiter->is_woken || !(waiter->bits & bits))
			continue;
		waiter->is_woken = true;
		woken++;
		if (p == family_self(os))
			family_wake(os);
		else
			family_ring(p);
	}
	family_unlock(os, FAMILY_FILE);
	return (int64_t)woken;
}

int64_t shared_move(struct libos *os, uint64_t key, uint64_t to, uint64_t count)
{
	struct family_waiter *waiter;
	uint64_t moved = 0;

	family_lock(os, FAMILY_FILE);
	for (waiter = family_root()->waiters; waiter != NULL && moved < count;
			waiter = waiter->next) {
		if (waiter->key != key || waiter->is_woken || shared_process(waiter) == NULL)
			continue;
		waiter->key = to;
		moved++;
	}
	family_unlock(os, FAMILY_FILE);
	return (int64_t)moved;
}

int64_t shared_wait(struct linux_call *c, uint64_t key, uint64_t deadline, uint32_t bits,
	err_t *ended)
{
	struct family_waiter *waiter;
	uint32_t word = 0;
	int64_t error;

	*ended = EXO_OK;
	family_lock(c->os, FAMILY_FILE);
	waiter = shared_add(c->os, key, bits);
	family_unlock(c->os, FAMILY_FILE);
	if (waiter == NULL)
		return -LINUX_ENOMEM;
	/* Who changes the word after this look finds the waiter. */
	error = linux_in(c, &word, c->arg[0], sizeof(word));
	if (error >= 0 && word != (uint32_t)c->arg[2])
		error = -LINUX_EAGAIN;
	family_lock(c->os, FAMILY_FILE);
	while (error >= 0 && !waiter->is_woken && *ended == EXO_OK)
		*ended = family_sleep(c->os, deadline);
	if (waiter->is_woken)
		*ended = EXO_OK;
	shared_unlink(c->os, waiter);
	family_unlock(c->os, FAMILY_FILE);
	return error;
}
