/* SPDX-License-Identifier: ISC */
/*
 * Puts the guest's memory back as it was when its world had been made, after every input: then the
 * same input does the same, whatever came before it, and no frame tells what a former one left in
 * it. The kernel waits on the tables of the supervisor, which stay; of whoever else runs next
 * the CPU reads them anew. No locks.
 */
#include "fuzz/guest/host.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

/* Free frames that are known to be zero, as in a kernel that has run for a while: most inputs need
 * no more. The others are full of what no input writes, so a frame that is not zeroed is seen. */
#define BACK_ZERO    16u
#define BACK_GARBAGE UINT64_C(0x6e6f7420616e7921)

static bool is_free(const struct machine *m, uint32_t index)
{
	return frame_type(m->frames[index].meta) == FRAME_FREE;
}

static bool is_zero(const struct machine *m, uint32_t index)
{
	return is_free(m, index) && m->frames[index].meta & FRAME_ZERO;
}

static uint64_t *back_words(struct machine *m, uint32_t index)
{
	return arch_frame_memory(m, (struct pfn){ index + MACHINE_FIRST_FRAME });
}

/* What a free frame has in it when an input begins. */
static void back_fill(struct machine *m, uint32_t index, bool is_to_be_zero)
{
	uint64_t *words = back_words(m, index);
	unsigned i;

	for (i = 0; i < EXO_TABLE_SLOTS; i++)
		words[i] = is_to_be_zero ? 0 : BACK_GARBAGE;
}

/* The first of the free list are zero. */
static void back_free(struct machine *m)
{
	uint32_t ends = free_ends(m, 0), index = m->frames[ends].refs, n;

	for (n = 0; index != ends; index = m->frames[index].refs, n++) {
		if (n < BACK_ZERO)
			m->frames[index].meta |= FRAME_ZERO;
		back_fill(m, index, n < BACK_ZERO);
	}
}

static struct guest_part *back_add(struct guest *g, const void *memory, size_t bytes)
{
	struct guest_part *part = &g->parts[g->parts_count++];

	if (g->parts_count > GUEST_PARTS)
		fuzz_fail("the guest has more memory than can be put back");
	part->memory = (uint8_t *)memory;
	part->bytes = bytes;
	part->start = malloc(bytes);
	memcpy(part->start, memory, bytes);
	part->frame = FRAME_NONE;
	return part;
}

/* A frame of the world: mostly zeros. */
static void back_add_frame(struct guest *g, uint32_t index)
{
	struct pfn pfn = { index + MACHINE_FIRST_FRAME };
	struct guest_part *part = back_add(g, arch_frame_memory(g->m, pfn), EXO_PAGE_SIZE);
	const uint64_t *words = (const void *)part->start;
	uint32_t i;

	part->frame = index;
	for (i = 0; i < EXO_TABLE_SLOTS && part->words_count < GUEST_WORDS; i++)
		if (words[i])
			part->words[part->words_count++] = (uint16_t)i;
}

/* Few words of a frame that is zero: those. */
static void part_put_back(const struct machine *m, const struct guest_part *part)
{
	const uint64_t *start = (const void *)part->start;
	uint64_t *words = (void *)part->memory;
	uint32_t i;

	if (part->frame == FRAME_NONE || part->words_count == GUEST_WORDS
	    || !is_zero(m, part->frame)) {
		memcpy(part->memory, part->start, part->bytes);
		return;
	}
	for (i = 0; i < part->words_count; i++)
		words[part->words[i]] = start[part->words[i]];
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

	back_free(m);
	back_add(g, m, sizeof(*m) + (m->frame_count + FREE_ENDS) * sizeof(*m->frames));
	back_add(g, arch_frame_memory(m, m->info), EXO_PAGE_SIZE);
	back_add(g, g->box, offsetof(struct guest_mailbox, steps));
	back_add_span(g, GUEST_STACK_TOP - GUEST_STACK_PAGES * EXO_PAGE_SIZE,
		      GUEST_MAILBOX + 2 * EXO_SPAN(2));
	back_add_span(g, EXO_LIBRARY_BASE, EXO_LIBRARY_BASE + 2 * EXO_SPAN(2));
	for (i = 0; i < m->frame_count; i++)
		if (g->scratch[i] && !is_free(m, i))
			back_add_frame(g, i);
}

void guest_put_back(struct guest *g)
{
	const struct machine *start = (const void *)g->parts[0].start;
	struct machine *m = g->m;
	uint32_t i;

	/* Who gets a frame fills all of it first. */
	for (i = 0; i < m->frame_count; i++)
		if (is_free(start, i)
		    && (is_zero(start, i) ? !is_zero(m, i) : *back_words(m, i) != BACK_GARBAGE))
			back_fill(m, i, is_zero(start, i));
	for (i = g->parts_count; i-- > 0;) /* the machine, which tells what is zero, last */
		part_put_back(m, &g->parts[i]);
}
