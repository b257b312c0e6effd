/* SPDX-License-Identifier: ISC */
/* System calls on descriptors: pipe, dup, fcntl. The family's lock `file` is held. */
#include "libos/linux/file.h"

#include "libos/fs/pipe.h"

static int64_t descriptor_pipe_with(struct linux_call *c, uint64_t flags)
{
	struct fs_files *files = c->os->files;
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

int64_t descriptor_pipe(struct linux_call *c)
{
	return descriptor_pipe_with(c, 0);
}

int64_t descriptor_pipe2(struct linux_call *c)
{
	return descriptor_pipe_with(c, c->arg[1]);
}

int64_t descriptor_dup(struct linux_call *c)
{
	struct fs_open *open = file_find(c);

	if (open == NULL)
		return -LINUX_EBADF;
	open->refs++;
	return errno_from(files_add(c->fs, c->os->files, open, 0, false));
}

static int64_t descriptor_dup_to(struct linux_call *c, bool is_close_on_exec)
{
	struct fs_open *open = file_find(c);

	if (open == NULL)
		return -LINUX_EBADF;
	open->refs++;
	return errno_from(files_put(c->fs, c->os->files, open, (uint32_t)c->arg[1],
		is_close_on_exec));
}

int64_t descriptor_dup2(struct linux_call *c)
{
	if ((uint32_t)c->arg[0] == (uint32_t)c->arg[1])
		return file_find(c) == NULL ? -LINUX_EBADF : (int64_t)(uint32_t)c->arg[0];
	return descriptor_dup_to(c, false);
}

int64_t descriptor_dup3(struct linux_call *c)
{
	if ((uint32_t)c->arg[0] == (uint32_t)c->arg[1] || c->arg[2] & ~(uint64_t)FILE_O_CLOEXEC)
		return -LINUX_EINVAL;
	return descriptor_dup_to(c, c->arg[2] != 0);
}

/* The flags that F_GETFL shows. */
static int64_t descriptor_flags_out(const struct fs_open *open)
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

int64_t descriptor_fcntl(struct linux_call *c)
{
	enum {
		DUPFD = 0, GETFD = 1, SETFD = 2, GETFL = 3, SETFL = 4, GETLK = 5, SETLK = 6,
		SETLKW = 7, OFD_GETLK = 36, OFD_SETLK = 37, OFD_SETLKW = 38, DUPFD_CLOEXEC = 1030,
	};
	struct fs_files *files = c->os->files;
	struct fs_open *open = file_find(c);

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
		return descriptor_flags_out(open);
	case SETFL:
		open->flags &= ~(uint32_t)(OPEN_APPEND | OPEN_NONBLOCK);
		open->flags |= file_flags_in(c->arg[2]) & (OPEN_APPEND | OPEN_NONBLOCK);
		return 0;
	case GETLK:
	case SETLK:
	case SETLKW:
	case OFD_GETLK:
	case OFD_SETLK:
	case OFD_SETLKW:
		return locks_fcntl(c, open);
	default:
		return -LINUX_EINVAL;
	}
}

int64_t descriptor_close_range(struct linux_call *c)
{
	enum { UNSHARE = 2, CLOSE_ON_EXEC = 4 };
	struct fs_files *files = c->os->files;
	uint64_t fd, last = (uint32_t)c->arg[1];

	if (c->arg[2] & ~(uint64_t)(UNSHARE | CLOSE_ON_EXEC) || (uint32_t)c->arg[0] > last)
		return -LINUX_EINVAL;
	for (fd = (uint32_t)c->arg[0]; fd < files->top && fd <= last; fd++) {
		if (files_find(files, fd) == NULL)
			continue;
		if (c->arg[2] & CLOSE_ON_EXEC)
			files_set_close_on_exec(files, fd, true);
		else
			(void)files_remove(c->fs, files, fd);
	}
	return 0;
}
