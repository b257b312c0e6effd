/* SPDX-License-Identifier: ISC */
/* What Linux does differently on each machine: struct stat, flags of open, names, randomness. User
 * side only; layouts as in Linux's include/uapi/asm-generic and arch/arm64/include/uapi/asm. */
#ifndef MACHINE_LINUX_H
#define MACHINE_LINUX_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/exo.h"

#define LINUX_MACHINE "aarch64"

/* The sixth argument of a system call. */
#define LINUX_ARG5(r) ((r)->x[5])

enum { LINUX_RESTART_SYSCALL = 128 };

/* A handler without SA_RESTORER is refused; else what it returns to is Linux's own. */
enum { LINUX_NEEDS_RESTORER = 0 };

enum { LINUX_O_DIRECTORY = 040000, LINUX_O_NOFOLLOW = 0100000 };

/* Arguments of clone, in this machine's order. */
enum { LINUX_CLONE_PARENT = 2, LINUX_CLONE_CHILD = 4, LINUX_CLONE_TLS = 3 };

struct linux_stat {
	uint64_t dev;
	uint64_t ino;
	uint32_t mode;
	uint32_t nlink;
	uint32_t uid;
	uint32_t gid;
	uint64_t rdev;
	uint64_t zero;
	int64_t size;
	int32_t blksize;
	int32_t zero2;
	int64_t blocks;
	int64_t atime_s, atime_ns;
	int64_t mtime_s, mtime_ns;
	int64_t ctime_s, ctime_ns;
	uint32_t reserved[2];
};

_Static_assert(sizeof(struct linux_stat) == 128, "struct linux_stat");

/* Below the stack pointer a program has no data. */
#define LINUX_RED_ZONE 0u

/* Bytes of the instruction that makes a system call. */
enum { LINUX_CALL_BYTES = 4 };

/* AT_HWCAP: floating point and SIMD, which all have; programs cannot ask the CPU for more. */
static inline uint64_t machine_hwcap(void)
{
	return 3;
}

/* What a function of the vDSO (libos/linux/vdso.c) is called. */
#define MACHINE_VDSO(name) __kernel_##name

/* The call, for clocks that it does not know. */
static inline int machine_clock_gettime(int clock, void *time)
{
	register uint64_t number __asm__("x8") = 113;
	register int64_t result __asm__("x0") = clock;
	register void *to __asm__("x1") = time;

	__asm__ volatile("svc #0" : "+r"(result) : "r"(number), "r"(to) : "memory");
	return (int)result;
}

/* AT_SYSINFO_EHDR. */
static inline uint64_t machine_vdso(void)
{
	extern const char libos_vdso[] __attribute__((visibility("hidden")));

	return (uint64_t)libos_vdso;
}

/* A random number from the CPU; false: it has none (now). Whether it has, programs cannot ask. */
static inline bool machine_random(uint64_t *value)
{
	(void)value;
	return false;
}

#endif
