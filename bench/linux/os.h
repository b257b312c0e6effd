/* SPDX-License-Identifier: ISC */
/*
 * The system that bench/linux measures, as POSIX has it: what the rows call, thin enough not to
 * count. A call that fails ends its rows (costs_fail). No state, no locks.
 */
#ifndef BENCH_LINUX_OS_H
#define BENCH_LINUX_OS_H

#include <errno.h>
#include <machine/call.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* Leave the rows being measured: `what` failed, errno says why. */
_Noreturn void costs_fail(const char *what);

static inline void os_must(long result, const char *what)
{
	if (result < 0)
		costs_fail(what);
}

/* Fresh zeroed memory of pages of 4 KiB, beginning at a multiple of 2 MiB if it is as large. */
static inline char *os_map(size_t bytes, bool is_shared)
{
	size_t large = (size_t)2 << 20, extra = bytes >= large ? large : 0;
	char *all = mmap(NULL, bytes + extra, PROT_READ | PROT_WRITE,
			 MAP_ANONYMOUS | (is_shared ? MAP_SHARED : MAP_PRIVATE), -1, 0);
	char *at = all;

	if (all == MAP_FAILED)
		costs_fail("mmap");
	if (extra) {
		at = (char *)(((uintptr_t)all + large - 1) & ~(large - 1));
		if (at != all)
			munmap(all, (size_t)(at - all));
		if (at != all + large)
			munmap(at + bytes, (size_t)(all + large - at));
	}
	/* Systems without huge pages may not know the advice. */
	madvise(at, bytes, MADV_NOHUGEPAGE);
	return at;
}

static inline void os_unmap(char *at, size_t bytes)
{
	os_must(munmap(at, bytes), "munmap");
}

static inline void os_protect(char *at, size_t bytes, int access)
{
	os_must(mprotect(at, bytes, access), "mprotect");
}

static inline pid_t os_fork(void)
{
	pid_t child = fork();

	os_must(child, "fork");
	return child;
}

/* Wait for a child, which ended well. */
static inline void os_wait(pid_t child)
{
	int status = 0;

	os_must(waitpid(child, &status, 0), "waitpid");
	errno = 0;
	if (status != 0)
		costs_fail("the child did not end well");
}

static inline void os_touch(char *from, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes; i += 4096)
		((volatile char *)from)[i] = 1;
}

/* Pages of 2 MiB for fresh memory of os_map. Advice that is taken and dropped shows: another page
 * still costs a fault, which is dear. */
static inline void os_make_large(char *at, size_t bytes)
{
	enum { FAULT = 200 };
	uint64_t start;

	os_must(madvise(at, bytes, MADV_HUGEPAGE), "MADV_HUGEPAGE");
	os_touch(at, 1);
	start = machine_clock();
	os_touch(at + 300 * 4096, 1);
	if (machine_clock() - start > FAULT) {
		errno = 0;
		costs_fail("no pages of 2 MiB");
	}
}

#endif
