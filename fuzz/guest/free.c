/* SPDX-License-Identifier: ISC */
/*
 * Puts the guest's free frames back as every input shall find them: in the order of their numbers,
 * zero and known to be. Else what an input reaches depends on what those before it left in frames
 * that are nobody's. Writes the free list (exo/frame.c) of a kernel that waits; no locks.
 */
#include "fuzz/guest/host.h"

#include <string.h>

static UNCHECKED void free_link(struct machine *m, uint32_t former, uint32_t index)
{
	m->frames[index].meta = FRAME_FREE | FRAME_ZERO | former << 4;
	m->frames[index].refs = FRAME_NONE;
	if (former == FRAME_NONE)
		m->free_head = index;
	else
		m->frames[former].refs = index;
	m->free_tail = index;
}

void guest_order_free(struct guest *g)
{
	struct machine *m = g->m;
	uint32_t index, former = FRAME_NONE;

	for (index = 0; index < m->frame_count; index++) {
		uint32_t meta = m->frames[index].meta;

		if (frame_type(meta) != FRAME_FREE)
			continue;
		if (!(meta & FRAME_ZERO))
			memset(arch_frame_memory(m, (struct pfn){ index + MACHINE_FIRST_FRAME }), 0,
			       EXO_PAGE_SIZE);
		free_link(m, former, index);
		former = index;
	}
}
