/* SPDX-License-Identifier: ISC */
/*
 * Words at random are executed, a few instructions at a time, with registers that point to all the
 * wrong places. Whatever they do comes back as an upcall, or as a timer's event where they loop,
 * and kernel and test go on. On AArch64.
 *
 * run-guest: --icount
 */
#include "tests/guest/raw.h"

#define AREA UINT64_C(0x100000000000) /* far from the test itself: code, then its stack */

enum { ROUNDS = 20000, CODE_WORDS = 8 };

struct random_run {
	uint64_t seed;
	unsigned kinds[EXO_UPCALLS];
	struct exo_frame frame RAW_FRAME_ALIGNED;
	struct exo_frame back RAW_FRAME_ALIGNED;
};

static struct random_run random_run;

/* Set *frame so that resuming it goes on after this call with 1 as the result; now it is 0. */
uint64_t here(struct exo_frame *frame);
__asm__(CPU_HERE);

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	(void)page;
	random_run.kinds[frame->kind % EXO_UPCALLS]++;
	frame->regs = random_run.back.regs;
}

static uint64_t random_word(void)
{
	random_run.seed ^= random_run.seed << 13;
	random_run.seed ^= random_run.seed >> 7;
	random_run.seed ^= random_run.seed << 17;
	return random_run.seed;
}

/* Values that a register may begin with. */
static uint64_t random_value(void)
{
	static const uint64_t values[] = {
		0, 1, UINT64_MAX, AREA, AREA + 0x1800, AREA + 0x1ffc, UINT64_C(0xffffffff80200000),
		UINT64_C(0xffff000009000000), UINT64_C(0x800000000000), UINT64_C(0x7ffffffffff8),
		EXO_INFO_PAGE, EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN, 0x10, 0x20,
		UINT64_C(0xffff000008000000), UINT64_C(0xffff000040200000),
	};
	uint64_t word = random_word();

	return word & 16 ? values[word % 16] : word >> 5;
}

/* Any word, or one of the groups that a word at random seldom is: system registers, exceptions,
 * loads and stores, exclusives and atomics. */
static uint32_t random_code(void)
{
	static const uint32_t groups[][2] = {
		{ 0xd5000000, 0x003fffff }, { 0xd4000000, 0x00ffffff }, { 0x38000000, 0xc7ffffff },
		{ 0x08000000, 0xc0ffffff }, { 0x28000000, 0xd3ffffff }, { 0x0c000000, 0x43ffffff },
		{ 0x14000000, 0x8bffffff }, { 0x0e000000, 0xf1ffffff },
	};
	uint64_t word = random_word();
	unsigned group = word >> 32 & 15;

	return group >= 8 ? (uint32_t)word : groups[group][0] | ((uint32_t)word & groups[group][1]);
}

static bool area_make(void)
{
	static struct exo_slot_op op[4];
	unsigned i;

	for (i = 0; i < 3; i++) {
		op[i].op = EXO_OP_TABLE;
		op[i].level = (uint8_t)(4 - i);
		op[i].count = 1;
		op[i].target = AREA;
	}
	op[3].op = EXO_OP_ALLOC;
	op[3].level = 1;
	op[3].count = 2;
	op[3].access = EXO_RWX;
	op[3].target = AREA;
	return exo_call(EXO_CALL_SLOTS, (uint64_t)op, 4, 0, 0, 0).value == 0;
}

/* Both calls that would end the test: an env that kills itself, a vcpu that stops. */
static bool is_the_end(const struct exo_frame *frame)
{
	return frame->regs.x[8] >> 32 == EXO_CALL_PREFIX >> 32;
}

static void one_round(void)
{
	struct exo_frame *frame = &random_run.frame;
	volatile uint32_t *code = (volatile uint32_t *)AREA;
	unsigned i;

	for (i = 0; i < CODE_WORDS; i++)
		code[i] = random_code();
	for (; i < 2 * CODE_WORDS; i++)
		code[i] = 0;
	for (i = 0; i < 31; i++)
		frame->regs.x[i] = random_value();
	frame->regs.pc = AREA;
	frame->regs.sp = AREA + 0x1800;
	frame->regs.pstate = random_word() & 0xf0000000;
	frame->masked = 0;
	if (is_the_end(frame))
		frame->regs.x[8] = 0;
	exo_call(EXO_CALL_TIMER, machine_clock() + 2000, 0, 0, 0, 0);
	random_run.back.masked = 1;
	if (here(&random_run.back) == 0)
		exo_call(EXO_CALL_RESUME, (uint64_t)frame, 0, 0, 0, 0);
	raw_state.page->masked = 1;
	exo_call(EXO_CALL_TIMER, 0, 0, 0, 0, 0);
}

static void raw_main(void)
{
	unsigned i;

	random_run.seed = 88172645463325252;
	if (!raw_ok(area_make(), "a page for code, a page for its stack"))
		return;
	for (i = 0; i < ROUNDS; i++)
		one_round();
	raw_ok(true, "the kernel goes on");
	raw_ok(random_run.kinds[EXO_UPCALL_FAULT] > 0, "there were faults");
	raw_ok(random_run.kinds[EXO_UPCALL_EXCEPTION] > 0, "undefined instructions");
	raw_ok(random_run.kinds[EXO_UPCALL_SYSCALL] > 0, "system calls");
	raw_note("exceptions", random_run.kinds[EXO_UPCALL_EXCEPTION], "");
	raw_note("faults", random_run.kinds[EXO_UPCALL_FAULT], "");
	raw_note("foreign calls", random_run.kinds[EXO_UPCALL_SYSCALL], "");
	raw_note("events", random_run.kinds[EXO_UPCALL_EVENTS], "");
}
