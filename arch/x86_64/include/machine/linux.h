/* SPDX-License-Identifier: ISC */
/* What Linux does differently on each machine: struct stat, flags of open, names, randomness. User
 * side only; layouts as in Linux's arch/x86/include/uapi/asm. */
#ifndef MACHINE_LINUX_H
#define MACHINE_LINUX_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/exo.h"

#define LINUX_MACHINE "x86_64"

/* The sixth argument of a system call. */
#define LINUX_ARG5(r) ((r)->r9)

enum { LINUX_RESTART_SYSCALL = 219 };

/* A handler without SA_RESTORER is refused; else what it returns to is Linux's own. */
enum { LINUX_NEEDS_RESTORER = 1 };

enum { LINUX_O_DIRECTORY = 0200000, LINUX_O_NOFOLLOW = 0400000 };

/* Arguments of clone, in this machine's order. */
enum { LINUX_CLONE_PARENT = 2, LINUX_CLONE_CHILD = 3, LINUX_CLONE_TLS = 4 };

struct linux_stat {
	uint64_t dev;
	uint64_t ino;
	uint64_t nlink;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t zero;
	uint64_t rdev;
	int64_t size;
	int64_t blksize;
	int64_t blocks;
	int64_t atime_s, atime_ns;
	int64_t mtime_s, mtime_ns;
	int64_t ctime_s, ctime_ns;
	int64_t reserved[3];
};

_Static_assert(sizeof(struct linux_stat) == 144, "struct linux_stat");

/* Below the stack pointer the program may have data: a signal's frame lies below that. */
#define LINUX_RED_ZONE 128u

/* Bytes of the instruction that makes a system call. */
enum { LINUX_CALL_BYTES = 2 };

/* AT_HWCAP: the CPU's feature bits, cpuid 1 edx. */
static inline uint64_t machine_hwcap(void)
{
	uint32_t a = 1, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return d;
}

/* What a function of the vDSO (libos/linux/vdso.c) is called. */
#define MACHINE_VDSO(name) __vdso_##name

/* The call, for clocks that it does not know. */
static inline int machine_clock_gettime(int clock, void *time)
{
	int64_t result = 228;

	__asm__ volatile("syscall" : "+a"(result) : "D"(clock), "S"(time)
			 : "rcx", "r11", "memory");
	return (int)result;
}

/* AT_SYSINFO_EHDR. */
static inline uint64_t machine_vdso(void)
{
	extern const char libos_vdso[] __attribute__((visibility("hidden")));

	return (uint64_t)libos_vdso;
}

/* A random number from the CPU; false: it has none (now). */
static inline bool machine_random(uint64_t *value)
{
	uint32_t a = 1, b, c = 0, d;
	bool is_good;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if (!(c & 1u << 30))
		return false;
	__asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(is_good));
	return is_good;
}

#endif
