/* SPDX-License-Identifier: ISC */
/* Sets up the file tree and the Linux layer of a process, and their hooks. Takes the family's lock
 * `file`. */
#include "libos/linux/console.h"
#include "libos/linux/linux.h"
#include "libos/linux/proc.h"
#include "libos/linux/saved.h"

#include <machine/call.h>

#include "libos/fs/open.h"

static void *init_alloc(size_t bytes)
{
	return arena_alloc(libos_state(), bytes);
}

static void init_free(void *memory)
{
	arena_free(libos_state(), memory);
}

static err_t init_copy_in(void *to, uint64_t from, size_t bytes)
{
	return vm_read(libos_state(), to, from, bytes);
}

static err_t init_copy_out(uint64_t to, const void *from, size_t bytes)
{
	return vm_write(libos_state(), to, from, bytes);
}

/* Whom a change is told: by place in the process table. */
static void init_wait(struct fs_waiters *waiters)
{
	unsigned place = family_place(family_self(libos_state()));

	waiters->place[place / 64] |= UINT64_C(1) << place % 64;
	waiters->any |= UINT64_C(1) << place / 64;
}

static void init_wake_word(struct fs_waiters *waiters, unsigned word)
{
	uint64_t places = waiters->place[word];

	waiters->place[word] = 0;
	for (; places != 0; places &= places - 1)
		family_ring(&family_root()->process[word * 64
			+ (unsigned)__builtin_ctzll(places)]);
}

static void init_wake(struct fs_waiters *waiters)
{
	uint64_t any = waiters->any;

	waiters->any = 0;
	for (; any != 0; any &= any - 1)
		init_wake_word(waiters, (unsigned)__builtin_ctzll(any));
}

/* Pid 1 sleeps on the console's counter. */
static void init_tty_drained(void)
{
	exo_call(EXO_CALL_WAKE, (uint64_t)&libos_info()->console_in, 1, EXO_WAIT_SHARED, 0, 0);
}

static void init_random(void *bytes, size_t count)
{
	info_random(libos_state()->linux, bytes, count);
}

static const struct fs_outside init_outside = {
	.alloc = init_alloc,
	.free = init_free,
	.copy_in = init_copy_in,
	.copy_out = init_copy_out,
	.clock_ns = time_calendar_ns,
	.console_write = console_put,
	.console_read = console_get,
	.wait = init_wait,
	.wake = init_wake,
	.tty_drained = init_tty_drained,
	.proc = &linux_proc,
	.random = init_random,
};

/* Without memory for its tree a process does not start. */
static _Noreturn void init_fail(struct libos *os, const char *what)
{
	print("%s: no memory for %s\n", os->process.name, what);
	process_exit(os, PROCESS_STATUS_EXIT(126));
}

_Static_assert(FS_WAITER_WORDS * 64 == FAMILY_PROCESSES, "a bit for each process");

void fs_init(struct libos *os)
{
	struct fs_shared *shared = &family_root()->fs;
	err_t error;

	os->fs = heap_alloc(os, sizeof(*os->fs));
	if (os->fs == NULL)
		init_fail(os, "the file tree");
	if (os->process.pid != FAMILY_INIT) {
		fs_attach(os->fs, &init_outside, shared);
		return;
	}
	error = fs_create(os->fs, &init_outside, shared, (const char *)EXO_INFO_ARCHIVE,
		libos_info()->archive_bytes);
	if (error == FS_E_MEMORY)
		init_fail(os, "the file tree");
	if (error < 0)
		print("%s: the boot archive is malformed\n", os->process.name);
}

/* The first process has the console on the three standard descriptors; they all come from that. */
static struct fs_files *init_files(struct libos *os)
{
	struct fs_files *files = files_create(os->fs);
	struct fs_open *open;
	err_t error = FS_E_MEMORY;
	uint64_t fd;

	if (files != NULL)
		error = open_create(os->fs, os->fs->root, "/dev/console", OPEN_READ | OPEN_WRITE, 0,
			&open);
	for (fd = 0; error >= 0 && fd < 3; fd++) {
		open->refs += fd > 0;
		error = files_put(os->fs, files, open, fd, false);
	}
	if (error < 0)
		init_fail(os, "the console");
	return files;
}

/* What a process has in the family: the first one makes it, others find it. */
static void init_family(struct libos *os)
{
	struct family_process *self = family_self(os), *parent;

	family_lock(os, FAMILY_FILE);
	if (self->files == NULL)
		self->files = init_files(os);
	files_exec(os->fs, self->files);
	family_unlock(os, FAMILY_FILE);
	os->files = self->files;
	memcpy(self->name, os->process.name, sizeof(self->name) - 1);
	self->name[sizeof(self->name) - 1] = '\0';
	proc_note_command(os);
	self->has_executed = 1;
	self->end_signal = LINUX_SIGCHLD;
	if (!self->is_borrowing)
		return;
	self->is_borrowing = 0;
	parent = family_find(self->parent);
	if (parent != NULL)
		family_ring(parent);
}

/* The program's path, for /proc/self/exe. */
static void init_take_exe(struct libos *os)
{
	const char *path = "/init";
	size_t bytes;

	if (os->process.exec != NULL)
		path = (const char *)os->process.exec + os->process.exec->exe;
	bytes = strlen(path) + 1;
	os->linux->exe = heap_alloc(os, bytes);
	if (os->linux->exe == NULL)
		init_fail(os, "its name");
	memcpy(os->linux->exe, path, bytes);
}

/* Is this word in the environment that the program was started with? */
static bool init_has(struct libos *os, const char *word)
{
	const char *text;
	unsigned i;

	for (i = 0; (text = process_environment(os, i)) != NULL; i++)
		if (strcmp(text, word) == 0)
			return true;
	return false;
}

static void init_events(struct libos *os, uint32_t events)
{
	if (events & EXO_EVENT_DOORBELL) {
		family_wake(os);
		if (os->hooks.bell != NULL)
			os->hooks.bell(os);
	}
	if (events & EXO_EVENT_TIMER)
		timer_alarm(os);
}

static void init_fork_child(struct thread *t)
{
	struct libos *os = t->os;

	os->files = family_self(os)->files;
	os->usage = (struct linux_usage){ .clock = machine_clock() };
	futex_fork_child(os->linux);
	if (os->linux->threads != 1)
		os->linux->threads = 1;
	signal_fork_child(t);
	/* One may have been sent before the child looked at its bell. */
	signal_bell(os);
}

/* The process ends: free its robust locks, which others may share, and close what it has open. */
static void init_exit(struct libos *os)
{
	struct family_process *self = family_self(os);
	uint32_t i;

	for (i = 0; i < os->threads_used; i++)
		futex_robust_end(thread_at(os, i));
	task_loan_give(os);

	if (self == NULL || self->files == NULL)
		return;
	family_lock(os, FAMILY_FILE);
	files_destroy(os->fs, &self->files);
	family_unlock(os, FAMILY_FILE);
}

void linux_init(struct libos *os)
{
	os->linux = heap_alloc(os, sizeof(*os->linux));
	if (os->linux == NULL)
		init_fail(os, "the Linux layer");
	os->linux->threads = 1;
	os->linux->random = machine_clock();
	init_take_exe(os);
	init_family(os);
	limit_init(os->linux);
	os->usage.clock = machine_clock();
	saved_load(os);
	memcpy(os->linux->comm, os->process.name, sizeof(os->linux->comm) - 1);
	os->linux->is_traced = init_has(os, "LIBOS_STRACE=1");
	os->process.is_examined = init_has(os, "LIBOS_POSTMORTEM=1");
	os->hooks.syscall = call_hook;
	os->hooks.linux_call = call_native;
	os->hooks.events = init_events;
	os->hooks.leave = signal_leave;
	os->hooks.bell = signal_bell;
	os->hooks.fault = signal_fault;
	os->hooks.died = post_mortem;
	os->hooks.fork_child = init_fork_child;
	os->hooks.exit = init_exit;
	signal_bell(os);
}
