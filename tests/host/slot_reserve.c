/* SPDX-License-Identifier: ISC */
/* The reserve: when memory is gone, DUP, TABLE and UNSHARE live on a page that the caller holds. */
#include "tests/host/lab.h"

#define T EXO_ROOT_SPAN
#define P(n) (T + (n) * EXO_PAGE_SIZE)

/* Use all frames that are left; the account is at its limit then. */
static void exhaust(struct lab *l)
{
	uint32_t free = account_limit(l->m, 0, EXO_RESOURCE_FRAMES)
		- lab_used(l, 0, EXO_RESOURCE_FRAMES);

	l->m->accounts[0].quota[EXO_RESOURCE_FRAMES] -= (uint64_t)free << 32;
}

static void give_back(struct lab *l)
{
	uint32_t used = lab_used(l, 0, EXO_RESOURCE_FRAMES);

	l->m->accounts[0].quota[EXO_RESOURCE_FRAMES] = used
		| (uint64_t)(l->m->frame_count - 2) << 32;
}

/* The program writes to a page, so the CPU holds a translation of it. */
static void cache(struct lab *l, uint64_t address)
{
	tap_eq(host_store(l->m, 0, address, 0x5eed), 0, "a page that the program writes");
}

/* What was there until now is a table or another page: the program must not reach it (I-7). */
static void check_gone(struct lab *l, uint64_t address)
{
	tap_eq(host_store(l->m, 0, address, 0), HOST_FAULT | EXO_FAULT_WRITE,
	       "it cannot write there any more");
}

static void check_use(struct lab *l)
{
	uint32_t used;
	struct pfn frame = lab_frame(l, 0, P(4), 1);

	lab_op(l, OP(COPY, 1, P(20), 1, .source = P(0), .rights = 1, .access = 1));
	lab_poke(l, 0, P(0), 3);
	exhaust(l);
	used = lab_used(l, 0, EXO_RESOURCE_FRAMES);
	tap_eq(lab_op(l, OP(DUP, 1, P(20), 1, .source = P(20), .access = 3)), EXO_E_LIMIT,
	       "there is no frame for DUP");
	cache(l, P(4));
	tap_eq(lab_op(l, OP(DUP, 1, P(20), 1, .source = P(20), .access = 3, .reserve = P(4))), 0,
	       "but with a reserve");
	check_gone(l, P(4));
	tap_eq(lab_frame(l, 0, P(20), 1).n, frame.n, "whose frame it has");
	tap_eq(lab_peek(l, 0, P(20)), 3, "with the right content");
	tap_eq(lab_slot(l, 0, P(4), 1), 0, "and whose slot is empty");
	tap_eq(lab_used(l, 0, EXO_RESOURCE_FRAMES), used, "nobody pays more");
	tap_eq(lab_op(l, OP(TABLE, 2, T + EXO_SPAN(2), 1)), EXO_E_LIMIT, "none for TABLE");
	cache(l, P(5));
	tap_eq(lab_op(l, OP(TABLE, 2, T + EXO_SPAN(2), 1, .reserve = P(5))), 0, "but so");
	check_gone(l, P(5));
	tap_eq(lab_op(l, OP(SHARE, 2, T + 2 * EXO_SPAN(2), 1, .source = T, .rights = 7)), 0,
	       "SHARE needs none");
	tap_eq(lab_op(l, OP(UNSHARE, 2, T + 2 * EXO_SPAN(2), 1)), EXO_E_LIMIT,
	       "none for UNSHARE");
	cache(l, 2 * T);
	tap_eq(lab_op(l, OP(UNSHARE, 2, T + 2 * EXO_SPAN(2), 1, .reserve = 2 * T)), 0,
	       "but so");
	check_gone(l, 2 * T);
	give_back(l);
	lab_sound(l, "and all is sound");
}

static void refuse(struct lab *l, uint64_t reserve, const char *what)
{
	lab_refuses(l, OP(TABLE, 2, T + 7 * EXO_SPAN(2), 1, .reserve = reserve), EXO_E_RESERVE,
		    "%s", what);
}

static void check_refusals(struct lab *l)
{
	uint64_t at = 2 * T, child = lab_child(l, 0);

	refuse(l, at + 9 * EXO_PAGE_SIZE, "an empty slot");
	refuse(l, at + EXO_PAGE_SIZE + 8, "an address inside a page");
	refuse(l, 9 * T, "no table");
	refuse(l, EXO_ROOT_RECURSIVE * T, "the recursive view");
	refuse(l, UINT64_C(1) << 63, "no address");
	refuse(l, LAB_VCPU, "a vcpu page");
	refuse(l, EXO_INFO_PAGE, "the info page");
	lab_op(l, OP(COPY, 1, at + 8 * EXO_PAGE_SIZE, 1, .source = at + EXO_PAGE_SIZE,
		     .rights = 7));
	refuse(l, at + EXO_PAGE_SIZE, "a page that two hold");
	refuse(l, P(0), "a page in a shared table");
	lab_op(l, OP(TABLE, 2, at + EXO_SPAN(2), 1, .flags = EXO_OP_COMMON));
	lab_op(l, OP(ALLOC, 1, at + EXO_SPAN(2), 1, .access = 3));
	refuse(l, at + EXO_SPAN(2), "a page in a common table");
	lab_refuses(l, OP(DUP, 1, at + 2 * EXO_PAGE_SIZE, 1, .source = at + 8 * EXO_PAGE_SIZE,
			  .access = 1, .reserve = at + 2 * EXO_PAGE_SIZE), EXO_E_USED,
		    "the target itself");
	lab_refuses(l, OP(DUP, 1, at + 12 * EXO_PAGE_SIZE, 1, .source = at + 2 * EXO_PAGE_SIZE,
			  .access = 1, .reserve = at + 2 * EXO_PAGE_SIZE), EXO_E_RESERVE,
		    "the source itself");
	lab_map(l, child, T, 1);
	lab_refuses(l, OP(DUP, 1, P(9), 1, .target_env = child, .source_env = child, .source = T,
			  .access = 1, .reserve = at + 2 * EXO_PAGE_SIZE), EXO_E_RESERVE,
		    "the caller's, who is neither target nor source");
	lab_does(l, OP(TABLE, 3, T + EXO_SPAN(3), 1, .target_env = child,
		       .reserve = at + 2 * EXO_PAGE_SIZE),
		 "a child's table from the caller's page");
}

/* A run with one reserve: it serves one slot, whichever; in the middle of the run, too. */
static void check_runs(struct lab *l)
{
	uint64_t at = 3 * T;

	lab_map(l, 0, at, 3);
	tap_eq(lab_op(l, OP(TABLE, 2, at + 4 * EXO_SPAN(2), 2, .reserve = at)), EXO_E_RESERVE,
	       "a run of two with one reserve");
	tap_eq(EXO_DONE_SLOTS(l->value), 1, "comes as far as the first");
	lab_sound(l, "and is sound");
	lab_poke(l, 0, at + 2 * EXO_PAGE_SIZE, 44);
	lab_op(l, OP(ALLOC, 1, at, 1, .access = 3));
	tap_ok(lab_op(l, OP(DUP, 1, at + 16 * EXO_PAGE_SIZE, 3, .source = at, .access = 3,
			    .reserve = at + EXO_PAGE_SIZE)) < 0,
	       "a reserve among the sources of its run");
	lab_sound(l, "breaks nothing");
}

int main(void)
{
	struct lab *l = lab_open(256, 1);

	lab_map(l, 0, T, 8);
	lab_map(l, 0, 2 * T, 3);
	check_use(l);
	lab_close(l);
	l = lab_open(256, 1);
	lab_map(l, 0, T, 8);
	lab_map(l, 0, 2 * T, 4);
	lab_op(l, OP(SHARE, 2, T + EXO_SPAN(2), 1, .source = T, .rights = 7));
	check_refusals(l);
	check_runs(l);
	lab_close(l);
	return tap_done("tests/host/slot_reserve.tap");
}
