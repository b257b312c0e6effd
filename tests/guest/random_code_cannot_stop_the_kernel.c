/* SPDX-License-Identifier: ISC */
/*
 * Bytes at random are executed, a few instructions at a time, with registers that point to all the
 * wrong places. Whatever they do comes back as an upcall, and kernel and test go on. By a clock of
 * instructions always: some code that this makes of a real clock's bits ends QEMU 7.2 itself.
 *
 * run-guest: --icount
 */
#include "tests/guest/raw.h"

#define AREA UINT64_C(0x100000000000) /* far from the test itself: code, then its stack */

enum { ROUNDS = 4000, STEPS = 8, CODE_BYTES = 64 };

struct random_run {
	uint64_t seed;
	unsigned steps;
	unsigned kinds[EXO_UPCALLS];
	uint64_t classes; /* of exceptions: a bit each */
	struct exo_frame frame RAW_FRAME_ALIGNED;
};

static struct random_run random_run;

/* run(frame): resume the frame; returns when the handler sends it to run_back. */
void run(struct exo_frame *frame);
extern char run_back[];
extern uint64_t run_stack;
__asm__(".comm run_stack, 8, 8\n"
	"run: push %rbx\n	push %rbp\n	push %r12\n	push %r13\n"
	"	push %r14\n	push %r15\n"
	"	mov %rsp, run_stack(%rip)\n"
	"	movabs $0x4348544e00000007, %rax\n	syscall\n"
	"run_back: pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n"
	"	pop %rbp\n	pop %rbx\n	ret\n");

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	(void)page;
	random_run.kinds[frame->kind % EXO_UPCALLS]++;
	if (frame->kind == EXO_UPCALL_EXCEPTION) {
		random_run.classes |= UINT64_C(1) << (frame->code & 63);
		if (frame->code == EXO_EXCEPTION_DEBUG && ++random_run.steps < STEPS) {
			frame->regs.rflags |= 0x100;
			return;
		}
	}
	frame->regs.rip = (uint64_t)run_back;
	frame->regs.rsp = run_stack;
	frame->regs.rflags = 0x202;
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
		UINT64_C(0xffff888000000000), UINT64_C(0x800000000000), UINT64_C(0x7ffffffffff8),
		EXO_INFO_PAGE, EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN, 0x10, 0x2b, 0xf4, 0xc0000080,
	};
	uint64_t word = random_word();

	return word & 16 ? values[word % 16] : word >> 5;
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

static void one_round(void)
{
	struct exo_frame *frame = &random_run.frame;
	uint64_t *general = (uint64_t *)&frame->regs;
	uint64_t code[CODE_BYTES / 8];
	unsigned i;

	/* No VEX prefixes: QEMU 7.2 ends with a failed assertion on some of those. */
	for (i = 0; i < CODE_BYTES; i++) {
		uint8_t byte = (uint8_t)(random_word() >> 24);

		((uint8_t *)code)[i] = byte == 0xc4 || byte == 0xc5 ? 0x90 : byte;
	}
	for (i = 0; i < CODE_BYTES / 8; i++)
		((uint64_t *)AREA)[i] = code[i];
	for (i = 0; i < 16; i++)
		general[i] = random_value();
	frame->regs.rip = AREA + random_word() % 8;
	frame->regs.rsp = AREA + 0x1800;
	frame->regs.rflags = (random_word() & 0x244cd5) | 0x100;
	frame->masked = 0;
	random_run.steps = 0;
	/* For code that turns single step off and loops. */
	exo_call(EXO_CALL_TIMER, machine_clock() + 1000000, 0, 0, 0, 0);
	run(frame);
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
	raw_ok(random_run.classes >> EXO_EXCEPTION_UNDEFINED & 1, "undefined instructions");
	raw_ok(random_run.classes >> EXO_EXCEPTION_PROTECTION & 1, "privileged ones");
	raw_note("instructions stepped", random_run.kinds[EXO_UPCALL_EXCEPTION], "");
	raw_note("faults", random_run.kinds[EXO_UPCALL_FAULT], "");
	raw_note("foreign calls", random_run.kinds[EXO_UPCALL_SYSCALL], "");
	raw_note("events", random_run.kinds[EXO_UPCALL_EVENTS], "");
}
