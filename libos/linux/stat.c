/* SPDX-License-Identifier: ISC */
/* System calls that say what is known of a file. The family's lock `file` is held. */
#include "libos/linux/file.h"

#include <machine/linux.h>

#include "libos/fs/path.h"

enum { STAT_NO_FOLLOW = 0x100 };

static uint32_t stat_type(const struct fs_node *node)
{
	switch (node->kind) {
	case FS_DIR:
		return 0040000;
	case FS_DEVICE:
		return 0020000;
	case FS_LINK:
		return 0120000;
	case FS_PIPE:
		return 0010000;
	default:
		return 0100000;
	}
}

static int64_t stat_out(struct linux_call *c, const struct fs_node *node, uint64_t to)
{
	int64_t s = (int64_t)(node->mtime_ns / 1000000000), ns = node->mtime_ns % 1000000000;
	struct linux_stat stat = {
		.dev = 1,
		.ino = node->ino,
		.nlink = node->links,
		.mode = stat_type(node) | node->mode,
		.rdev = node->kind == FS_DEVICE ? node->device : 0,
		.size = (int64_t)node->size,
		.blksize = FS_PAGE,
		.blocks = (int64_t)((node->size + 511) / 512),
		.atime_s = s, .atime_ns = ns,
		.mtime_s = s, .mtime_ns = ns,
		.ctime_s = s, .ctime_ns = ns,
	};

	return linux_out(c, to, &stat, sizeof(stat));
}

/* What that is about; NULL: *error. */
static const struct fs_node *stat_find(struct linux_call *c, uint64_t fd, uint64_t path,
	uint64_t flags, int64_t *error)
{
	enum { NO_AUTOMOUNT = 0x800, EMPTY_PATH = 0x1000, SYNC = 0x6000 };
	struct fs_node *node;

	*error = flags & ~(uint64_t)(STAT_NO_FOLLOW | NO_AUTOMOUNT | EMPTY_PATH | SYNC)
		? -LINUX_EINVAL : linux_in_path(c, 0, path);
	if (*error < 0)
		return NULL;
	node = linux_dir(c, fd, c->linux->path[0], error);
	if (node != NULL && (c->linux->path[0][0] != '\0' || !(flags & EMPTY_PATH)))
		*error = errno_from(path_find(c->fs, node, c->linux->path[0],
			flags & STAT_NO_FOLLOW ? PATH_LINK : 0, &node));
	return *error < 0 ? NULL : node;
}

static int64_t stat_at(struct linux_call *c, uint64_t fd, uint64_t path, uint64_t to,
	uint64_t flags)
{
	int64_t error;
	const struct fs_node *node = stat_find(c, fd, path, flags, &error);

	return node == NULL ? error : stat_out(c, node, to);
}

int64_t stat_stat(struct linux_call *c)
{
	return stat_at(c, (uint64_t)LINUX_AT_CWD, c->arg[0], c->arg[1], 0);
}

int64_t stat_lstat(struct linux_call *c)
{
	return stat_at(c, (uint64_t)LINUX_AT_CWD, c->arg[0], c->arg[1], STAT_NO_FOLLOW);
}

int64_t stat_newfstatat(struct linux_call *c)
{
	return stat_at(c, c->arg[0], c->arg[1], c->arg[2], c->arg[3]);
}

int64_t stat_fstat(struct linux_call *c)
{
	struct fs_open *open = file_find(c);

	return open == NULL ? -LINUX_EBADF : stat_out(c, open->node, c->arg[1]);
}

struct stat_moment {
	int64_t s;
	uint32_t ns, zero;
};

/* Linux's struct statx; what comes behind is 0. */
struct stat_extended {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, zero;
	uint64_t ino, size, blocks, attributes_mask;
	struct stat_moment accessed, born, changed, modified;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mount, more[13];
};

_Static_assert(sizeof(struct stat_extended) == 256, "struct stat_extended");

/* Of the moments that of modification is known; when a file was made is not. */
int64_t stat_statx(struct linux_call *c)
{
	enum { SYNC = 0x6000, BASIC = 0x7ff };
	const uint64_t reserved = UINT64_C(0x80000000);
	const struct fs_node *node;
	struct stat_moment moment;
	struct stat_extended out;
	int64_t error;

	if (c->arg[3] & reserved || (c->arg[2] & SYNC) == SYNC)
		return -LINUX_EINVAL;
	node = stat_find(c, c->arg[0], c->arg[1], c->arg[2], &error);
	if (node == NULL)
		return error;
	moment = (struct stat_moment){ (int64_t)(node->mtime_ns / 1000000000),
		node->mtime_ns % 1000000000, 0 };
	out = (struct stat_extended){
		.mask = BASIC, .blksize = FS_PAGE, .nlink = node->links,
		.mode = (uint16_t)(stat_type(node) | node->mode), .ino = node->ino,
		.size = node->size, .blocks = (node->size + 511) / 512,
		.accessed = moment, .changed = moment, .modified = moment, .dev_minor = 1,
	};
	if (node->kind == FS_DEVICE) {
		out.rdev_major = node->device >> 8;
		out.rdev_minor = node->device & 0xff;
	}
	return linux_out(c, c->arg[4], &out, sizeof(out));
}
