/* SPDX-License-Identifier: ISC */
/* System calls that lock files: fcntl's record locks, of processes and of open descriptions, and
 * flock. The family's lock `file` is held, but for while a call sleeps. */
#include "libos/fs/locks.h"

#include "libos/linux/file.h"
#include "libos/linux/linux.h"

enum { LOCKS_F_GETLK = 5, LOCKS_F_SETLK = 6, LOCKS_F_SETLKW = 7, LOCKS_F_OFD = 31 };

/* Linux's struct flock. */
struct locks_record {
	int16_t type, whence;
	int32_t zero;
	int64_t start, bytes;
	int32_t pid, zero2;
};

/* The range of a record: its first and last byte. */
static int64_t locks_range_in(const struct locks_record *record, const struct fs_open *open,
	struct fs_range *range)
{
	int64_t start = record->start, bytes = record->bytes;

	if (record->type < LOCKS_READ || record->type > LOCKS_NONE
			|| record->whence < OPEN_SET || record->whence > OPEN_END)
		return -LINUX_EINVAL;
	if (__builtin_add_overflow(start, record->whence == OPEN_CURRENT ? (int64_t)open->offset
			: record->whence == OPEN_END ? (int64_t)open->node->size : 0, &start))
		return -LINUX_EOVERFLOW;
	if (start < 0 || (bytes < 0 && start + bytes < 0))
		return -LINUX_EINVAL;
	if (bytes > 0 && bytes - 1 > INT64_MAX - start)
		return -LINUX_EOVERFLOW;
	range->type = (enum locks_type)record->type;
	range->start = (uint64_t)(bytes < 0 ? start + bytes : start);
	range->end = bytes == 0 ? LOCKS_END : (uint64_t)(bytes < 0 ? start : start + bytes) - 1;
	return 0;
}

/* F_GETLK: what is in the way. */
static int64_t locks_tell(struct linux_call *c, struct fs_open *open, struct locks_record *record,
	const struct fs_range *range)
{
	const struct fs_range *found = locks_find(open->node, LOCKS_RANGE, range);

	if (found == NULL) {
		record->type = LOCKS_NONE;
	} else {
		record->type = (int16_t)found->type;
		record->whence = OPEN_SET;
		record->start = (int64_t)found->start;
		record->bytes = found->end == LOCKS_END ? 0
			: (int64_t)(found->end - found->start + 1);
		record->pid = found->pid != 0 ? (int32_t)found->pid : -1;
	}
	return linux_out(c, c->arg[2], record, sizeof(*record));
}

/* Set a lock, waiting for it if the caller wants that; another thread may close the descriptor
 * meanwhile. */
static int64_t locks_wait_for(struct linux_call *c, struct fs_open *open, enum locks_kind kind,
	const struct fs_range *range, bool is_waiting)
{
	for (;;) {
		err_t error = locks_set(c->fs, open->node, kind, range);

		if (error != FS_E_AGAIN || !is_waiting)
			return errno_from(error);
		locks_wait(c->fs, open->node);
		if (family_sleep(c->os, THREAD_NO_DEADLINE) < 0)
			return -LINUX_ERESTARTSYS;
		if (file_find(c) != open)
			return -LINUX_EBADF;
	}
}

int64_t locks_fcntl(struct linux_call *c, struct fs_open *open)
{
	bool is_ofd = c->arg[1] >= LOCKS_F_OFD;
	uint64_t command = c->arg[1] - (is_ofd ? LOCKS_F_OFD : 0);
	struct fs_range range = {
		.owner = is_ofd ? (const void *)open : c->os->files,
		.pid = is_ofd ? 0 : c->os->process.pid,
	};
	struct locks_record record;
	int64_t error;

	if (linux_in(c, &record, c->arg[2], sizeof(record)) < 0)
		return -LINUX_EFAULT;
	if ((is_ofd && record.pid != 0) || (command == LOCKS_F_GETLK && record.type == LOCKS_NONE))
		return -LINUX_EINVAL;
	error = locks_range_in(&record, open, &range);
	if (error < 0)
		return error;
	if (command == LOCKS_F_GETLK)
		return locks_tell(c, open, &record, &range);
	if ((range.type == LOCKS_READ && !(open->flags & OPEN_READ))
			|| (range.type == LOCKS_WRITE && !(open->flags & OPEN_WRITE)))
		return -LINUX_EBADF;
	return locks_wait_for(c, open, LOCKS_RANGE, &range, command == LOCKS_F_SETLKW);
}

int64_t locks_flock(struct linux_call *c)
{
	enum { SHARED = 1, EXCLUSIVE = 2, NOT_BLOCKING = 4, UNLOCK = 8, MANDATORY = 32 };
	struct fs_open *open = file_find(c);
	uint32_t how = (uint32_t)c->arg[1] & ~(uint32_t)NOT_BLOCKING;
	struct fs_range range = {
		.end = LOCKS_END, .owner = open,
		.type = how == SHARED ? LOCKS_READ : how == EXCLUSIVE ? LOCKS_WRITE : LOCKS_NONE,
	};

	if (how & MANDATORY) /* there were such locks once */
		return 0;
	if (how != SHARED && how != EXCLUSIVE && how != UNLOCK)
		return -LINUX_EINVAL;
	if (open == NULL || open->flags & OPEN_PATH)
		return -LINUX_EBADF;
	return locks_wait_for(c, open, LOCKS_WHOLE, &range, !(c->arg[1] & NOT_BLOCKING));
}
