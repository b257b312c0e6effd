/* SPDX-License-Identifier: ISC */
/* What envs of the guest can reach, by their tables in its RAM. The guest waits; no locks. */
#include "fuzz/guest/host.h"

#include <string.h>

#include <machine/slot.h>

/* The table of `level` that covers an address, and the access of the path to it; NULL: none. */
static const uint64_t *look_table(struct guest *g, unsigned env, uint64_t address, unsigned level,
				  unsigned *access)
{
	struct pfn pfn = g->m->envs[env].root;
	unsigned at;

	*access = EXO_RWX;
	for (at = EXO_LEVELS; at > level; at--) {
		const uint64_t *table = arch_frame_memory(g->m, pfn);
		uint64_t slot = table[address / EXO_SPAN(at) % EXO_TABLE_SLOTS];

		if (!slot_is_present(slot))
			return NULL;
		*access &= slot_rights(slot) & (slot_is_writable(slot) ? EXO_RWX
						: EXO_READ | EXO_EXEC);
		pfn.n = slot_pfn(slot);
		if (!frame_exists(g->m, pfn.n)) /* the audit will say so */
			return NULL;
	}
	return arch_frame_memory(g->m, pfn);
}

const void *guest_look(struct guest *g, unsigned env, uint64_t address, unsigned need)
{
	unsigned access;
	const uint64_t *table = look_table(g, env, address, 1, &access);
	uint64_t slot;

	if (!table)
		return NULL;
	slot = table[address / EXO_PAGE_SIZE % EXO_TABLE_SLOTS];
	if (!slot_is_present(slot) || !(access & slot_access(slot) & need)
	    || !frame_exists(g->m, slot_pfn(slot)))
		return NULL;
	return arch_frame_memory(g->m, (struct pfn){ slot_pfn(slot) });
}

/* All pages of a span that has a last-level table. */
static void init_span(struct guest *g, unsigned env, uint64_t address)
{
	unsigned access, i;
	const uint64_t *table = look_table(g, env, address, 1, &access);

	for (i = 0; table && i < EXO_TABLE_SLOTS; i++, address += EXO_PAGE_SIZE) {
		if (!slot_is_present(table[i]))
			continue;
		model_add(&g->model_start, env, address, slot_rights(table[i]) & access,
			  slot_access(table[i]) & access,
			  arch_frame_memory(g->m, (struct pfn){ slot_pfn(table[i]) }),
			  slot_is_fixed(table[i]));
		if (address >= EXO_INFO_BASE) /* the kernel writes there too */
			model_loosen(&g->model_start, env, address);
	}
}

void guest_model_init(struct guest *g)
{
	unsigned env, i;

	memset(&g->model_start, 0, sizeof(g->model_start));
	for (env = 1; env < GUEST_ENVS; env++) {
		if (g->m->envs[env].state != ENV_ALIVE)
			continue;
		for (i = 0; i < 16; i++)
			init_span(g, env, i / 4 * EXO_ROOT_SPAN + i % 4 * EXO_SPAN(2));
		init_span(g, env, EXO_INFO_BASE);
		init_span(g, env, EXO_LIBRARY_BASE);
	}
}
