/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount --cpus 2
 * Two busy processes on two CPUs: each goes on while the other runs and is not interrupted, on a
 * CPU of its own as the kernel's table says, and both together use more time than passes.
 */
#include <machine/call.h>

#include "tests/process.h"

static const struct exo_info *const info = (const struct exo_info *)EXO_INFO_PAGE;

enum { LOOKS = 20 };

struct shared {
	volatile uint64_t env, count, stop;
};

static const void *element(unsigned which, uint64_t n)
{
	return (const char *)exo_table(info, which) + n * info->arrays[which].size;
}

static const struct exo_table_cpu *cpu_of(unsigned n)
{
	return element(EXO_ARRAY_CPUS, n);
}

static uint64_t switches(void)
{
	return cpu_of(0)->switches + cpu_of(1)->switches;
}

static uint64_t env_self(void)
{
	return exo_call(EXO_CALL_SELF, 0, 0, 0, 0, 0).second;
}

static uint64_t units_of(uint64_t env)
{
	return ((const struct exo_table_env *)element(EXO_ARRAY_ENVS, env & 0xffff))->units;
}

static void child_main(struct shared *shared)
{
	shared->env = env_self();
	while (!shared->stop)
		shared->count++;
	libos_exit(0);
}

/* Does the child count on while no CPU is given to anybody else? */
static bool look(const struct shared *shared)
{
	uint64_t switched = switches(), count = shared->count;

	while (shared->count == count && switches() == switched)
		;
	return switches() == switched;
}

int main(void)
{
	struct shared *shared = process_map(4096, true);
	uint64_t start, used, self = env_self() & 0xffff;
	unsigned i, seen = 0, apart = 0;
	long pid;

	tap_eq(info->cpus, 2, "there are two CPUs");
	pid = libos_fork();
	if (pid == 0)
		child_main(shared);
	while (shared->count == 0)
		;
	usleep(1000); /* what was used till now is charged when we are switched away */
	start = libos_clock();
	used = units_of(self);
	for (i = 0; i < LOOKS; i++) {
		seen += look(shared);
		apart += cpu_of(0)->root_env + cpu_of(1)->root_env
			== self + (shared->env & 0xffff);
	}
	tap_ok(seen >= LOOKS * 3 / 4, "each runs while the other does (%u of %u)", seen, LOOKS);
	tap_ok(apart >= LOOKS * 3 / 4, "on a CPU of its own (%u of %u)", apart, LOOKS);
	shared->stop = 1;
	tap_eq(process_join(pid), 0, "the child ends");
	usleep(1000);
	used = units_of(self) - used + units_of(shared->env);
	start = libos_clock() - start;
	tap_ok(used > start + start / 2, "both have used more than passed: %llu of %llu",
	       (unsigned long long)used, (unsigned long long)start);
	return tap_done("tests/guest/processes_run_at_once.guest");
}
