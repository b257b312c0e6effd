/* SPDX-License-Identifier: ISC */
/*
 * Makes of the Linux program a native one: included before each of its files, it has the names of
 * POSIX mean functions of the library (libos/libos.h), which need no system call. No state, no
 * locks.
 */
#ifndef BENCH_LINUX_NATIVE_H
#define BENCH_LINUX_NATIVE_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libos/libos.h"

/* A result of the library as libc would have it; which error it was does not matter here. */
static inline int native_result(long result)
{
	if (result >= 0)
		return (int)result;
	errno = EINVAL;
	return -1;
}

static inline unsigned native_access(int access)
{
	return (access & PROT_READ ? EXO_READ : 0u) | (access & PROT_WRITE ? EXO_WRITE : 0u);
}

static inline void *native_mmap(size_t bytes, int access, int flags)
{
	void *at = NULL;
	long result = libos_map(&at, bytes, native_access(access), flags & MAP_SHARED);

	return native_result(result) < 0 ? MAP_FAILED : at;
}

static inline int native_posix_spawn(pid_t *child, const char *path, char *const argument[],
				     char *const environment[])
{
	*child = native_result(libos_spawn(path, argument, environment));
	return *child < 0 ? errno : 0;
}

static inline int native_pthread_create(pthread_t *thread, void *(*entry)(void *))
{
	long handle = libos_thread_create((uint64_t (*)(void *))(uintptr_t)entry, NULL);

	*thread = (pthread_t)handle;
	return handle < 0 ? EAGAIN : 0;
}

/* Files, pipes and futexes: Linux's own calls, as calls of the library. */
static inline long native_call(long number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
	long result = libos_linux(number, a0, a1, a2, a3);

	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

#define _exit libos_exit
#define close(fd) ((int)native_call(SYS_close, (uint64_t)(fd), 0, 0, 0))
#define execve(path, argument, environment) \
	native_result(libos_exec(path, argument, environment))
#define fork() native_result(libos_fork())
#define madvise(at, bytes, advice) ((void)(at), (void)(bytes), 0)
#define mmap(at, bytes, access, flags, fd, from) native_mmap(bytes, access, flags)
#define mprotect(at, bytes, access) native_result(libos_protect(at, bytes, native_access(access)))
#define munmap(at, bytes) native_result(libos_unmap(at, bytes))
#define pipe(ends) ((int)native_call(SYS_pipe2, (uint64_t)(ends), 0, 0, 0))
#define posix_spawn(child, path, actions, attributes, argument, environment) \
	native_posix_spawn(child, path, argument, environment)
#define pthread_create(thread, attributes, entry, argument) native_pthread_create(thread, entry)
#define pthread_join(thread, value) native_result(libos_thread_join((long)(thread), NULL))
#define read(fd, to, bytes) native_call(SYS_read, (uint64_t)(fd), (uint64_t)(to), bytes, 0)
#define sched_yield() native_result(libos_thread_yield())
#define syscall(number, a0, a1, a2, ...) native_call(number, (uint64_t)(a0), a1, a2, 0)
#define vfork() fork()
#define waitpid(child, status, options) native_result(libos_wait(child, status))
#define write(fd, from, bytes) native_call(SYS_write, (uint64_t)(fd), (uint64_t)(from), bytes, 0)

#endif
