/* SPDX-License-Identifier: ISC */
/* SHARE and UNSHARE, at each level: what stands in source, target and copies, and what is
 * refused. */
#include "tests/host/lab.h"

#define A EXO_ROOT_SPAN
#define B (2 * EXO_ROOT_SPAN)

/* The other place for a branch of a level. */
static uint64_t other(unsigned level)
{
	return level == EXO_LEVELS ? B : A + EXO_SPAN(level);
}

static void check_share(struct lab *l, unsigned level)
{
	uint64_t to = other(level);
	uint32_t used = lab_used(l, 0, EXO_RESOURCE_FRAMES);

	lab_does(l, OP(SHARE, level, to, 1, .source = A, .rights = 5), "SHARE at level %u", level);
	tap_eq(lab_frame(l, 0, to, level).n, lab_frame(l, 0, A, level).n, "one table");
	tap_eq(lab_refs(l, 0, A, level), 2, "two holders");
	tap_eq(lab_used(l, 0, EXO_RESOURCE_FRAMES), used, "paid for once");
	tap_ok(!slot_is_writable(lab_slot(l, 0, A, level))
	       && !slot_is_writable(lab_slot(l, 0, to, level)), "write access off in both");
	tap_eq(slot_rights(lab_slot(l, 0, A, level)), EXO_RWX, "the source keeps its rights");
	tap_eq(slot_rights(lab_slot(l, 0, to, level)), 5, "the target has those asked for");
	lab_refuses(l, OP(SHARE, level, to, 1, .source = A, .rights = 7), EXO_E_USED,
		    "a used target");
	lab_refuses(l, OP(SHARE, level, level == EXO_LEVELS ? 3 * A : A + 2 * EXO_SPAN(level), 1,
			  .source = level == EXO_LEVELS ? 4 * A : A + 3 * EXO_SPAN(level)),
		    EXO_E_EMPTY, "an empty source");
}

static void check_copy(struct lab *l, unsigned level)
{
	uint64_t to = other(level), slot;
	struct pfn shared = lab_frame(l, 0, A, level);
	uint32_t refs = lab_refs(l, 0, A, level - 1);

	lab_does(l, OP(UNSHARE, level, to, 1), "UNSHARE copies");
	tap_ok(lab_frame(l, 0, to, level).n != shared.n, "another table");
	tap_eq(frame_refs(l->m, shared), 1, "the old one has a holder less");
	slot = lab_slot(l, 0, to, level);
	tap_ok(slot_is_writable(slot) && slot_rights(slot) == EXO_RWX, "all rights, write access");
	tap_eq(lab_refs(l, 0, A, level - 1), refs + 1, "what it names has a holder more");
	slot = lab_slot(l, 0, to, level - 1);
	tap_ok(!slot_is_writable(slot), "the copied slot has no write access");
	tap_eq(slot_rights(slot), 5, "and the branch's rights folded in (I-2)");
	tap_ok(slot_is_writable(lab_slot(l, 0, A, level - 1)), "the other's is as it was");
}

static void check_adopt(struct lab *l, unsigned level)
{
	struct pfn table = lab_frame(l, 0, A, level);
	uint32_t used = lab_used(l, 0, EXO_RESOURCE_FRAMES);
	uint64_t slot;

	lab_does(l, OP(UNSHARE, level, A, 1), "UNSHARE adopts");
	tap_eq(lab_frame(l, 0, A, level).n, table.n, "the same table");
	tap_eq(lab_used(l, 0, EXO_RESOURCE_FRAMES), used, "no frame more");
	slot = lab_slot(l, 0, A, level);
	tap_ok(slot_is_writable(slot) && slot_rights(slot) == EXO_RWX, "all rights, write access");
	tap_ok(!slot_is_writable(lab_slot(l, 0, A, level - 1)),
	       "what others name too has lost write access");
	lab_does(l, OP(UNSHARE, level, A, 1), "UNSHARE of what is writable does nothing");
}

static void check_refusals(struct lab *l, unsigned level)
{
	lab_refuses(l, OP(UNSHARE, level, level == EXO_LEVELS ? 4 * A : A + 3 * EXO_SPAN(level),
			  1), EXO_E_EMPTY, "UNSHARE of nothing");
	lab_refuses(l, OP(SHARE, level, EXO_ROOT_RECURSIVE * A, 1, .source = A, .rights = 7),
		    EXO_E_RANGE, "SHARE into the recursive slot");
	lab_refuses(l, OP(SHARE, level, other(level), 1, .source = EXO_ROOT_RECURSIVE * A,
			  .rights = 7), EXO_E_RANGE, "SHARE out of it");
	lab_refuses(l, OP(UNSHARE, level, EXO_ROOT_RECURSIVE * A, 1), EXO_E_RANGE,
		    "UNSHARE of it (I-3)");
}

/* A leaf's accessed, dirty and soft bits and payloads survive; a sole frame keeps its access. */
static void check_content(struct lab *l)
{
	uint64_t slot;

	lab_store(l, 0, A, 1);
	lab_op(l, OP(CLEAR, 1, A + 3 * EXO_PAGE_SIZE, 1, .argument = 1234));
	lab_op(l, OP(PROTECT, 1, A + EXO_PAGE_SIZE, 1, .access = 3, .soft = 9, .soft_mask = 15));
	lab_op(l, OP(SHARE, 2, A + EXO_SPAN(2), 1, .source = A, .rights = 7));
	lab_does(l, OP(UNSHARE, 2, A + EXO_SPAN(2), 1), "a page table is copied");
	slot = lab_slot(l, 0, A + EXO_SPAN(2), 1);
	tap_ok(slot_is_dirty(slot) && slot_is_accessed(slot), "with accessed and dirty bits");
	slot = lab_slot(l, 0, A + EXO_SPAN(2) + EXO_PAGE_SIZE, 1);
	tap_eq(slot_soft(slot), 9, "soft bits");
	slot = lab_slot(l, 0, A + EXO_SPAN(2) + 3 * EXO_PAGE_SIZE, 1);
	tap_eq(slot_payload(slot), 1234, "and payloads");
	lab_does(l, OP(CLEAR, 2, A + EXO_SPAN(2), 1), "the copy goes");
	while (frame_drain(l->m, 0, 512))
		;
	lab_does(l, OP(UNSHARE, 2, A, 1), "the other adopts, and alone names the frames");
	tap_ok(slot_is_writable(lab_slot(l, 0, A, 1)), "so they are writable as before");
}

int main(void)
{
	struct lab *l;
	unsigned level;

	for (level = EXO_LEVELS; level > 1; level--) {
		l = lab_open(128, 1);
		lab_map(l, 0, A, 2);
		check_share(l, level);
		check_copy(l, level);
		check_adopt(l, level);
		check_refusals(l, level);
		lab_close(l);
	}
	l = lab_open(128, 1);
	lab_map(l, 0, A, 2);
	check_content(l);
	lab_close(l);
	return tap_done("tests/host/slot_share_unshare.tap");
}
