/* SPDX-License-Identifier: ISC */
/* sendfile: from a file to whatever else is open. The family's lock `file` is held, but for while
 * the call sleeps. */
#include "libos/linux/file.h"

#include "libos/fs/data.h"

/* Bytes of the library's own memory, for who else reads the program's. */
static err_t send_copy_in(void *to, uint64_t from, size_t bytes)
{
	memmove(to, (const void *)from, bytes); /* a file may be sent to itself */
	return 0;
}

/* Write what of a file is at *position, up to the end of its page or of the file, to another: the
 * file's bytes are in the library's memory. */
static int64_t send_once(struct linux_call *c, struct fs_open *out, const struct fs_node *in,
	uint64_t *position, uint64_t most)
{
	struct fs_outside outside = *c->fs->outside;
	struct fs fs = *c->fs;
	size_t bytes;
	const char *from;
	int64_t done;

	if (*position >= in->size)
		return 0;
	from = data_read(in, *position, &bytes);
	outside.copy_in = send_copy_in;
	fs.outside = &outside;
	done = open_write(&fs, out, (uint64_t)from, bytes < most ? bytes : most, NULL);
	if (done > 0)
		*position += (uint64_t)done;
	return done;
}

/* As long as something can be sent. Another thread may close a descriptor meanwhile. */
static int64_t send_all(struct linux_call *c, uint64_t *at, uint64_t most)
{
	struct fs_open *out = NULL, *in = NULL;
	uint64_t position, done = 0;
	int64_t now = 1;

	while (done < most && (now > 0 || now == FS_E_AGAIN)) {
		out = file_find(c);
		in = files_find(c->os->files, (uint32_t)c->arg[1]);
		if (out == NULL || in == NULL)
			return done > 0 ? (int64_t)done : -LINUX_EBADF;
		position = at != NULL ? *at : in->offset;
		now = send_once(c, out, in->node, &position, most - done);
		if (now > 0)
			done += (uint64_t)now;
		*(at != NULL ? at : &in->offset) = position;
		if (now != FS_E_AGAIN)
			continue;
		if (out->flags & OPEN_NONBLOCK)
			break;
		open_wait(c->fs, out);
		if (family_sleep(c->os, THREAD_NO_DEADLINE) < 0)
			return done > 0 ? (int64_t)done : -LINUX_ERESTARTSYS;
	}
	if (now == FS_E_BROKEN)
		signal_post_self(c->os, NULL, LINUX_SIGPIPE);
	return done > 0 || now > 0 ? (int64_t)done : errno_from((err_t)now);
}

int64_t send_file(struct linux_call *c)
{
	enum { MOST = INT32_MAX & -FS_PAGE };
	const struct fs_open *out = file_find(c);
	const struct fs_open *in = files_find(c->os->files, (uint32_t)c->arg[1]);
	uint64_t at, most = c->arg[3] < MOST ? c->arg[3] : MOST;
	int64_t done;

	if (c->arg[2] != 0 && linux_in(c, &at, c->arg[2], sizeof(at)) < 0)
		return -LINUX_EFAULT;
	if (in == NULL || !(in->flags & OPEN_READ))
		return -LINUX_EBADF;
	if (c->arg[2] != 0 && in->node->kind == FS_PIPE)
		return -LINUX_ESPIPE;
	if ((int64_t)c->arg[3] < 0 || (c->arg[2] != 0 && (int64_t)at < 0))
		return -LINUX_EINVAL;
	if (out == NULL || !(out->flags & OPEN_WRITE))
		return -LINUX_EBADF;
	if (in->node->kind != FS_FILE || out->flags & OPEN_APPEND)
		return -LINUX_EINVAL;
	done = job_check_move(c, out, true);
	if (done < 0)
		return done;
	done = send_all(c, c->arg[2] != 0 ? &at : NULL, most);
	if (done > 0 && c->arg[2] != 0 && linux_out(c, c->arg[2], &at, sizeof(at)) < 0)
		return -LINUX_EFAULT;
	return done;
}
