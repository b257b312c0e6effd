/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount
 * Who takes away what it stands on ends by it, and alone: its code and stacks at once, by CLEAR,
 * MOVE, SHARE and PROTECT of them, after which not even an upcall can be had. A batch that clears
 * its own page is done to its end, since it was read before; an env that sees its vcpu page no more
 * goes on. So does a victim meanwhile, and everything is back.
 */
#include "tests/guest/raw_victim.h"

#define RW    (EXO_READ | EXO_WRITE)
#define IMAGE ((uint64_t)__executable_start & -EXO_PAGE_SIZE)
#define ROOM  (IMAGE & -EXO_SPAN(4)) /* of a root slot */

enum { CHILD, VICTIM };
enum way { BATCH, VCPU_PAGE, CLEARED, MOVED, FROZEN, NO_CODE, NO_ACCESS, WAYS };

static const struct {
	const char *name;
	uint64_t status;
} ways[WAYS] = {
	[BATCH] = { "a batch clears the page that it lies in", EXO_STATUS(EXO_DEATH_EXIT, 40) },
	[VCPU_PAGE] = { "the table with the vcpu page is cleared", EXO_STATUS(EXO_DEATH_EXIT, 41) },
	[CLEARED] = { "code and stacks are cleared", EXO_STATUS(EXO_DEATH_UPCALL_STACK, 0) },
	[MOVED] = { "they are moved", EXO_STATUS(EXO_DEATH_UPCALL_STACK, 0) },
	[FROZEN] = { "they are shared, so frozen", EXO_STATUS(EXO_DEATH_UPCALL_STACK, 0) },
	[NO_CODE] = { "nothing can be executed or written", EXO_STATUS(EXO_DEATH_UPCALL_STACK, 0) },
	[NO_ACCESS] = { "nothing can be read", EXO_STATUS(EXO_DEATH_UPCALL_STACK, 0) },
};

static volatile uint64_t upcalls;

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	(void)page;
	if (frame->kind != EXO_UPCALL_EVENTS)
		upcalls++;
}

static void batch(void)
{
	struct exo_slot_op *ops = (struct exo_slot_op *)RAW_AREA;
	struct exo_result r;

	if (raw_pages(0, RAW_AREA, 1, RW))
		raw_exit(1);
	ops[0] = RAW_OP(CLEAR, .level = 1, .count = 1, .target = RAW_AREA);
	ops[1] = RAW_OP(ALLOC, .level = 1, .count = 1, .target = RAW_AREA, .access = RW);
	ops[2] = RAW_OP(ALLOC, .level = 1, .count = 1, .target = RAW_AREA + EXO_PAGE_SIZE,
			.access = RW);
	r = exo_call(EXO_CALL_SLOTS, RAW_AREA, 3, 0, 0, 0);
	if (r.value || EXO_DONE_OPS(r.second) != 3 || *(volatile uint64_t *)RAW_AREA
	    || *(volatile uint64_t *)(RAW_AREA + EXO_PAGE_SIZE))
		raw_exit(2);
	raw_exit(40);
}

static void child(uint64_t way)
{
	uint64_t pages = ((uint64_t)end - IMAGE + EXO_PAGE_SIZE - 1) / EXO_PAGE_SIZE;
	struct exo_slot_op ops[WAYS] = {
		[VCPU_PAGE] = RAW_OP(CLEAR, .level = 2, .count = 1,
				     .target = RAW_PAGE & -EXO_SPAN(2)),
		[CLEARED] = RAW_OP(CLEAR, .level = 4, .count = 1, .target = ROOM),
		[MOVED] = RAW_OP(MOVE, .level = 4, .count = 1, .target = RAW_AREA,
				 .source = ROOM),
		[FROZEN] = RAW_OP(SHARE, .level = 4, .count = 1, .target = RAW_AREA,
				  .source = ROOM, .rights = EXO_RWX),
		[NO_CODE] = RAW_OP(PROTECT, .level = 1, .count = (uint16_t)pages, .target = IMAGE,
				   .access = EXO_READ),
		[NO_ACCESS] = RAW_OP(PROTECT, .level = 1, .count = (uint16_t)pages,
				     .target = IMAGE),
	};

	if (way == BATCH)
		batch();
	if (exo_call(EXO_CALL_SLOTS, (uint64_t)&ops[way], 1, 0, 0, 0).value)
		raw_exit(3);
	upcalls = upcalls; /* a store to what is frozen */
	raw_exit(41);
}

static void raw_main(void)
{
	struct raw_usage before;
	struct exo_vcpu_start how;
	struct raw_child c;
	unsigned way;

	before = raw_usage(0);
	raw_victim_begin(VICTIM);
	for (way = 0; way < WAYS; way++) {
		uint64_t counted = raw_victim.count;

		raw_eq((uint64_t)raw_child_create(&c, CHILD, NULL), 0, "a child");
		how = raw_child_how(&c, child, way);
		how.masked = 1; /* no events: upcalls are of its own making */
		raw_eq((uint64_t)raw_child_go(&c, &how), 0, "  that runs");
		raw_eq(raw_child_end(&c), ways[way].status, ways[way].name);
		raw_yield();
		raw_ok(raw_victim.count > counted, "  the victim goes on");
	}
	raw_eq(upcalls, 0, "no child had an upcall");
	raw_victim_end();
	raw_conserved(&before, "everything is back");
}
