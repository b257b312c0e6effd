/* SPDX-License-Identifier: ISC */
/*
 * The devices (see device.h). What comes from the console goes through the line discipline as soon
 * as it comes, as long as there is room; the rest stays with the kernel. The family's lock `file`
 * is held.
 */
#include "libos/fs/device.h"

#include "libos/fs/node.h"

enum { DEVICE_CHUNK = 256 };

static const struct device {
	const char *name;
	uint32_t number;
} device_table[] = {
	{ "null", DEVICE_NULL }, { "zero", DEVICE_ZERO }, { "full", DEVICE_FULL },
	{ "random", DEVICE_RANDOM }, { "urandom", DEVICE_URANDOM }, { "tty", DEVICE_TTY },
	{ "console", DEVICE_CONSOLE },
};

err_t device_create(struct fs *fs)
{
	size_t i, count = sizeof(device_table) / sizeof(device_table[0]);
	struct fs_node *dir, *node;
	err_t error = node_create(fs, fs->root, "dev", 3, FS_DIR, 0755, &dir);

	for (i = 0; error >= 0 && i < count; i++) {
		const char *name = device_table[i].name;

		error = node_create(fs, dir, name, __builtin_strlen(name), FS_DEVICE, 0666, &node);
		if (error >= 0)
			node->device = device_table[i].number;
	}
	return error;
}

bool device_is_tty(uint32_t device)
{
	return device == DEVICE_TTY || device == DEVICE_CONSOLE;
}

bool device_is_full(const struct fs *fs)
{
	return tty_is_full(&fs->shared->tty);
}

/* One byte of the console through the line discipline. */
static unsigned device_tty_fill(struct fs *fs, char byte)
{
	struct tty *tty = &fs->shared->tty;
	char echo[TTY_ECHO_MAX];
	unsigned signal;
	bool more;

	do {
		size_t count = tty_input(tty, byte, echo, &more);

		if (count > 0)
			fs->outside->console_write(echo, count);
	} while (more);
	signal = tty->signal;
	tty->signal = 0;
	return signal;
}

unsigned device_pump(struct fs *fs)
{
	struct fs_shared *shared = fs->shared;
	unsigned signal = 0;
	char byte;

	while (signal == 0 && !device_is_full(fs) && fs->outside->console_read(&byte, 1) > 0)
		signal = device_tty_fill(fs, byte);
	if (tty_is_ready(&shared->tty))
		fs->outside->wake(&shared->readers);
	return signal;
}

static err_t device_tty_read(struct fs *fs, uint64_t to, size_t count)
{
	struct tty *tty = &fs->shared->tty;
	bool was_full = tty_is_full(tty);
	char chunk[DEVICE_CHUNK];
	size_t got;

	if (!tty_is_ready(tty)) {
		if (!(tty->modes.local & TTY_ICANON) && tty->modes.cc[TTY_VMIN] == 0)
			return 0;
		return FS_E_AGAIN;
	}
	got = tty_read(tty, chunk, count < sizeof(chunk) ? count : sizeof(chunk));
	if (was_full)
		fs->outside->tty_drained();
	if (got > 0 && fs->outside->copy_out(to, chunk, got) < 0)
		return FS_E_POINTER;
	return (err_t)got;
}

static err_t device_fill(struct fs *fs, uint64_t to, size_t count, bool is_random)
{
	char chunk[DEVICE_CHUNK] = { 0 };
	size_t done, part;

	for (done = 0; done < count; done += part) {
		part = count - done < sizeof(chunk) ? count - done : sizeof(chunk);
		if (is_random)
			fs->outside->random(chunk, part);
		if (fs->outside->copy_out(to + done, chunk, part) < 0)
			return done > 0 ? (err_t)done : FS_E_POINTER;
	}
	return (err_t)done;
}

err_t device_read(struct fs *fs, uint32_t device, uint64_t to, size_t count)
{
	switch (device) {
	case DEVICE_NULL:
		return 0;
	case DEVICE_ZERO:
	case DEVICE_FULL:
		return device_fill(fs, to, count, false);
	case DEVICE_RANDOM:
	case DEVICE_URANDOM:
		return device_fill(fs, to, count, true);
	case DEVICE_TTY:
	case DEVICE_CONSOLE:
		return device_tty_read(fs, to, count);
	default:
		return FS_E_NO_DEVICE;
	}
}

static err_t device_tty_write(struct fs *fs, uint64_t from, size_t count)
{
	char chunk[DEVICE_CHUNK];
	size_t done, part;

	for (done = 0; done < count; done += part) {
		part = count - done < sizeof(chunk) ? count - done : sizeof(chunk);
		if (fs->outside->copy_in(chunk, from + done, part) < 0)
			return done > 0 ? (err_t)done : FS_E_POINTER;
		fs->outside->console_write(chunk, part);
	}
	return (err_t)done;
}

err_t device_write(struct fs *fs, uint32_t device, uint64_t from, size_t count)
{
	switch (device) {
	case DEVICE_FULL:
		return FS_E_FULL;
	case DEVICE_NULL:
	case DEVICE_ZERO:
	case DEVICE_RANDOM:
	case DEVICE_URANDOM:
		return (err_t)count;
	case DEVICE_TTY:
	case DEVICE_CONSOLE:
		return device_tty_write(fs, from, count);
	default:
		return FS_E_NO_DEVICE;
	}
}

bool device_is_ready(struct fs *fs, uint32_t device)
{
	return !device_is_tty(device) || tty_is_ready(&fs->shared->tty);
}
