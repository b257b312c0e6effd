/* SPDX-License-Identifier: ISC */
/*
 * A member of the family opens files and pipes, makes children, gives one up, buries one and ends;
 * wherever in that the kernel ends it, at whichever instruction, who buries it and its children
 * leaves nobody behind: no entry, no number, no env. Who waits for a pipe that it had open sees the
 * end, and when all is closed and removed nothing is left of files but a few small blocks that it
 * had in hand (counts-after-a-death), and no run of pages (runs-in-hand). The library's own sources
 * on a family in the host's memory, stepped through by another process with ptrace; the kernel's
 * calls are made here, and are whole, and so is the family's memory, in which nothing is used
 * twice: what was freed makes no sense to whoever still goes there.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libos/state.h"
#include "tests/host/family_alone.h"
#include "tests/host/files_life.h"
#include "tests/host/fs_host.h"
#include "tests/host/heap_of_blocks.h"

#include <machine/call.h>

enum { ENVS = 8, INIT_ENV = 1, VICTIM_ENV = 2, MEMBERS = 8, NONE = 0xffff, LOOKS_MOST = 1000000 };

/* What a process may have in hand: a pipe that is being made is a node with its counts, and two
 * open descriptions. */
enum { IN_HAND = 4 };

/* What both processes see; of it what is used goes back to what it was after each look. */
struct world {
	struct exo_table_env env[ENVS];
	bool is_begun, is_in_kernel;
	struct block_heap heap;
	struct family family;
	uint8_t heap_bytes[HEAP_BYTES];
};

#define KEPT (offsetof(struct world, family) + offsetof(struct family, process[MEMBERS]))

static struct {
	struct world *world;
	struct libos init, victim;
	uint32_t self; /* index of the env that makes calls in this process */
	struct exo_info info;
	struct fs_outside outside;
	struct fs fs;
	uint32_t blocks;   /* that there are when nobody has anything open */
	uint8_t kept[KEPT], kept_heap[HEAP_BYTES];
} host;

char *linux_family(void)
{
	return (char *)&host.world->family;
}

char *linux_info(void)
{
	return (char *)&host.info;
}

const void *linux_table(const struct exo_info *info, unsigned which)
{
	(void)info, (void)which;
	return host.world->env;
}

struct libos *libos_state(void)
{
	return &host.init;
}

/* ---- The kernel ---- */

static uint64_t kernel_handle(uint32_t i)
{
	return i | host.world->env[i].generation << 16;
}

static struct exo_result kernel_create(void)
{
	struct exo_table_env *env = host.world->env;
	uint32_t i;

	for (i = 1; env[i].state != EXO_ENV_FREE; i++)
		if (i == ENVS - 1)
			abort();
	env[i] = (struct exo_table_env){
		.state = EXO_ENV_ALIVE, .generation = env[i].generation + 1, .parent = host.self,
		.vcpus = NONE,
	};
	return (struct exo_result){ EXO_OK, kernel_handle(i) };
}

static void kernel_kill(uint32_t ended)
{
	struct exo_table_env *env = host.world->env;
	uint32_t i;

	for (i = 0; i < ENVS; i++)
		if (env[i].state != EXO_ENV_FREE && env[i].parent == ended)
			env[i].parent = env[ended].parent;
	env[ended].state = EXO_ENV_DEAD;
}

static struct exo_result kernel_find_dead(void)
{
	const struct exo_table_env *env = host.world->env;
	uint32_t i;

	for (i = 0; i < ENVS; i++)
		if (env[i].state == EXO_ENV_DEAD && env[i].parent == host.self)
			return (struct exo_result){ EXO_OK, kernel_handle(i) };
	return (struct exo_result){ EXO_E_EMPTY, 0 };
}

static struct exo_result kernel_call(enum exo_call number, uint64_t a0)
{
	uint32_t i = (uint32_t)a0 & 0xffff;

	if (number == EXO_CALL_ENV_CREATE)
		return kernel_create();
	if (number == EXO_CALL_ENV_REAP && a0 == 0)
		return kernel_find_dead();
	if (number != EXO_CALL_ENV_KILL && number != EXO_CALL_ENV_REAP)
		return (struct exo_result){ EXO_OK, 0 };
	if (i >= ENVS || a0 != kernel_handle(i) || host.world->env[i].state == EXO_ENV_FREE)
		return (struct exo_result){ EXO_E_ENV, 0 };
	if (number == EXO_CALL_ENV_KILL && host.world->env[i].state == EXO_ENV_ALIVE)
		kernel_kill(i);
	else if (number == EXO_CALL_ENV_REAP)
		host.world->env[i].state = EXO_ENV_FREE;
	return (struct exo_result){ EXO_OK, 0 };
}

struct exo_result exo_call(enum exo_call number, uint64_t a0, uint64_t a1, uint64_t a2,
			   uint64_t a3, uint64_t a4)
{
	struct exo_result r;

	(void)a1, (void)a2, (void)a3, (void)a4;
	host.world->is_in_kernel = true;
	r = kernel_call(number, a0);
	host.world->is_in_kernel = false;
	return r;
}

/* ---- The family's memory ---- */

/* What is written does not matter. */
static err_t heap_copy_in(void *to, uint64_t from, size_t bytes)
{
	(void)to, (void)from, (void)bytes;
	return 0;
}

bool arena_repair(struct family_arena *arena)
{
	(void)arena;
	return true;
}

void print(const char *format, ...)
{
	(void)format;
}

_Noreturn void libos_panic(const char *what, const char *file, unsigned line)
{
	printf("# %s:%u: %s\n", file, line, what);
	exit(1);
}

/* ---- The life ---- */

/* As libos/fork makes a child; its env is known from there on. */
static struct family_process *forks(struct libos *os, uint64_t *env)
{
	struct family_process *p;

	if (family_make(os, UINT64_MAX, &p))
		exit(1);
	if (os->family.self) {
		family_lock(os, FAMILY_FILE);
		p->files = files_copy(os->fs, os->family.self->files, false);
		family_unlock(os, FAMILY_FILE);
	}
	*env = exo_call(EXO_CALL_ENV_CREATE, 0, 0, 0, 0, 0).second;
	family_announce(p, *env);
	return p;
}

/* A pipe with a name, whose opener waits for the other end. */
static void waits_in_open(struct libos *os)
{
	struct fs_files *files = os->family.self->files;
	struct fs_node *node;
	struct fs_open *open;

	if (node_make(os->fs, os->fs->root, "fifo", 4, FS_PIPE, 0600, &node) < 0
	    || pipe_create_named(os->fs, node) < 0)
		exit(1);
	node_attach(os->fs, os->fs->root, node);
	if (open_node(os->fs, node, OPEN_READ, &open) < 0)
		exit(1);
	files_hold(files, open);
	family_unlock(os, FAMILY_FILE);
	family_lock(os, FAMILY_FILE);
	files_let_go(files, open);
	closes(os->fs, os->family.self->files, (uint64_t)files_add(os->fs, files, open, 0, false));
}

static void live(struct libos *os)
{
	struct process_ended ended;
	struct family_process *p;
	uint64_t env;

	family_lock(os, FAMILY_FILE);
	uses_files(os->fs, os->family.self->files);
	waits_in_open(os);
	family_unlock(os, FAMILY_FILE);

	/* One that cannot be finished. */
	p = forks(os, &env);
	exo_call(EXO_CALL_ENV_KILL, env, 0, 0, 0, 0);
	exo_call(EXO_CALL_ENV_REAP, env, 0, 0, 0, 0);
	family_lock(os, FAMILY_FILE);
	files_destroy(os->fs, &p->files);
	family_unlock(os, FAMILY_FILE);
	p->state = FAMILY_ZOMBIE;
	family_release(os, p);

	/* One that was killed itself, and had children. */
	p = forks(os, &env);
	if (family_make(&(struct libos){ .family.self = p, .process.pid = p->pid, .fs = os->fs },
			UINT64_MAX, &p))
		exit(1);
	exo_call(EXO_CALL_ENV_KILL, env, 0, 0, 0, 0);
	process_reap(os);
	(void)process_wait(os, -1, PROCESS_WAIT_ENDED | PROCESS_WAIT_NO_HANG, &ended);

	/* One that it leaves. */
	(void)forks(os, &env);
	exo_call(EXO_CALL_ENV_KILL, env, 0, 0, 0, 0);
	family_lock(os, FAMILY_FILE);
	files_destroy(os->fs, &os->family.self->files);
	family_unlock(os, FAMILY_FILE);
	family_exit(os, 0);
}

/* ---- Who looks on ---- */

struct looks {
	unsigned count, left, wrong;
};

static void begin_files(void)
{
	static struct fs_archive archive;

	fs_archive_add(&archive, "TRAILER!!!", 0, "");
	host.outside = fs_host_outside;
	host.outside.alloc = heap_take;
	host.outside.free = heap_give;
	host.outside.copy_in = heap_copy_in;
	if (fs_create(&host.fs, &host.outside, &host.world->family.fs, archive.bytes,
		      archive.count) < 0)
		exit(1);
	host.init.fs = host.victim.fs = &host.fs;
}

/* All is as it was; used: bytes of the heap. */
static uint32_t keep(void)
{
	memcpy(host.kept, host.world, KEPT);
	memcpy(host.kept_heap, host.world->heap_bytes, host.world->heap.used);
	return host.world->heap.used;
}

static void restore(uint32_t used)
{
	memset(host.world->heap_bytes + used, 0, host.world->heap.used - used);
	memcpy(host.world->heap_bytes, host.kept_heap, used);
	memcpy(host.world, host.kept, KEPT);
}

/* The first process keeps READER and WATCHED; the rest the other has alone. */
static void opens_first(struct fs_files *files)
{
	struct fs *fs = &host.fs;

	if (pipes(fs, files) != READER || dups(fs, files, WATCHED) != BEGUN)
		exit(1);
	closes(fs, files, WATCHED);
	if (opens(fs, files, "/watched", OPEN_CREATE | OPEN_WRITE) != WATCHED
	    || opens(fs, files, "/kept", OPEN_CREATE | OPEN_WRITE) < 0
	    || opens(fs, files, "/fresh", OPEN_CREATE | OPEN_WRITE) < 0)
		exit(1);
}

/* The first member, and the one whose life it is; that has a pipe which the first reads. */
static void begin(void)
{
	struct world *world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct family_process *p;
	uint32_t used;
	uint64_t fd;

	if (world == MAP_FAILED)
		exit(1);
	host.world = world;
	heap_at(&world->heap, world->heap_bytes);
	host.info.arrays[EXO_ARRAY_ENVS].count = ENVS;
	host.info.arrays[EXO_ARRAY_ENVS].size = sizeof(world->env[0]);
	begin_files();
	world->env[0] = (struct exo_table_env){ .state = EXO_ENV_ALIVE, .parent = NONE };
	host.init.family.self = forks(&host.init, &host.init.process.env);
	host.init.process.pid = host.init.family.self->pid;
	host.self = INIT_ENV;
	host.init.family.self->files = files_create(&host.fs);
	used = keep();
	(void)looks_into_proc(&host.fs, host.init.family.self->files);
	host.blocks = world->heap.blocks;
	restore(used);
	opens_first(host.init.family.self->files);
	p = forks(&host.init, &host.victim.process.env);
	p->vcpu = 1;
	host.victim.family.self = p;
	host.victim.process.pid = p->pid;
	for (fd = BEGUN; files_find(host.init.family.self->files, fd); fd++)
		closes(&host.fs, host.init.family.self->files, fd);
}

static bool is_nobody_left(void)
{
	const struct family *f = &host.world->family;
	unsigned i, numbers = 0, envs = 0;
	bool is_clean = true;

	for (i = 1; i < MEMBERS; i++)
		is_clean &= !f->process[i].state && !f->process[i].pid && !f->process[i].owner;
	for (i = 0; i < ARRAY_COUNT(f->by_pid); i++)
		numbers += f->by_pid[i] != 0;
	for (i = 0; i < ENVS; i++)
		envs += host.world->env[i].state != EXO_ENV_FREE;
	return is_clean && f->used[0] == 1 && numbers == 1 && envs == 2;
}

/* Nobody reads what is written there, if it is there. */
static bool is_broken(struct fs *fs, struct fs_files *files, const char *name)
{
	err_t fd = opens(fs, files, name, OPEN_WRITE), error;

	if (fd == FS_E_MISSING)
		return true;
	error = open_write(fs, files_find(files, (uint64_t)fd), 0, 1, NULL);
	closes(fs, files, (uint64_t)fd);
	return error == FS_E_BROKEN;
}

/* Have the pipes ended, and is no lock left? A file that was moved to another's place is in one of
 * the two, and nothing stays of all that was open. */
static bool are_files_right(void)
{
	static const char *const names[] = {
		"watched", "dir", "fifo", "made", "moved", "also", "kept", "fresh",
	};
	struct fs_files *files = host.init.family.self->files;
	struct fs *fs = &host.fs;
	bool is_right;
	unsigned i;
	char byte;

	family_lock(&host.init, FAMILY_FILE);
	is_right = open_read(fs, files_find(files, READER), (uint64_t)&byte, 1, NULL) == 0
		&& is_broken(fs, files, "/fifo") && node_entry(fs->root, "kept", 4)
		&& locks(fs, files, WATCHED, LOCKS_WRITE) == FS_OK
		&& looks_into_proc(fs, files);
	closes(fs, files, READER);
	closes(fs, files, WATCHED);
	for (i = 0; i < ARRAY_COUNT(names); i++)
		removes(fs, names[i]);
	family_unlock(&host.init, FAMILY_FILE);
	return is_right && host.world->heap.blocks <= host.blocks + IN_HAND && heap_runs() == 0;
}

/* It ends here: is there nobody when all are buried? Then all is as before. */
static void look(struct looks *looks)
{
	uint32_t used = keep();

	kernel_kill(VICTIM_ENV);
	process_events(&host.init);
	looks->count++;
	looks->left += !is_nobody_left();
	looks->wrong += !are_files_right();
	restore(used);
	host.init.family.has_buried = false;
}

static _Noreturn void victim_main(void)
{
	host.self = VICTIM_ENV;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(77);
	raise(SIGSTOP);
	host.world->is_begun = true;
	live(&host.victim);
	_exit(0);
}

int main(void)
{
	struct looks looks = { 0 };
	int status;
	pid_t pid;

	begin();
	pid = fork();
	if (pid == 0)
		victim_main();
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) && looks.count < LOOKS_MOST) {
		unsigned long got = WSTOPSIG(status);

		if (host.world->is_begun && !host.world->is_in_kernel
		    && !host.world->heap.is_in_use)
			look(&looks);
		got = got == SIGTRAP || got == SIGSTOP ? 0 : got;
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, (void *)got))
			break;
	}
	printf("# %u looks\n", looks.count);
	kill(pid, SIGKILL); /* unless it has ended */
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		printf("1..0 # SKIP no process may be traced here\n");
		return 0;
	}
	tap_ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "it lived");
	tap_ok(looks.count > 1000, "and could end at each instruction");
	tap_eq(looks.left, 0, "nobody is left");
	tap_eq(looks.wrong, 0, "of its files nothing is left, and its pipe has ended");
	return tap_done("tests/host/killed_at_every_instruction.tap");
}
