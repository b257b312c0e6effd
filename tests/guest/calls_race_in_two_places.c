/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount --hz 10000
 * One hostile env on two CPUs: while one of its vcpus makes calls whose arguments lie in a page,
 * the other changes those arguments to hostile ones, takes the page away, protects it, puts another
 * in its place, and fills, empties and uses up the slots that the calls are about. Each result is
 * 0 or an error with a name, no frame is come by twice, a victim goes on, and everything is back.
 */
#define RAW_APART
#include "tests/guest/raw_victim.h"

#define RW (EXO_READ | EXO_WRITE)
#define P  EXO_PAGE_SIZE
/* Where arguments lie; what the calls are about. */
#define ARGUMENTS RAW_AREA
#define TARGETS   (RAW_AREA + EXO_SPAN(2))

enum { CALLER, CHANGER, VICTIM, LEAST_ERROR = -64 };

struct shared {
	volatile uint64_t calls, changes, unnamed, random[2], twice;
	volatile bool is_over;
};

static struct shared shared;
static uint64_t parent;

static void caller(uint64_t argument);

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	if (page->env == parent || page->env == raw_victim.child.env
	    || frame->kind == EXO_UPCALL_EVENTS)
		return;
	/* The caller's own argument page was not there when it wrote, or a frame was resumed. */
	EXO_REG_PC(&frame->regs) = (uint64_t)caller;
	EXO_REG_SP(&frame->regs) = (uint64_t)raw_family.stack[CALLER] + RAW_CHILD_STACK
		- CPU_STACK_SKEW;
	frame->masked = 0;
}

static uint64_t pick(unsigned who, uint64_t below)
{
	uint64_t state = shared.random[who], value = raw_pick(&state, below);

	shared.random[who] = state;
	return value;
}

static void result(int64_t value)
{
	shared.calls++;
	shared.unnamed += value > 0 || value < LEAST_ERROR;
}

static void caller(uint64_t argument)
{
	struct exo_slot_op *op = (struct exo_slot_op *)ARGUMENTS;
	uint64_t at;

	(void)argument;
	while (!shared.is_over) {
		at = TARGETS + pick(0, 8) * P;
		switch (pick(0, 8)) {
		case 0:
			result(raw_call(EXO_CALL_RESUME, ARGUMENTS, 0, 0));
			break;
		case 1:
			result(raw_call(EXO_CALL_WAKE, ARGUMENTS, 1, EXO_WAIT_SHARED));
			break;
		case 2:
			result(raw_call(EXO_CALL_WAIT, ARGUMENTS, 0,
					EXO_WAIT_SHARED | EXO_WAIT_DOORBELL));
			break;
		case 3:
			result(raw_call(EXO_CALL_ENV_CREATE, ARGUMENTS, 0, 0));
			break;
		case 4:
			result(raw_call(EXO_CALL_VCPU_START, 0, ARGUMENTS, 0));
			break;
		default:
			op[0] = RAW_OP(ALLOC, .level = 1, .count = 2, .target = at, .access = RW);
			op[1] = RAW_OP(CLEAR, .level = 1, .count = 2, .target = at);
			result(raw_call(EXO_CALL_SLOTS, ARGUMENTS, 2, 0));
			break;
		}
	}
	for (;;)
		raw_yield();
}

/* On the other CPU. */
static void changer(uint64_t argument)
{
	(void)argument;
	for (; !shared.is_over; shared.changes++) {
		volatile uint64_t *words = (volatile uint64_t *)(ARGUMENTS + P);
		uint64_t at = TARGETS + pick(1, 8) * P;

		switch (pick(1, 8)) {
		case 0:
			raw_op(RAW_OP(CLEAR, .level = 1, .count = 1, .target = ARGUMENTS));
			break;
		case 1:
			raw_op(RAW_OP(PROTECT, .level = 1, .count = 1, .target = ARGUMENTS,
				      .access = EXO_READ));
			break;
		case 2:
			raw_op(RAW_OP(DUP, .level = 1, .count = 1, .target = ARGUMENTS,
				      .source = ARGUMENTS, .access = RW));
			break;
		case 3:
			raw_op(RAW_OP(CLEAR, .level = 1, .count = 2, .target = at));
			break;
		case 4:
			raw_op(RAW_OP(TABLE, .level = 2, .count = 1,
				      .target = TARGETS + EXO_SPAN(2), .reserve = at));
			raw_op(RAW_OP(CLEAR, .level = 2, .count = 1,
				      .target = TARGETS + EXO_SPAN(2)));
			break;
		case 5:
			words[pick(1, 64)] = pick(1, 2) ? UINT64_MAX << pick(1, 64) : 0;
			raw_op(RAW_OP(CLEAR, .level = 1, .count = 1, .target = ARGUMENTS));
			raw_op(RAW_OP(COPY, .level = 1, .count = 1, .target = ARGUMENTS,
				      .source = ARGUMENTS + P, .rights = EXO_RWX, .access = RW));
			break;
		case 6:
			raw_op(RAW_OP(ALLOC, .level = 1, .count = 1, .target = at, .access = RW));
			shared.twice += raw_slot(at, 1) == raw_slot(ARGUMENTS + P, 1);
			break;
		default:
			raw_op(RAW_OP(ALLOC, .level = 1, .count = 1, .target = ARGUMENTS,
				      .access = RW));
			break;
		}
	}
	raw_exit(9);
}

static void race(void)
{
	static const struct exo_limits limits = { { 200, 4, 4, 4, 0 } };
	struct raw_child c = { .index = CALLER }, second;
	struct exo_vcpu_start how;
	uint64_t until;
	struct exo_result r;

	raw_child_create(&c, CALLER, &limits);
	raw_pages(c.env, ARGUMENTS, 2, RW);
	raw_pages(c.env, TARGETS, 1, RW);
	shared.is_over = false;
	how = raw_child_how(&c, caller, 0);
	raw_child_go(&c, &how);
	second = c;
	second.index = CHANGER;
	how = raw_child_how(&second, changer, 0);
	how.page = RAW_PAGE - P;
	how.masked = 1;
	r = exo_call(EXO_CALL_VCPU_START, c.env, (uint64_t)&how, 0, 0, 0);
	raw_call(EXO_CALL_SLICE_ALLOC, r.second, 0, EXO_SLICE_ANY);
	until = machine_clock() + 20 * raw_info()->slice_units;
	while (machine_clock() < until
	       && raw_call(EXO_CALL_ACCOUNT, EXO_ACCOUNT_USED, c.env, 0) == EXO_OK)
		raw_yield();
	shared.is_over = true;
	raw_child_kill(&c, 0);
	raw_child_end(&c);
	while ((r = exo_call(EXO_CALL_ENV_REAP, 0, 0, 0, 0, 0)).value == EXO_OK)
		raw_child_end(&(struct raw_child){ .env = r.second });
}

/* Children that the caller made: they are ours now. */
static void end_orphans(void)
{
	unsigned i;

	for (i = 0; i < 32; i++) {
		const struct exo_table_env *e = raw_array(EXO_ARRAY_ENVS, i);
		struct raw_child c = { .env = i | e->generation << 16 };

		if (e->state == EXO_ENV_ALIVE && c.env != parent && c.env != raw_victim.child.env
		    && !raw_child_kill(&c, 0))
			raw_child_end(&c);
	}
}

static void raw_main(void)
{
	uint64_t rounds = raw_rounds(200), i, count;
	struct raw_usage before;

	parent = raw_state.page->env;
	shared.random[0] = raw_seed(1);
	shared.random[1] = shared.random[0] + 2;
	raw_settle();
	before = raw_usage(0);
	raw_victim_begin(VICTIM);
	count = raw_victim.count;
	for (i = 0; i < rounds; i++) {
		race();
		end_orphans();
	}
	raw_note("calls", shared.calls, "");
	raw_note("changes", shared.changes, "");
	raw_ok(shared.calls > 0 && shared.changes > 0, "both have run");
	raw_eq(shared.unnamed, 0, "each error has a name");
	raw_eq(shared.twice, 0, "no frame is come by twice");
	raw_ok(raw_victim.count > count, "the victim goes on");
	raw_victim_end();
	raw_conserved(&before, "everything is back");
}
