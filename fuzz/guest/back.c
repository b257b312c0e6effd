/* SPDX-License-Identifier: ISC */
/*
 * Puts the guest's memory back as it was when its world had been made, after every input: then the
 * same input does the same, whatever came before it, and no frame tells what a former one left in
 * it. The kernel waits, on tables that no program has (exo/cpu.c), so that whoever runs next reads
 * its tables anew. No locks.
 */
#include "fuzz/guest/host.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

static void back_add(struct guest *g, const void *memory, size_t bytes)
{
	struct guest_part *part = &g->parts[g->parts_count++];

	if (g->parts_count > GUEST_PARTS)
		fuzz_fail("the guest has more memory than can be put back");
	part->memory = (uint8_t *)memory;
	part->bytes = bytes;
	part->start = malloc(bytes);
	memcpy(part->start, memory, bytes);
}

/* What the supervisor can write between two addresses. */
static void back_add_span(struct guest *g, uint64_t from, uint64_t until)
{
	for (; from < until; from += EXO_PAGE_SIZE) {
		const void *page = guest_look(g, 0, from, EXO_WRITE);

		if (page)
			back_add(g, page, EXO_PAGE_SIZE);
	}
}

static bool is_free(const struct machine *m, uint32_t index)
{
	return frame_type(m->frames[index].meta) == FRAME_FREE;
}

void guest_note_free(struct guest *g)
{
	uint32_t i;

	for (i = 0; i < g->m->frame_count; i++)
		g->scratch[i] = is_free(g->m, i);
}

void guest_save(struct guest *g)
{
	struct machine *m = g->m;
	uint32_t i;

	back_add(g, m, sizeof(*m) + (m->frame_count + FREE_ENDS) * sizeof(*m->frames));
	back_add(g, arch_frame_memory(m, m->info), EXO_PAGE_SIZE);
	back_add(g, g->box, offsetof(struct guest_mailbox, steps));
	back_add_span(g, GUEST_STACK_TOP - GUEST_STACK_PAGES * EXO_PAGE_SIZE,
		      GUEST_MAILBOX + 2 * EXO_SPAN(2));
	back_add_span(g, EXO_LIBRARY_BASE, EXO_LIBRARY_BASE + 2 * EXO_SPAN(2));
	for (i = 0; i < m->frame_count; i++)
		if (g->scratch[i] && !is_free(m, i))
			back_add(g, arch_frame_memory(m, (struct pfn){ i + MACHINE_FIRST_FRAME }),
				 EXO_PAGE_SIZE);
}

void guest_put_back(struct guest *g)
{
	const struct machine *start = (const void *)g->parts[0].start;
	struct machine *m = g->m;
	uint32_t i;

	for (i = 0; i < m->frame_count; i++) {
		uint32_t meta = m->frames[i].meta;

		if (is_free(start, i) && !(is_free(m, i) && meta & FRAME_ZERO))
			memset(arch_frame_memory(m, (struct pfn){ i + MACHINE_FIRST_FRAME }), 0,
			       EXO_PAGE_SIZE);
	}
	for (i = 0; i < g->parts_count; i++)
		memcpy(g->parts[i].memory, g->parts[i].start, g->parts[i].bytes);
}
