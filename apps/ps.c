/* SPDX-License-Identifier: ISC */
/*
 * ps: who there is, from the kernel's table of envs and the family's of processes. An env of
 * another family has no pid here. CPU is where it runs just now, TIME what its vcpus have run, up
 * to the last switch; ACCOUNT who pays (vmstat). Reads only.
 */
#include <stdio.h>

#include "libos/libos.h"

enum { PS_PROCESSES = 512 };

static struct libos_process list[PS_PROCESSES];

static const struct exo_info *ps_info(void)
{
	return (const struct exo_info *)EXO_INFO_PAGE;
}

static const struct libos_process *ps_find(uint64_t env, long count)
{
	long i;

	for (i = 0; i < count && i < PS_PROCESSES; i++)
		if (list[i].env == env)
			return &list[i];
	return NULL;
}

static uint64_t ps_ms(uint64_t units)
{
	const struct exo_info *info = ps_info();

	return (uint64_t)((unsigned __int128)units * info->clock_mult >> info->clock_shift)
		/ 1000000;
}

/* The CPU that runs an env's program, -1: none does. */
static int ps_cpu(uint64_t env)
{
	const struct exo_array *cpus = &ps_info()->arrays[EXO_ARRAY_CPUS];
	const char *table = exo_table(ps_info(), EXO_ARRAY_CPUS);
	uint32_t i;

	for (i = 0; i < cpus->count; i++) {
		const struct exo_table_cpu *c =
			(const struct exo_table_cpu *)(table + (size_t)i * cpus->size);

		if (c->root_env == env && c->current != 0xffff)
			return (int)i;
	}
	return -1;
}

static void ps_line(uint64_t index, const struct exo_table_env *env, long count)
{
	static const char states[] = "?REZ";
	uint64_t handle = index | env->generation << 16, ms = ps_ms(env->units);
	const struct libos_process *p = ps_find(handle, count);

	if (p)
		printf("%5u %5u ", p->pid, p->parent);
	else
		printf("%5s %5s ", "-", "-");
	printf("%5llu.%-4llu ", (unsigned long long)index, (unsigned long long)env->generation);
	printf("%4d %c %3d %7u ", env->parent == 0xffff ? -1 : (int)env->parent,
	       p ? p->state : states[env->state & 3], ps_cpu(index), env->account);
	printf("%5llu.%03llu %.16s\n", (unsigned long long)ms / 1000,
	       (unsigned long long)ms % 1000, p ? p->name : "");
}

int main(void)
{
	const struct exo_array *envs = &ps_info()->arrays[EXO_ARRAY_ENVS];
	const char *table = exo_table(ps_info(), EXO_ARRAY_ENVS);
	long count = libos_processes(list, PS_PROCESSES);
	uint32_t i;

	printf("  PID  PPID   ENV.GEN  PENV S CPU ACCOUNT      TIME NAME\n");
	for (i = 0; i < envs->count; i++) {
		const struct exo_table_env *env =
			(const struct exo_table_env *)(table + (size_t)i * envs->size);

		if (env->state != EXO_ENV_FREE)
			ps_line(i, env, count);
	}
	return 0;
}
