/* SPDX-License-Identifier: ISC */
/*
 * What a slot operation takes away is gone for the CPU when the call returns (I-7), though the
 * translation was in use a moment before: after CLEAR, PROTECT, DUP, SHARE, UNSHARE and MOVE, at
 * every level, for one page and for more than a flush remembers, in one's own env and a child's;
 * and in the recursive view, which must not show a table that has been given back. Writing below
 * a shared table faults on both sides (I-4), each side gets its own copy, and no-execute is
 * heeded.
 */
#include <machine/slot.h>

#define RAW_APART
#include "tests/guest/raw_child.h"

#define RW       (EXO_READ | EXO_WRITE)
#define P        EXO_PAGE_SIZE
#define ABSENT   RAW_FAULTED
#define DENIED   (RAW_FAULTED | EXO_FAULT_PRESENT | EXO_FAULT_WRITE)
#define NO_READ  (RAW_FAULTED | EXO_FAULT_PRESENT)
#define NO_EXEC  (RAW_FAULTED | EXO_FAULT_PRESENT | EXO_FAULT_EXEC)

struct shared {
	volatile uint64_t order, answer, value; /* what the child is to probe; what it found */
	volatile uint64_t address;
};

static struct shared shared;

enum { IDLE, READ, WRITE, UNSHARE, END };

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	(void)page;
	raw_probe_fault(frame);
}

/* Bring a page's translation into use, for writing if that is allowed. */
static void touch(uint64_t address)
{
	raw_probe_read(address);
	raw_probe_write(address, 1);
	raw_probe_read(exo_slot_address(address, 1));
}

static void is(uint64_t got, uint64_t want, const char *name)
{
	raw_eq(got, want, name);
}

static int64_t protect(uint64_t address, unsigned count, unsigned access)
{
	return raw_op(RAW_OP(PROTECT, .level = 1, .count = (uint16_t)count, .target = address,
			     .access = (uint8_t)access));
}

static int64_t clear(uint64_t address, unsigned level, unsigned count)
{
	return raw_op(RAW_OP(CLEAR, .level = (uint8_t)level, .count = (uint16_t)count,
			     .target = address));
}

static void test_clear(void)
{
	uint64_t a = RAW_AREA;

	raw_pages(0, a, 1, RW);
	touch(a);
	clear(a, 1, 1);
	is((uint64_t)raw_probe_read(a).value, ABSENT, "reading after CLEAR");
	is(raw_probe_write(a, 1), ABSENT | EXO_FAULT_WRITE, "writing after CLEAR");
	raw_pages(0, a, 1, RW);
	is(raw_probe_read(a).second, 0, "a fresh page in its place is zero");
	raw_op(RAW_OP(CLEAR, .level = 1, .count = 1, .target = a, .argument = EXO_PAYLOAD_MASK));
	is((uint64_t)raw_probe_read(a).value, ABSENT, "the largest payload is no leaf");
	raw_op(RAW_OP(CLEAR, .level = 1, .count = 1, .target = a, .argument = 0x7ffe07));
	is((uint64_t)raw_probe_read(a).value, ABSENT, "nor one that imitates a leaf");
	clear(a, 1, 1);
}

static void test_protect(void)
{
	uint64_t a = RAW_AREA, slot;

	raw_pages(0, a, 1, EXO_RWX);
	raw_probe_write(a, CPU_CODE);
	is(raw_probe_exec(a), 0, "a page to execute");
	protect(a, 1, RW);
	is(raw_probe_exec(a), NO_EXEC, "executing after PROTECT took that away");
	protect(a, 1, EXO_READ);
	is(raw_probe_write(a, 1), DENIED, "writing after PROTECT");
	is((uint64_t)raw_probe_read(a).value, 0, "reading is still allowed");
	protect(a, 1, 0);
	is((uint64_t)raw_probe_read(a).value, NO_READ, "reading after PROTECT took all");
	protect(a, 1, EXO_READ | EXO_EXEC);
	is(raw_probe_exec(a), 0, "all comes back: execution");
	protect(a, 1, RW);
	is(raw_probe_write(a, 2), 0, "and writing");
	raw_op(RAW_OP(PROTECT, .level = 1, .count = 1, .flags = EXO_OP_CLEAN, .target = a,
		      .access = RW));
	raw_probe_read(a);
	slot = raw_slot(a, 1);
	raw_ok(slot_is_accessed(slot) && !slot_is_dirty(slot),
	       "CLEAN: a read sets accessed, and not dirty");
	raw_probe_write(a, 3);
	slot = raw_slot(a, 1);
	raw_ok(slot_is_accessed(slot) && slot_is_dirty(slot), "a write sets dirty");
	clear(a, 1, 1);
}

/* More pages than a flush remembers by address; then a hole in the middle of them. */
static void test_many(void)
{
	uint64_t a = RAW_AREA, bad = 0;
	unsigned i;

	raw_pages(0, a, 512, RW);
	for (i = 0; i < 512; i++)
		touch(a + i * P);
	protect(a, 512, EXO_READ);
	for (i = 0; i < 512; i++)
		bad += raw_probe_write(a + i * P, 2) != DENIED;
	is(bad, 0, "512 pages protected at once");
	protect(a, 512, RW);
	for (i = 0; i < 512; i++)
		touch(a + i * P);
	clear(a, 1, 512);
	for (i = 0; i < 512; i++)
		bad += raw_probe_read(a + i * P).value != (int64_t)ABSENT;
	is(bad, 0, "512 pages cleared at once");
}

static void test_clear_branch(unsigned level, const char *name)
{
	uint64_t a = RAW_AREA + 3 * EXO_SPAN(level == 4 ? 3 : level), view = exo_slot_address(a, 1);
	struct exo_result r;

	raw_pages(0, a, 2, RW);
	touch(a);
	touch(a + P);
	r = raw_probe_read(view);
	raw_ok(r.value == 0 && r.second & 1, "the recursive view shows its slot");
	clear(a, level, 1);
	is((uint64_t)raw_probe_read(a).value, ABSENT, name);
	is(raw_probe_write(a + P, 1), ABSENT | EXO_FAULT_WRITE, "  its second page too");
	is((uint64_t)raw_probe_read(view).value, ABSENT, "  and the view shows no freed table");
}

static void test_move(unsigned level, const char *name)
{
	uint64_t a = RAW_AREA, b = 2 * RAW_AREA, va = exo_slot_address(a, 1);

	raw_pages(0, a, 1, RW);
	if (level < EXO_LEVELS) {
		raw_tables(0, b);
		clear(b, level, 1);
	}
	touch(a);
	raw_probe_write(a, 0x77);
	is((uint64_t)raw_op(RAW_OP(MOVE, .level = (uint8_t)level, .count = 1, .target = b,
				   .source = a)), 0, name);
	is((uint64_t)raw_probe_read(a).value, ABSENT, "  nothing is where it was");
	is((uint64_t)raw_probe_read(va).value, ABSENT, "  the view neither");
	is(raw_probe_read(b).second, 0x77, "  it is where it went");
	is(raw_probe_write(b, 0x78), 0, "  to be written");
	clear(b, EXO_LEVELS, 1);
	clear(a, EXO_LEVELS, 1);
}

/* In the child: probe what the parent says. */
static void child(uint64_t argument)
{
	(void)argument;
	for (;;) {
		struct exo_result r = { 0, 0 };

		switch (shared.order) {
		case READ:
			r = raw_probe_read(shared.address);
			break;
		case WRITE:
			r.value = (int64_t)raw_probe_write(shared.address, shared.value);
			break;
		case UNSHARE:
			r.value = raw_op(RAW_OP(UNSHARE, .level = (uint8_t)shared.value,
						.count = 1, .target = shared.address));
			break;
		case END:
			raw_exit(5);
		}
		shared.answer = (uint64_t)r.value;
		shared.value = r.second;
		shared.order = IDLE;
		while (shared.order == IDLE)
			raw_yield();
	}
}

static uint64_t ask(uint64_t order, uint64_t address, uint64_t value)
{
	shared.address = address;
	shared.value = value;
	shared.order = order;
	while (shared.order != IDLE)
		raw_yield();
	return shared.answer;
}

/* SHARE at `level`, both sides with translations in use; both unshare their way down. */
static void test_share(const struct raw_child *c, unsigned level, const char *name)
{
	uint64_t a = RAW_AREA, view = exo_slot_address(a, 1), slot;
	unsigned l;

	raw_pages(0, a, 2, RW);
	raw_probe_write(a, 0x1111);
	touch(a + P);
	raw_probe_read(view);
	for (l = EXO_LEVELS; l > level; l--)
		raw_op(RAW_OP(TABLE, .level = (uint8_t)l, .count = 1, .target_env = c->env,
			      .target = a));
	is((uint64_t)raw_op(RAW_OP(SHARE, .level = (uint8_t)level, .count = 1,
				   .target_env = c->env, .target = a, .source = a,
				   .rights = EXO_RWX)), 0, name);
	is(raw_probe_write(a, 2), DENIED, "  writing faults for who shared it");
	is(ask(WRITE, a, 2), DENIED, "  and for whom it was shared with");
	is(ask(READ, a, 0), 0, "  who can read it");
	is(shared.value, 0x1111, "  and sees what is there");
	is((uint64_t)protect(a, 1, RW), (uint64_t)EXO_E_FROZEN, "  the table is frozen");
	for (l = level; l > 1; l--)
		is((uint64_t)raw_op(RAW_OP(UNSHARE, .level = (uint8_t)l, .count = 1,
					   .target = a)), 0, "  UNSHARE by the first");
	is(raw_probe_write(a, 3), DENIED, "  the leaf has two holders still");
	raw_op(RAW_OP(DUP, .level = 1, .count = 1, .target = a, .source = a, .access = RW));
	is(raw_probe_write(a, 0x2222), 0, "  DUP: now it is its own");
	slot = raw_slot(a, 1);
	raw_ok(slot_access(slot) & EXO_WRITE && slot_is_dirty(slot),
	       "  and the view shows the copy of the table");
	ask(READ, a, 0);
	is(shared.value, 0x1111, "  the other still sees what was there");
	is(ask(WRITE, a, 2), DENIED, "  and cannot write");
	for (l = level; l > 1; l--)
		is(ask(UNSHARE, a, l), 0, "  UNSHARE by the second");
	is(ask(WRITE, a, 0x3333), 0, "  it is the sole holder of its leaf now");
	is(raw_probe_read(a).second, 0x2222, "  and is nobody else's");
	is(raw_probe_write(a + P, 4), DENIED, "  the second page is still shared");
	is(ask(WRITE, a + P, 4), DENIED, "  by both");
	raw_op(RAW_OP(CLEAR, .level = 1, .count = 1, .target_env = c->env, .target = a + P));
	is(ask(READ, a + P, 0), ABSENT, "  CLEAR in the child by the parent");
	raw_op(RAW_OP(PROTECT, .level = 1, .count = 1, .target_env = c->env, .target = a));
	is(ask(READ, a, 0), NO_READ, "  PROTECT in the child by the parent");
	raw_op(RAW_OP(CLEAR, .level = EXO_LEVELS, .count = 1, .target_env = c->env, .target = a));
	is(ask(READ, a, 0), ABSENT, "  CLEAR of its root slot");
	clear(a, EXO_LEVELS, 1);
}

/* A copy-on-write leaf at two addresses; DUP of one must show at once. */
static void test_dup(void)
{
	uint64_t a = RAW_AREA, b = a + P, i;

	raw_pages(0, a, 1, RW);
	raw_probe_write(a, 0x55);
	raw_op(RAW_OP(COPY, .level = 1, .count = 1, .target = b, .source = a, .rights = EXO_READ,
		      .access = EXO_READ));
	is(raw_probe_read(b).second, 0x55, "one frame at two addresses");
	is((uint64_t)protect(b, 1, RW), (uint64_t)EXO_E_RIGHTS, "no raising one that is not sole");
	raw_op(RAW_OP(DUP, .level = 1, .count = 1, .target = b, .source = b, .access = RW));
	raw_probe_write(b, 0x66);
	is(raw_probe_read(a).second, 0x55, "DUP in place: a write goes to the copy");
	is(raw_probe_read(b).second, 0x66, "and is read from there");
	for (i = 0; i < 100; i++) {
		raw_op(RAW_OP(CLEAR, .level = 1, .count = 1, .target = b));
		raw_op(RAW_OP(COPY, .level = 1, .count = 1, .target = b, .source = a,
			      .rights = EXO_READ, .access = EXO_READ));
		raw_probe_write(a, i);
		if (raw_probe_read(b).second != i)
			break;
		raw_op(RAW_OP(DUP, .level = 1, .count = 1, .target = b, .source = b,
			      .access = RW));
		raw_probe_write(a, i + 1);
		if (raw_probe_read(b).second != i)
			break;
	}
	is(i, 100, "again and again");
	clear(a, EXO_LEVELS, 1);
}

static void raw_main(void)
{
	struct raw_usage before = raw_usage(0);
	struct raw_child c;

	test_clear();
	test_protect();
	test_many();
	test_clear_branch(2, "CLEAR of a last-level table");
	test_clear_branch(3, "CLEAR of a table of tables");
	test_clear_branch(4, "CLEAR of a root slot");
	test_move(2, "MOVE of a last-level table");
	test_move(3, "MOVE of a table of tables");
	test_move(4, "MOVE of a root slot");
	test_dup();
	raw_eq((uint64_t)raw_child_run(&c, 0, child, 0), 0, "a child");
	test_share(&c, 2, "SHARE of a last-level table");
	test_share(&c, 3, "SHARE of a table of tables");
	test_share(&c, 4, "SHARE of a root slot");
	shared.order = END;
	raw_eq(raw_child_end(&c), EXO_STATUS(EXO_DEATH_EXIT, 5), "the child ends");
	clear(RAW_AREA, EXO_LEVELS, 1);
	raw_conserved(&before, "everything is back");
}
