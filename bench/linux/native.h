/* SPDX-License-Identifier: ISC */
/*
 * Makes of the Linux program a native one: included before each of its files, it has the names of
 * POSIX mean functions of the library (libos/libos.h), which need no system call. What the library
 * lacks stays as it is and goes through libc. No state, no locks.
 */
#ifndef BENCH_LINUX_NATIVE_H
#define BENCH_LINUX_NATIVE_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>
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

#define _exit libos_exit
#define execve(path, argument, environment) \
	native_result(libos_exec(path, argument, environment))
#define fork() native_result(libos_fork())
#define madvise(at, bytes, advice) ((void)(at), (void)(bytes), 0)
#define mmap(at, bytes, access, flags, fd, from) native_mmap(bytes, access, flags)
#define mprotect(at, bytes, access) native_result(libos_protect(at, bytes, native_access(access)))
#define munmap(at, bytes) native_result(libos_unmap(at, bytes))
#define posix_spawn(child, path, actions, attributes, argument, environment) \
	native_posix_spawn(child, path, argument, environment)
#define pthread_create(thread, attributes, entry, argument) native_pthread_create(thread, entry)
#define pthread_join(thread, value) native_result(libos_thread_join((long)(thread), NULL))
#define sched_yield() native_result(libos_thread_yield())
#define vfork() fork()
#define waitpid(child, status, options) native_result(libos_wait(child, status))

#endif
