/* SPDX-License-Identifier: ISC */
/* Saving and loading what exec and spawn pass (see saved.h). No locks. */
#include "libos/linux/saved.h"

#include "libos/fs/path.h"
#include "libos/linux/linux.h"

/* Where the next record goes to or comes from. */
struct saved_cursor {
	char *at;
	uint64_t left;
};

static bool saved_put(struct saved_cursor *cursor, const void *from, uint64_t bytes)
{
	if (bytes > cursor->left)
		return false;
	memcpy(cursor->at, from, bytes);
	cursor->at += bytes;
	cursor->left -= bytes;
	return true;
}

static bool saved_take(struct saved_cursor *cursor, void *to, uint64_t bytes)
{
	if (bytes > cursor->left)
		return false;
	memcpy(to, cursor->at, bytes);
	cursor->at += bytes;
	cursor->left -= bytes;
	return true;
}

/* The lowest descriptor of that description, if lower than fd. */
static uint16_t saved_same(const struct fs_files *files, uint64_t fd)
{
	uint64_t i;

	for (i = 0; i < fd; i++)
		if (files->open[i] == files->open[fd] && !files_is_close_on_exec(files, i))
			return (uint16_t)i;
	return SAVED_NONE;
}

static bool saved_put_file(struct libos *os, struct saved_cursor *cursor, uint64_t fd)
{
	struct linux_state *linux = os->linux;
	const struct fs_open *open = linux->files.open[fd];
	struct saved_file file = {
		.offset = open->offset, .flags = open->flags, .fd = (uint16_t)fd,
		.same = saved_same(&linux->files, fd), .path_bytes = 0,
	};

	if (file.same == SAVED_NONE) {
		if (node_path(&os->fs->fs, open->node, linux->path[1], FS_PATH_MAX) < 0)
			return false;
		file.path_bytes = (uint32_t)strlen(linux->path[1]) + 1;
	}
	if (sizeof(file) + file.path_bytes > cursor->left)
		return false;
	return saved_put(cursor, &file, sizeof(file))
		&& saved_put(cursor, linux->path[1], file.path_bytes);
}

static uint64_t saved_ignored(const struct linux_state *linux)
{
	uint64_t ignored = 0;
	unsigned i;

	for (i = 1; i <= LINUX_SIGNALS; i++)
		if (linux->signals.action[i].handler == 1)
			ignored |= UINT64_C(1) << (i - 1);
	return ignored;
}

/* Room for every descriptor with a path of usual length; longer ones are left out at the end. */
static uint64_t saved_room(const struct fs_files *files)
{
	uint64_t fd, bytes = sizeof(struct saved) + FS_PATH_MAX;

	for (fd = 0; fd < OPEN_FILES; fd++)
		if (files->open[fd] != NULL)
			bytes += sizeof(struct saved_file) + FS_PATH_MAX / 8;
	return bytes;
}

void *linux_save(struct libos *os, size_t *bytes)
{
	struct linux_state *linux = os->linux;
	struct saved_cursor cursor = { .left = saved_room(&linux->files) };
	struct saved saved = {
		.version = SAVED_VERSION, .ignored = saved_ignored(linux),
		.blocked = signal_thread(thread_self())->blocked, .umask = linux->files.umask,
		.pending = signal_waiting(thread_self()),
		.alarm = linux->signals.alarm, .alarm_every = linux->signals.alarm_every,
		.modes = os->fs->fs.tty.modes, .rows = os->fs->fs.tty.rows,
		.columns = os->fs->fs.tty.columns,
	};
	char *block = heap_alloc(os, cursor.left);
	uint64_t fd;

	*bytes = 0;
	if (block == NULL)
		return NULL;
	cursor.at = block + sizeof(saved);
	cursor.left -= sizeof(saved);
	if (node_path(&os->fs->fs, linux->files.dir, linux->path[1], FS_PATH_MAX) < 0)
		memcpy(linux->path[1], "/", 2);
	saved.dir_bytes = (uint32_t)strlen(linux->path[1]) + 1;
	saved_put(&cursor, linux->path[1], saved.dir_bytes);
	for (fd = 0; fd < OPEN_FILES; fd++)
		if (linux->files.open[fd] != NULL && !files_is_close_on_exec(&linux->files, fd))
			saved.count += saved_put_file(os, &cursor, fd);
	saved.bytes = (uint64_t)(cursor.at - block);
	memcpy(block, &saved, sizeof(saved));
	*bytes = saved.bytes;
	return block;
}

/* The console on the three standard descriptors. */
static void saved_load_console(struct libos *os)
{
	struct fs_files *files = &os->linux->files;
	struct fs_open *open;
	err_t error = open_create(&os->fs->fs, os->fs->fs.root, "/dev/console",
		OPEN_READ | OPEN_WRITE, 0, &open);
	uint64_t fd;

	for (fd = 0; error >= 0 && fd < 3; fd++) {
		open->refs += fd > 0;
		error = files_put(&os->fs->fs, files, open, fd, false);
	}
}

/* A descriptor that cannot be had again is closed. */
static bool saved_load_file(struct libos *os, struct saved_cursor *cursor)
{
	struct fs_files *files = &os->linux->files;
	struct fs_open *open = NULL;
	struct saved_file file;
	char *path = os->linux->path[0];
	err_t error = FS_OK;

	if (!saved_take(cursor, &file, sizeof(file)) || file.fd >= OPEN_FILES
			|| file.path_bytes > FS_PATH_MAX
			|| !saved_take(cursor, path, file.path_bytes))
		return false;
	if (file.same != SAVED_NONE) {
		open = files_find(files, file.same);
		if (open != NULL)
			open->refs++;
	} else {
		path[file.path_bytes > 0 ? file.path_bytes - 1 : 0] = '\0';
		error = open_create(&os->fs->fs, os->fs->fs.root, path, file.flags, 0, &open);
		if (error >= 0)
			open->offset = file.offset;
	}
	if (error >= 0 && open != NULL)
		error = files_put(&os->fs->fs, files, open, file.fd, false);
	return true;
}

static void saved_load_dir(struct libos *os, const char *path)
{
	struct fs_node *node;

	if (path_find(&os->fs->fs, os->fs->fs.root, path, 0, &node) < 0 || node->kind != FS_DIR)
		return;
	node_ref(node);
	node_unref(&os->fs->fs, os->linux->files.dir);
	os->linux->files.dir = node;
}

/* What still waited for the program before: a signal, an alarm. */
static void saved_load_waiting(struct libos *os, const struct saved *saved)
{
	struct linux_signals *signals = &os->linux->signals;

	signals->pending.mask = saved->pending;
	signals->alarm = os->sched.alarm = saved->alarm;
	signals->alarm_every = saved->alarm_every;
	thread_self()->is_signalled = saved->pending != 0;
}

void saved_load(struct libos *os)
{
	struct linux_state *linux = os->linux;
	struct saved_cursor cursor = { .left = 0 };
	size_t bytes = 0;
	const void *state = process_state(os, &bytes);
	struct saved saved;
	unsigned i;

	cursor.at = (char *)state;
	cursor.left = state != NULL ? bytes : 0;
	if (!saved_take(&cursor, &saved, sizeof(saved)) || saved.version != SAVED_VERSION
			|| saved.dir_bytes == 0 || saved.dir_bytes > FS_PATH_MAX
			|| !saved_take(&cursor, linux->path[0], saved.dir_bytes)) {
		saved_load_console(os);
		return;
	}
	linux->path[0][saved.dir_bytes - 1] = '\0';
	saved_load_dir(os, linux->path[0]);
	for (i = 1; i <= LINUX_SIGNALS; i++)
		linux->signals.action[i].handler = saved.ignored >> (i - 1) & 1;
	signal_thread(thread_self())->blocked = saved.blocked;
	if (!os->process.exec->is_spawned)
		saved_load_waiting(os, &saved);
	linux->files.umask = saved.umask;
	os->fs->fs.tty.modes = saved.modes;
	os->fs->fs.tty.rows = saved.rows;
	os->fs->fs.tty.columns = saved.columns;
	for (i = 0; i < saved.count && saved_load_file(os, &cursor); i++)
		;
}
