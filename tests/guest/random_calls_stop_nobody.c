/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount --hz 10000
 * Children make calls with arguments drawn at random from the interesting ones, slot operations
 * most of all, until they die of it or are killed. The kernel goes on, each result is 0 or an
 * error with a name, a bystander counts on, the parent's memory is as it was, and when a child
 * and what it left behind is reaped everything is back. SEED=n replays.
 */
#define RAW_APART
#include "tests/guest/raw_child.h"

#define RW (EXO_READ | EXO_WRITE)
#define P  EXO_PAGE_SIZE
#define MEMORY_PAGES 4u

enum { CALLS_MOST = 3000, SLICES_MOST = 100, HANDLES = 8, LEAST_ERROR = -64 };

struct shared {
	volatile uint64_t random;
	volatile uint64_t calls, good, errors[64], unnamed; /* of all children */
	volatile uint64_t left;
	volatile uint64_t handle[HANDLES], vcpu[HANDLES];
	volatile uint64_t bystander;
	volatile bool is_over;
};

static struct shared shared;
static uint64_t parent, bystander_env;

/* After a fault a fuzzing child begins its loop anew, on a fresh stack. */
static void fuzz(uint64_t argument);

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	if (page->env == parent || page->env == bystander_env) {
		raw_probe_fault(frame);
		return;
	}
	if (frame->kind == EXO_UPCALL_EVENTS)
		return;
	EXO_REG_PC(&frame->regs) = (uint64_t)fuzz;
	EXO_REG_SP(&frame->regs) =
		(uint64_t)raw_family.stack[0] + RAW_CHILD_STACK - CPU_STACK_SKEW;
	frame->masked = 0;
}

static void bystander(uint64_t argument)
{
	(void)argument;
	while (!shared.is_over)
		shared.bystander++;
	raw_exit(77);
}

static uint64_t pick(uint64_t below)
{
	uint64_t state = shared.random, value = raw_pick(&state, below);

	shared.random = state;
	return value;
}

static uint64_t any_handle(void)
{
	static const uint64_t wild[] = { 1, 0xffff, 0x10000, 0x20001, UINT64_MAX };

	switch (pick(8)) {
	case 0:
		return wild[pick(RAW_COUNT(wild))];
	case 1:
	case 2:
	case 3:
		return shared.handle[pick(HANDLES)];
	default:
		return 0;
	}
}

static uint64_t any_vcpu(void)
{
	return pick(4) ? shared.vcpu[pick(HANDLES)] : any_handle();
}

static uint64_t any_number(void)
{
	static const uint64_t list[] = { 0, 1, 2, 7, 8, 63, 64, 65, 511, 512, 513, 4096,
					 UINT64_C(1) << 31, UINT64_C(1) << 32, UINT64_C(1) << 63,
					 UINT64_MAX };

	return list[pick(RAW_COUNT(list))];
}

/* Mostly the child's own area of two root slots with a few tables; sometimes anything. */
static uint64_t any_address(void)
{
	static const uint64_t list[] = {
		0, RAW_PAGE, RAW_PAGE - P, EXO_LIBRARY_BASE, EXO_INFO_PAGE, EXO_INFO_ARCHIVE,
		EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN, UINT64_C(0x7ffffffff000),
		UINT64_C(0x800000000000), UINT64_C(0xffffffff80200000), UINT64_MAX,
		UINT64_C(0xffff888000000000), UINT64_C(0x8000000000000000),
	};

	if (pick(12) == 0)
		return list[pick(RAW_COUNT(list))];
	if (pick(300) == 0)
		return (uint64_t)__executable_start + pick(16) * P;
	return (RAW_AREA << pick(2)) + pick(2) * EXO_SPAN(3) + pick(2) * EXO_SPAN(2)
		+ pick(MEMORY_PAGES * 2) * P;
}

static void any_op(struct exo_slot_op *op)
{
	static const uint8_t levels[EXO_OPS] = { 1, 1, 0, 1, 0, 0, 0, 1, 1, 1 };

	*op = (struct exo_slot_op){ .op = (uint8_t)pick(EXO_OPS + 1) };
	op->level = pick(8) && op->op < EXO_OPS && levels[op->op] ? 1 : (uint8_t)(pick(4) + 1);
	if (op->level == 4 && (op->op == EXO_OP_CLEAR || op->op == EXO_OP_MOVE) && pick(4))
		op->level = 2;
	op->count = pick(8) ? (uint16_t)(pick(3) + 1) : (uint16_t)any_number();
	op->target = any_address();
	op->target_env = any_handle();
	if (op->op == EXO_OP_DUP || op->op == EXO_OP_COPY || op->op == EXO_OP_SHARE
	    || op->op == EXO_OP_MOVE) {
		op->source = pick(4) ? any_address() : op->target;
		op->source_env = any_handle();
	}
	if (op->op == EXO_OP_COPY || op->op == EXO_OP_SHARE)
		op->rights = (uint8_t)pick(8);
	if (op->level == 1 && op->op != EXO_OP_CLEAR && op->op != EXO_OP_CLAIM) {
		op->access = (uint8_t)(pick(4) * 2 + 1);
		op->soft = (uint8_t)pick(16);
		op->soft_mask = (uint8_t)pick(16);
	}
	if (op->op == EXO_OP_CLEAR || op->op == EXO_OP_ALLOC)
		op->argument = pick(4) ? 0 : pick(70000);
	if (op->op == EXO_OP_TABLE || op->op == EXO_OP_DUP || op->op == EXO_OP_UNSHARE)
		op->reserve = pick(3) ? 0 : any_address();
	if (op->op == EXO_OP_PROTECT || op->op == EXO_OP_TABLE)
		op->flags = pick(4) ? 0 : (uint8_t)pick(8);
	if (pick(50) == 0)
		((uint8_t *)op)[pick(sizeof(*op))] ^= 1u << pick(8);
}

static struct exo_result fuzz_slots(void)
{
	struct exo_slot_op ops[4];
	uint64_t n = pick(4) + 1, i;

	for (i = 0; i < n; i++)
		any_op(&ops[i]);
	return exo_call(EXO_CALL_SLOTS, (uint64_t)ops, pick(50) ? n : any_number() % 100, 0, 0, 0);
}

/* A new env is remembered so that whoever is left can end it. */
static struct exo_result fuzz_create(void)
{
	static const struct exo_limits limits = { { 20, 2, 2, 2, 0 } };
	uint64_t at = pick(HANDLES);
	struct exo_result r;

	if (shared.handle[at])
		return exo_call(EXO_CALL_SELF, 0, 0, 0, 0, 0);
	r = exo_call(EXO_CALL_ENV_CREATE, pick(2) ? (uint64_t)&limits : 0, 0, 0, 0, 0);
	if (!r.value)
		shared.handle[at] = r.second;
	return r;
}

static struct exo_result fuzz_start(void)
{
	struct exo_vcpu_start how = {
		.page = pick(2) ? RAW_PAGE - P : any_address(), .entry = any_address(),
		.stack = any_address(), .upcall_entry = pick(2) ? any_address() : 0,
		.stack_base = any_address(), .stack_top = any_address(), .masked = pick(3),
	};
	struct exo_result r = exo_call(EXO_CALL_VCPU_START, any_handle(), (uint64_t)&how, 0, 0, 0);

	if (!r.value)
		shared.vcpu[pick(HANDLES)] = r.second;
	return r;
}

static struct exo_result fuzz_call(void)
{
	switch (pick(48)) {
	case 0:
		return fuzz_create();
	case 1:
		return fuzz_start();
	case 2:
		return exo_call(EXO_CALL_ENV_KILL, pick(40) ? shared.handle[pick(HANDLES)] | 1 << 16
				: any_handle(), pick(200), 0, 0, 0);
	case 3:
		return exo_call(EXO_CALL_VCPU_STOP, pick(40) ? shared.vcpu[pick(HANDLES)] | 1 << 16
				: 0, 0, 0, 0, 0);
	case 4:
		return exo_call(EXO_CALL_RESUME, any_address() & -UINT64_C(16), 0, 0, 0, 0);
	case 5:
		return exo_call(EXO_CALL_YIELD, any_vcpu(), 0, 0, 0, 0);
	case 6:
		return exo_call(EXO_CALL_TIMER, machine_clock() + any_number() % 100000, 0, 0, 0,
				0);
	case 7:
		return exo_call(EXO_CALL_SLICE_ALLOC, any_vcpu(), pick(9) == 0, any_number(), 0, 0);
	case 8:
		return exo_call(EXO_CALL_SLICE_FREE, pick(9) == 0, pick(16), 0, 0, 0);
	case 9:
		return exo_call(EXO_CALL_WAIT, any_address() + pick(64) * 4, pick(9) == 0,
				pick(5), 0,
				0);
	case 10:
	case 11:
		return exo_call(EXO_CALL_WAKE, any_address() + pick(64) * 4, any_number(), pick(5),
				0, 0);
	case 12:
	case 13:
		return exo_call(EXO_CALL_ACCOUNT, pick(8), any_handle(), pick(6), pick(20),
				machine_clock() + pick(1000));
	case 14:
		return exo_call(EXO_CALL_CONSOLE_WRITE, any_address(),
				pick(2) ? 0 : UINT64_MAX - pick(9), 0, 0, 0);
	case 15:
		return exo_call(EXO_CALL_CONSOLE_READ, any_address(), any_number(), 0, 0, 0);
	case 16:
		return exo_call(EXO_CALL_ENV_REAP, shared.handle[pick(HANDLES)], 0, 0, 0, 0);
	case 17:
		return exo_call(EXO_CALL_PREFIX | (pick(40) + EXO_CALLS), 0, 0, 0, 0, 0);
	default:
		return fuzz_slots();
	}
}

static void fuzz(uint64_t argument)
{
	struct exo_result r;

	(void)argument;
	while (shared.left > 0) {
		shared.left--;
		r = fuzz_call();
		shared.calls++;
		if (r.value == 0)
			shared.good++;
		else if (r.value < 0 && r.value > LEAST_ERROR)
			shared.errors[-r.value]++;
		else
			shared.unnamed++;
	}
	raw_exit(0);
}

/* Take back the charge for what the child claimed of ours, as far as it is there. */
static void claim_back(void)
{
	uint64_t at;
	unsigned level, i;

	for (at = (uint64_t)__executable_start & -P; at < (uint64_t)end; at += P)
		raw_op(RAW_OP(CLAIM, .level = 1, .count = 1, .target = at));
	for (level = 2; level <= EXO_LEVELS; level++)
		for (i = 0; i < 3; i++) {
			raw_op(RAW_OP(CLAIM, .level = (uint8_t)level, .count = 1,
				      .target = EXO_INFO_PAGE + i * EXO_SPAN(level)));
			raw_op(RAW_OP(CLAIM, .level = (uint8_t)level, .count = 1,
				      .target = EXO_INFO_ARCHIVE + i * EXO_SPAN(level)));
		}
}

/* The sum of our own image but for what is shared on purpose. */
static uint64_t image_sum(void)
{
	const uint64_t *at = (const uint64_t *)__executable_start;
	uint64_t sum = 0;

	for (; at < (const uint64_t *)raw_probes; at++)
		sum = (sum ^ *at) * UINT64_C(0x9e3779b97f4a7c15);
	return sum;
}

/* End a dead or living env that is now ours, and its children. */
static void end_orphans(void)
{
	struct exo_result r;
	unsigned i;

	for (i = 0; i < HANDLES; i++) {
		struct raw_child c = { .env = shared.handle[i] };

		if (c.env && !raw_child_kill(&c, 0))
			raw_child_end(&c);
	}
	while ((r = exo_call(EXO_CALL_ENV_REAP, 0, 0, 0, 0, 0)).value == EXO_OK) {
		struct raw_child c = { .env = r.second };

		raw_child_end(&c);
	}
}

/* A child that took its own data away could not note what it had created: try the handles that
 * there may be. */
static void end_unknown(uint64_t children)
{
	uint64_t index, generation;

	for (index = 0; index < 24; index++)
		for (generation = 1; generation < 30 * children + 100; generation++) {
			struct raw_child c = { .env = index | generation << 16 };

			if (c.env != parent && c.env != bystander_env && !raw_child_kill(&c, 0))
				raw_child_end(&c);
		}
	end_orphans();
	claim_back();
}

/* A CPU that only looks whether a child has ended would, where CPUs take turns, use up its time. */
static void sleep_a_slice(void)
{
	static volatile uint32_t word;

	raw_call(EXO_CALL_TIMER, machine_clock() + raw_info()->slice_units, 0, 0);
	raw_call(EXO_CALL_WAIT, (uint64_t)&word, word, 0); /* children may have written it */
	raw_state.page->masked = 0;
	raw_yield(); /* and what has come comes */
	raw_state.page->masked = 1;
}

/* One child's life. False: it could not be born. */
static bool live(uint64_t n)
{
	static const struct exo_limits limits = { { 150, 5, 5, 5, 0 } };
	struct exo_vcpu_start how;
	struct raw_child c;
	uint64_t until;
	unsigned i;

	if (raw_child_create(&c, 0, n % 2 ? &limits : NULL))
		return false;
	raw_op(RAW_OP(SHARE, .level = 4, .count = 1, .target_env = c.env, .target = EXO_INFO_BASE,
		      .source = EXO_INFO_BASE, .rights = EXO_RWX));
	raw_pages(c.env, RAW_AREA, MEMORY_PAGES, RW);
	raw_pages(c.env, RAW_AREA + EXO_SPAN(2), 1, RW);
	for (i = 0; i < HANDLES; i++)
		shared.handle[i] = shared.vcpu[i] = 0;
	shared.left = CALLS_MOST;
	how = raw_child_how(&c, fuzz, 0);
	until = machine_clock() + SLICES_MOST * raw_info()->slice_units;
	if (raw_child_go(&c, &how))
		return false;
	while (exo_call(EXO_CALL_ENV_REAP, c.env, 0, 0, 0, 0).value == EXO_E_STATE) {
		sleep_a_slice();
		if (machine_clock() >= until)
			raw_child_kill(&c, 1);
	}
	claim_back();
	raw_child_end(&c);
	end_orphans();
	claim_back();
	return true;
}

static void report(void)
{
	static const char *const names[] = {
		"",
#define ERROR(number, NAME, text) [-(number)] = #NAME,
#include "abi/error.def"
#undef ERROR
	};
	unsigned i;

	raw_note("calls", shared.calls, "");
	raw_note("good", shared.good, "");
	for (i = 1; i < RAW_COUNT(names); i++)
		raw_note(names[i], shared.errors[i], "");
	for (; i < RAW_COUNT(shared.errors); i++)
		shared.unnamed += shared.errors[i];
}

static void raw_main(void)
{
	uint64_t children = raw_rounds(2000), n, sum;
	uint64_t counted = 0, stalls = 0, leaks = 0, unborn = 0, unknown = 0;
	struct raw_usage before;
	struct raw_child by;
	unsigned i;

	parent = raw_state.page->env;
	shared.random = raw_seed(1);
	raw_child_create(&by, 1, NULL);
	bystander_env = by.env;
	{
		struct exo_vcpu_start how = raw_child_how(&by, bystander, 0);

		raw_child_go(&by, &how);
	}
	raw_settle();
	sum = image_sum();
	before = raw_usage(0);
	for (n = 0; n < children && !leaks && !unborn; n++) {
		unborn += !live(n);
		/* A child may have ended within its first slice, or left who have many of them. */
		for (i = 0; i < SLICES_MOST && shared.bystander == counted; i++)
			sleep_a_slice();
		stalls += shared.bystander == counted;
		counted = shared.bystander;
		if (raw_is_back(&before))
			continue;
		unknown++;
		end_unknown(n);
		leaks += !raw_is_back(&before);
	}
	report();
	raw_note("children", n, "");
	raw_note("of which left somebody unknown", unknown, "");
	raw_eq(unborn, 0, "each child was born");
	raw_ok(shared.calls > children * 10, "they made calls");
	raw_eq(leaks, 0, "each left nothing behind");
	raw_eq(shared.unnamed, 0, "each error has a name");
	raw_eq(stalls, 0, "the bystander counted on");
	raw_eq(image_sum(), sum, "the parent's memory is as it was");
	shared.is_over = true;
	raw_eq(raw_child_end(&by), EXO_STATUS(EXO_DEATH_EXIT, 77), "the bystander ends well");
	if (leaks)
		raw_conserved(&before, "  what leaked");
}
