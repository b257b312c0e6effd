/* SPDX-License-Identifier: ISC */
/* poll and select: files are always ready, the terminal when something was typed, pipes when there
 * is something or room. The family's lock `file` is held, but for while a call sleeps. */
#include "libos/linux/linux.h"

#include <machine/call.h>


enum {
	POLL_IN = 1, POLL_OUT = 4, POLL_ERROR = 8, POLL_HANGUP = 16, POLL_BAD = 32,
	POLL_READ = 0x41, POLL_WRITE = 0x104,
	POLL_ALWAYS = POLL_ERROR | POLL_HANGUP | POLL_BAD,
};
enum { POLL_SETS = 3, POLL_WORDS = 1024 / 64 };

/* What makes a descriptor of each set of select ready. */
static const int poll_events[POLL_SETS] = {
	POLL_IN | POLL_HANGUP | POLL_ERROR, POLL_OUT | POLL_ERROR, 0,
};

struct poll_entry {
	int32_t fd;
	int16_t wanted;
	int16_t ready;
};

/* What can be done with a descriptor without sleeping. */
static int poll_ready(struct linux_call *c, uint64_t fd)
{
	struct fs_open *open = files_find(c->os->files, fd);
	int ready = 0;
	unsigned can;

	if (open == NULL)
		return POLL_BAD;
	can = open_poll(c->fs, open);
	ready |= can & OPEN_CAN_READ ? POLL_READ : 0;
	ready |= can & OPEN_CAN_WRITE ? POLL_WRITE : 0;
	ready |= can & OPEN_HUNG_UP ? POLL_HANGUP : 0;
	ready |= can & OPEN_BROKEN ? POLL_ERROR : 0;
	return ready;
}

/* The same; if nothing that is wanted can, this process will be told. */
static int poll_look(struct linux_call *c, uint64_t fd, int wanted)
{
	int ready = poll_ready(c, fd) & (wanted | POLL_ALWAYS);

	if (ready == 0)
		open_wait(c->fs, files_find(c->os->files, fd));
	return ready;
}

/* Look at all entries once: how many are ready, or an error. */
static int64_t poll_scan(struct linux_call *c)
{
	struct poll_entry entry;
	uint64_t i, at = c->arg[0];
	int64_t count = 0;

	for (i = 0; i < c->arg[1]; i++, at += sizeof(entry)) {
		if (linux_in(c, &entry, at, sizeof(entry)) < 0)
			return -LINUX_EFAULT;
		entry.ready = 0;
		if (entry.fd >= 0)
			entry.ready = (int16_t)poll_look(c, (uint32_t)entry.fd, entry.wanted);
		count += entry.ready != 0;
		if (linux_out(c, at, &entry, sizeof(entry)) < 0)
			return -LINUX_EFAULT;
	}
	return count;
}

/* Scan until something is ready or the deadline is there. */
static int64_t poll_wait(struct linux_call *c, int64_t (*scan)(struct linux_call *c),
	uint64_t deadline)
{
	for (;;) {
		int64_t count = scan(c);
		err_t error;

		if (count != 0 || deadline <= machine_clock())
			return count;
		error = family_sleep(c->os, deadline);
		if (error == EXO_E_PENDING)
			return -LINUX_ERESTARTNOHAND;
	}
}

static int64_t poll_again(struct linux_call *c, uint64_t deadline);

/* After a signal without a handler it goes on. */
static int64_t poll_until(struct linux_call *c, uint64_t deadline)
{
	int64_t count = poll_wait(c, poll_scan, deadline);

	return count == -LINUX_ERESTARTNOHAND ? signal_again(c, poll_again, deadline) : count;
}

/* By restart_syscall, which has taken no lock. */
static int64_t poll_again(struct linux_call *c, uint64_t deadline)
{
	int64_t count;

	family_lock(c->os, FAMILY_FILE);
	count = poll_until(c, deadline);
	family_unlock(c->os, FAMILY_FILE);
	return count;
}

int64_t poll_poll(struct linux_call *c)
{
	int32_t ms = (int32_t)c->arg[2];

	if (c->arg[1] > c->os->files->most)
		return -LINUX_EINVAL;
	if (!linux_is_user(c->arg[0], c->arg[1] * sizeof(struct poll_entry)))
		return -LINUX_EFAULT;
	return poll_until(c, ms < 0 ? THREAD_NO_DEADLINE
		: machine_clock() + time_units((uint64_t)ms * 1000000));
}

/* The deadline of a timespec at `from`; none there: never. */
static int64_t poll_deadline(struct linux_call *c, uint64_t from, uint64_t *deadline)
{
	uint64_t ns;
	int64_t error;

	*deadline = THREAD_NO_DEADLINE;
	if (from == 0)
		return 0;
	error = time_in(c, from, &ns);
	if (error >= 0)
		*deadline = machine_clock() + time_units(ns);
	return error;
}

/* The end of a call that had a mask of its own: a handler still runs with it. */
static int64_t poll_masked(struct linux_call *c, int64_t result)
{
	if (result != -LINUX_ERESTARTNOHAND)
		signal_unsuspend(c->thread);
	return result;
}

int64_t poll_ppoll(struct linux_call *c)
{
	uint64_t deadline;
	int64_t error = poll_deadline(c, c->arg[2], &deadline);

	if (error >= 0 && c->arg[1] > c->os->files->most)
		error = -LINUX_EINVAL;
	if (error >= 0 && !linux_is_user(c->arg[0], c->arg[1] * sizeof(struct poll_entry)))
		error = -LINUX_EFAULT;
	if (error >= 0)
		error = signal_suspend_in(c, c->arg[3], c->arg[4]);
	return error < 0 ? error : poll_masked(c, poll_wait(c, poll_scan, deadline));
}

/* A word of a set of select, as far as it counts. */
static int64_t poll_word(struct linux_call *c, uint64_t set, uint64_t word, uint64_t *value)
{
	uint64_t bits = c->arg[0] - word * 64;
	int64_t error = linux_in(c, value, c->arg[1 + set] + word * 8, sizeof(*value));

	if (bits < 64)
		*value &= (UINT64_C(1) << bits) - 1;
	return error;
}

/* Look at three sets once. They change only when something is ready, or at the end. */
static int64_t poll_scan_sets(struct linux_call *c)
{
	uint64_t words = (c->arg[0] + 63) / 64, in, out, set, word, bit;
	int64_t count = 0;

	for (set = 0; set < POLL_SETS; set++) {
		for (word = 0; c->arg[1 + set] != 0 && word < words; word++) {
			if (poll_word(c, set, word, &in) < 0)
				return -LINUX_EFAULT;
			for (bit = 0, out = 0; in != 0 && bit < 64; bit++) {
				int ready = in >> bit & 1 ? poll_look(c, word * 64 + bit,
					poll_events[set]) : 0;

				if (ready == POLL_BAD)
					return -LINUX_EBADF;
				if (ready & poll_events[set])
					out |= UINT64_C(1) << bit;
			}
			count += __builtin_popcountll(out);
		}
	}
	return count;
}

/* Leave in the sets what is ready. */
static int64_t poll_sets_out(struct linux_call *c)
{
	uint64_t words = (c->arg[0] + 63) / 64, value, set, word, bit;

	for (set = 0; set < POLL_SETS; set++) {
		for (word = 0; c->arg[1 + set] != 0 && word < words; word++) {
			if (poll_word(c, set, word, &value) < 0)
				return -LINUX_EFAULT;
			for (bit = 0; bit < 64; bit++)
				if (value >> bit & 1
						&& !(poll_ready(c, word * 64 + bit)
							& poll_events[set]))
					value &= ~(UINT64_C(1) << bit);
			if (linux_out(c, c->arg[1 + set] + word * 8, &value, 8) < 0)
				return -LINUX_EFAULT;
		}
	}
	return 0;
}

static int64_t poll_select_until(struct linux_call *c, uint64_t deadline)
{
	int64_t count, error;

	if (c->arg[0] > POLL_WORDS * 64)
		return -LINUX_EINVAL;
	count = poll_wait(c, poll_scan_sets, deadline);
	if (count < 0)
		return count;
	error = poll_sets_out(c);
	return error < 0 ? error : count;
}

int64_t poll_pselect(struct linux_call *c)
{
	uint64_t deadline;
	int64_t error = poll_deadline(c, c->arg[4], &deadline);
	uint64_t mask[2] = { 0, 0 }; /* where it is, and its length */

	if (error >= 0 && c->arg[5] != 0)
		error = linux_in(c, mask, c->arg[5], sizeof(mask));
	if (error >= 0)
		error = signal_suspend_in(c, mask[0], mask[1]);
	return error < 0 ? error : poll_masked(c, poll_select_until(c, deadline));
}

int64_t poll_select(struct linux_call *c)
{
	uint64_t deadline = THREAD_NO_DEADLINE;
	int64_t time[2];

	if (c->arg[4] != 0) {
		if (linux_in(c, time, c->arg[4], sizeof(time)) < 0)
			return -LINUX_EFAULT;
		if (time[0] < 0 || time[1] < 0 || time[0] > INT32_MAX || time[1] > INT32_MAX)
			return -LINUX_EINVAL;
		deadline = machine_clock() + time_units((uint64_t)time[0] * 1000000000
			+ (uint64_t)time[1] * 1000);
	}
	return poll_select_until(c, deadline);
}
