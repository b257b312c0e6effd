/* SPDX-License-Identifier: ISC */
/*
 * A member of the family makes children, gives one up, buries one and ends; wherever in
 * that the kernel ends it, at whichever instruction, who buries it and its children leaves nobody
 * behind: no entry, no number, no env. The library's own sources on a family in the host's memory,
 * stepped through by another process with ptrace; the kernel's calls are made here, and are whole.
 * The lock `table` is nobody's; files are not part of it.
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
#include "tests/tap.h"

#include <machine/call.h>

enum { ENVS = 8, INIT_ENV = 1, VICTIM_ENV = 2, MEMBERS = 8, NONE = 0xffff, LOOKS_MOST = 1000000 };

/* What both processes see; of it `kept` goes back to what it was after each look. */
struct world {
	struct exo_table_env env[ENVS];
	bool is_begun, is_in_kernel;
	struct family family;
};

#define KEPT (offsetof(struct world, family) + offsetof(struct family, process[MEMBERS]))

static struct {
	struct world *world;
	struct libos init, victim;
	uint32_t self; /* index of the env that makes calls in this process */
	struct exo_info info;
	uint8_t kept[KEPT];
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

/* ---- The life ---- */

/* As libos/fork makes a child; its env is known from there on. */
static struct family_process *forks(struct libos *os, uint64_t *env)
{
	struct family_process *p;

	if (family_make(os, UINT64_MAX, &p))
		exit(1);
	*env = exo_call(EXO_CALL_ENV_CREATE, 0, 0, 0, 0, 0).second;
	family_announce(p, *env);
	return p;
}

static void live(struct libos *os)
{
	struct process_ended ended;
	struct family_process *p;
	uint64_t env;

	/* One that cannot be finished. */
	p = forks(os, &env);
	exo_call(EXO_CALL_ENV_KILL, env, 0, 0, 0, 0);
	exo_call(EXO_CALL_ENV_REAP, env, 0, 0, 0, 0);
	p->state = FAMILY_ZOMBIE;
	family_release(os, p);

	/* One that was killed itself, and had children. */
	p = forks(os, &env);
	if (family_make(&(struct libos){ .family.self = p, .process.pid = p->pid },
			UINT64_MAX, &p))
		exit(1);
	exo_call(EXO_CALL_ENV_KILL, env, 0, 0, 0, 0);
	process_reap(os);
	(void)process_wait(os, -1, PROCESS_WAIT_ENDED | PROCESS_WAIT_NO_HANG, &ended);

	/* One that it leaves. */
	(void)forks(os, &env);
	exo_call(EXO_CALL_ENV_KILL, env, 0, 0, 0, 0);
	family_exit(os, 0);
}

/* ---- Who looks on ---- */

/* The first member, and the one whose life it is. */
static void begin(void)
{
	struct world *world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct family_process *p;

	if (world == MAP_FAILED)
		exit(1);
	host.world = world;
	host.info.arrays[EXO_ARRAY_ENVS].count = ENVS;
	host.info.arrays[EXO_ARRAY_ENVS].size = sizeof(world->env[0]);
	world->env[0] = (struct exo_table_env){ .state = EXO_ENV_ALIVE, .parent = NONE };
	host.init.family.self = forks(&host.init, &host.init.process.env);
	host.init.process.pid = host.init.family.self->pid;
	host.self = INIT_ENV;
	p = forks(&host.init, &host.victim.process.env);
	p->vcpu = 1;
	host.victim.family.self = p;
	host.victim.process.pid = p->pid;
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

/* It ends here: is there nobody when all are buried? Then all is as before. */
static bool look(void)
{
	bool is_clean;

	memcpy(host.kept, host.world, KEPT);
	kernel_kill(VICTIM_ENV);
	process_events(&host.init);
	is_clean = is_nobody_left();
	memcpy(host.world, host.kept, KEPT);
	host.init.family.has_buried = false;
	return is_clean;
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
	unsigned looks = 0, left = 0;
	int status;
	pid_t pid;

	begin();
	pid = fork();
	if (pid == 0)
		victim_main();
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) && looks < LOOKS_MOST) {
		unsigned long got = WSTOPSIG(status);

		if (host.world->is_begun && !host.world->is_in_kernel) {
			looks++;
			left += !look();
		}
		got = got == SIGTRAP || got == SIGSTOP ? 0 : got;
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, (void *)got))
			break;
	}
	kill(pid, SIGKILL); /* unless it has ended */
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		printf("1..0 # SKIP no process may be traced here\n");
		return 0;
	}
	tap_ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "it lived");
	tap_ok(looks > 100, "and could end at each instruction");
	tap_eq(left, 0, "nobody is left");
	return tap_done("tests/host/killed_at_every_instruction.tap");
}
