/* SPDX-License-Identifier: ISC */
/*
 * cow-two-addresses and shared mappings: memory mapped shared stays shared over fork, in a small
 * and in a large process (whose tables are shared); a private page forked twice and written from
 * both sides is two pages; counts return, frames before = frames after.
 */
#define _GNU_SOURCE
#include "tests/process.h"

static void check_shared(const char *name, size_t ballast_mib)
{
	char *ballast = ballast_mib ? process_map(ballast_mib << 20, false) : NULL;
	volatile uint64_t *shared = process_map(16 * 4096, true);
	size_t i;
	long pid;
	int bad = 0;

	for (i = 0; i < ballast_mib << 20; i += 4096)
		ballast[i] = 1;
	for (i = 0; i < 16; i++)
		shared[i * 512] = i;
	pid = libos_fork();
	if (pid == 0) {
		for (i = 0; i < 16; i++)
			shared[i * 512] += 100;
		while (!shared[1]) /* the parent writes after the child has */
			libos_thread_yield();
		for (i = 0; i < 16; i++)
			bad |= shared[i * 512 + 2] != i * 7;
		libos_exit(bad);
	}
	while (shared[15 * 512] != 115)
		libos_thread_yield();
	for (i = 0; i < 16; i++)
		shared[i * 512 + 2] = i * 7;
	shared[1] = 1;
	tap_eq(process_join(pid), 0, "%s: the child sees what the parent wrote", name);
	for (i = 0; i < 16; i++)
		bad |= shared[i * 512] != i + 100;
	tap_eq(bad, 0, "%s: the parent sees what the child wrote", name);
	munmap((void *)shared, 16 * 4096);
	if (ballast)
		munmap(ballast, ballast_mib << 20);
}

/* mremap moves pages without copying: the frame's old address must be gone. */
static void check_moved(void)
{
	char *old = process_map(64 * 4096, false), *moved;
	int i, bad = 0;
	long pid;

	for (i = 0; i < 64; i++)
		old[i * 4096] = (char)i;
	pid = libos_fork();
	moved = mremap(old, 64 * 4096, 128 * 4096, MREMAP_MAYMOVE);
	for (i = 0; i < 64; i++) {
		bad |= moved[i * 4096] != (char)i;
		moved[i * 4096] = (char)(pid ? i + 1 : i + 2);
	}
	for (i = 0; i < 64; i++)
		bad |= moved[i * 4096] != (char)(pid ? i + 1 : i + 2);
	if (pid == 0)
		libos_exit(bad);
	tap_eq(process_join(pid), 0, "child: moved while copy-on-write");
	tap_eq(bad, 0, "parent: moved while copy-on-write");
	munmap(moved, 128 * 4096);
}

int main(void)
{
	uint64_t before, after;
	int round;

	check_shared("warm-up", 0);
	check_moved();
	before = process_frames();
	for (round = 0; round < 3; round++) {
		check_shared("small", 0);
		check_shared("large", 24);
		check_moved();
	}
	libos_sleep(libos_clock() + process_ms(50));
	after = process_frames();
	tap_ok(after <= before + 8, "frames are back (%lu, then %lu)", before, after);
	return tap_done("tests/guest/cow_two_addresses.guest");
}
