/* SPDX-License-Identifier: ISC */
/* A simulated machine's memory: made, copied, put back. One machine at a time; takes no locks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/host/host.h"
#include "exo/machine.h"

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>

void host_poison(void *memory, size_t bytes, bool is_free)
{
	if (is_free)
		ASAN_POISON_MEMORY_REGION(memory, bytes);
	else
		ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
}
#else
void host_poison(void *memory, size_t bytes, bool is_free)
{
	(void)memory, (void)bytes, (void)is_free;
}
#endif

/* In a tiny geometry a vcpu page does not fit its frame: there is room behind the last one. */
static void *create_memory(size_t bytes)
{
	void *memory = aligned_alloc(4096, (bytes + sizeof(struct exo_vcpu_page) + 4095)
				     & ~(size_t)4095);

	if (!memory) {
		fprintf(stderr, "no memory for a machine of %zu bytes\n", bytes);
		exit(99);
	}
	return memory;
}

/* Let all of RAM be read, or only the frames in use. */
static void create_open(struct machine *m, bool is_open)
{
	struct pfn pfn;

	host_poison((uint8_t *)m + m->arch.memory, m->arch.bytes - m->arch.memory, false);
	for (pfn.n = 1; !is_open && pfn.n < m->frame_count; pfn.n++)
		if ((frame_meta(m, pfn) & (FRAME_ZERO | 7u)) == FRAME_FREE)
			host_poison(arch_frame_memory(m, pfn), EXO_PAGE_SIZE, true);
}

struct machine *host_create_told(uint32_t frames, unsigned cpus, uint32_t kept, const char *cmdline)
{
	uint64_t memory = (machine_size(frames, cmdline) + EXO_PAGE_SIZE - 1)
		& ~(EXO_PAGE_SIZE - 1);
	uint64_t bytes = memory + frames * EXO_PAGE_SIZE;
	struct machine *m = create_memory(bytes);
	unsigned cpu;

	memset(m, 0, bytes);
	m->arch.memory = memory;
	m->arch.bytes = bytes;
	m->arch.clock_hz = UINT64_C(1000000000);
	m->arch.clock = 1;
	strncpy(m->arch.cmdline, cmdline, sizeof(m->arch.cmdline) - 1);
	m->arch.boot_clock = 1;
	for (cpu = 0; cpu < EXO_CPUS; cpu++) {
		m->arch.cpus[cpu].env = ENV_NONE;
		m->arch.cpus[cpu].deadline = UINT64_MAX;
	}
	host_self.index = 0;
	machine_init(m, frames, cpus);
	machine_give_frames(m, (struct pfn){ 1 }, (struct pfn){ frames - kept });
	return m;
}

struct machine *host_create_keeping(uint32_t frames, unsigned cpus, uint32_t kept)
{
	return host_create_told(frames, cpus, kept, "");
}

struct machine *host_create(uint32_t frames, unsigned cpus)
{
	return host_create_keeping(frames, cpus, 0);
}

void host_destroy(struct machine *m)
{
	create_open(m, true);
	free(m);
}

struct machine *host_snapshot(struct machine *m)
{
	struct machine *copy = create_memory(m->arch.bytes);

	host_save(m, copy);
	return copy;
}

void host_save(struct machine *m, struct machine *snapshot)
{
	create_open(m, true);
	memcpy(snapshot, m, m->arch.bytes);
	create_open(m, false);
}

void host_restore(struct machine *m, struct machine *snapshot)
{
	create_open(m, true);
	memcpy(m, snapshot, m->arch.bytes);
	create_open(m, false);
}
