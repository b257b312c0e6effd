/* SPDX-License-Identifier: ISC */
/* System calls on names: directories, links, moving, removing, listing. No locks. */
#include "libos/linux/name.h"

#include "libos/fs/path.h"
#include "libos/fs/pipe.h"
#include "libos/fs/proc.h"

enum { NAME_REMOVE_DIR = 0x200, NAME_NOREPLACE = 1 };

int64_t name_walk(struct linux_call *c, unsigned which, uint64_t fd, uint64_t path,
	unsigned flags, struct fs_walk *walk)
{
	int64_t error = linux_in_path(c, which, path);
	struct fs_node *dir;

	if (error < 0)
		return error;
	dir = linux_dir(c, fd, c->linux->path[which], &error);
	if (dir == NULL)
		return error;
	return errno_from(path_walk(c->fs, dir, c->linux->path[which], flags, walk));
}

int64_t name_find(struct linux_call *c, uint64_t fd, uint64_t path, unsigned flags,
	struct fs_node **node)
{
	struct fs_walk walk;
	int64_t error = name_walk(c, 0, fd, path, flags, &walk);

	if (error < 0)
		return error;
	*node = walk.node;
	return walk.node != NULL ? 0 : -LINUX_ENOENT;
}

/* Whoever runs is root: all may be read and written, what has no x bit not executed. */
static int64_t name_access_at(struct linux_call *c, uint64_t fd, uint64_t path, uint64_t mode)
{
	struct fs_node *node;
	int64_t error = (uint32_t)mode > 7 ? -LINUX_EINVAL : name_find(c, fd, path, 0, &node);

	if (error >= 0 && mode & 1 && node->kind == FS_FILE && !(node->mode & 0111))
		return -LINUX_EACCES;
	return error;
}

int64_t name_access(struct linux_call *c)
{
	return name_access_at(c, (uint64_t)NAME_CWD, c->arg[0], c->arg[1]);
}

int64_t name_faccessat(struct linux_call *c)
{
	return name_access_at(c, c->arg[0], c->arg[1], c->arg[2]);
}

int64_t name_getcwd(struct linux_call *c)
{
	char *path = linux_path(c, 0);
	int64_t bytes;
	err_t error;

	if (path == NULL)
		return -LINUX_ENOMEM;
	error = node_path(c->fs, c->os->files->dir, path, FS_PATH_MAX);
	bytes = (int64_t)strlen(path) + 1;
	if (error < 0)
		return errno_from(error);
	if ((uint64_t)bytes > c->arg[1])
		return -LINUX_ERANGE;
	return linux_out(c, c->arg[0], path, (size_t)bytes) < 0 ? -LINUX_EFAULT : bytes;
}

static int64_t name_change_dir(struct linux_call *c, struct fs_node *node)
{
	if (node->kind != FS_DIR)
		return -LINUX_ENOTDIR;
	files_set_node(c->fs, &c->os->files->dir, node);
	return 0;
}

int64_t name_chdir(struct linux_call *c)
{
	struct fs_node *node;
	int64_t error = name_find(c, (uint64_t)NAME_CWD, c->arg[0], 0, &node);

	return error < 0 ? error : name_change_dir(c, node);
}

int64_t name_fchdir(struct linux_call *c)
{
	struct fs_open *open = files_find(c->os->files, (uint32_t)c->arg[0]);

	return open == NULL ? -LINUX_EBADF : name_change_dir(c, open->node);
}

/* Make something new for a path, which is to be attached to *dir. */
static int64_t name_make(struct linux_call *c, unsigned which, uint64_t fd, uint64_t path,
	enum fs_kind kind, uint32_t mode, struct fs_node **dir, struct fs_node **node)
{
	struct fs_walk walk;
	int64_t error = name_walk(c, which, fd, path, PATH_LINK, &walk);

	if (error < 0)
		return error;
	if (walk.node != NULL)
		return -LINUX_EEXIST;
	if (walk.is_dir && kind != FS_DIR)
		return -LINUX_ENOENT;
	*dir = walk.dir;
	return errno_from(node_make(c->fs, walk.dir, walk.name, walk.name_bytes, kind, mode,
		node));
}

static int64_t name_mkdir_at(struct linux_call *c, uint64_t fd, uint64_t path, uint64_t mode)
{
	struct fs_node *dir, *node;
	int64_t error = name_make(c, 0, fd, path, FS_DIR,
		(uint32_t)mode & 07777 & ~c->os->files->umask, &dir, &node);

	if (error >= 0)
		node_attach(c->fs, dir, node);
	return error;
}

int64_t name_mkdir(struct linux_call *c)
{
	return name_mkdir_at(c, (uint64_t)NAME_CWD, c->arg[0], c->arg[1]);
}

int64_t name_mkdirat(struct linux_call *c)
{
	return name_mkdir_at(c, c->arg[0], c->arg[1], c->arg[2]);
}

/* Is its last part "."? */
static bool name_is_dot(const char *path)
{
	size_t n = strlen(path);

	while (n > 0 && path[n - 1] == '/')
		n--;
	return n > 0 && path[n - 1] == '.' && (n == 1 || path[n - 2] == '/');
}

static int64_t name_mknod_at(struct linux_call *c, uint64_t fd, uint64_t path, uint64_t mode,
	uint64_t device)
{
	enum { TYPE = 0170000, FIFO = 0010000, CHARACTERS = 0020000, DIRECTORY = 0040000,
		BLOCKS = 0060000, FILE = 0100000, SOCKET = 0140000 };
	uint32_t type = (uint32_t)mode & TYPE, bits = (uint32_t)mode & 07777
		& ~c->os->files->umask;
	struct fs_node *dir, *node;
	int64_t error;

	if (type == BLOCKS || type == SOCKET || type == DIRECTORY)
		return -LINUX_EPERM;
	if (type != 0 && type != FIFO && type != CHARACTERS && type != FILE)
		return -LINUX_EINVAL;
	error = name_make(c, 0, fd, path, type == FIFO ? FS_PIPE
		: type == CHARACTERS ? FS_DEVICE : FS_FILE, bits, &dir, &node);
	if (error < 0)
		return error;
	if (type == CHARACTERS)
		node->device = (uint32_t)device;
	if (type == FIFO && pipe_create_named(c->fs, node) < 0) {
		node_unref(c->fs, node);
		return -LINUX_ENOMEM;
	}
	node_attach(c->fs, dir, node);
	return error;
}

int64_t name_mknod(struct linux_call *c)
{
	return name_mknod_at(c, (uint64_t)NAME_CWD, c->arg[0], c->arg[1], c->arg[2]);
}

int64_t name_mknodat(struct linux_call *c)
{
	return name_mknod_at(c, c->arg[0], c->arg[1], c->arg[2], c->arg[3]);
}

/* What bears the name that was walked to. */
static struct fs_node *name_entry(const struct fs_walk *walk)
{
	return walk->name_bytes > 0 ? node_entry(walk->dir, walk->name, walk->name_bytes)
		: walk->node;
}

static int64_t name_remove(struct linux_call *c, uint64_t fd, uint64_t path, bool is_dir)
{
	struct fs_walk walk;
	int64_t error = name_walk(c, 0, fd, path, PATH_LINK, &walk);

	if (error < 0)
		return error;
	if (walk.node == NULL)
		return -LINUX_ENOENT;
	if (is_dir && name_is_dot(c->linux->path[0]))
		return -LINUX_EINVAL;
	if (is_dir != (walk.node->kind == FS_DIR))
		return is_dir ? -LINUX_ENOTDIR : -LINUX_EISDIR;
	return errno_from(node_remove(c->fs, name_entry(&walk)));
}

int64_t name_unlink(struct linux_call *c)
{
	return name_remove(c, (uint64_t)NAME_CWD, c->arg[0], false);
}

int64_t name_rmdir(struct linux_call *c)
{
	return name_remove(c, (uint64_t)NAME_CWD, c->arg[0], true);
}

int64_t name_unlinkat(struct linux_call *c)
{
	return c->arg[2] & ~(uint64_t)NAME_REMOVE_DIR ? -LINUX_EINVAL
		: name_remove(c, c->arg[0], c->arg[1], c->arg[2] & NAME_REMOVE_DIR);
}

static int64_t name_rename_at(struct linux_call *c, uint64_t old_fd, uint64_t old, uint64_t fd,
	uint64_t path, uint64_t flags)
{
	struct fs_walk from, to;
	int64_t error = flags & ~(uint64_t)NAME_NOREPLACE ? -LINUX_EINVAL
		: name_walk(c, 0, old_fd, old, PATH_LINK, &from);

	/* What is of /proc may go in the second walk. */
	if (error >= 0 && from.node != NULL && from.node->proc != PROC_NONE)
		error = -LINUX_EXDEV;
	if (error >= 0)
		error = name_walk(c, 1, fd, path, PATH_LINK, &to);
	if (error < 0)
		return error;
	if (from.node == NULL)
		return -LINUX_ENOENT;
	if (to.node != NULL && flags & NAME_NOREPLACE)
		return -LINUX_EEXIST;
	if (from.name_bytes == 0 || to.name_bytes == 0)
		return -LINUX_EBUSY;
	return errno_from(node_move(c->fs, name_entry(&from), to.dir, to.name, to.name_bytes));
}

int64_t name_rename(struct linux_call *c)
{
	return name_rename_at(c, (uint64_t)NAME_CWD, c->arg[0], (uint64_t)NAME_CWD, c->arg[1], 0);
}

int64_t name_renameat(struct linux_call *c)
{
	return name_rename_at(c, c->arg[0], c->arg[1], c->arg[2], c->arg[3], 0);
}

int64_t name_renameat2(struct linux_call *c)
{
	return name_rename_at(c, c->arg[0], c->arg[1], c->arg[2], c->arg[3], c->arg[4]);
}

static int64_t name_link_at(struct linux_call *c, uint64_t old_fd, uint64_t old, uint64_t fd,
	uint64_t path, uint64_t flags)
{
	enum { FOLLOW = 0x400 };
	struct fs_walk walk;
	struct fs_node *node;
	int64_t error = flags & ~(uint64_t)FOLLOW ? -LINUX_EINVAL
		: name_find(c, old_fd, old, flags & FOLLOW ? 0 : PATH_LINK, &node);

	if (error >= 0 && node->proc != PROC_NONE)
		error = -LINUX_EXDEV;
	if (error >= 0)
		error = name_walk(c, 1, fd, path, PATH_LINK, &walk);
	if (error < 0)
		return error;
	if (walk.node != NULL)
		return -LINUX_EEXIST;
	if (walk.is_dir)
		return -LINUX_ENOENT;
	return errno_from(node_link(c->fs, node, walk.dir, walk.name, walk.name_bytes));
}

int64_t name_link(struct linux_call *c)
{
	return name_link_at(c, (uint64_t)NAME_CWD, c->arg[0], (uint64_t)NAME_CWD, c->arg[1], 0);
}

int64_t name_linkat(struct linux_call *c)
{
	return name_link_at(c, c->arg[0], c->arg[1], c->arg[2], c->arg[3], c->arg[4]);
}

static int64_t name_symlink_at(struct linux_call *c, uint64_t target, uint64_t fd, uint64_t path)
{
	struct fs_node *dir, *node;
	int64_t error = linux_in_path(c, 1, target);

	if (error < 0)
		return error;
	if (c->linux->path[1][0] == '\0')
		return -LINUX_ENOENT;
	error = name_make(c, 0, fd, path, FS_LINK, 0777, &dir, &node);
	if (error < 0)
		return error;
	error = node_set_target(c->fs, node, c->linux->path[1]);
	if (error >= 0)
		node_attach(c->fs, dir, node);
	else
		node_unref(c->fs, node);
	return errno_from(error);
}

int64_t name_symlink(struct linux_call *c)
{
	return name_symlink_at(c, c->arg[0], (uint64_t)NAME_CWD, c->arg[1]);
}

int64_t name_symlinkat(struct linux_call *c)
{
	return name_symlink_at(c, c->arg[0], c->arg[1], c->arg[2]);
}

static int64_t name_readlink_at(struct linux_call *c, uint64_t fd, uint64_t path, uint64_t to,
	uint64_t bytes)
{
	const char *target;
	struct fs_node *node;
	size_t target_bytes;
	int64_t error;

	if ((int32_t)bytes <= 0)
		return -LINUX_EINVAL;
	error = name_find(c, fd, path, PATH_LINK, &node);
	if (error < 0)
		return error;
	if (node->kind != FS_LINK)
		return -LINUX_EINVAL;
	target = node_target(c->fs, node, &target_bytes);
	if (target_bytes == 0)
		return -LINUX_ENOENT;
	if (target_bytes > (uint32_t)bytes)
		target_bytes = (uint32_t)bytes;
	error = linux_out(c, to, target, target_bytes);
	return error < 0 ? error : (int64_t)target_bytes;
}

int64_t name_readlink(struct linux_call *c)
{
	return name_readlink_at(c, (uint64_t)NAME_CWD, c->arg[0], c->arg[1], c->arg[2]);
}

int64_t name_readlinkat(struct linux_call *c)
{
	return name_readlink_at(c, c->arg[0], c->arg[1], c->arg[2], c->arg[3]);
}

/* An entry of getdents64, followed by the name. */
struct name_entry {
	uint64_t ino;
	int64_t next;
	uint16_t bytes;
	uint8_t type;
	char name[FS_NAME_MAX + 1];
};

/* Positions 0 and 1 of a directory are "." and ".."; then come the children by their cookies. */
static bool name_entry_fill(struct fs_node *dir, uint64_t position, struct name_entry *entry)
{
	static const uint8_t types[] = { 4, 8, 2, 10, 1 };
	struct fs_node *node = dir;
	const char *name = ".";
	size_t bytes = 1;

	if (position == 1) {
		node = dir->parent != NULL ? dir->parent : dir;
		name = "..";
		bytes = 2;
	} else if (position >= 2) {
		node = node_next(dir, position - 2);
		if (node == NULL)
			return false;
		name = node->name;
		bytes = node->name_bytes;
	}
	entry->next = position < 2 ? (int64_t)position + 1 : (int64_t)node->cookie + 2;
	node = node->same != NULL ? node->same : node;
	entry->ino = node->ino;
	entry->bytes = (uint16_t)((offsetof(struct name_entry, name) + bytes + 1 + 7) & ~7ul);
	entry->type = types[node->kind];
	memset(entry->name, 0, sizeof(entry->name));
	memcpy(entry->name, name, bytes);
	return true;
}

int64_t name_getdents(struct linux_call *c)
{
	struct fs_open *open = files_find(c->os->files, (uint32_t)c->arg[0]);
	struct name_entry entry;
	uint64_t done = 0;

	if (open == NULL)
		return -LINUX_EBADF;
	if (open->node->kind != FS_DIR)
		return -LINUX_ENOTDIR;
	if (open->node->proc != PROC_NONE && open->offset == 0)
		proc_list(c->fs, open->node);
	while (name_entry_fill(open->node, open->offset, &entry)) {
		if (entry.bytes > c->arg[2] - done)
			return done > 0 ? (int64_t)done : -LINUX_EINVAL;
		if (linux_out(c, c->arg[1] + done, &entry, entry.bytes) < 0)
			return done > 0 ? (int64_t)done : -LINUX_EFAULT;
		done += entry.bytes;
		open->offset = (uint64_t)entry.next;
	}
	return (int64_t)done;
}
