/* SPDX-License-Identifier: ISC */
/*
 * For kernel tests in the first program's place that attack: a victim, an env which counts, and
 * looks again and again whether a page of its own is as it wrote it; and the sum of all that the
 * kernel's tables and one's own slots say, by which a refused call is seen to have changed nothing.
 */
#ifndef TESTS_GUEST_RAW_VICTIM_H
#define TESTS_GUEST_RAW_VICTIM_H

#include <machine/slot.h>

#include "tests/guest/raw_child.h"

/* Where the victim's page is, in its own tables. */
#define RAW_VICTIM_AREA (UINT64_C(40) << 39)

/* What it says to the others. */
struct raw_victim {
	volatile uint64_t count, harmed, excess;
	volatile bool is_over;
	struct raw_child child;
};

static struct raw_victim raw_victim;

static void raw_victim_main(uint64_t argument)
{
	volatile uint64_t *page = (volatile uint64_t *)RAW_VICTIM_AREA;
	unsigned i;

	(void)argument;
	for (i = 0; i < EXO_PAGE_SIZE / 8; i++)
		page[i] = ~(uint64_t)i;
	while (!raw_victim.is_over) {
		i = raw_victim.count++ % (EXO_PAGE_SIZE / 8);
		raw_victim.harmed += page[i] != ~(uint64_t)i;
		raw_victim.excess = raw_state.page->excess;
	}
	raw_exit(77);
}

/* A victim with stacks number `index`, on the children's CPU. */
static inline void raw_victim_begin(unsigned index)
{
	struct raw_child *c = &raw_victim.child;
	struct exo_vcpu_start how;
	int64_t err;

	raw_victim.is_over = false;
	err = raw_child_create(c, index, NULL);
	if (!err)
		err = raw_pages(c->env, RAW_VICTIM_AREA, 1, EXO_READ | EXO_WRITE);
	how = raw_child_how(c, raw_victim_main, 0);
	if (!err)
		err = raw_child_go(c, &how);
	raw_eq((uint64_t)err, 0, "a victim");
}

/* Let it end, and see that nobody did it any harm. */
static inline void raw_victim_end(void)
{
	raw_victim.is_over = true;
	raw_eq(raw_child_end(&raw_victim.child), EXO_STATUS(EXO_DEATH_EXIT, 77),
	       "the victim ends as it wanted to");
	raw_eq(raw_victim.harmed, 0, "and its memory was as it had left it");
}

static inline uint64_t raw_sum(uint64_t sum, uint64_t word)
{
	return (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

/* All slots of one's own tables but for accessed and dirty bits. */
static inline uint64_t raw_slots_sum(uint64_t from, uint64_t until, unsigned level)
{
	uint64_t sum = 0;

	for (; from < until; from += EXO_SPAN(level)) {
		uint64_t slot = raw_slot(from, level);

		if (slot_is_present(slot))
			slot = slot_as_made(slot, level);
		sum = raw_sum(sum, slot);
		if (slot_is_present(raw_slot(from, level)) && level > 1)
			sum = raw_sum(sum, raw_slots_sum(from, from + EXO_SPAN(level), level - 1));
	}
	return sum;
}

static inline const void *raw_array(unsigned array, unsigned n)
{
	const struct exo_info *info = raw_info();

	return (const char *)exo_table(info, array) + (uint64_t)n * info->arrays[array].size;
}

/* What the kernel's tables say of frames, accounts and envs, but for the time that they ran. */
static inline uint64_t raw_kernel_sum(void)
{
	const struct exo_info *info = raw_info();
	uint64_t sum = 0, word;
	unsigned i;

	for (i = 0; i < info->arrays[EXO_ARRAY_FRAMES].count; i++) {
		__builtin_memcpy(&word, raw_array(EXO_ARRAY_FRAMES, i), 8);
		sum = raw_sum(sum, word);
	}
	for (i = 0; i < info->arrays[EXO_ARRAY_ACCOUNTS].count; i++) {
		const struct exo_table_account *a = raw_array(EXO_ARRAY_ACCOUNTS, i);
		unsigned r;

		for (r = 0; r < EXO_RESOURCES; r++)
			sum = raw_sum(sum, a->quota[r]);
		sum = raw_sum(sum, a->state | (uint64_t)a->parent << 8 | (uint64_t)a->envs << 32);
	}
	for (i = 0; i < info->arrays[EXO_ARRAY_ENVS].count; i++) {
		const struct exo_table_env *e = raw_array(EXO_ARRAY_ENVS, i);

		sum = raw_sum(sum, e->generation);
		sum = raw_sum(sum, e->state | (uint64_t)e->root << 32);
		sum = raw_sum(sum, e->account | (uint64_t)e->parent << 32);
		sum = raw_sum(sum, e->children | (uint64_t)e->vcpus << 32);
		sum = raw_sum(sum, e->status);
	}
	return sum;
}

/* All of it. The kernel's tables and the recursive view are no slots of one's own. */
static inline uint64_t raw_all_sum(void)
{
	uint64_t sum = raw_slots_sum(0, EXO_INFO_BASE, EXO_LEVELS);

	sum = raw_sum(sum, raw_slots_sum(EXO_LIBRARY_BASE, EXO_LIBRARY_BASE + EXO_ROOT_SPAN,
					 EXO_LEVELS));
	return raw_sum(sum, raw_kernel_sum());
}

#endif
