/* SPDX-License-Identifier: ISC */
/* Reads rings (see ring.h) from the machine's memory, believing none of its numbers. No locks. */
#include "tools/ring.h"

bool ring_open(const struct memory *memory, unsigned int cpu, struct ring *ring)
{
	const struct exo_table_cpu *c =
		memory_element(memory, EXO_ARRAY_CPUS, cpu, sizeof(*c));
	uint32_t cpus, records;

	if (c == NULL)
		return false;
	cpus = memory->info->arrays[EXO_ARRAY_CPUS].count;
	records = memory->info->arrays[EXO_ARRAY_TRACE].count / cpus;
	*ring = (struct ring){ .memory = memory, .first = (uint64_t)cpu * records,
		.records = records, .next = c->traced > records ? c->traced - records : 0,
		.end = c->traced };
	return records != 0;
}

bool ring_next(struct ring *ring, struct exo_trace *record)
{
	const struct exo_trace *at;

	if (ring->next >= ring->end)
		return false;
	at = memory_element(ring->memory, EXO_ARRAY_TRACE,
		ring->first + ring->next++ % ring->records, sizeof(*at));
	if (at == NULL)
		return false;
	*record = *at;
	return true;
}

uint64_t ring_ns(const struct ring *ring, uint64_t units)
{
	const struct exo_info *info = ring->memory->info;

	units -= info->boot_clock;
	return (uint64_t)((unsigned __int128)units * info->clock_mult >>
		(info->clock_shift & 63));
}
