/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount --cpus 2
 * What a slot operation takes away is gone on the other CPU too when the call returns (I-7): a
 * second vcpu of the env writes to a page there without end, and does not write once more after
 * PROTECT, CLEAR or SHARE of the page, of more than a flush remembers or of the table above, but
 * faults at that address. The page's frame is watched at another address all the while.
 */
#include "tests/guest/raw_child.h"

#define RW          (EXO_READ | EXO_WRITE)
#define WATCHED     (RAW_AREA + EXO_SPAN(3))
#define SECOND_PAGE (RAW_PAGE - EXO_PAGE_SIZE)
#define PAGES       16u /* more than a flush remembers */

struct shared {
	volatile uint64_t is_writing;
	volatile uint64_t faults, address, code;
	uint64_t stack;
	struct raw_child child;
};

static struct shared shared;

/* The second vcpu. Its fault brings it back to its beginning. */
static void writer(uint64_t argument)
{
	uint64_t n = argument;

	while (!shared.is_writing)
		machine_relax();
	for (;;)
		*(volatile uint64_t *)RAW_AREA = n++;
}

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	if ((uint64_t)page != SECOND_PAGE || frame->kind != EXO_UPCALL_FAULT)
		return;
	shared.address = frame->address;
	shared.code = frame->code;
	shared.is_writing = 0;
	shared.faults++;
	EXO_REG_PC(&frame->regs) = (uint64_t)writer;
	EXO_REG_SP(&frame->regs) = shared.stack;
	EXO_REG_ARG0(&frame->regs) = 0;
}

static bool second_start(void)
{
	struct raw_child second = { .env = 0, .index = 0 };
	struct exo_vcpu_start how = raw_child_how(&second, writer, 0);
	struct exo_result r;

	how.page = SECOND_PAGE;
	shared.stack = how.stack;
	r = exo_call(EXO_CALL_VCPU_START, 0, (uint64_t)&how, 0, 0, 0);
	return r.value == 0
		&& raw_call(EXO_CALL_SLICE_ALLOC, r.second, raw_info()->cpus - 1,
			    EXO_SLICE_ANY) == 0;
}

static uint64_t written(void)
{
	return *(volatile uint64_t *)WATCHED;
}

static void wait_for_writes(void)
{
	uint64_t seen = written();
	unsigned i;

	for (i = 0; i < 3; seen = written(), i++)
		while (written() == seen)
			machine_relax();
}

/* The operation while the other CPU writes. `code`: of the fault that then comes. */
static void take(struct exo_slot_op op, uint64_t code, const char *name)
{
	uint64_t faults, last, patience;
	bool ok = true;

	raw_pages(0, RAW_AREA, PAGES, RW);
	raw_tables(0, WATCHED);
	raw_op(RAW_OP(COPY, .level = 1, .count = 1, .target = WATCHED, .source = RAW_AREA,
		      .rights = RW, .access = RW));
	faults = shared.faults;
	shared.is_writing = 1;
	wait_for_writes();
	ok &= raw_op(op) == EXO_OK;
	last = written();
	patience = machine_clock() + 50 * raw_info()->slice_units;
	while (shared.faults == faults && machine_clock() < patience)
		machine_relax();
	ok &= written() == last;
	raw_ok(ok, name);
	raw_ok(shared.faults == faults + 1 && shared.address == RAW_AREA && shared.code == code,
	       "  and the other CPU faults there");
	raw_op(RAW_OP(CLEAR, .level = 4, .count = 1, .target = RAW_AREA));
}

static void raw_main(void)
{
	const uint64_t absent = EXO_FAULT_WRITE, denied = EXO_FAULT_WRITE | EXO_FAULT_PRESENT;
	uint64_t i, n = raw_rounds(40);

	raw_ok(second_start(), "a second vcpu, on another CPU");
	raw_eq((uint64_t)raw_child_create(&shared.child, 1, NULL), 0, "a child");
	for (i = 0; i < n; i++) {
		take(RAW_OP(PROTECT, .level = 1, .count = 1, .target = RAW_AREA,
			    .access = EXO_READ), denied, "write access is taken from a page");
		take(RAW_OP(PROTECT, .level = 1, .count = PAGES, .target = RAW_AREA),
		     denied, "all access from many");
		take(RAW_OP(CLEAR, .level = 1, .count = 1, .target = RAW_AREA), absent,
		     "a page is dropped");
		take(RAW_OP(CLEAR, .level = 1, .count = PAGES, .target = RAW_AREA), absent,
		     "many are");
		take(RAW_OP(CLEAR, .level = 2, .count = 1, .target = RAW_AREA), absent,
		     "the table is");
		take(RAW_OP(SHARE, .level = 4, .count = 1, .target_env = shared.child.env,
			    .target = RAW_AREA, .source = RAW_AREA, .rights = EXO_READ), denied,
		     "all is shared with a child");
		raw_op(RAW_OP(CLEAR, .level = 4, .count = 1, .target_env = shared.child.env,
			      .target = RAW_AREA));
	}
}
