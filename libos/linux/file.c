/* SPDX-License-Identifier: ISC */
/* System calls on open files: open, read, write, seek, stat, descriptors, pipes. The family's lock
 * `file` is held, but for while a call sleeps. */
#include "libos/linux/linux.h"

#include <machine/linux.h>

#include "libos/fs/data.h"
#include "libos/fs/device.h"
#include "libos/fs/path.h"
#include "libos/fs/pipe.h"

/* Flags of open that are the same everywhere. */
enum {
	FILE_O_WRONLY = 01,
	FILE_O_RDWR = 02,
	FILE_O_CREAT = 0100,
	FILE_O_EXCL = 0200,
	FILE_O_TRUNC = 01000,
	FILE_O_APPEND = 02000,
	FILE_O_NONBLOCK = 04000,
	FILE_O_CLOEXEC = 02000000,
	FILE_O_PATH = 010000000,
};

enum { FILE_VECTORS = 1024 };

struct file_vector {
	uint64_t base;
	uint64_t bytes;
};

static uint32_t file_flags_in(uint64_t flags)
{
	static const struct {
		uint32_t linux, open;
	} bits[] = {
		{ FILE_O_CREAT, OPEN_CREATE }, { FILE_O_EXCL, OPEN_EXCLUSIVE },
		{ FILE_O_TRUNC, OPEN_TRUNCATE }, { FILE_O_APPEND, OPEN_APPEND },
		{ FILE_O_NONBLOCK, OPEN_NONBLOCK }, { LINUX_O_DIRECTORY, OPEN_DIRECTORY },
		{ LINUX_O_NOFOLLOW, OPEN_NOFOLLOW },
	};
	uint32_t open = flags & FILE_O_RDWR ? OPEN_READ | OPEN_WRITE
		: flags & FILE_O_WRONLY ? OPEN_WRITE : OPEN_READ;
	unsigned i;

	if (flags & FILE_O_PATH)
		open = OPEN_PATH;
	for (i = 0; i < ARRAY_COUNT(bits); i++)
		if (flags & bits[i].linux)
			open |= bits[i].open;
	return open;
}

static int64_t file_open_at(struct linux_call *c, uint64_t fd, uint64_t path, uint64_t flags,
	uint64_t mode)
{
	int64_t error = linux_in_path(c, 0, path);
	struct fs_node *dir;
	struct fs_open *open;

	if (error < 0)
		return error;
	dir = linux_dir(c, fd, c->linux->path[0], &error);
	if (dir == NULL)
		return error;
	error = open_create(c->fs, dir, c->linux->path[0], file_flags_in(flags),
		(uint32_t)mode & 07777 & ~c->linux->files->umask, &open);
	if (error >= 0)
		error = files_add(c->fs, c->linux->files, open, 0, flags & FILE_O_CLOEXEC);
	return errno_from(error);
}

int64_t file_open(struct linux_call *c)
{
	return file_open_at(c, (uint64_t)LINUX_AT_CWD, c->arg[0], c->arg[1], c->arg[2]);
}

int64_t file_openat(struct linux_call *c)
{
	return file_open_at(c, c->arg[0], c->arg[1], c->arg[2], c->arg[3]);
}

int64_t file_creat(struct linux_call *c)
{
	return file_open_at(c, (uint64_t)LINUX_AT_CWD, c->arg[0],
		FILE_O_CREAT | FILE_O_WRONLY | FILE_O_TRUNC, c->arg[1]);
}

int64_t file_close(struct linux_call *c)
{
	return errno_from(files_remove(c->fs, c->linux->files, (uint32_t)c->arg[0]));
}

/* The open description of the first argument, or NULL. */
static struct fs_open *file_find(struct linux_call *c)
{
	return files_find(c->linux->files, (uint32_t)c->arg[0]);
}

/* What is to be read or written. */
struct file_part {
	uint64_t address;
	uint64_t bytes;
	uint64_t *position;  /* NULL: the description's own */
	bool is_write;
};

/* Read or write as much as can be done now. */
static int64_t file_move_once(struct linux_call *c, struct fs_open *open, struct file_part *part)
{
	int64_t done = part->is_write
		? open_write(c->fs, open, part->address, part->bytes, part->position)
		: open_read(c->fs, open, part->address, part->bytes, part->position);

	if (done > 0) {
		part->address += (uint64_t)done;
		part->bytes -= (uint64_t)done;
	}
	return done;
}

/* The same after that has said `now`: sleeps until something can be done, and a pipe takes all that
 * is written. Another thread may close the descriptor meanwhile. */
static int64_t file_move_on(struct linux_call *c, struct fs_open *open, struct file_part *part,
	int64_t now)
{
	int64_t done = now > 0 ? now : 0;

	while (now == FS_E_AGAIN || (now > 0 && part->bytes > 0 && open->node->kind == FS_PIPE)) {
		if (now == FS_E_AGAIN) {
			if (open->flags & OPEN_NONBLOCK)
				break;
			open_wait(c->fs, open);
			if (family_sleep(c->os, THREAD_NO_DEADLINE) < 0)
				return done > 0 ? done : -LINUX_ERESTARTSYS;
			open = file_find(c);
			if (open == NULL)
				return done > 0 ? done : -LINUX_EBADF;
		}
		now = file_move_once(c, open, part);
		if (now > 0)
			done += now;
		if (!part->is_write && now > 0)
			break;
	}
	if (now == FS_E_BROKEN)
		signal_post_self(c->os, NULL, LINUX_SIGPIPE);
	return done > 0 ? done : errno_from(now);
}

static int64_t file_move(struct linux_call *c, struct file_part part)
{
	struct fs_open *open = file_find(c);
	int64_t now;

	if (open == NULL)
		return -LINUX_EBADF;
	now = file_move_once(c, open, &part);
	/* The usual case. */
	if (now >= 0 && (part.bytes == 0 || !part.is_write))
		return now;
	return file_move_on(c, open, &part, now);
}

int64_t file_read(struct linux_call *c)
{
	return file_move(c, (struct file_part){ c->arg[1], c->arg[2], NULL, false });
}

int64_t file_write(struct linux_call *c)
{
	return file_move(c, (struct file_part){ c->arg[1], c->arg[2], NULL, true });
}

static int64_t file_move_at(struct linux_call *c, bool is_write)
{
	uint64_t position = c->arg[3];

	if ((int64_t)position < 0)
		return -LINUX_EINVAL;
	return file_move(c, (struct file_part){ c->arg[1], c->arg[2], &position, is_write });
}

int64_t file_pread(struct linux_call *c)
{
	return file_move_at(c, false);
}

int64_t file_pwrite(struct linux_call *c)
{
	return file_move_at(c, true);
}

static int64_t file_move_vectors(struct linux_call *c, bool is_write)
{
	struct file_vector vector;
	int64_t done = 0, part;
	uint64_t i;

	if (file_find(c) == NULL)
		return -LINUX_EBADF;
	if (c->arg[2] > FILE_VECTORS)
		return -LINUX_EINVAL;
	for (i = 0; i < c->arg[2]; i++) {
		part = linux_in(c, &vector, c->arg[1] + i * sizeof(vector), sizeof(vector));
		if (part >= 0 && vector.bytes > 0)
			part = file_move(c, (struct file_part){ vector.base, vector.bytes, NULL,
				is_write });
		if (part < 0)
			return done > 0 ? done : part;
		done += part;
		if ((uint64_t)part < vector.bytes)
			break;
	}
	return done;
}

int64_t file_readv(struct linux_call *c)
{
	return file_move_vectors(c, false);
}

int64_t file_writev(struct linux_call *c)
{
	return file_move_vectors(c, true);
}

int64_t file_lseek(struct linux_call *c)
{
	struct fs_open *open = file_find(c);
	uint64_t position;
	err_t error;

	if (open == NULL)
		return -LINUX_EBADF;
	if (c->arg[2] > OPEN_END)
		return -LINUX_EINVAL;
	error = open_seek(open, (int64_t)c->arg[1], (enum open_whence)c->arg[2], &position);
	return error < 0 ? errno_from(error) : (int64_t)position;
}

/* The caller has a loop of its own for when this does not work on its descriptors. */
int64_t file_sendfile(struct linux_call *c)
{
	(void)c;
	return -LINUX_EINVAL;
}

static uint32_t file_type(const struct fs_node *node)
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

static int64_t file_stat_out(struct linux_call *c, const struct fs_node *node, uint64_t to)
{
	int64_t s = (int64_t)(node->mtime_ns / 1000000000), ns = node->mtime_ns % 1000000000;
	struct linux_stat stat = {
		.dev = 1,
		.ino = node->ino,
		.nlink = node->parent != NULL || node->kind == FS_PIPE,
		.mode = file_type(node) | node->mode,
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

static int64_t file_stat_at(struct linux_call *c, uint64_t fd, uint64_t path, uint64_t to,
	uint64_t flags)
{
	enum { NO_FOLLOW = 0x100, EMPTY_PATH = 0x1000 };
	int64_t error = linux_in_path(c, 0, path);
	struct fs_node *node;

	if (error < 0)
		return error;
	node = linux_dir(c, fd, c->linux->path[0], &error);
	if (node == NULL)
		return error;
	if (c->linux->path[0][0] != '\0' || !(flags & EMPTY_PATH))
		error = path_find(c->fs, node, c->linux->path[0],
			flags & NO_FOLLOW ? PATH_LINK : 0, &node);
	return error < 0 ? errno_from(error) : file_stat_out(c, node, to);
}

int64_t file_stat(struct linux_call *c)
{
	return file_stat_at(c, (uint64_t)LINUX_AT_CWD, c->arg[0], c->arg[1], 0);
}

int64_t file_lstat(struct linux_call *c)
{
	return file_stat_at(c, (uint64_t)LINUX_AT_CWD, c->arg[0], c->arg[1], 0x100);
}

int64_t file_newfstatat(struct linux_call *c)
{
	return file_stat_at(c, c->arg[0], c->arg[1], c->arg[2], c->arg[3]);
}

int64_t file_fstat(struct linux_call *c)
{
	struct fs_open *open = file_find(c);

	return open == NULL ? -LINUX_EBADF : file_stat_out(c, open->node, c->arg[1]);
}

int64_t file_ftruncate(struct linux_call *c)
{
	struct fs_open *open = file_find(c);

	if (open == NULL)
		return -LINUX_EBADF;
	if (!(open->flags & OPEN_WRITE) || open->node->kind != FS_FILE || (int64_t)c->arg[1] < 0)
		return -LINUX_EINVAL;
	return errno_from(data_resize(c->fs, open->node, c->arg[1]));
}

int64_t file_truncate(struct linux_call *c)
{
	int64_t error = linux_in_path(c, 0, c->arg[0]);
	struct fs_node *node;

	if (error < 0)
		return error;
	if ((int64_t)c->arg[1] < 0)
		return -LINUX_EINVAL;
	error = path_find(c->fs, c->linux->files->dir, c->linux->path[0], 0, &node);
	if (error >= 0 && node->kind != FS_FILE)
		error = node->kind == FS_DIR ? FS_E_IS_DIR : FS_E_ARGUMENT;
	if (error >= 0)
		error = data_resize(c->fs, node, c->arg[1]);
	return errno_from(error);
}

/* Memory files are as safe as they ever get. */
int64_t file_fsync(struct linux_call *c)
{
	return file_find(c) == NULL ? -LINUX_EBADF : 0;
}

int64_t file_flock(struct linux_call *c)
{
	return file_find(c) == NULL ? -LINUX_EBADF : 0;
}

static int64_t file_pipe_with(struct linux_call *c, uint64_t flags)
{
	struct fs_files *files = c->linux->files;
	bool is_close_on_exec = flags & FILE_O_CLOEXEC;
	struct fs_open *reader, *writer;
	int32_t fds[2];
	err_t error;

	if (flags & ~(uint64_t)(FILE_O_CLOEXEC | FILE_O_NONBLOCK))
		return -LINUX_EINVAL;
	error = pipe_create(c->fs, flags & FILE_O_NONBLOCK ? OPEN_NONBLOCK : 0, &reader, &writer);
	if (error < 0)
		return errno_from(error);
	fds[0] = files_add(c->fs, files, reader, 0, is_close_on_exec);
	fds[1] = files_add(c->fs, files, writer, 0, is_close_on_exec);
	error = fds[0] < 0 ? fds[0] : fds[1] < 0 ? fds[1] : FS_OK;
	if (error >= 0 && linux_out(c, c->arg[0], fds, sizeof(fds)) < 0)
		error = FS_E_POINTER;
	if (error >= 0)
		return 0;
	if (fds[0] >= 0)
		(void)files_remove(c->fs, files, (uint64_t)fds[0]);
	if (fds[1] >= 0)
		(void)files_remove(c->fs, files, (uint64_t)fds[1]);
	return errno_from(error);
}

int64_t file_pipe(struct linux_call *c)
{
	return file_pipe_with(c, 0);
}

int64_t file_pipe2(struct linux_call *c)
{
	return file_pipe_with(c, c->arg[1]);
}

int64_t file_dup(struct linux_call *c)
{
	struct fs_open *open = file_find(c);

	if (open == NULL)
		return -LINUX_EBADF;
	open->refs++;
	return errno_from(files_add(c->fs, c->linux->files, open, 0, false));
}

static int64_t file_dup_to(struct linux_call *c, bool is_close_on_exec)
{
	struct fs_open *open = file_find(c);

	if (open == NULL)
		return -LINUX_EBADF;
	open->refs++;
	return errno_from(files_put(c->fs, c->linux->files, open, (uint32_t)c->arg[1],
		is_close_on_exec));
}

int64_t file_dup2(struct linux_call *c)
{
	if ((uint32_t)c->arg[0] == (uint32_t)c->arg[1])
		return file_find(c) == NULL ? -LINUX_EBADF : (int64_t)(uint32_t)c->arg[0];
	return file_dup_to(c, false);
}

int64_t file_dup3(struct linux_call *c)
{
	if ((uint32_t)c->arg[0] == (uint32_t)c->arg[1] || c->arg[2] & ~(uint64_t)FILE_O_CLOEXEC)
		return -LINUX_EINVAL;
	return file_dup_to(c, c->arg[2] != 0);
}

/* The flags that F_GETFL shows. */
static int64_t file_flags_out(const struct fs_open *open)
{
	int64_t flags = open->flags & OPEN_PATH ? FILE_O_PATH : 0;

	if (open->flags & OPEN_WRITE)
		flags |= open->flags & OPEN_READ ? FILE_O_RDWR : FILE_O_WRONLY;
	if (open->flags & OPEN_APPEND)
		flags |= FILE_O_APPEND;
	if (open->flags & OPEN_NONBLOCK)
		flags |= FILE_O_NONBLOCK;
	return flags;
}

int64_t file_fcntl(struct linux_call *c)
{
	enum {
		DUPFD = 0, GETFD = 1, SETFD = 2, GETFL = 3, SETFL = 4, GETLK = 5, SETLK = 6,
		SETLKW = 7, DUPFD_CLOEXEC = 1030,
	};
	struct fs_files *files = c->linux->files;
	struct fs_open *open = file_find(c);
	static const int16_t unlocked = 2; /* F_UNLCK: nobody holds a lock */

	if (open == NULL)
		return -LINUX_EBADF;
	switch (c->arg[1]) {
	case DUPFD:
	case DUPFD_CLOEXEC:
		open->refs++;
		return errno_from(files_add(c->fs, files, open, (uint32_t)c->arg[2],
			c->arg[1] == DUPFD_CLOEXEC));
	case GETFD:
		return files_is_close_on_exec(files, (uint32_t)c->arg[0]);
	case SETFD:
		files_set_close_on_exec(files, (uint32_t)c->arg[0], c->arg[2] & 1);
		return 0;
	case GETFL:
		return file_flags_out(open);
	case SETFL:
		open->flags &= ~(uint32_t)(OPEN_APPEND | OPEN_NONBLOCK);
		open->flags |= file_flags_in(c->arg[2]) & (OPEN_APPEND | OPEN_NONBLOCK);
		return 0;
	case GETLK:
		return linux_out(c, c->arg[2], &unlocked, sizeof(unlocked));
	case SETLK:
	case SETLKW:
		return 0;
	default:
		return -LINUX_EINVAL;
	}
}
