/* SPDX-License-Identifier: ISC */
/*
 * System calls of any number with any arguments: good and bad pointers, descriptors, sizes. None
 * may end the process or spoil its memory; those whose work is just that are left out.
 */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/calls.h"
#include "tests/tap.h"

/* These end or change the process, sleep, or take its memory or its console away. */
static const long left_out[] = {
	SYS_exit, SYS_exit_group, SYS_fork, SYS_vfork, SYS_clone, 435 /* clone3 */, SYS_execve,
	SYS_kill, SYS_tkill, SYS_tgkill, SYS_munmap, SYS_mprotect, SYS_mremap, SYS_brk,
	SYS_madvise, SYS_mmap, SYS_nanosleep, SYS_clock_nanosleep, SYS_poll, SYS_ppoll, SYS_select,
	SYS_pselect6, SYS_futex, SYS_arch_prctl, SYS_wait4, SYS_read, SYS_readv, SYS_close,
	SYS_close_range, SYS_dup2, SYS_dup3, SYS_write, SYS_writev, SYS_set_tid_address, SYS_ioctl,
	SYS_alarm, SYS_setitimer, SYS_pause, SYS_rt_sigreturn, SYS_rt_sigaction, SYS_rt_sigsuspend,
	SYS_rt_sigtimedwait, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo,
	SYS_mknod, SYS_mknodat, /* a FIFO, whose opening sleeps */
};

enum { AREA_BYTES = 8192, AREA_WORDS = AREA_BYTES / 8 };

/* Memory to point into; there is nothing behind it, so that no call can reach the rest. */
static uint64_t *area;

static bool is_left_out(long number)
{
	size_t i;

	for (i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
		if (left_out[i] == number)
			return true;
	return false;
}

static uint64_t random_number(void)
{
	return (uint64_t)random() << 33 ^ (uint64_t)random() << 11 ^ (uint64_t)random();
}

static uint64_t random_argument(void)
{
	static const uint64_t some[] = { 0, 1, 2, 3, 4, 8, 16, 64, 4096, 4097, 0x7fffffff,
		0x80000000, 0xffffffff, UINT64_MAX, UINT64_MAX - 99, 0x812000, 0x7f0000000000,
		0x7f0000200000, 0x7e8000000000, 0x7f8000000000, 0x8000000000000000 };

	switch (random() % 4) {
	case 0:
		return (uintptr_t)area + (uint64_t)random() % AREA_BYTES;
	case 1:
		return some[(size_t)random() % (sizeof(some) / sizeof(some[0]))];
	case 2:
		return (uint64_t)random() % 300;
	default:
		return random_number();
	}
}

/* What pointers in random memory may find: paths, numbers, pointers to it again. */
static void fill_area(void)
{
	static const char *const paths[] = { "/", "/tmp", "/tmp/a", "/tmp/a/b", "/dev/null", "..",
		"/dev/zero", "/proc/self/exe", "b", "/bin", "" };
	size_t i;

	for (i = 0; i < AREA_WORDS; i += 4) {
		area[i] = random_argument();
		area[i + 1] = (uint64_t)random() % 5000;
		memset(&area[i + 2], 0, 16);
		strcpy((char *)&area[i + 2], paths[(size_t)random() % 11]);
	}
}

int main(void)
{
	unsigned long count = tap_iterations(400000), i, good = 0;
	volatile uint64_t canary = 0x123456789abcdef0;
	void *heap = malloc(5000);
	uint64_t seed = tap_seed(1);

	srandom((unsigned)seed);
	area = mmap(NULL, 2 * AREA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		0);
	if (area == MAP_FAILED || munmap(area + AREA_WORDS, AREA_BYTES) != 0)
		return 1;
	memset(heap, 0x55, 5000);
	for (i = 0; i < count; i++) {
		long number = random() % 460;

		if (i % 64 == 0)
			fill_area();
		if (is_left_out(number))
			continue;
		good += syscall(number, random_argument(), random_argument(), random_argument(),
			random_argument(), random_argument(), random_argument()) >= 0;
	}
	tap_ok(good > 0, "%lu random calls, of which %lu succeeded", count, good);
	tap_ok(canary == 0x123456789abcdef0 && ((char *)heap)[4999] == 0x55,
		"the process has its memory");
	return tap_done("tests/guest/random_linux_calls_leave_the_process.guest");
}
