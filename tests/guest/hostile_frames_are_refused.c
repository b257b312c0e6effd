/* SPDX-License-Identifier: ISC */
/*
 * Frames given to resume are hostile input. Addresses beyond the user's, kernel addresses, and a
 * masked word that is no truth value are refused and nothing has changed; flags lose what is not
 * the program's (IOPL, IF off, NT, VM and the rest); a frame may lie across a page's end or in
 * memory for reading only, but not where nothing is mapped or off its alignment. What is accepted
 * comes back with the next upcall to the last bit.
 */
#include "tests/guest/raw_child.h"

#define USER_END UINT64_C(0x800000000000)

/* At RAW_AREA: pages 0 and 1 to write, 2 for reading, 3 nothing, 4 to write, 5 without access. */
#define AREA(page) (RAW_AREA + (page) * EXO_PAGE_SIZE)

struct place {
	const char *name;
	uint64_t at;
	int64_t err;
};

static const struct place places[] = {
	{ "in a page", AREA(0) + 64, 0 },
	{ "at a page's end", AREA(1) - sizeof(struct exo_frame), 0 },
	{ "across a page's end", AREA(1) - 80, EXO_E_ARGUMENT },
	{ "in a page for reading", AREA(2) + 512, 0 },
	{ "in a page without access", AREA(5), EXO_E_POINTER },
	{ "in an empty slot", AREA(3), EXO_E_POINTER },
	{ "without a table", 2 * RAW_AREA, EXO_E_POINTER },
	{ "nowhere", 0, EXO_E_POINTER },
	{ "misaligned", AREA(0) + 72, EXO_E_ARGUMENT },
	{ "misaligned by one", AREA(0) + 65, EXO_E_ARGUMENT },
	{ "in the kernel", UINT64_C(0xffffffff80200000), EXO_E_POINTER },
	{ "in the direct map", UINT64_C(0xffff888000200000), EXO_E_POINTER },
	{ "at no canonical address", UINT64_C(0x8000000000000000), EXO_E_POINTER },
	{ "across the end of all", -UINT64_C(80), EXO_E_ARGUMENT },
	{ "at the end of all", -UINT64_C(4096), EXO_E_POINTER },
	{ "across the end of user addresses", USER_END - 80, EXO_E_ARGUMENT },
	{ "in the tables", EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN, EXO_E_POINTER },
};

/* Where a resumed program comes back by an upcall at once. */
extern char pad_undefined[], pad_foreign[], pad_breakpoint[];
__asm__(CPU_PADS);

/* The upcall entry: never returns to what was interrupted. */
extern char storm_entry[];
__asm__(CPU_STRAIGHT_ENTRY("storm_entry", "storm_next"));

struct storm {
	uint64_t random, left, accepted, refused, bad;
	struct exo_frame want;
	const char *why;
};

static struct storm storm;
static struct exo_frame ending RAW_FRAME_ALIGNED;

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	(void)page;
	raw_probe_fault(frame);
}

static void storm_bad(const char *why)
{
	if (!storm.bad++)
		storm.why = why;
}

/* The frame of the upcall that followed must show what was resumed. */
static void storm_compare(const struct exo_frame *got)
{
	if (!cpu_regs_agree(&got->regs, &storm.want.regs, got->kind == EXO_UPCALL_SYSCALL))
		storm_bad("the registers or flags are not what was resumed");
	if (got->masked != storm.want.masked)
		storm_bad("masked is not what was resumed");
}

static uint64_t odd_address(void)
{
	static const uint64_t list[] = {
		0, 8, 0x1000, RAW_AREA, AREA(3), 2 * RAW_AREA, RAW_PAGE, EXO_INFO_PAGE,
		EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN, USER_END - 4096, USER_END - 4097, USER_END - 1,
		USER_END - 8, USER_END, USER_END + 8, UINT64_C(0xffff800000000000),
		UINT64_C(0xffff7fffffffffff), UINT64_C(0xffffffff80200000), UINT64_MAX,
		UINT64_C(0x8000000000000000), UINT64_C(0xffff888000000000), UINT64_MAX - 7,
	};

	return list[raw_pick(&storm.random, RAW_COUNT(list))];
}

static uint64_t odd_pc(void)
{
	const uint64_t pads[] = { (uint64_t)pad_undefined, (uint64_t)pad_breakpoint,
				  (uint64_t)pad_foreign, (uint64_t)&storm };

	return raw_pick(&storm.random, 3) ? pads[raw_pick(&storm.random, RAW_COUNT(pads))]
		: odd_address();
}

static uint64_t odd_masked(void)
{
	static const uint64_t list[] = { 2, 3, UINT64_C(1) << 32, UINT64_MAX };

	return raw_pick(&storm.random, 8) ? raw_pick(&storm.random, 2)
		: list[raw_pick(&storm.random, RAW_COUNT(list))];
}

static void odd_frame(struct exo_frame *frame)
{
	uint64_t *words = (uint64_t *)frame;
	unsigned i;

	for (i = 0; i < sizeof(*frame) / 8; i++)
		words[i] = raw_random(&storm.random);
	if (raw_pick(&storm.random, 4) == 0)
		EXO_REG_NUMBER(&frame->regs) = raw_pick(&storm.random, 400);
	frame->masked = odd_masked();
	EXO_REG_PC(&frame->regs) = odd_pc();
	if (raw_pick(&storm.random, 2))
		EXO_REG_SP(&frame->regs) = odd_address();
	else
		EXO_REG_SP(&frame->regs) %= USER_END;
	if (EXO_REG_PC(&frame->regs) == (uint64_t)pad_foreign)
		cpu_no_step(&frame->regs);
}

static bool is_good(const struct exo_frame *frame)
{
	return frame->masked <= 1 && EXO_REG_PC(&frame->regs) < USER_END - EXO_PAGE_SIZE
		&& EXO_REG_SP(&frame->regs) < USER_END;
}

/* Resume hostile frames until one is accepted: its upcall comes to storm_entry again. */
__attribute__((used, noreturn))
static void storm_next(const struct exo_frame *got)
{
	static struct exo_frame frame RAW_FRAME_ALIGNED;
	int64_t err;

	if (storm.accepted > 0 || storm.refused > 0)
		storm_compare(got);
	while (storm.left-- > 0) {
		odd_frame(&frame);
		storm.want = frame;
		storm.accepted++;
		err = raw_call(EXO_CALL_RESUME, (uint64_t)&frame, 0, 0);
		storm.accepted--;
		storm.refused++;
		if (err != EXO_E_ARGUMENT)
			storm_bad("the wrong error");
		if (is_good(&frame))
			storm_bad("a good frame was refused");
	}
	raw_call(EXO_CALL_RESUME, (uint64_t)&ending, 0, 0);
	__builtin_unreachable();
}

/* Set *frame so that resuming it goes on after this call with `result` as the result. */
uint64_t here(struct exo_frame *frame);
__asm__(CPU_HERE);

static void try_place(const struct place *place)
{
	struct exo_frame frame = { .masked = 1 };
	volatile int64_t err = 0;
	unsigned i;

	CPU_FLAGS(&frame.regs) = CPU_FLAGS_START;
	if (here(&frame) == 0) {
		if (place->at - AREA(0) < 8 * EXO_PAGE_SIZE) {
			raw_op(RAW_OP(PROTECT, .level = 1, .count = 1, .target = AREA(2),
				      .access = EXO_READ | EXO_WRITE));
			for (i = 0; i < sizeof(frame) / 8; i++)
				raw_probe_write(place->at + 8 * i, ((uint64_t *)&frame)[i]);
			raw_op(RAW_OP(PROTECT, .level = 1, .count = 1, .target = AREA(2),
				      .access = EXO_READ));
		}
		err = raw_call(EXO_CALL_RESUME, place->at, 0, 0);
	}
	raw_eq((uint64_t)err, (uint64_t)place->err, place->name);
}

static void raw_main(void)
{
	unsigned i;

	raw_pages(0, AREA(0), 3, EXO_READ | EXO_WRITE);
	raw_pages(0, AREA(4), 1, EXO_READ | EXO_WRITE);
	raw_pages(0, AREA(5), 1, 0);
	for (i = 0; i < RAW_COUNT(places); i++)
		try_place(&places[i]);

	storm.random = raw_seed(1);
	storm.left = raw_rounds(400000);
	ending.masked = 1;
	if (here(&ending) == 0) {
		raw_state.page->upcall_entry = (uint64_t)storm_entry;
		cpu_undefined(0);
	}
	raw_note("frames accepted", storm.accepted, "");
	raw_note("frames refused", storm.refused, "");
	raw_ok(storm.accepted > 100 && storm.refused > 100, "some were good and some were not");
	if (!raw_eq(storm.bad, 0, "each came back as it was, or was refused with its error"))
		raw_text(storm.why), raw_text("\n");
}
