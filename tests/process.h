/* SPDX-License-Identifier: ISC */
/* What the tests of processes and threads share: shared memory, statuses, frames, the rate. */
#ifndef TESTS_PROCESS_H
#define TESTS_PROCESS_H

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libos/libos.h"
#include "tests/tap.h"

/* Memory that stays shared with children, or that is private and fresh. */
static inline void *process_map(size_t bytes, bool is_shared)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       (is_shared ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		printf("Bail out! no memory\n");
		exit(1);
	}
	return p;
}

/* Wait for one child and give its exit code, or -1 if it did not end by exit. */
static inline int process_join(long pid)
{
	int status = 0;

	if (libos_wait(pid, &status) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* Frames that the whole family uses. */
static inline uint64_t process_frames(void)
{
	struct libos_statistics s;

	libos_statistics(&s);
	return s.frames_used;
}

/* Milliseconds in clock units. */
static inline uint64_t process_ms(uint64_t ms)
{
	return libos_clock_hz() / 1000 * ms;
}

/* Some work that is the same everywhere: its result depends on every step. */
static inline uint64_t process_work(uint64_t seed, uint64_t steps)
{
	uint64_t x = seed * 2654435761u + 1;

	while (steps--) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	return x;
}

#endif
