/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount
 * run-guest-aarch64: --cpu max,cntfrq=1000000000
 * The kernel's tables, read by a program: frames charged are frames used, this process is there, a
 * child appears and goes, faults and switches are counted, CPU time is that of who
 * ran. Without a trace on the command line there is none.
 */
#include <sys/wait.h>

#include <machine/call.h>

#include "tests/process.h"

static const struct exo_info *const info = (const struct exo_info *)EXO_INFO_PAGE;

static const void *element(unsigned which, uint64_t n)
{
	return (const char *)exo_table(info, which) + n * info->arrays[which].size;
}

static const struct exo_table_env *env_of(uint64_t handle)
{
	const struct exo_table_env *e = element(EXO_ARRAY_ENVS, handle & 0xffff);

	return e->generation == handle >> 16 ? e : NULL;
}

static uint64_t self(void)
{
	return exo_call(EXO_CALL_SELF, 0, 0, 0, 0, 0).second;
}

static void check_arrays(void)
{
	static const uint32_t least[EXO_ARRAYS] = {
		[EXO_ARRAY_FRAMES] = sizeof(struct exo_table_frame),
		[EXO_ARRAY_ACCOUNTS] = sizeof(struct exo_table_account),
		[EXO_ARRAY_CPUS] = sizeof(struct exo_table_cpu),
		[EXO_ARRAY_ENVS] = sizeof(struct exo_table_env),
		[EXO_ARRAY_TRACE] = sizeof(struct exo_trace),
	};
	unsigned i;

	for (i = EXO_ARRAY_FRAMES; i < EXO_ARRAYS; i++)
		tap_ok(info->arrays[i].size >= least[i], "array %u has whole elements", i);
	tap_eq(info->arrays[EXO_ARRAY_FRAMES].count, info->frames, "an entry a frame");
	tap_eq(info->arrays[EXO_ARRAY_CPUS].count, info->cpus, "and one a CPU");
	tap_eq(info->arrays[EXO_ARRAY_TRACE].count, 0, "no trace unless asked for");
}

/* Frames that the frame table charges to each account are those that it says it uses. */
static void check_frames(void)
{
	uint64_t charged[64] = { 0 }, limit = 0, used, n, free_frames = 0;
	const struct exo_table_account *a;
	const struct exo_table_frame *f;
	unsigned i, wrong = 0;

	for (n = 0; n < info->arrays[EXO_ARRAY_FRAMES].count; n++) {
		f = element(EXO_ARRAY_FRAMES, n);
		if (EXO_FRAME_META_TYPE(f->meta) == EXO_FRAME_FREE)
			free_frames++;
		else if (EXO_FRAME_META_TYPE(f->meta) != EXO_FRAME_KERNEL
			 && EXO_FRAME_META_TYPE(f->meta) != EXO_FRAME_BOOT)
			charged[EXO_FRAME_META_ACCOUNT(f->meta)]++;
	}
	for (i = 0; i < info->arrays[EXO_ARRAY_ACCOUNTS].count; i++) {
		a = element(EXO_ARRAY_ACCOUNTS, i);
		used = (uint32_t)a->quota[EXO_RESOURCE_FRAMES];
		limit += a->quota[EXO_RESOURCE_FRAMES] >> 32;
		wrong += used != charged[i];
	}
	tap_eq(wrong, 0, "each account uses what is charged to it");
	tap_eq(limit, info->frames - info->frames_kernel, "the limits are all there is");
	tap_eq(free_frames + exo_call(EXO_CALL_ACCOUNT, EXO_ACCOUNT_USED, 0, EXO_RESOURCE_FRAMES,
				      0, 0).second, limit, "what is not used is free");
}

static void check_envs(void)
{
	const struct exo_table_env *own = env_of(self()), *child;
	uint64_t *handle = process_map(4096, true), units;
	uint32_t children;
	long pid;

	tap_ok(own && own->state == EXO_ENV_ALIVE, "this process is there");
	children = own->children;
	units = own->units;
	pid = libos_fork();
	if (pid == 0) {
		handle[0] = self();
		handle[1] = process_work(1, 2000000);
		libos_exit(0);
	}
	tap_eq(own->children, children + 1, "a child is counted");
	tap_eq(process_join(pid), 0, "it worked");
	tap_eq(own->children, children, "and is gone");
	child = element(EXO_ARRAY_ENVS, handle[0] & 0xffff);
	tap_ok(child->state == EXO_ENV_FREE, "its entry is free");
	tap_ok(child->units >= 2000000 && child->units < 100000000, "it had its time: %llu",
	       (unsigned long long)child->units);
	libos_sleep(libos_clock() + process_ms(1)); /* who leaves the CPU is charged */
	tap_ok(own->units > units, "and we ours");
}

static void check_counts(void)
{
	const struct exo_table_cpu *cpu = element(EXO_ARRAY_CPUS, 0);
	uint64_t faults = cpu->upcalls[EXO_UPCALL_FAULT], calls, switches = cpu->switches, i;
	volatile char *memory = process_map(64 * 4096, false);

	for (i = 0; i < 64; i++)
		memory[i * 4096] = 1;
	tap_ok(cpu->upcalls[EXO_UPCALL_FAULT] >= faults + 4, "faults are counted");
	calls = cpu->upcalls[EXO_UPCALL_SYSCALL];
	for (i = 0; i < 10; i++)
		getppid();
	tap_ok(cpu->upcalls[EXO_UPCALL_SYSCALL] >= calls + 10, "foreign calls too");
	if (libos_fork() == 0)
		libos_exit(0);
	wait(NULL);
	tap_ok(cpu->switches >= switches + 2, "to a child and back are two switches");
}

int main(void)
{
	check_arrays();
	check_frames();
	check_envs();
	check_counts();
	return tap_done("tests/guest/kernel_tables_tell_the_truth.guest");
}
