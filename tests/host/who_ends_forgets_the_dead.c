/* SPDX-License-Identifier: ISC */
/*
 * dead-forgotten: a process that ends waits for a lock that its child held when it was killed, and
 * so it buries the child in its last steps; then nobody is left who would hear of the child, which
 * left files open. It leaves no entry behind. The library's own sources on a family in the host's
 * memory; the kernel's calls are made here. No locks.
 */
#include <setjmp.h>

#include "libos/fs/open.h"
#include "tests/host/family_memory.h"
#include "tests/tap.h"

enum { PARENT = 0x10001, ENDING = 0x10002, CHILD = 0x10003 };

static struct {
	struct libos ending;         /* a child of who stays, and its own child is killed */
	uint64_t dead;               /* env that the kernel will name */
	unsigned closed;
	jmp_buf end;
} host;

void files_destroy(struct fs *fs, struct fs_files **files)
{
	(void)fs;
	*files = NULL;
	host.closed++;
}

struct exo_result exo_call(enum exo_call number, uint64_t a0, uint64_t a1, uint64_t a2,
			   uint64_t a3, uint64_t a4)
{
	uint64_t dead = host.dead;

	(void)a1, (void)a2, (void)a3, (void)a4;
	if (number == EXO_CALL_ENV_KILL && a0 == 0)
		longjmp(host.end, 1);
	if (number != EXO_CALL_ENV_REAP)
		return (struct exo_result){ EXO_OK, 0 };
	if (a0)
		host.dead = 0;
	return (struct exo_result){ dead ? EXO_OK : EXO_E_EMPTY, a0 ? 0 : dead };
}

/* Its last lock: the kernel says that a child has died, and it was that one's. */
static void wait_for_a_lock(struct libos *os)
{
	host.dead = CHILD;
	process_reap(os);
}

/* It did so before it executed what it is now. */
static void wait_and_execute(struct libos *os)
{
	wait_for_a_lock(os);
	os->family.has_buried = false;
}

static void check(void (*last_steps)(struct libos *os), const char *name)
{
	struct family_process *child;
	struct process_ended ended;

	host.ending = (struct libos){ .hooks.exit = last_steps };
	host.ending.family.self = member(&memory.os, ENDING);
	host.ending.process.pid = host.ending.family.self->pid;
	child = member(&host.ending, CHILD);
	child->files = (struct fs_files *)&host;
	host.closed = 0;

	if (!setjmp(host.end))
		process_exit(&host.ending, 0);
	tap_eq(host.dead, 0, "%s: a child is buried by who ends", name);
	host.dead = ENDING;
	process_events(&memory.os);
	tap_eq(process_wait(&memory.os, -1, PROCESS_WAIT_ENDED | PROCESS_WAIT_NO_HANG, &ended),
	       EXO_OK, "%s: that one is waited for", name);
	tap_eq(ended.status & 0x7f, 0, "%s: it ended by itself", name);
	tap_eq(host.closed, 1, "%s: the child's files are closed", name);
	tap_eq(child->state, FAMILY_FREE, "%s: and its entry is free", name);
	tap_eq(memory.family->used[0], 3, "%s: nobody is left but who lives", name);
}

int main(void)
{
	memory.family = calloc(1, sizeof(*memory.family));
	member(&memory.os, PARENT - 1); /* pid 1 */
	memory.os.family.self = member(&memory.os, PARENT);
	memory.os.process.pid = memory.os.family.self->pid;
	check(wait_for_a_lock, "at its end");
	check(wait_and_execute, "before it executed");
	return tap_done("tests/host/who_ends_forgets_the_dead.tap");
}
