/* SPDX-License-Identifier: ISC */
/*
 * vmstat [SECONDS [COUNT]]: frames and what the CPUs do, from the kernel's tables. Without an
 * argument accounts, frames by type, and the counts since boot, of
 * all CPUs and of each if there are several; else a line every so many
 * seconds of what has changed, COUNT times or for ever. Reads only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "libos/libos.h"

static const struct exo_info *const info = (const struct exo_info *)EXO_INFO_PAGE;

/* What the lines are made of. */
struct vmstat {
	uint64_t clock;
	uint64_t frames[EXO_FRAME_TYPES];
	uint64_t upcalls[EXO_UPCALLS];
	uint64_t switches;
	uint64_t idle_units;
};

static const void *vmstat_element(unsigned which, uint32_t n)
{
	return (const char *)exo_table(info, which) + (size_t)n * info->arrays[which].size;
}

/* What a CPU has done. */
static void vmstat_add(struct vmstat *s, uint32_t cpu)
{
	const struct exo_table_cpu *c = vmstat_element(EXO_ARRAY_CPUS, cpu);
	uint32_t k;

	for (k = 0; k < EXO_UPCALLS; k++)
		s->upcalls[k] += c->upcalls[k];
	s->switches += c->switches;
	s->idle_units += c->idle_units;
	if (c->current == 0xffff && s->clock > c->since)
		s->idle_units += s->clock - c->since;
}

static void vmstat_load(struct vmstat *s)
{
	uint32_t i;

	*s = (struct vmstat){ .clock = libos_clock() };
	for (i = 0; i < info->arrays[EXO_ARRAY_FRAMES].count; i++) {
		const struct exo_table_frame *f = vmstat_element(EXO_ARRAY_FRAMES, i);

		s->frames[EXO_FRAME_META_TYPE(f->meta)]++;
	}
	for (i = 0; i < info->arrays[EXO_ARRAY_CPUS].count; i++)
		vmstat_add(s, i);
}

static void vmstat_accounts(void)
{
	uint32_t i;

	printf("account  parent    envs    frames      used      free\n");
	for (i = 0; i < info->arrays[EXO_ARRAY_ACCOUNTS].count; i++) {
		const struct exo_table_account *a = vmstat_element(EXO_ARRAY_ACCOUNTS, i);
		uint64_t quota = a->quota[EXO_RESOURCE_FRAMES];

		if (a->state == EXO_ACCOUNT_STATE_FREE)
			continue;
		printf("%7u %7d %7u %9u %9u %9u\n", i, a->parent == 0xffff ? -1 : (int)a->parent,
		       a->envs, (uint32_t)(quota >> 32), (uint32_t)quota,
		       (uint32_t)(quota >> 32) - (uint32_t)quota);
	}
}

static void vmstat_frames(const struct vmstat *s)
{
	static const char *const names[] = {
#define FRAME(number, NAME, text) [number] = text,
#include "abi/table.def"
#undef FRAME
	};
	unsigned i;

	printf("\nframes\n");
	for (i = 0; i < EXO_FRAME_TYPES; i++)
		printf("%9llu %s\n", (unsigned long long)s->frames[i], names[i]);
}

/* A line for each of several CPUs, since boot. */
static void vmstat_cpus(void)
{
	uint64_t units = libos_clock() - info->boot_clock;
	unsigned i, k;

	for (i = 0; info->cpus > 1 && i < info->cpus; i++) {
		struct vmstat s = { .clock = libos_clock() };

		vmstat_add(&s, i);
		printf("CPU %-5u", i);
		for (k = 0; k < EXO_UPCALLS; k++)
			printf(" %9llu", (unsigned long long)s.upcalls[k]);
		printf(" %9llu %9s %5llu\n", (unsigned long long)s.switches, "",
		       (unsigned long long)(s.idle_units * 100 / units));
	}
}

/* What has changed from one moment to another. */
static void vmstat_line(const struct vmstat *from, const struct vmstat *to)
{
	uint64_t units = to->clock - from->clock, idle = to->idle_units - from->idle_units;
	unsigned i;

	printf("%9llu", (unsigned long long)to->frames[EXO_FRAME_FREE]);
	for (i = 0; i < EXO_UPCALLS; i++)
		printf(" %9llu", (unsigned long long)(to->upcalls[i] - from->upcalls[i]));
	printf(" %9llu %9llu %5llu\n", (unsigned long long)(to->switches - from->switches),
	       (unsigned long long)units / (info->clock_hz / 1000),
	       (unsigned long long)(units ? idle * 100 / (units * info->cpus) : 0));
	fflush(stdout);
}

static void vmstat_head(void)
{
	printf("     free    faults     excep     calls    events  switches        ms idle%%\n");
}

int main(int argc, char **argv)
{
	struct vmstat last = { .clock = info->boot_clock }, now;
	unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
	long count = argc > 2 ? atol(argv[2]) : -1;

	if ((argc > 1 && seconds == 0) || argc > 3) {
		fprintf(stderr, "usage: vmstat [SECONDS [COUNT]]\n");
		return 2;
	}
	vmstat_load(&now);
	if (argc == 1) {
		vmstat_accounts();
		vmstat_frames(&now);
		printf("\nsince boot\n");
	}
	vmstat_head();
	vmstat_line(&last, &now);
	if (argc == 1)
		vmstat_cpus();
	while (argc > 1 && --count != 0) {
		last = now;
		sleep(seconds);
		vmstat_load(&now);
		vmstat_line(&last, &now);
	}
	return 0;
}
