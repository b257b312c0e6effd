/* SPDX-License-Identifier: ISC */
/*
 * The vDSO: a small shared object inside the library's text, where libc finds functions that tell
 * the time without a system call (vdso(7); its address is in the auxiliary vector). Runs as part of
 * the program, on its stack, at any address, and reads the info page; the same sums as the calls in
 * libos/linux/time.c. No locks.
 */
#include <machine/call.h>
#include <machine/linux.h>

#include "abi/exo.h"

/* Clocks that are boot_clock and the counter alone, by number; of these the calendar's. */
enum { VDSO_CLOCKS = 0xbf3, VDSO_CALENDAR = 0x921 };

#define VDSO_NS UINT64_C(1000000000)

struct vdso_time {
	int64_t s;
	int64_t part; /* nanoseconds or microseconds */
};

static inline const struct exo_info *vdso_info(void)
{
	return (const struct exo_info *)EXO_INFO_PAGE;
}

static inline uint64_t vdso_now_ns(void)
{
	const struct exo_info *info = vdso_info();

	return (uint64_t)((unsigned __int128)(machine_clock() - info->boot_clock)
			  * info->clock_mult >> info->clock_shift);
}

int MACHINE_VDSO(clock_gettime)(int clock, struct vdso_time *time)
{
	uint64_t now;

	if ((unsigned)clock >= 32 || !(VDSO_CLOCKS >> clock & 1))
		return machine_clock_gettime(clock, time);
	now = vdso_now_ns();
	time->s = (int64_t)(now / VDSO_NS);
	time->part = (int64_t)(now % VDSO_NS);
	if (VDSO_CALENDAR >> clock & 1)
		time->s += (int64_t)vdso_info()->epoch_s;
	return 0;
}

int MACHINE_VDSO(gettimeofday)(struct vdso_time *time, uint64_t *zone)
{
	if (time) {
		MACHINE_VDSO(clock_gettime)(0, time);
		time->part /= 1000;
	}
	if (zone)
		*zone = 0;
	return 0;
}

int64_t MACHINE_VDSO(time)(int64_t *time)
{
	struct vdso_time now;

	MACHINE_VDSO(clock_gettime)(0, &now);
	if (time)
		*time = now.s;
	return now.s;
}
