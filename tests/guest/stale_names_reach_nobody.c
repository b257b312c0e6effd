/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount --memory 64M
 * Names of what is gone are names of nothing: handles of an env and a vcpu that have been killed,
 * that have been reaped, and whose entries others have by now, or that are children's of others,
 * are refused in every place that takes one. After each refused call the kernel's tables and all
 * slots of the caller are, word for word, what they were before it; the victim, which has the
 * entry, goes on.
 */
#include "tests/guest/raw_victim.h"

#define RW (EXO_READ | EXO_WRITE)
#define P  EXO_PAGE_SIZE

enum { FORMER, VICTIM };

struct call {
	const char *name;
	enum exo_call call;
	uint64_t arguments[5];
	int64_t want;
};

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	if (frame->kind == EXO_UPCALL_EVENTS && frame->code & EXO_EVENT_SLICE_END
	    && page->env == raw_victim.child.env)
		raw_yield();
}

static void former(uint64_t argument)
{
	(void)argument;
	for (;;)
		raw_yield();
}

/* A call that must fail so and change nothing. */
static bool refused(const struct call *c)
{
	uint64_t before = raw_all_sum();
	int64_t got = exo_call(c->call, c->arguments[0], c->arguments[1], c->arguments[2],
			       c->arguments[3], c->arguments[4]).value;
	bool is_same = raw_all_sum() == before;

	if (got == c->want && is_same)
		return true;
	raw_text("# ");
	raw_text(c->name);
	raw_text(is_same ? "\n" : ": something has changed\n");
	raw_note("  error, negated", (uint64_t)-got, "");
	return false;
}

/* Every place that takes an env, and every one that takes a vcpu. */
static void all_places(uint64_t env, uint64_t vcpu, const char *name)
{
	struct raw_child c = { .index = FORMER };
	struct exo_vcpu_start how = raw_child_how(&c, former, 0);
	struct exo_slot_op ops[EXO_OPS];
	struct call list[] = {
		{ "kill", EXO_CALL_ENV_KILL, { env, 1 }, EXO_E_ENV },
		{ "start", EXO_CALL_VCPU_START, { env, (uint64_t)&how }, EXO_E_ENV },
		{ "limit", EXO_CALL_ACCOUNT, { EXO_ACCOUNT_LIMIT, env, 0 }, EXO_E_ENV },
		{ "used", EXO_CALL_ACCOUNT, { EXO_ACCOUNT_USED, env, 0 }, EXO_E_ENV },
		{ "grant", EXO_CALL_ACCOUNT, { EXO_ACCOUNT_GRANT, env, 0, 1 }, EXO_E_ENV },
		{ "return", EXO_CALL_ACCOUNT, { EXO_ACCOUNT_RETURN, env, 0, 1 }, EXO_E_ENV },
		{ "revoke", EXO_CALL_ACCOUNT, { EXO_ACCOUNT_REVOKE, env, 0, 1, 1 }, EXO_E_ENV },
		{ "repossess", EXO_CALL_ACCOUNT, { EXO_ACCOUNT_REPOSSESS, env, 0 }, EXO_E_ENV },
		{ "stop", EXO_CALL_VCPU_STOP, { vcpu }, EXO_E_VCPU },
		{ "yield", EXO_CALL_YIELD, { vcpu }, EXO_E_VCPU },
		{ "slice", EXO_CALL_SLICE_ALLOC, { vcpu, 0, EXO_SLICE_ANY }, EXO_E_VCPU },
	};
	bool ok = true;
	unsigned i;

	for (i = 0; i < RAW_COUNT(list); i++)
		ok &= refused(&list[i]);
	for (i = 0; i < EXO_OPS; i++) {
		bool is_leaf = i == EXO_OP_ALLOC || i == EXO_OP_DUP || i == EXO_OP_COPY
			|| i == EXO_OP_PROTECT || i == EXO_OP_CLEAR || i == EXO_OP_CLAIM;
		bool has_source = i == EXO_OP_DUP || i == EXO_OP_COPY || i == EXO_OP_SHARE
			|| i == EXO_OP_MOVE;
		struct call c_target = { "a slot operation on it", EXO_CALL_SLOTS,
					 { (uint64_t)&ops[0], 1 }, EXO_E_ENV };

		ops[0] = (struct exo_slot_op){ .op = (uint8_t)i, .level = is_leaf ? 1 : 2,
					       .count = 1, .target = RAW_AREA,
					       .target_env = env };
		ok &= refused(&c_target);
		if (!has_source)
			continue;
		ops[0].target_env = 0;
		ops[0].source_env = env;
		ops[0].source = RAW_VICTIM_AREA;
		ok &= refused(&c_target);
	}
	raw_ok(ok, name);
}

static void raw_main(void)
{
	struct raw_usage before;
	struct raw_child c;
	struct call reap = { "reap", EXO_CALL_ENV_REAP, { 0 }, EXO_E_ENV };
	uint64_t count;

	raw_settle();
	before = raw_usage(0);
	raw_eq((uint64_t)raw_pages(0, RAW_AREA, 1, RW), 0, "memory");
	raw_eq((uint64_t)raw_child_run(&c, FORMER, former, 0), 0, "an env");
	reap.arguments[0] = c.env;
	reap.want = EXO_E_STATE;
	raw_ok(refused(&reap), "which is not reaped alive");
	raw_child_kill(&c, 5);
	raw_settle();
	all_places(c.env, c.vcpu, "killed, it has no name but for who reaps it");
	raw_eq(raw_child_end(&c), EXO_STATUS(EXO_DEATH_EXIT, 5), "and is reaped");
	raw_settle();
	reap.want = EXO_E_ENV;
	raw_ok(refused(&reap), "once");
	all_places(c.env, c.vcpu, "reaped, it has none");
	raw_victim_begin(VICTIM);
	raw_yield();
	raw_eq(raw_victim.child.env & 0xffff, c.env & 0xffff, "the victim has its entry");
	raw_eq(raw_victim.child.vcpu & 0xffff, c.vcpu & 0xffff, "and its vcpu's");
	all_places(c.env, c.vcpu, "and is not reached by the former's names");
	all_places(raw_victim.child.env + (UINT64_C(1) << 16),
		   raw_victim.child.vcpu + (UINT64_C(1) << 16), "nor by those of who comes after");
	all_places(raw_victim.child.env | UINT64_C(1) << 48,
		   raw_victim.child.vcpu | UINT64_C(1) << 48, "nor by any other generation");
	raw_ok(refused(&reap), "nor is it reaped");
	count = raw_victim.count;
	raw_yield();
	raw_ok(raw_victim.count > count, "it goes on");
	raw_victim_end();
	raw_op(RAW_OP(CLEAR, .level = 4, .count = 1, .target = RAW_AREA));
	raw_conserved(&before, "everything is back");
}
