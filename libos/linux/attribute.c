/* SPDX-License-Identifier: ISC */
/* System calls that change what is known of a file: mode, owner, times. The family's lock `file` is
 * held. */
#include "libos/linux/name.h"

#include "libos/fs/path.h"

/* In the place of nanoseconds. */
enum { ATTRIBUTE_NOW = 0x3fffffff, ATTRIBUTE_OMIT = 0x3ffffffe };

static int64_t attribute_set_mode(struct fs_node *node, uint64_t mode)
{
	node->mode = (uint32_t)mode & 07777;
	return 0;
}

int64_t attribute_chmod(struct linux_call *c)
{
	struct fs_node *node;
	int64_t error = name_find(c, (uint64_t)NAME_CWD, c->arg[0], 0, &node);

	return error < 0 ? error : attribute_set_mode(node, c->arg[1]);
}

int64_t attribute_fchmodat(struct linux_call *c)
{
	struct fs_node *node;
	int64_t error = name_find(c, c->arg[0], c->arg[1], 0, &node);

	return error < 0 ? error : attribute_set_mode(node, c->arg[2]);
}

int64_t attribute_fchmod(struct linux_call *c)
{
	struct fs_open *open = files_find(c->os->files, (uint32_t)c->arg[0]);

	return open == NULL ? -LINUX_EBADF : attribute_set_mode(open->node, c->arg[1]);
}

/* Everything is root's and stays so. */
int64_t attribute_chown(struct linux_call *c)
{
	struct fs_node *node;

	return name_find(c, (uint64_t)NAME_CWD, c->arg[0], PATH_LINK, &node);
}

int64_t attribute_fchownat(struct linux_call *c)
{
	struct fs_node *node;

	return name_find(c, c->arg[0], c->arg[1], PATH_LINK, &node);
}

int64_t attribute_fchown(struct linux_call *c)
{
	return files_find(c->os->files, (uint32_t)c->arg[0]) == NULL ? -LINUX_EBADF : 0;
}

int64_t attribute_utime(struct linux_call *c)
{
	struct fs_node *node;
	int64_t error = name_find(c, (uint64_t)NAME_CWD, c->arg[0], 0, &node), times[2];

	if (error < 0)
		return error;
	node->mtime_ns = c->fs->outside->clock_ns();
	if (c->arg[1] != 0) {
		error = linux_in(c, times, c->arg[1], sizeof(times));
		if (error >= 0)
			node->mtime_ns = (uint64_t)times[1] * 1000000000;
	}
	return error;
}

/* Nanoseconds of utimensat, or one of its two words. */
static bool attribute_is_time(const struct linux_time *time)
{
	return (time->ns >= 0 && time->ns < 1000000000) || time->ns == ATTRIBUTE_NOW
		|| time->ns == ATTRIBUTE_OMIT;
}

int64_t attribute_utimensat(struct linux_call *c)
{
	enum { NO_FOLLOW = 0x100, EMPTY_PATH = 0x1000 };
	struct fs_open *open = files_find(c->os->files, (uint32_t)c->arg[0]);
	struct linux_time times[2] = { { 0, ATTRIBUTE_NOW }, { 0, ATTRIBUTE_NOW } };
	struct fs_node *node = open != NULL ? open->node : NULL;
	int64_t error = 0;

	if (c->arg[2] != 0) {
		error = linux_in(c, times, c->arg[2], sizeof(times));
		if (error >= 0 && (!attribute_is_time(&times[0]) || !attribute_is_time(&times[1])))
			error = -LINUX_EINVAL;
	}
	if (error < 0 || c->arg[3] & ~(uint64_t)(NO_FOLLOW | EMPTY_PATH))
		return error < 0 ? error : -LINUX_EINVAL;
	if (c->arg[1] != 0)
		error = name_find(c, c->arg[0], c->arg[1], c->arg[3] & NO_FOLLOW ? PATH_LINK : 0,
			&node);
	else if ((int32_t)c->arg[0] == NAME_CWD)
		error = -LINUX_EFAULT;
	else if (node == NULL)
		error = -LINUX_EBADF;
	if (error < 0 || times[1].ns == ATTRIBUTE_OMIT)
		return error;
	node->mtime_ns = times[1].ns == ATTRIBUTE_NOW ? c->fs->outside->clock_ns()
		: (uint64_t)times[1].s * 1000000000 + (uint64_t)times[1].ns;
	return 0;
}

/* With microseconds; a path that is not there: the descriptor itself, if the call may. */
static int64_t attribute_utimes_at(struct linux_call *c, uint64_t fd, uint64_t path, uint64_t from,
	bool may_lack_path)
{
	struct fs_open *open = files_find(c->os->files, (uint32_t)fd);
	struct fs_node *node = open != NULL ? open->node : NULL;
	int64_t times[4], error = 0;

	if (from != 0) {
		error = linux_in(c, times, from, sizeof(times));
		if (error >= 0 && ((uint64_t)times[1] >= 1000000 || (uint64_t)times[3] >= 1000000))
			error = -LINUX_EINVAL;
	}
	if (error < 0)
		return error;
	if (path != 0 || !may_lack_path)
		error = name_find(c, fd, path, 0, &node);
	else if (node == NULL)
		error = -LINUX_EBADF;
	if (error < 0)
		return error;
	node->mtime_ns = from == 0 ? c->fs->outside->clock_ns()
		: (uint64_t)times[2] * 1000000000 + (uint64_t)times[3] * 1000;
	return 0;
}

int64_t attribute_utimes(struct linux_call *c)
{
	return attribute_utimes_at(c, (uint64_t)NAME_CWD, c->arg[0], c->arg[1], false);
}

int64_t attribute_futimesat(struct linux_call *c)
{
	return attribute_utimes_at(c, c->arg[0], c->arg[1], c->arg[2], true);
}
