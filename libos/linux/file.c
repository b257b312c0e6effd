/* SPDX-License-Identifier: ISC */
/* System calls on open files: open, read, write, seek, stat. The family's lock `file` is held, but
 * for while a call sleeps. */
#include "libos/linux/file.h"

#include <machine/linux.h>

#include "libos/fs/data.h"
#include "libos/fs/device.h"
#include "libos/fs/path.h"
#include "libos/fs/pipe.h"
#include "libos/linux/mapped.h"

enum { FILE_VECTORS = 1024 };

struct file_vector {
	uint64_t base;
	uint64_t bytes;
};

uint32_t file_flags_in(uint64_t flags)
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

/* A pipe with a name was opened: whoever waits for that end goes on, and so does the caller when
 * there is somebody at the other. */
static int64_t file_open_pipe(struct linux_call *c, struct fs_open *open)
{
	struct fs_pipe *pipe = open->node->pipe;
	bool is_reader = open->flags & OPEN_READ, is_alone;
	const uint32_t *opens = is_reader ? &pipe->write_opens : &pipe->read_opens;
	uint32_t before = *opens;
	err_t error = FS_OK;

	c->fs->outside->wake(&pipe->waiters);
	is_alone = is_reader ? pipe->writers == 0 : pipe->readers == 0;
	if (open->flags & OPEN_NONBLOCK && !is_reader && is_alone)
		return -LINUX_ENXIO;
	if (open->flags & OPEN_NONBLOCK)
		return 0;
	files_hold(c->os->files, open);
	while (is_alone && *opens == before && error >= 0) {
		c->fs->outside->wait(&pipe->waiters);
		error = family_sleep(c->os, THREAD_NO_DEADLINE);
	}
	files_let_go(c->os->files, open);
	return error < 0 ? -LINUX_ERESTARTSYS : 0;
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
		(uint32_t)mode & 07777 & ~c->os->files->umask, &open);
	if (error < 0)
		return errno_from(error);
	mapped_cut(c->os, open->node);
	/* One without a name, by /proc, waits for nobody. */
	if (open->node->kind == FS_PIPE && open->node->name != NULL && !(open->flags & OPEN_PATH))
		error = file_open_pipe(c, open);
	if (error < 0) {
		open_unref(c->fs, open);
		return error;
	}
	error = files_add(c->fs, c->os->files, open, 0, flags & FILE_O_CLOEXEC);
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
	return errno_from(files_remove(c->fs, c->os->files, (uint32_t)c->arg[0]));
}

struct fs_open *file_find(struct linux_call *c)
{
	return files_find(c->os->files, (uint32_t)c->arg[0]);
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

/* The same page by page, up to the first that is not the program's. */
static int64_t file_move_pages(struct linux_call *c, struct fs_open *open, struct file_part *part)
{
	uint64_t left = part->bytes;
	int64_t done = 0, now;

	do {
		part->bytes = FS_PAGE - part->address % FS_PAGE;
		if (part->bytes > left)
			part->bytes = left;
		now = file_move_once(c, open, part);
		if (now > 0) {
			done += now;
			left -= (uint64_t)now;
		}
	} while (now > 0 && part->bytes == 0 && left > 0);
	return done > 0 ? done : errno_from(now);
}

/* The same after that has said `now`: sleeps until something can be done, and a pipe takes all that
 * is written. Another thread may close the descriptor meanwhile. */
static int64_t file_move_on(struct linux_call *c, struct fs_open *open, struct file_part *part,
	int64_t now)
{
	int64_t done = now > 0 ? now : 0;

	if (now == FS_E_POINTER && open->node->kind == FS_FILE)
		return file_move_pages(c, open, part);
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
	if (!linux_is_user(part.address, part.bytes))
		return -LINUX_EFAULT;
	now = job_check_move(c, open, part.is_write);
	if (now < 0)
		return now;
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

	if ((int64_t)position < 0 || (int64_t)(position + c->arg[2]) < 0)
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

/* All of the vectors are looked at before the first is used. */
static int64_t file_check_vectors(struct linux_call *c)
{
	struct file_vector vector;
	int64_t error = 0;
	uint64_t i;

	for (i = 0; error >= 0 && i < c->arg[2]; i++) {
		error = linux_in(c, &vector, c->arg[1] + i * sizeof(vector), sizeof(vector));
		if (error >= 0 && (int64_t)vector.bytes < 0)
			error = -LINUX_EINVAL;
		if (error >= 0 && !linux_is_user(vector.base, vector.bytes))
			error = -LINUX_EFAULT;
	}
	return error;
}

/* position NULL: the description's own. */
static int64_t file_move_vectors(struct linux_call *c, bool is_write, uint64_t *position)
{
	struct fs_open *open = file_find(c);
	struct file_vector vector;
	int64_t done = 0, part;
	uint64_t i;

	if (open == NULL)
		return -LINUX_EBADF;
	if (c->arg[2] > FILE_VECTORS)
		return -LINUX_EINVAL;
	part = file_check_vectors(c);
	if (part < 0)
		return part;
	if (!(open->flags & (is_write ? OPEN_WRITE : OPEN_READ)))
		return -LINUX_EBADF;
	for (i = 0; i < c->arg[2]; i++) {
		part = linux_in(c, &vector, c->arg[1] + i * sizeof(vector), sizeof(vector));
		if (part >= 0 && vector.bytes > 0)
			part = file_move(c, (struct file_part){ vector.base, vector.bytes, position,
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
	return file_move_vectors(c, false, NULL);
}

int64_t file_writev(struct linux_call *c)
{
	return file_move_vectors(c, true, NULL);
}

static int64_t file_move_vectors_at(struct linux_call *c, bool is_write)
{
	uint64_t position = c->arg[3];

	return (int64_t)position < 0 ? -LINUX_EINVAL : file_move_vectors(c, is_write, &position);
}

int64_t file_preadv(struct linux_call *c)
{
	return file_move_vectors_at(c, false);
}

int64_t file_pwritev(struct linux_call *c)
{
	return file_move_vectors_at(c, true);
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

static int64_t file_resize(struct linux_call *c, struct fs_node *node, uint64_t bytes)
{
	err_t error = data_resize(c->fs, node, bytes);

	mapped_cut(c->os, node);
	return errno_from(error);
}

int64_t file_ftruncate(struct linux_call *c)
{
	struct fs_open *open = file_find(c);

	if (open == NULL)
		return -LINUX_EBADF;
	if (!(open->flags & OPEN_WRITE) || open->node->kind != FS_FILE || (int64_t)c->arg[1] < 0)
		return -LINUX_EINVAL;
	return file_resize(c, open->node, c->arg[1]);
}

int64_t file_truncate(struct linux_call *c)
{
	int64_t error = linux_in_path(c, 0, c->arg[0]);
	struct fs_node *node;

	if (error < 0)
		return error;
	if ((int64_t)c->arg[1] < 0)
		return -LINUX_EINVAL;
	error = path_find(c->fs, c->os->files->dir, c->linux->path[0], 0, &node);
	if (error >= 0 && node->kind != FS_FILE)
		error = node->kind == FS_DIR ? FS_E_IS_DIR : FS_E_ARGUMENT;
	return error < 0 ? errno_from(error) : file_resize(c, node, c->arg[1]);
}

/* Memory files are as safe as they ever get. */
int64_t file_fsync(struct linux_call *c)
{
	return file_find(c) == NULL ? -LINUX_EBADF : 0;
}

/* Only making a file as long as that: its pages come when they are written. */
int64_t file_fallocate(struct linux_call *c)
{
	struct fs_open *open = file_find(c);
	int64_t start = (int64_t)c->arg[2], bytes = (int64_t)c->arg[3];

	if (open == NULL)
		return -LINUX_EBADF;
	if (start < 0 || bytes <= 0)
		return -LINUX_EINVAL;
	if (c->arg[1] != 0)
		return -LINUX_EOPNOTSUPP;
	if (!(open->flags & OPEN_WRITE))
		return -LINUX_EBADF;
	if (open->node->kind != FS_FILE)
		return open->node->kind == FS_PIPE ? -LINUX_ESPIPE : -LINUX_ENODEV;
	if (start > INT64_MAX - bytes)
		return -LINUX_EFBIG;
	if ((uint64_t)(start + bytes) <= open->node->size)
		return 0;
	return file_resize(c, open->node, (uint64_t)(start + bytes));
}

/* A file outside the tree. */
int64_t file_memfd(struct linux_call *c)
{
	static const char prefix[] = "memfd:";
	enum { CLOEXEC = 1, SEALING = 2, PREFIX = sizeof(prefix) - 1 };
	int64_t error = linux_in_path(c, 0, c->arg[0]);
	size_t bytes = error < 0 ? 0 : strlen(c->linux->path[0]);
	struct fs_node *node;
	struct fs_open *open;

	if (c->arg[1] & ~(uint64_t)(CLOEXEC | SEALING))
		return -LINUX_EINVAL;
	if (error < 0)
		return error == -LINUX_ENAMETOOLONG ? -LINUX_EINVAL : error;
	if (bytes + PREFIX > FS_NAME_MAX)
		return -LINUX_EINVAL;
	if (node_create_nameless(c->fs, FS_FILE, 0777, &node) < 0)
		return -LINUX_ENOMEM;
	node->name = c->fs->outside->alloc(PREFIX + bytes + 1);
	error = node->name == NULL ? FS_E_MEMORY
		: open_node(c->fs, node, OPEN_READ | OPEN_WRITE, &open);
	if (error >= 0) {
		memcpy(node->name, prefix, PREFIX);
		memcpy(node->name + PREFIX, c->linux->path[0], bytes);
		node->name_bytes = PREFIX + bytes;
	}
	node_unref(c->fs, node);
	return errno_from(error < 0 ? error
		: files_add(c->fs, c->os->files, open, 0, c->arg[1] & CLOEXEC));
}
