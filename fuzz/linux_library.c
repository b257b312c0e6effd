/* SPDX-License-Identifier: ISC */
/*
 * The library's side of the target `linux`: what the Linux layer stands on. Memory is the host's;
 * of threads there is one, which never sleeps: a wait with a deadline ends at it, any other is
 * interrupted. Locks are counted; the family's are taken.
 */
#include "fuzz/linux_library.h"

#include <stdlib.h>
#include <string.h>

#include "libos/fork/fork.h"
#include "libos/linux/linux.h"

#include <machine/call.h>

enum { PLACES = 4, IDLES_MAX = 1000 };

struct linux_library *linux_library(void)
{
	static struct linux_library library;

	return &library;
}

char *linux_family(void)
{
	return (char *)linux_library()->family;
}

uint64_t machine_vcpu(void)
{
	return (uint64_t)linux_library()->vcpu;
}

char *linux_exec(void)
{
	return linux_library()->exec;
}

char *linux_info(void)
{
	return (char *)&linux_library()->info;
}

const void *linux_table(const struct exo_info *info, unsigned which)
{
	(void)info, (void)which;
	return linux_library()->tables;
}

struct libos *libos_state(void)
{
	return &linux_library()->os;
}

void libos_panic(const char *what, const char *file, unsigned line)
{
	(void)file, (void)line;
	fuzz_fail(what);
}

uint64_t machine_clock(void)
{
	return linux_library()->clock += 1000;
}

uint64_t machine_thread_pointer(void)
{
	return linux_library()->thread_pointer;
}

void machine_set_thread_pointer(uint64_t value)
{
	linux_library()->thread_pointer = value;
}

/* ---- Memory ---- */

/* Everything the library has allocated; the program is one process, so that all can be freed. */
struct linux_block {
	struct linux_block *next;
	size_t bytes;
	bool is_arena, is_reached, is_named;
	unsigned page; /* of the pool, + 1; 0: none */
	char *memory;
};

static char *pool_take(struct linux_block *block)
{
	unsigned i;

	for (i = 0; i < LINUX_POOL_PAGES; i++)
		if (!linux_library()->is_used[i]) {
			linux_library()->is_used[i] = true;
			block->page = i + 1;
			return memset(linux_pool(i), 0, EXO_PAGE_SIZE);
		}
	return NULL;
}

static void *block_alloc(size_t bytes, bool is_arena)
{
	struct linux_block *block = calloc(1, sizeof(*block));

	block->bytes = bytes;
	block->is_arena = is_arena;
	block->memory = is_arena && bytes == EXO_PAGE_SIZE ? pool_take(block) : calloc(1, bytes);
	if (!block->memory) {
		free(block);
		return NULL;
	}
	block->next = linux_library()->blocks;
	linux_library()->blocks = block;
	return block->memory;
}

static void block_release(struct linux_block **link)
{
	struct linux_block *block = *link;

	*link = block->next;
	if (block->page)
		linux_library()->is_used[block->page - 1] = false;
	else
		free(block->memory);
	free(block);
}

static void block_free(void *memory, bool is_arena)
{
	struct linux_block **link = &linux_library()->blocks;

	while (*link && (*link)->memory != memory)
		link = &(*link)->next;
	if (!memory)
		return;
	if (!*link || (*link)->is_arena != is_arena)
		fuzz_fail("the library frees what it never got");
	if ((*link)->page && !linux_library()->os.process.is_exiting
	    && linux_pool_is_mapped((*link)->page - 1))
		fuzz_fail("the library frees a file's page that the program has mapped");
	block_release(link);
}

void linux_free_all(void)
{
	while (linux_library()->blocks)
		block_release(&linux_library()->blocks);
}

void *heap_alloc(struct libos *os, size_t n)
{
	(void)os;
	return block_alloc(n, false);
}

void heap_free(struct libos *os, void *p)
{
	(void)os;
	block_free(p, false);
}

err_t slots_fill(uint64_t address, uint64_t end)
{
	(void)address, (void)end;
	return EXO_OK;
}

void *arena_alloc(struct libos *os, size_t n)
{
	(void)os;
	return n > 1 << 20 ? NULL : block_alloc(n, true);
}

void arena_free(struct libos *os, void *p)
{
	(void)os;
	block_free(p, true);
}

uint32_t arena_free_pages(struct libos *os)
{
	(void)os;
	return LINUX_POOL_PAGES;
}

void arena_init(struct family_arena *arena, uint64_t base)
{
	arena->base = base;
}

bool arena_repair(struct family_arena *arena)
{
	return arena != NULL;
}

void arena_name(const void *p)
{
	struct linux_block *block = linux_library()->blocks;

	for (; block; block = block->next)
		block->is_named |= block->memory == p;
}

void arena_sweep(struct libos *os)
{
	struct linux_block **link = &linux_library()->blocks;

	(void)os;
	while (*link) {
		if ((*link)->is_arena && (*link)->bytes > EXO_PAGE_SIZE && !(*link)->is_named) {
			block_release(link);
			continue;
		}
		(*link)->is_named = false;
		link = &(*link)->next;
	}
}

/* Mark what a stretch of memory leads to. */
static void reach(const void *from, size_t bytes)
{
	uint64_t word;
	struct linux_block *block;
	size_t i;

	for (i = 0; i + 8 <= bytes; i += 8) {
		memcpy(&word, (const char *)from + i, 8);
		if (word < EXO_PAGE_SIZE)
			continue;
		for (block = linux_library()->blocks; block; block = block->next)
			if (word - (uint64_t)block->memory < block->bytes)
				break;
		if (!block || block->is_reached)
			continue;
		block->is_reached = true;
		reach(block->memory, block->bytes);
	}
}

/* What nothing leads to any more is lost. */
void linux_check_lost(void)
{
	struct linux_library *l = linux_library();
	struct family *f = l->family;
	struct linux_block *block;

	for (block = linux_library()->blocks; block; block = block->next)
		block->is_reached = false;
	reach(&f->fs, sizeof(f->fs));
	reach(f->process, PLACES * sizeof(f->process[0]));
	reach(&linux_library()->os, sizeof(linux_library()->os));
	for (block = linux_library()->blocks; block; block = block->next)
		if (!block->is_reached && (block->is_arena || !l->os.process.is_exiting))
			fuzz_fail("the library has lost memory");
}

/* The program's memory; see libos/vm/copy.c. */
static bool is_program(uint64_t address, size_t n)
{
	return address <= VM_TOP && n <= VM_TOP - address;
}

err_t vm_read(struct libos *os, void *to, uint64_t from, size_t n)
{
	lock_check_none(os);
	return is_program(from, n) && linux_copy(from, to, n, false) ? EXO_OK : EXO_E_POINTER;
}

err_t vm_write(struct libos *os, uint64_t to, const void *from, size_t n)
{
	lock_check_none(os);
	return is_program(to, n) && linux_copy(to, (void *)(uintptr_t)from, n, true) ? EXO_OK
		: EXO_E_POINTER;
}

err_t vm_read_string(struct libos *os, char *to, size_t n, uint64_t from, size_t *length)
{
	size_t at;

	for (at = 0; at < n; at++) {
		if (vm_read(os, to + at, from + at, 1))
			return EXO_E_POINTER;
		if (to[at])
			continue;
		if (length)
			*length = at;
		return EXO_OK;
	}
	return EXO_E_TOO_LONG;
}

/* ---- The one thread, other processes ---- */

struct thread *thread_self(void)
{
	return &linux_library()->os.thread0;
}

enum thread_state thread_state(const struct thread *t)
{
	return (enum thread_state)(t->word & 0xff);
}

uint64_t thread_handle(const struct thread *t)
{
	return t->index | (uint64_t)thread_generation(t) << 16;
}

struct thread *thread_find(struct libos *os, uint64_t handle)
{
	return handle == thread_handle(&os->thread0) ? &os->thread0 : NULL;
}

err_t thread_create_regs(struct libos *os, const struct exo_regs *regs, uint64_t thread_pointer,
			 uint64_t *handle)
{
	(void)os, (void)regs, (void)thread_pointer, (void)handle;
	return EXO_E_FULL;
}

void thread_exit(struct libos *os, uint64_t value)
{
	process_exit(os, PROCESS_STATUS_EXIT(value));
}

/* Nobody will come: somebody must have rung. */
static void interrupted(struct thread *t)
{
	if (++linux_library()->idles > IDLES_MAX)
		fuzz_fail("a call waits for ever");
	t->is_signalled = true;
}

err_t thread_block(struct libos *os, struct wait_queue *queue, uint64_t deadline)
{
	struct thread *self = &os->thread0;

	(void)queue;
	lock_check_none(os);
	assert(!os->family.held);
	if (self->is_signalled && !self->is_deaf)
		return EXO_E_PENDING;
	if (deadline == THREAD_NO_DEADLINE) {
		interrupted(self);
		return EXO_E_PENDING;
	}
	if (linux_library()->clock < deadline)
		linux_library()->clock = deadline;
	return EXO_E_EARLY;
}

unsigned thread_wake(struct libos *os, struct wait_queue *queue, unsigned count)
{
	(void)os, (void)queue, (void)count;
	return 0;
}

bool thread_interrupt(struct libos *os, uint64_t handle)
{
	(void)os, (void)handle;
	return false;
}

void thread_yield(struct libos *os)
{
	(void)os;
}

/* A stopped process is continued. */
void sched_idle(struct libos *os)
{
	if (os->linux->signals.is_stopped)
		signal_post_self(os, NULL, LINUX_SIGCONT);
	interrupted(&os->thread0);
}

/* There is one vcpu. */
void vcpu_call(struct libos *os, const struct thread *t)
{
	(void)os, (void)t;
}

void vcpu_halt_others(struct libos *os)
{
	(void)os;
}

void vcpu_go_on(struct libos *os)
{
	(void)os;
}

void sched_arm(struct libos *os)
{
	(void)os;
}

void sched_set_bell(struct libos *os, const _Atomic uint32_t *word, _Atomic uint32_t *waiting)
{
	(void)os, (void)word, (void)waiting;
}

err_t process_fork(struct libos *os, const struct process_fork_how *how, uint32_t *pid)
{
	(void)os, (void)how, (void)pid;
	return EXO_E_FULL;
}

err_t process_exec(struct libos *os, struct process_exec_state *state)
{
	(void)os, (void)state;
	return EXO_E_LIMIT;
}

void post_mortem(struct libos *os, const struct exo_frame *frame)
{
	(void)os, (void)frame;
}
