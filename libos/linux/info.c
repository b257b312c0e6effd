/* SPDX-License-Identifier: ISC */
/* System calls that ask what machine, system or user this is. No locks. */
#include "libos/linux/linux.h"

#include <machine/call.h>
#include <machine/linux.h>

#include "libos/fs/path.h"
#include "libos/fs/proc.h"

enum { INFO_NAME = 65 };

/* Whoever runs is root and stays it; advice is taken; what there is not cannot be limited. */
int64_t info_zero(struct linux_call *c)
{
	(void)c;
	return 0;
}

/* There is a clock, but nobody sets it. */
int64_t info_clock_settime(struct linux_call *c)
{
	uint64_t ns;
	int64_t error;

	if (c->arg[0] != 0)
		return -LINUX_EINVAL;
	error = time_in(c, c->arg[1], &ns);
	return error < 0 ? error : -LINUX_EPERM;
}

int64_t info_denied(struct linux_call *c)
{
	(void)c;
	return -LINUX_EPERM;
}

int64_t info_uname(struct linux_call *c)
{
	static const char names[6][INFO_NAME] = {
		"Linux", "chitin", "6.1.0-chitin", "#1 Chitin", LINUX_MACHINE, "(none)",
	};

	return linux_out(c, c->arg[0], names, sizeof(names));
}

int64_t info_umask(struct linux_call *c)
{
	uint32_t old = c->os->files->umask;

	c->os->files->umask = (uint32_t)c->arg[0] & 0777;
	return old;
}

uint64_t info_free_bytes(void)
{
	struct exo_result limit, used;

	limit = exo_call(EXO_CALL_ACCOUNT, EXO_ACCOUNT_LIMIT, 0, EXO_RESOURCE_FRAMES, 0, 0);
	used = exo_call(EXO_CALL_ACCOUNT, EXO_ACCOUNT_USED, 0, EXO_RESOURCE_FRAMES, 0, 0);
	return limit.value < 0 || used.value < 0 ? 0
		: (limit.second - used.second) * EXO_PAGE_SIZE;
}

int64_t info_sysinfo(struct linux_call *c)
{
	const struct exo_info *info = libos_info();
	struct {
		int64_t uptime;
		uint64_t loads[3], total, free, shared, buffer, swap, swap_free;
		uint16_t procs;
		uint64_t high, high_free;
		uint32_t unit;
		uint32_t zero;
	} out = {
		.uptime = (int64_t)(time_now_ns() / 1000000000),
		.total = info->frames * EXO_PAGE_SIZE,
		.free = info_free_bytes(),
		.unit = 1,
	};
	uint32_t place = 0;

	while (family_next(&place) != NULL)
		out.procs++;
	return linux_out(c, c->arg[0], &out, sizeof(out));
}

int64_t info_getres(struct linux_call *c)
{
	uint32_t id = 0;
	int64_t error = 0;
	unsigned i;

	for (i = 0; error >= 0 && i < 3; i++)
		error = linux_out(c, c->arg[i], &id, sizeof(id));
	return error;
}

/* Is there a task of that number? 0: the caller. */
static bool info_is_task(uint64_t id)
{
	return (uint32_t)id == 0 || family_find(task_process((uint32_t)id)) != NULL;
}

/* All CPUs: which of them runs whom is for the kernel and the policy to say. */
static uint64_t info_cpus(void)
{
	uint32_t cpus = libos_info()->cpus;

	return cpus < 64 ? (UINT64_C(1) << cpus) - 1 : UINT64_MAX;
}

/* One that there is must be among them. */
int64_t info_setaffinity(struct linux_call *c)
{
	uint64_t cpus = 0;
	size_t bytes = (uint32_t)c->arg[1] < sizeof(cpus) ? (uint32_t)c->arg[1] : sizeof(cpus);

	if (linux_in(c, &cpus, c->arg[2], bytes) < 0)
		return -LINUX_EFAULT;
	if (!info_is_task(c->arg[0]))
		return -LINUX_ESRCH;
	return cpus & info_cpus() ? 0 : -LINUX_EINVAL;
}

int64_t info_getaffinity(struct linux_call *c)
{
	uint64_t cpus = info_cpus();

	if ((uint32_t)c->arg[1] < sizeof(cpus) || (uint32_t)c->arg[1] % sizeof(cpus) != 0)
		return -LINUX_EINVAL;
	if (!info_is_task(c->arg[0]))
		return -LINUX_ESRCH;
	return linux_out(c, c->arg[2], &cpus, sizeof(cpus)) < 0 ? -LINUX_EFAULT
		: (int64_t)sizeof(cpus);
}

/* The CPU that runs this vcpu now, as the kernel's table has it. */
static uint32_t info_cpu(void)
{
	const struct exo_info *info = libos_info();
	const struct exo_array *cpus = &info->arrays[EXO_ARRAY_CPUS];
	const char *table = exo_table(info, EXO_ARRAY_CPUS);
	uint32_t me = (uint16_t)libos_vcpu_page()->vcpu, i;

	for (i = info->cpus - 1; i > 0; i--)
		if (((const struct exo_table_cpu *)(table + (size_t)i * cpus->size))->current == me)
			break;
	return i;
}

int64_t info_getcpu(struct linux_call *c)
{
	uint32_t cpu = info_cpu(), node = 0;
	int64_t error = 0;

	if (c->arg[0] != 0)
		error = linux_out(c, c->arg[0], &cpu, sizeof(cpu));
	if (error >= 0 && c->arg[1] != 0)
		error = linux_out(c, c->arg[1], &node, sizeof(node));
	return error;
}

/*
 * Among the threads of the process: each other vcpu that runs the program is interrupted, and has
 * seen what this one did before it goes on.
 */
int64_t info_membarrier(struct linux_call *c)
{
	enum {
		EXPEDITED = 1 << 3, REGISTER_EXPEDITED = 1 << 4,
		SYNC_CORE = 1 << 5, REGISTER_SYNC_CORE = 1 << 6,
		COMMANDS = EXPEDITED | REGISTER_EXPEDITED | SYNC_CORE | REGISTER_SYNC_CORE
	};
	uint32_t command = (uint32_t)c->arg[0];

	if ((uint32_t)c->arg[1] != 0 || command & ~(uint32_t)COMMANDS || command & (command - 1))
		return -LINUX_EINVAL;
	if (command & (EXPEDITED | SYNC_CORE)) {
		vcpu_halt_others(c->os);
		vcpu_go_on(c->os);
	}
	return command == 0 ? COMMANDS : 0;
}

/* Not the CPU's: splitmix64 over the clock. Hard to guess it is not. */
static uint64_t info_random_weak(struct linux_state *linux)
{
	uint64_t z = linux->random += UINT64_C(0x9e3779b97f4a7c15) ^ machine_clock();

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void info_random(struct linux_state *linux, void *bytes, size_t count)
{
	uint64_t value;
	size_t part;

	for (; count > 0; count -= part, bytes = (char *)bytes + part) {
		if (!machine_random(&value))
			value = info_random_weak(linux);
		part = count < sizeof(value) ? count : sizeof(value);
		memcpy(bytes, &value, part);
	}
}

int64_t info_getrandom(struct linux_call *c)
{
	enum { NONBLOCK = 1, RANDOM = 2, INSECURE = 4 };
	char chunk[256];
	uint64_t done, part;

	if (c->arg[2] & ~(uint64_t)(NONBLOCK | RANDOM | INSECURE)
			|| (c->arg[2] & (RANDOM | INSECURE)) == (RANDOM | INSECURE))
		return -LINUX_EINVAL;
	if (c->arg[1] > INT32_MAX)
		c->arg[1] = INT32_MAX;
	for (done = 0; done < c->arg[1]; done += part) {
		part = sizeof(chunk) - (c->arg[0] + done) % sizeof(chunk);
		if (part > c->arg[1] - done)
			part = c->arg[1] - done;
		info_random(c->linux, chunk, part);
		if (linux_out(c, c->arg[0] + done, chunk, part) < 0)
			return done > 0 ? (int64_t)done : -LINUX_EFAULT;
	}
	return (int64_t)done;
}

/* As a file system in memory describes itself, or /proc. */
static int64_t info_statfs_out(struct linux_call *c, const struct fs_node *node, uint64_t to)
{
	enum { TMPFS = 0x01021994, PROC = 0x9fa0 };
	int64_t free = arena_free_pages(c->os);
	/* type, size of blocks; how many, free twice; files; then names, size of blocks again */
	int64_t statfs[15] = { TMPFS, FS_PAGE, family_root()->arena.pages, free, free };

	if (node->proc != PROC_NONE)
		memcpy(statfs, (int64_t[5]){ PROC, FS_PAGE }, sizeof(int64_t[5]));
	statfs[8] = FS_NAME_MAX;
	statfs[9] = FS_PAGE;
	return linux_out(c, to, statfs, sizeof(statfs));
}

int64_t info_statfs(struct linux_call *c)
{
	int64_t error = linux_in_path(c, 0, c->arg[0]);
	struct fs_node *node;

	if (error >= 0)
		error = errno_from(path_find(c->fs, c->os->files->dir, c->linux->path[0], 0,
			&node));
	return error < 0 ? error : info_statfs_out(c, node, c->arg[1]);
}

int64_t info_fstatfs(struct linux_call *c)
{
	const struct fs_open *open = files_find(c->os->files, (uint32_t)c->arg[0]);

	return open == NULL ? -LINUX_EBADF : info_statfs_out(c, open->node, c->arg[1]);
}
