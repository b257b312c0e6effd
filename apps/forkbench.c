/* SPDX-License-Identifier: ISC */
/*
 * What fork costs as a process grows: for each size, touch that much memory, then fork, let the
 * child exit, wait; the median of several rounds. With chitin-run --icount a nanosecond is an
 * instruction. The argument is the largest size in MiB (64).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libos/libos.h"

enum { FORKBENCH_ROUNDS = 15 };

/* Clock units from before fork until: fork returned in the parent; the child was waited for. */
struct sample {
	uint64_t fork, all;
};

static int forkbench_compare(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	return (x->all > y->all) - (x->all < y->all);
}

static struct sample forkbench_round(void)
{
	uint64_t start = libos_clock();
	struct sample sample;
	long pid = libos_fork();

	if (pid == 0)
		libos_exit(0);
	sample.fork = libos_clock() - start;
	if (pid < 0 || libos_wait(pid, NULL) < 0) {
		printf("fork failed: error %ld\n", pid);
		exit(1);
	}
	sample.all = libos_clock() - start;
	return sample;
}

static double forkbench_ns(uint64_t units)
{
	return (double)units * 1e9 / (double)libos_clock_hz();
}

static void forkbench_size(size_t mib)
{
	struct sample samples[FORKBENCH_ROUNDS];
	char *memory = malloc((mib << 20) + 1);
	int i;

	if (memory == NULL) {
		printf("%8zu  no memory\n", mib);
		return;
	}
	memset(memory, 1, mib << 20);
	for (i = 0; i < FORKBENCH_ROUNDS; i++)
		samples[i] = forkbench_round();
	qsort(samples, FORKBENCH_ROUNDS, sizeof(samples[0]), forkbench_compare);
	printf("%8zu  %12.0f  %18.0f\n", mib, forkbench_ns(samples[FORKBENCH_ROUNDS / 2].fork),
		forkbench_ns(samples[FORKBENCH_ROUNDS / 2].all));
	free(memory);
}

int main(int argc, char **argv)
{
	size_t most = argc > 1 ? strtoul(argv[1], NULL, 0) : 64, mib;

	printf("     MiB       fork ns    fork+exit+wait ns\n");
	forkbench_size(0);
	for (mib = 1; mib <= most; mib *= 4)
		forkbench_size(mib);
	return 0;
}
