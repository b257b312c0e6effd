/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount
 * Synchronous upcalls nest until the upcall stack is full, and no deeper: a stack holds as many
 * frames, none across a page's end, as have room, of a handler that itself uses none of it; the
 * next upcall ends the env. Each frame shows the registers of the one above, to the last bit, and
 * resume undoes them one by one. Asynchronous upcalls do not nest at all.
 * (An event that came before a child's first fault would lie on its stack, too: hence --icount.)
 */
#include "tests/guest/raw_child.h"

#define FRAME_BYTES sizeof(struct exo_frame)
#define DEPTH 20

struct shared {
	unsigned depth, deepest;        /* of the parent's own upcalls */
	unsigned events, events_depth, events_deepest;
	uint64_t kept[DEPTH];
	bool is_masked_right, is_nested_right;
	struct exo_frame *last;
	uint64_t stack[RAW_CHILD_STACK / 8] __attribute__((aligned(16)));
};

static volatile struct shared shared;

extern char fault_at_once[];
__asm__("fault_at_once: " CPU_UNDEFINED);

static void nest(unsigned depth);

/* Busy for longer than the timer that it sets, with another upcall inside. */
static void on_events(void)
{
	uint64_t until = machine_clock() + 20 * raw_info()->quantum_units;

	shared.events++;
	if (++shared.events_depth > shared.events_deepest)
		shared.events_deepest = shared.events_depth;
	raw_call(EXO_CALL_TIMER, machine_clock() + 1, 0, 0);
	while (machine_clock() < until)
		machine_relax();
	nest(DEPTH - 1);
	shared.events_depth--;
}

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	struct exo_frame *above = shared.last;

	if (frame->kind == EXO_UPCALL_EVENTS) {
		on_events();
		return;
	}
	shared.depth++;
	if (shared.depth > shared.deepest)
		shared.deepest = shared.depth;
	shared.is_masked_right &= page->masked == 1
		&& frame->masked == (shared.depth > 1 || shared.events_depth > 0);
	if (shared.depth > 1)
		shared.is_nested_right &= frame < above
			&& EXO_REG_SP(&frame->regs) < (uint64_t)above;
	shared.last = frame;
	nest((unsigned)EXO_REG_ARG0(&frame->regs));
	shared.last = above;
	EXO_REG_PC(&frame->regs) += CPU_UNDEFINED_BYTES;
	CPU_CHANGED(&frame->regs) = CPU_KEPT(&frame->regs) + 1;
	shared.depth--;
}

/* An upcall inside an upcall, down to DEPTH; each must come back with its own registers. */
static void nest(unsigned depth)
{
	uint64_t kept = shared.kept[depth % DEPTH];

	if (depth >= DEPTH)
		return;
	if (cpu_undefined_changes(kept, depth + 1) != kept + 1)
		shared.is_nested_right = false;
}

static void child_fault(uint64_t argument)
{
	cpu_undefined(argument);
	__builtin_unreachable();
}

/* Where the next frame goes: 16-byte aligned, and not across the end of a page. */
static uint64_t next_frame(uint64_t sp)
{
	uint64_t at = (sp - FRAME_BYTES) & -UINT64_C(16), end = (at | 4095) + 1;

	return at + FRAME_BYTES > end ? end - FRAME_BYTES : at;
}

/* How many there is room for. */
static unsigned room(uint64_t top, uint64_t bytes)
{
	uint64_t at = next_frame(top);
	unsigned n = 0;

	for (; at > top - bytes; at = next_frame(at))
		n++;
	return n;
}

/* The frames of a child whose handler faults at once, as it left them. */
static unsigned count_frames(uint64_t top, uint64_t bytes)
{
	unsigned n = 0;
	uint64_t at = top, above;

	for (;;) {
		const struct exo_frame *frame;

		above = at;
		at = next_frame(at);
		frame = (const struct exo_frame *)at;
		if (at <= top - bytes || frame->kind != EXO_UPCALL_EXCEPTION
		    || frame->code != EXO_EXCEPTION_UNDEFINED || CPU_KEPT(&frame->regs) != 0x5a5a
		    || frame->masked != (n > 0)
		    || (n > 0 && (EXO_REG_SP(&frame->regs) != above
				  || EXO_REG_PC(&frame->regs) != (uint64_t)fault_at_once)))
			return n;
		n++;
	}
}

static void fill_stack(uint64_t bytes)
{
	struct raw_child child;
	struct exo_vcpu_start how;
	uint64_t top = (uint64_t)shared.stack + sizeof(shared.stack), status;
	unsigned i, want = room(top, bytes);

	for (i = 0; i < RAW_COUNT(shared.stack); i++)
		shared.stack[i] = UINT64_C(0xabababababababab);
	raw_eq((uint64_t)raw_child_create(&child, 0, NULL), 0, "a child");
	how = raw_child_how(&child, child_fault, 0x5a5a);
	how.upcall_entry = (uint64_t)fault_at_once;
	how.stack_base = top - bytes;
	how.stack_top = top;
	raw_eq((uint64_t)raw_child_go(&child, &how), 0, "with an upcall stack");
	status = raw_child_end(&child);
	raw_note("bytes of stack", bytes, "");
	raw_eq(count_frames(top, bytes), want, "frames on it when it was full");
	raw_eq(EXO_STATUS_DEATH(status), EXO_DEATH_UPCALL_STACK, "then the env died of it");
	for (i = 0; shared.stack + i < (uint64_t *)(top - bytes); i++)
		if (shared.stack[i] != UINT64_C(0xabababababababab))
			break;
	raw_ok(shared.stack + i == (uint64_t *)((top - bytes + 7) & -UINT64_C(8))
	       || shared.stack + i == (uint64_t *)((top - bytes) & -UINT64_C(8)),
	       "not a byte below the stack was touched");
}

static void raw_main(void)
{
	static const uint64_t bytes[] = {
		17, FRAME_BYTES + 15, FRAME_BYTES + 16, FRAME_BYTES + 17, 2 * FRAME_BYTES + 15,
		2 * FRAME_BYTES + 16, 1000, 4096, 8192
	};
	struct raw_usage before = raw_usage(0);
	unsigned i;

	raw_note("sizeof(struct exo_frame)", FRAME_BYTES, "bytes");
	for (i = 0; i < RAW_COUNT(bytes); i++)
		fill_stack(bytes[i]);
	raw_conserved(&before, "everything is back");

	for (i = 0; i < DEPTH; i++)
		shared.kept[i] = UINT64_C(0x0101010101010101) * i;
	shared.is_masked_right = shared.is_nested_right = true;
	raw_state.page->masked = 0;
	nest(0);
	raw_eq(shared.deepest, DEPTH, "upcalls in upcalls, down to the depth asked for");
	raw_ok(shared.is_nested_right, "and back, with every register");
	raw_ok(shared.is_masked_right, "each frame says whether its owner was masked");
	raw_eq(raw_state.page->masked, 0, "at the end nothing is masked");

	raw_call(EXO_CALL_TIMER, machine_clock() + 1, 0, 0);
	while (shared.events < 50)
		machine_relax();
	raw_eq(shared.events_deepest, 1, "asynchronous upcalls never nest");
	raw_call(EXO_CALL_TIMER, 0, 0, 0);
}
