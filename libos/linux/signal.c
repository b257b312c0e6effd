/* SPDX-License-Identifier: ISC */
/*
 * Sets of signals, masks, and whom a signal reaches (see signal.h). Touches struct linux_state and
 * thread records; takes sched and heap.
 */
#include "libos/linux/linux.h"

enum {
	SIGNAL_RT = 32,            /* from here on signals are queued */
	SIGNAL_BLOCK_BYTES = 4096, /* of queue entries, got at once */
	SIGNAL_BLOCKS = 64,
};

static const uint64_t signal_unblockable = SIGNAL_BIT(LINUX_SIGKILL) | SIGNAL_BIT(LINUX_SIGSTOP);
static const uint64_t signal_stops = SIGNAL_BIT(LINUX_SIGSTOP) | SIGNAL_BIT(LINUX_SIGTSTP)
	| SIGNAL_BIT(LINUX_SIGTTIN) | SIGNAL_BIT(LINUX_SIGTTOU);
/* Brought about by the thread itself: delivered before others. */
static const uint64_t signal_synchronous = SIGNAL_BIT(LINUX_SIGSEGV) | SIGNAL_BIT(LINUX_SIGBUS)
	| SIGNAL_BIT(LINUX_SIGILL) | SIGNAL_BIT(LINUX_SIGTRAP) | SIGNAL_BIT(LINUX_SIGFPE)
	| SIGNAL_BIT(LINUX_SIGSYS);
/* Nothing happens by default. */
static const uint64_t signal_harmless = SIGNAL_BIT(LINUX_SIGCHLD) | SIGNAL_BIT(LINUX_SIGCONT)
	| SIGNAL_BIT(LINUX_SIGURG) | SIGNAL_BIT(LINUX_SIGWINCH);

struct linux_thread *signal_thread_make(struct thread *t)
{
	struct linux_state *linux = t->os->linux;

	struct linux_thread *lt = &linux->thread0;

	if (t->index != 0) {
		if (linux->threads_more == NULL)
			linux->threads_more = heap_alloc(t->os, LIBOS_THREADS * sizeof(*lt));
		assert(linux->threads_more != NULL);
		lt = &linux->threads_more[t->index];
	}
	memset(lt, 0, sizeof(*lt));
	t->linux_thread = lt;
	return lt;
}

/* A queue entry, or NULL. */
static struct signal_queued *queued_get(struct libos *os)
{
	struct linux_signals *signals = &os->linux->signals;
	struct signal_queued *entry = signals->free;
	size_t i;

	if (entry == NULL && signals->blocks < SIGNAL_BLOCKS) {
		struct signal_queued *block = heap_alloc(os, SIGNAL_BLOCK_BYTES);

		for (i = 0; block != NULL && i < SIGNAL_BLOCK_BYTES / sizeof(*block); i++) {
			block[i].next = entry;
			entry = &block[i];
		}
		signals->blocks += block != NULL;
	}
	if (entry != NULL)
		signals->free = entry->next;
	return entry;
}

static void queued_put(struct linux_signals *signals, struct signal_queued *entry)
{
	entry->next = signals->free;
	signals->free = entry;
}

static bool set_add(struct libos *os, struct signal_set *set, const struct signal_info *info)
{
	struct signal_queued *entry = queued_get(os);

	if (entry == NULL)
		return false;
	entry->next = NULL;
	entry->info = *info;
	if (set->first == NULL)
		set->first = entry;
	else
		set->last->next = entry;
	set->last = entry;
	return true;
}

/* Take the oldest entry of a signal. False: there is none. */
static bool set_remove(struct libos *os, struct signal_set *set, unsigned number,
	struct signal_info *info)
{
	struct signal_queued **link = &set->first, *before = NULL, *entry;

	for (; *link != NULL && (unsigned)(*link)->info.number != number; link = &(*link)->next)
		before = *link;
	entry = *link;
	if (entry == NULL)
		return false;
	*link = entry->next;
	if (set->last == entry)
		set->last = before;
	*info = entry->info;
	queued_put(&os->linux->signals, entry);
	return true;
}

static bool set_has(const struct signal_set *set, unsigned number)
{
	const struct signal_queued *entry = set->first;

	while (entry != NULL && (unsigned)entry->info.number != number)
		entry = entry->next;
	return entry != NULL;
}

static void set_flush(struct libos *os, struct signal_set *set, uint64_t mask)
{
	struct signal_info info;
	uint64_t left;

	for (left = set->mask & mask; left != 0; left &= left - 1)
		while (set_remove(os, set, (unsigned)__builtin_ctzll(left) + 1, &info))
			;
	set->mask &= ~mask;
}

static bool thread_is_alive(const struct thread *t)
{
	enum thread_state state = thread_state(t);

	return state == THREAD_READY || state == THREAD_RUNNING || state == THREAD_BLOCKED;
}

void signal_flush(struct libos *os, uint64_t mask)
{
	uint32_t i;

	set_flush(os, &os->linux->signals.pending, mask);
	for (i = 0; i < os->threads_used; i++) {
		struct thread *t = thread_at(os, i);

		if (thread_is_alive(t) && t->linux_thread != NULL)
			set_flush(os, &signal_thread(t)->pending, mask);
	}
}

uint64_t signal_waiting(struct thread *t)
{
	return signal_thread(t)->pending.mask | t->os->linux->signals.pending.mask;
}

static bool signal_is_deliverable(struct thread *t)
{
	return signal_waiting(t) & ~signal_thread(t)->blocked;
}

static void signal_wake(struct thread *t)
{
	t->is_signalled = true;
	if (signal_waiting(t) & SIGNAL_BIT(LINUX_SIGKILL))
		t->is_deaf = false;
	if (thread_state(t) == THREAD_BLOCKED)
		thread_interrupt(t->os, thread_handle(t));
	else if (t->os->vcpus.count)
		vcpu_call(t->os, t);
}

/* Choose a thread for a signal to the process: one that does not block it, and if there is a choice
 * has no other to take. */
static void signal_wake_one(struct libos *os, uint64_t bit)
{
	struct thread *chosen = NULL;
	uint32_t i;

	for (i = 0; i < os->threads_used; i++) {
		struct thread *t = thread_at(os, i);

		if (!thread_is_alive(t) || signal_thread(t)->blocked & bit)
			continue;
		if (t == thread_self() || !t->is_signalled) {
			chosen = t;
			break;
		}
		if (chosen == NULL)
			chosen = t;
	}
	if (chosen != NULL)
		signal_wake(chosen);
}

/* Would it have no effect? Then it is not even kept, unless it is blocked: for a signal to the
 * process, by the first thread. */
static bool signal_is_ignored(struct libos *os, struct thread *t, unsigned number)
{
	uint64_t handler = os->linux->signals.action[number].handler;
	struct linux_thread *lt;
	uint32_t i;

	for (i = 0; t == NULL; i++)
		if (thread_is_alive(thread_at(os, i)))
			t = thread_at(os, i);
	lt = signal_thread(t);
	if ((lt->blocked | lt->waited) & SIGNAL_BIT(number))
		return false;
	return handler == SIGNAL_IGNORE
		|| (handler == SIGNAL_DEFAULT && signal_harmless & SIGNAL_BIT(number));
}

int64_t signal_post(struct libos *os, struct thread *t, const struct signal_info *info)
{
	struct linux_signals *signals = &os->linux->signals;
	struct signal_set *set = t != NULL ? &signal_thread(t)->pending : &signals->pending;
	unsigned number = (unsigned)info->number;
	uint64_t bit = SIGNAL_BIT(number);

	if (bit & signal_stops)
		signal_flush(os, SIGNAL_BIT(LINUX_SIGCONT));
	else if (number == LINUX_SIGCONT)
		signal_flush(os, signal_stops);
	if (number == LINUX_SIGCONT || number == LINUX_SIGKILL)
		signals->is_stopped = false;
	if (signal_is_ignored(os, t, number) || (number < SIGNAL_RT && set->mask & bit))
		return 0;
	if (!set_add(os, set, info) && number >= SIGNAL_RT)
		return -LINUX_EAGAIN;
	set->mask |= bit;
	if (t == NULL)
		signal_wake_one(os, bit);
	else if (!(signal_thread(t)->blocked & bit))
		signal_wake(t);
	return 0;
}

int64_t signal_post_self(struct libos *os, struct thread *t, unsigned number)
{
	struct signal_info info = {
		.number = (int32_t)number, .pid = os->process.pid,
		.code = t != NULL ? SIGNAL_CODE_TKILL : SIGNAL_CODE_USER,
	};

	return signal_post(os, t, &info);
}

bool signal_has_handler(struct thread *t, unsigned number)
{
	return t->os->linux->signals.action[number].handler > SIGNAL_IGNORE
		&& !(signal_thread(t)->blocked & SIGNAL_BIT(number));
}

void signal_force(struct thread *t, const struct signal_info *info)
{
	unsigned number = (unsigned)info->number;

	if (!signal_has_handler(t, number)) {
		t->os->linux->signals.action[number].handler = SIGNAL_DEFAULT;
		signal_thread(t)->blocked &= ~SIGNAL_BIT(number);
	}
	signal_post(t->os, t, info);
}

unsigned signal_take(struct libos *os, struct linux_thread *lt, uint64_t allowed,
	struct signal_info *info)
{
	struct signal_set *set = &lt->pending;
	unsigned number;
	uint64_t mask = set->mask & allowed;

	if (mask == 0) {
		set = &os->linux->signals.pending;
		mask = set->mask & allowed;
	}
	if (mask == 0)
		return 0;
	if (mask & signal_synchronous)
		mask &= signal_synchronous;
	number = (unsigned)__builtin_ctzll(mask) + 1;
	if (!set_remove(os, set, number, info))
		*info = (struct signal_info){ .number = (int32_t)number };
	if (number < SIGNAL_RT || !set_has(set, number))
		set->mask &= ~SIGNAL_BIT(number);
	return number;
}

void signal_set_mask(struct thread *t, uint64_t mask)
{
	struct linux_thread *lt = signal_thread(t);
	uint64_t left = t->os->linux->signals.pending.mask & mask & ~lt->blocked;

	lt->blocked = mask & ~signal_unblockable;
	t->is_signalled = signal_is_deliverable(t);
	/* What it was to take and no longer does others may. */
	for (; left != 0; left &= left - 1)
		signal_wake_one(t->os, left & -left);
}

void signal_suspend(struct thread *t, uint64_t mask)
{
	struct linux_thread *lt = signal_thread(t);

	lt->saved = lt->blocked;
	signal_set_mask(t, mask);
	lt->has_saved = true;
}

void signal_unsuspend(struct thread *t)
{
	struct linux_thread *lt = signal_thread(t);

	if (!lt->has_saved)
		return;
	lt->has_saved = false;
	signal_set_mask(t, lt->saved);
}

bool signal_ignores_children(const struct libos *os)
{
	const struct linux_sigaction *act = &os->linux->signals.action[LINUX_SIGCHLD];

	return act->handler == SIGNAL_IGNORE || act->flags & SIGNAL_SA_NOCLDWAIT;
}

void signal_fork_child(struct thread *t)
{
	struct linux_thread *lt = signal_thread(t);
	struct linux_signals *signals = &t->os->linux->signals;

	t->is_signalled = false;
	/* Pages that need no change stay shared. */
	if (signal_waiting(t) != 0) {
		set_flush(t->os, &signals->pending, UINT64_MAX);
		set_flush(t->os, &lt->pending, UINT64_MAX);
	}
	if (signals->alarm != 0)
		signals->alarm = 0;
}

const char *signal_name(unsigned number)
{
	static const char *const names[] = {
		NULL, "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1",
		"SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP",
		"TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR",
		"SYS",
	};

	return number < ARRAY_COUNT(names) ? names[number] : NULL;
}
