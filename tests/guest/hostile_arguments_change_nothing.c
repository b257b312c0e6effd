/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount
 * Every call with wild pointers, handles, counts and numbers is an error with a name, and has
 * changed nothing: not what the account holds, nor any slot of one's tables. Handles of those who
 * are not below the caller are no handles. A number with another prefix is somebody else's system
 * call, with all registers as they were, compared over all 64 bits.
 */
#include <machine/slot.h>

#include "tests/guest/raw_child.h"

#define RW (EXO_READ | EXO_WRITE)
#define P  EXO_PAGE_SIZE

struct shared {
	volatile uint64_t foreign;     /* the number of the last foreign call */
	volatile uint64_t handle, vcpu, wrong, done;
};

static struct shared shared;

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	(void)page;
	if (frame->kind == EXO_UPCALL_SYSCALL)
		shared.foreign = EXO_REG_NUMBER(&frame->regs);
	else if (frame->kind != EXO_UPCALL_EVENTS && !raw_probe_fault(frame))
		raw_exit(99);
}

/* All slots of one's own tables but for accessed and dirty bits, as a number. */
static uint64_t tables_sum(uint64_t from, uint64_t until, unsigned level)
{
	uint64_t sum = 0;

	for (; from < until; from += EXO_SPAN(level)) {
		uint64_t slot = raw_slot(from, level);

		if (slot_is_present(slot) && level == 1)
			slot = slot_as_made(slot, 1);
		else if (slot_is_present(slot))
			slot = slot_as_made(slot, level)
				+ tables_sum(from, from + EXO_SPAN(level), level - 1);
		sum = (sum ^ slot) * UINT64_C(0x9e3779b97f4a7c15) + 1;
	}
	return sum;
}

/* Without the kernel's own tables. */
static uint64_t own_sum(void)
{
	return tables_sum(0, EXO_INFO_BASE, EXO_LEVELS)
		+ tables_sum(EXO_LIBRARY_BASE, EXO_LIBRARY_BASE + EXO_ROOT_SPAN, EXO_LEVELS);
}

static const uint64_t pointers[] = {
	8, 0x1000, RAW_AREA, RAW_AREA + 8 * P, 2 * RAW_AREA, UINT64_C(0x7ffffffffff8),
	UINT64_C(0x800000000000), UINT64_C(0xffff800000000000), UINT64_C(0xffffffff80200000),
	UINT64_C(0xffff888000200000), UINT64_C(0x8000000000000000), -UINT64_C(8), -UINT64_C(64),
	EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN,
	(EXO_ROOT_RECURSIVE + 1) * EXO_ROOT_SPAN - 8 * EXO_ROOT_RECURSIVE, /* the root's slots */
};

/* Envs and vcpus alike: no index, no generation, both wrong, reused. */
static const uint64_t handles[] = {
	1, 5, 0xffff, 0x10005, 0x101ff, 0x10200, 0x1ffff, 0x20000, UINT64_C(1) << 32,
	UINT64_C(1) << 63, UINT64_MAX, UINT64_MAX - 0xffff,
};

/* One call that must fail so. */
static bool fails(enum exo_call call, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
		  int64_t want)
{
	struct exo_result r = exo_call(call, a0, a1, a2, a3, 0);

	if (r.value == want)
		return true;
	raw_note("call", call, "");
	raw_note("  argument 0", a0, "");
	raw_note("  argument 1", a1, "");
	raw_note("  error, negated", (uint64_t)-r.value, "");
	raw_note("  wanted", (uint64_t)-want, "");
	return false;
}

static void all_pointers(void)
{
	bool ok[8] = { true, true, true, true, true, true, true, true };
	unsigned i;

	for (i = 0; i < RAW_COUNT(pointers); i++) {
		uint64_t p = pointers[i];

		ok[0] &= fails(EXO_CALL_SLOTS, p, 1, 0, 0, EXO_E_POINTER)
			&& fails(EXO_CALL_SLOTS, p, EXO_BATCH_MAX, 0, 0, EXO_E_POINTER);
		ok[1] &= fails(EXO_CALL_ENV_CREATE, p, 0, 0, 0, EXO_E_POINTER);
		ok[2] &= fails(EXO_CALL_VCPU_START, 0, p, 0, 0, EXO_E_POINTER);
		ok[3] &= fails(EXO_CALL_RESUME, p & -EXO_PAGE_SIZE, 0, 0, 0, EXO_E_POINTER)
			&& fails(EXO_CALL_RESUME, p | 8, 0, 0, 0, EXO_E_ARGUMENT);
		ok[4] &= fails(EXO_CALL_WAIT, p, 0, 0, 0, EXO_E_POINTER)
			&& fails(EXO_CALL_WAIT, p + 1, 0, 0, 0, EXO_E_ARGUMENT)
			&& fails(EXO_CALL_WAIT, p, 0, EXO_WAIT_SHARED, 0, EXO_E_POINTER);
		ok[5] &= fails(EXO_CALL_WAKE, p, 1, 0, 0, EXO_E_POINTER)
			&& fails(EXO_CALL_WAKE, p, UINT64_MAX, EXO_WAIT_SHARED, 0, EXO_E_POINTER)
			&& fails(EXO_CALL_WAKE, p + 2, 1, 0, 0, EXO_E_ARGUMENT);
		ok[6] &= fails(EXO_CALL_CONSOLE_WRITE, p, 1, 0, 0, EXO_E_POINTER)
			&& fails(EXO_CALL_CONSOLE_WRITE, p, UINT64_MAX, 0, 0, EXO_E_TOO_LONG)
			&& fails(EXO_CALL_CONSOLE_WRITE, p, 0, 0, 0, 0);
		ok[7] &= fails(EXO_CALL_CONSOLE_READ, p, 0, 0, 0, 0);
	}
	raw_ok(ok[0], "slots: pointers");
	raw_ok(ok[1], "env_create: pointers");
	raw_ok(ok[2], "vcpu_start: pointers");
	raw_ok(ok[3], "resume: pointers");
	raw_ok(ok[4], "wait: pointers");
	raw_ok(ok[5], "wake: pointers");
	raw_ok(ok[6], "console_write: pointers");
	raw_ok(ok[7], "console_read: pointers");
}

/* The last bytes of a page before an empty slot: objects that only begin in memory. */
static void cut_off(void)
{
	uint64_t last = RAW_AREA + P - 8, i;
	bool ok = true;

	raw_pages(0, RAW_AREA, 1, RW);
	for (i = 8; i < 64; i += 8) {
		uint64_t at = RAW_AREA + P - i;

		ok &= fails(EXO_CALL_SLOTS, at, 1, 0, 0, EXO_E_POINTER)
			&& fails(EXO_CALL_VCPU_START, 0, at, 0, 0, EXO_E_POINTER)
			&& fails(EXO_CALL_CONSOLE_WRITE, at, i + 1, 0, 0, EXO_E_POINTER);
	}
	raw_ok(ok, "what is cut off by the end of memory is not read");
	raw_ok(fails(EXO_CALL_ENV_CREATE, last, 0, 0, 0, EXO_E_POINTER), "limits neither");
	raw_ok(fails(EXO_CALL_WAIT, last + 4, 1, 0, 0, EXO_E_VALUE), "but its last word is a word");
	raw_op(RAW_OP(CLEAR, .level = 4, .count = 1, .target = RAW_AREA));
	raw_settle();
}

static void all_handles(void)
{
	bool ok[6] = { true, true, true, true, true, true };
	struct raw_child c = { .index = 0 };
	struct exo_vcpu_start how = raw_child_how(&c, NULL, 0);
	struct exo_slot_op op = RAW_OP(CLEAR, .level = 4, .count = 1, .target = RAW_AREA);
	unsigned i;

	for (i = 0; i < RAW_COUNT(handles); i++) {
		uint64_t h = handles[i];

		ok[0] &= fails(EXO_CALL_ENV_KILL, h, 0, 0, 0, EXO_E_ENV);
		ok[1] &= fails(EXO_CALL_ENV_REAP, h, 0, 0, 0, EXO_E_ENV);
		ok[2] &= fails(EXO_CALL_VCPU_START, h, (uint64_t)&how, 0, 0, EXO_E_ENV);
		ok[3] &= fails(EXO_CALL_ACCOUNT, EXO_ACCOUNT_USED, h, 0, 0, EXO_E_ENV)
			&& fails(EXO_CALL_ACCOUNT, EXO_ACCOUNT_GRANT, h, 0, 1, EXO_E_ENV);
		ok[4] &= fails(EXO_CALL_VCPU_STOP, h, 0, 0, 0, EXO_E_VCPU)
			&& fails(EXO_CALL_YIELD, h, 0, 0, 0, EXO_E_VCPU)
			&& fails(EXO_CALL_SLICE_ALLOC, h, 0, EXO_SLICE_ANY, 0, EXO_E_VCPU);
		op.target_env = h;
		ok[5] &= fails(EXO_CALL_SLOTS, (uint64_t)&op, 1, 0, 0, EXO_E_ENV);
	}
	raw_ok(ok[0], "env_kill: handles");
	raw_ok(ok[1], "env_reap: handles");
	raw_ok(ok[2], "vcpu_start: handles");
	raw_ok(ok[3], "account: handles");
	raw_ok(ok[4], "vcpu_stop, yield, slice_alloc: handles");
	raw_ok(ok[5], "slots: handles");
}

static void all_numbers(void)
{
	static const uint64_t big[] = { 8, 64, 511, 512, 513, 1 << 16, UINT64_C(1) << 31,
					UINT64_C(1) << 32, UINT64_C(1) << 63, UINT64_MAX };
	uint64_t mine = raw_state.page->vcpu;
	bool ok = true;
	unsigned i;

	for (i = 0; i < RAW_COUNT(big); i++) {
		uint64_t n = big[i];

		ok &= fails(EXO_CALL_SLICE_ALLOC, mine, n, 0, 0, EXO_E_RANGE)
			&& fails(EXO_CALL_SLICE_FREE, n, 0, 0, 0, EXO_E_RANGE)
			&& fails(EXO_CALL_WAIT, (uint64_t)&shared, 0, n, 0, EXO_E_ARGUMENT)
			&& fails(EXO_CALL_ACCOUNT, n, 0, 0, 0, EXO_E_ARGUMENT)
			&& fails(EXO_CALL_ACCOUNT, EXO_ACCOUNT_USED, 0, n, 0, EXO_E_ARGUMENT)
			&& (n < 65 || fails(EXO_CALL_SLOTS, 0, n, 0, 0, EXO_E_TOO_LONG))
			&& (n < 512 || (fails(EXO_CALL_SLICE_FREE, 0, n, 0, 0, EXO_E_RANGE)
					&& (n == EXO_SLICE_ANY
					    || fails(EXO_CALL_SLICE_ALLOC, mine, 0, n, 0,
						     EXO_E_RANGE))))
			&& (n <= UINT32_MAX || (fails(EXO_CALL_ENV_KILL, 0, n, 0, 0,
						      EXO_E_ARGUMENT)
						&& fails(EXO_CALL_ACCOUNT, EXO_ACCOUNT_RETURN, 0,
							 0, n, EXO_E_ARGUMENT)));
	}
	raw_ok(ok, "numbers that are too large");
	raw_ok(fails(EXO_CALL_SLICE_FREE, 0, 400, 0, 0, EXO_E_EMPTY), "a slice that nobody has");
	for (i = 0; i < 512; i++)
		if (exo_call(EXO_CALL_SLICE_ALLOC, mine, 0, i, 0, 0).value == EXO_E_USED)
			break;
		else
			raw_call(EXO_CALL_SLICE_FREE, 0, i, 0);
	raw_ok(i < 512, "a slice that is taken");
	raw_ok(fails(EXO_CALL_ACCOUNT, EXO_ACCOUNT_GRANT, 0, 0, 1, EXO_E_STATE)
	       && fails(EXO_CALL_ACCOUNT, EXO_ACCOUNT_RETURN, 0, 0, 1, EXO_E_STATE)
	       && fails(EXO_CALL_ACCOUNT, EXO_ACCOUNT_REVOKE, 0, 0, 1, EXO_E_STATE),
	       "the first account has nobody above");
}

static void starts(void)
{
	static const uint64_t bad[] = { UINT64_C(0x800000000000), UINT64_MAX,
					UINT64_C(0xffffffff80200000),
					UINT64_C(0x8000000000000000) };
	struct raw_child c = { .index = 0 };
	const struct exo_vcpu_start good = raw_child_how(&c, NULL, 0);
	struct exo_vcpu_start how;
	bool ok = true;
	unsigned i;

	for (i = 0; i < RAW_COUNT(bad); i++) {
		how = good;
		how.page = RAW_PAGE - P;
		how.entry = bad[i];
		ok &= fails(EXO_CALL_VCPU_START, 0, (uint64_t)&how, 0, 0, EXO_E_ARGUMENT);
		how.entry = good.entry;
		how.stack = bad[i];
		ok &= fails(EXO_CALL_VCPU_START, 0, (uint64_t)&how, 0, 0, EXO_E_ARGUMENT);
		how.stack = good.stack;
		how.page = bad[i] & -P;
		ok &= fails(EXO_CALL_VCPU_START, 0, (uint64_t)&how, 0, 0, EXO_E_RANGE);
	}
	raw_ok(ok, "vcpu_start: addresses beyond the user's");
	how = good;
	raw_ok(fails(EXO_CALL_VCPU_START, 0, (uint64_t)&how, 0, 0, EXO_E_USED),
	       "a page where one is");
	how.page = RAW_PAGE + 8;
	raw_ok(fails(EXO_CALL_VCPU_START, 0, (uint64_t)&how, 0, 0, EXO_E_ARGUMENT), "no page");
	how.page = 2 * RAW_AREA;
	raw_ok(fails(EXO_CALL_VCPU_START, 0, (uint64_t)&how, 0, 0, EXO_E_NO_TABLE), "no table");
	how.page = EXO_INFO_PAGE;
	raw_ok(fails(EXO_CALL_VCPU_START, 0, (uint64_t)&how, 0, 0, EXO_E_FROZEN), "not ours");
	how.page = RAW_PAGE - P;
	how.masked = 2;
	raw_ok(fails(EXO_CALL_VCPU_START, 0, (uint64_t)&how, 0, 0, EXO_E_ARGUMENT),
	       "masked and no truth value");
}

static void limits(void)
{
	struct raw_usage now = raw_usage(0);
	struct exo_limits l;
	bool ok = true;
	unsigned r;

	for (r = 0; r < EXO_RESOURCES; r++) {
		l = (struct exo_limits){ { 0 } };
		l.limit[r] = now.limit[r] - now.used[r] + 1;
		ok &= fails(EXO_CALL_ENV_CREATE, (uint64_t)&l, 0, 0, 0, EXO_E_LIMIT);
		l.limit[r] = UINT64_MAX;
		ok &= fails(EXO_CALL_ENV_CREATE, (uint64_t)&l, 0, 0, 0, EXO_E_LIMIT);
		l.limit[r] = UINT64_C(1) << 32;
		ok &= fails(EXO_CALL_ENV_CREATE, (uint64_t)&l, 0, 0, 0, EXO_E_LIMIT);
	}
	l = (struct exo_limits){ { 0 } };
	ok &= fails(EXO_CALL_ENV_CREATE, (uint64_t)&l, 0, 0, 0, EXO_E_LIMIT);
	raw_ok(ok, "env_create: limits beyond what is left, or too low for an env");
}

static void foreign(void)
{
	bool ok = true;
	unsigned bit;

	for (bit = 0; bit < 32; bit++)
		if (1u << bit >= EXO_CALLS)
			ok &= cpu_call(EXO_CALL_PREFIX | UINT64_C(1) << bit)
				== (uint64_t)EXO_E_CALL;
	ok &= cpu_call(EXO_CALL_PREFIX | EXO_CALLS) == (uint64_t)EXO_E_CALL;
	ok &= cpu_call(EXO_CALL_PREFIX | UINT32_MAX) == (uint64_t)EXO_E_CALL;
	raw_ok(ok, "our prefix with an unknown number is an error");
	ok = true;
	for (bit = 32; bit < 64; bit++) {
		uint64_t number = (EXO_CALL_PREFIX | EXO_CALL_SELF) ^ UINT64_C(1) << bit;

		shared.foreign = 0;
		ok &= cpu_call(number) == number && shared.foreign == number;
	}
	raw_ok(ok, "one other bit in it makes it a foreign call");
	for (bit = 0, ok = true; bit < 512; bit++)
		ok &= cpu_call(bit) == bit && shared.foreign == bit;
	raw_ok(ok, "so are the small numbers");
}

/* In the child: its parent and its sibling are out of its reach. */
static void child(uint64_t argument)
{
	uint64_t list[] = { argument, shared.handle };
	struct exo_slot_op op = RAW_OP(CLEAR, .level = 4, .count = 1, .target = RAW_AREA);
	unsigned i;

	for (i = 0; i < RAW_COUNT(list); i++) {
		uint64_t h = list[i];

		shared.wrong += raw_call(EXO_CALL_ENV_KILL, h, 1, 0) != EXO_E_ENV;
		shared.wrong += raw_call(EXO_CALL_ENV_REAP, h, 0, 0) != EXO_E_ENV;
		shared.wrong += raw_call(EXO_CALL_ACCOUNT, EXO_ACCOUNT_USED, h, 0) != EXO_E_ENV;
		op.target_env = h;
		shared.wrong += raw_call(EXO_CALL_SLOTS, (uint64_t)&op, 1, 0) != EXO_E_ENV;
		op = RAW_OP(COPY, .level = 1, .count = 1, .source_env = h, .target = RAW_AREA,
			    .source = (uint64_t)__executable_start);
		shared.wrong += raw_call(EXO_CALL_SLOTS, (uint64_t)&op, 1, 0) != EXO_E_ENV;
	}
	shared.wrong += raw_call(EXO_CALL_VCPU_STOP, shared.vcpu, 0, 0) != EXO_E_VCPU;
	shared.wrong += raw_call(EXO_CALL_SLICE_ALLOC, shared.vcpu, 0, EXO_SLICE_ANY)
		!= EXO_E_VCPU;
	/* One slice is its own: it goes on to that slice's end. */
	for (i = 0, list[0] = 0; i < 512; i++)
		list[0] += raw_call(EXO_CALL_SLICE_FREE, 0, i, 0) == EXO_OK;
	shared.wrong += list[0] != 1;
	shared.done = 1;
	raw_exit(0);
}

static void family(void)
{
	struct raw_child c, sibling;

	raw_child_create(&sibling, 1, NULL);
	shared.handle = sibling.env;
	shared.vcpu = raw_state.page->vcpu;
	raw_child_run(&c, 0, child, raw_state.page->env);
	raw_eq(raw_child_end(&c), 0, "a child");
	raw_ok(shared.done && !shared.wrong, "that cannot reach parent, sibling or their slices");
	raw_child_kill(&sibling, 0);
	raw_child_end(&sibling);
}

static void unchanged(const struct raw_usage *before, uint64_t sum)
{
	raw_ok(raw_usage_is(before), "  the account is as it was");
	raw_eq(own_sum(), sum, "  so are all slots");
}

static void raw_main(void)
{
	static void (*const tests[])(void) = { all_pointers, all_handles, all_numbers, starts,
					       limits, foreign, cut_off, family };
	struct raw_usage before;
	uint64_t sum;
	unsigned i;

	raw_settle();
	before = raw_usage(0);
	sum = own_sum();
	for (i = 0; i < RAW_COUNT(tests); i++) {
		tests[i]();
		unchanged(&before, sum);
	}
}
