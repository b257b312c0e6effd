/* SPDX-License-Identifier: ISC */
/* PROTECT: exact access, masks, soft bits, accessed and dirty bits, and raising what one holds. */
#include "tests/host/lab.h"

#define T EXO_ROOT_SPAN
#define P(n) (T + (n) * EXO_PAGE_SIZE)

static void check_access(struct lab *l)
{
	static const unsigned all[] = { 0, 1, 3, 5, 7 };
	uint64_t value;
	unsigned i;
	int read, written, fetched;

	for (i = 0; i < ARRAY_COUNT(all); i++) {
		lab_does(l, OP(PROTECT, 1, P(0), 1, .access = (uint8_t)all[i]), "access %u",
			 all[i]);
		tap_eq(slot_access(lab_slot(l, 0, P(0), 1)), all[i], "is what there is");
		read = host_load(l->m, 0, P(0), &value);
		written = host_store(l->m, 0, P(0), 1);
		fetched = host_fetch(l->m, 0, P(0));
		tap_ok(!read == !!(all[i] & 1) && !written == !!(all[i] & 2)
		       && !fetched == !!(all[i] & 4), "and what the program has, at once");
		tap_eq(slot_rights(lab_slot(l, 0, P(0), 1)), EXO_RWX, "the rights stay");
	}
}

/* A run is flushed to its last page, whether page by page or all at once. */
static void check_flush(struct lab *l)
{
	static const unsigned runs[] = { 2, FLUSH_PAGES, FLUSH_PAGES + 1 };
	uint64_t at = 2 * T + 8 * EXO_PAGE_SIZE; /* not where the lab's own pages are cached */
	unsigned i, page, cached, written;

	lab_map(l, 0, at, FLUSH_PAGES + 1);
	for (i = 0; i < ARRAY_COUNT(runs); i++) {
		lab_does(l, OP(PROTECT, 1, at, runs[i], .access = 3), "a run of %u", runs[i]);
		for (cached = page = 0; page < runs[i]; page++)
			cached += !host_store(l->m, 0, at + page * EXO_PAGE_SIZE, 1);
		tap_eq(cached, runs[i], "is written, so its translations are cached");
		lab_does(l, OP(PROTECT, 1, at, runs[i], .access = 1), "and loses write access");
		for (written = page = 0; page < runs[i]; page++)
			written += !host_store(l->m, 0, at + page * EXO_PAGE_SIZE, 2);
		tap_eq(written, 0, "on every page, at once (I-7)");
	}
}

static void check_mask(struct lab *l)
{
	lab_does(l, OP(PROTECT, 1, P(0), 1, .access = 5), "read and execute");
	lab_does(l, OP(PROTECT, 1, P(1), 1, .access = 1), "beside read");
	lab_does(l, OP(PROTECT, 1, P(0), 2, .access = 7, .flags = EXO_OP_MASK), "masked by all");
	tap_ok(slot_access(lab_slot(l, 0, P(0), 1)) == 5
	       && slot_access(lab_slot(l, 0, P(1), 1)) == 1, "stay as they are");
	lab_does(l, OP(PROTECT, 1, P(0), 2, .access = 3, .flags = EXO_OP_MASK), "by 3");
	tap_eq(slot_access(lab_slot(l, 0, P(0), 1)), 1, "lose execution");
	lab_does(l, OP(PROTECT, 1, P(0), 2, .access = 0, .flags = EXO_OP_MASK), "by none");
	tap_eq(slot_access(lab_slot(l, 0, P(0), 1)), 0, "lose all");
}

static void check_bits(struct lab *l)
{
	lab_does(l, OP(PROTECT, 1, P(2), 1, .access = 3, .soft = 15, .soft_mask = 6), "soft bits");
	tap_eq(slot_soft(lab_slot(l, 0, P(2), 1)), 6, "as far as the mask goes");
	host_store(l->m, 0, P(2), 1);
	tap_ok(slot_is_dirty(lab_slot(l, 0, P(2), 1)), "a store makes dirty");
	lab_does(l, OP(PROTECT, 1, P(2), 1, .access = 1), "without CLEAN");
	tap_ok(slot_is_dirty(lab_slot(l, 0, P(2), 1)), "it stays");
	lab_does(l, OP(PROTECT, 1, P(2), 1, .access = 3, .flags = EXO_OP_CLEAN), "with CLEAN");
	tap_ok(!slot_is_dirty(lab_slot(l, 0, P(2), 1))
	       && !slot_is_accessed(lab_slot(l, 0, P(2), 1)), "both are clear");
	host_store(l->m, 0, P(2), 2);
	tap_ok(slot_is_dirty(lab_slot(l, 0, P(2), 1)), "and the next store is seen (I-7)");
}

static void check_raise(struct lab *l)
{
	lab_does(l, OP(COPY, 1, P(8), 1, .source = P(3), .rights = 1, .access = 1), "a copy");
	lab_refuses(l, OP(PROTECT, 1, P(8), 1, .access = 3), EXO_E_RIGHTS,
		    "beyond its rights, held by two");
	lab_does(l, OP(CLEAR, 1, P(3), 1), "the other goes");
	lab_refuses(l, OP(PROTECT, 1, P(8), 1, .access = 3, .flags = EXO_OP_MASK
			  | EXO_OP_COMMON), EXO_E_ARGUMENT, "a flag of TABLE's");
	lab_does(l, OP(PROTECT, 1, P(8), 1, .access = 3, .soft = 1, .soft_mask = 1),
		 "held alone it is raised (I-5)");
	tap_eq(slot_rights(lab_slot(l, 0, P(8), 1)), EXO_RWX, "to all rights");
	tap_eq(slot_access(lab_slot(l, 0, P(8), 1)), 3, "with the access asked for");
	tap_eq(slot_soft(lab_slot(l, 0, P(8), 1)), 1, "and soft bits");
	tap_eq(host_store(l->m, 0, P(8), 1), 0, "it can be written");
	lab_op(l, OP(COPY, 1, P(9), 1, .source = P(8), .rights = 1, .access = 1));
	lab_op(l, OP(CLEAR, 1, P(8), 1));
	host_load(l->m, 0, P(9), &l->value);
	lab_does(l, OP(PROTECT, 1, P(9), 1, .access = 3, .flags = EXO_OP_CLEAN), "raised, CLEAN");
	tap_ok(!slot_is_accessed(lab_slot(l, 0, P(9), 1)), "is clean too");
}

static void check_runs(struct lab *l)
{
	lab_does(l, OP(PROTECT, 1, P(0), 512, .access = 1, .flags = EXO_OP_MASK),
		 "a whole table, empty slots and all");
	lab_does(l, OP(PROTECT, 1, P(100), 1, .access = 7), "an empty slot");
	tap_eq(lab_slot(l, 0, P(100), 1), 0, "stays so");
	lab_refuses(l, OP(PROTECT, 1, LAB_VCPU, 1, .access = 1), EXO_E_TYPE, "a vcpu page");
	lab_op(l, OP(COPY, 1, P(20), 1, .source = P(0), .rights = 1, .access = 1));
	tap_eq(lab_op(l, OP(PROTECT, 1, P(19), 2, .access = 3)), EXO_E_RIGHTS,
	       "a run that meets one it may not");
	tap_eq(EXO_DONE_SLOTS(l->value), 1, "says how far it came");
	lab_sound(l, "and leaves all sound");
}

int main(void)
{
	struct lab *l = lab_open(256, 1);

	lab_map(l, 0, T, 4);
	check_access(l);
	check_flush(l);
	check_mask(l);
	check_bits(l);
	check_raise(l);
	check_runs(l);
	lab_close(l);
	return tap_done("tests/host/slot_protect.tap");
}
