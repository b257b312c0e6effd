/* SPDX-License-Identifier: ISC */
/*
 * For kernel tests in the first program's place: child envs, batches that run to their end, probes
 * of memory that may fault, knobs, random numbers, and the count of everything an account holds. A
 * child sees the parent's whole image at the same addresses and shares its data with it, so that
 * globals are how both talk; each has a vcpu page, stack and upcall stack of its own.
 */
#ifndef TESTS_GUEST_RAW_CHILD_H
#define TESTS_GUEST_RAW_CHILD_H

#include "tests/guest/raw.h"

#ifndef RAW_CHILDREN
#define RAW_CHILDREN 4
#endif
#define RAW_CHILD_STACK 8192u
/* The CPU that gives children time: the parent's, or with RAW_APART the last there is. */
#ifdef RAW_APART
#define RAW_CHILD_CPU (raw_family.cpus - 1)
#else
#define RAW_CHILD_CPU 0u
#endif

/* Where vcpu pages are; and a root slot of the test's own, empty at the start. */
#define RAW_PAGE (EXO_LIBRARY_BASE + UINT64_C(0x3ff000))
#define RAW_AREA (UINT64_C(16) << 39)

#define RAW_COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define RAW_OP(kind, ...) ((struct exo_slot_op){ .op = EXO_OP_##kind, __VA_ARGS__ })

struct raw_child {
	uint64_t env, vcpu;
	unsigned index; /* whose stacks it has */
};

struct raw_family {
	uint8_t stack[RAW_CHILDREN][RAW_CHILD_STACK];
	uint8_t upcall_stack[RAW_CHILDREN][RAW_CHILD_STACK];
	uint32_t cpus; /* of the machine; 0: no child yet */
};

static struct raw_family raw_family __attribute__((aligned(4096)));

extern char __executable_start[], end[];

/* ---- calls ---- */

static inline int64_t raw_call(enum exo_call call, uint64_t a0, uint64_t a1, uint64_t a2)
{
	return exo_call(call, a0, a1, a2, 0, 0).value;
}

static inline void raw_yield(void)
{
	raw_call(EXO_CALL_YIELD, 0, 0, 0);
}

/* Run a batch to its end or its first error other than AGAIN. Eats the operations. */
static inline int64_t raw_slots(struct exo_slot_op *ops, unsigned count)
{
	while (count > 0) {
		struct exo_result r = exo_call(EXO_CALL_SLOTS, (uint64_t)ops,
					       count < EXO_BATCH_MAX ? count : EXO_BATCH_MAX, 0, 0,
					       0);
		unsigned done = EXO_DONE_OPS(r.second), slots = EXO_DONE_SLOTS(r.second);
		uint64_t bytes;

		if (r.value != EXO_OK && r.value != EXO_E_AGAIN)
			return r.value;
		ops += done;
		count -= done;
		if (slots == 0)
			continue;
		bytes = slots * EXO_SPAN(ops->level);
		ops->count -= slots;
		ops->target += bytes;
		if (ops->op == EXO_OP_DUP || ops->op == EXO_OP_COPY || ops->op == EXO_OP_SHARE
		    || ops->op == EXO_OP_MOVE)
			ops->source += bytes;
	}
	return EXO_OK;
}

static inline int64_t raw_op(struct exo_slot_op op)
{
	return raw_slots(&op, 1);
}

/* Tables for the last-level slot of `address` in env, down from where they are missing. */
static inline int64_t raw_tables(uint64_t env, uint64_t address)
{
	unsigned level;
	int64_t err;

	for (level = EXO_LEVELS; level > 1; level--) {
		err = raw_op(RAW_OP(TABLE, .level = level, .count = 1, .target_env = env,
				    .target = address));
		if (err != EXO_OK && err != EXO_E_USED)
			return err;
	}
	return EXO_OK;
}

/* `count` fresh pages at `address` in env, with tables. */
static inline int64_t raw_pages(uint64_t env, uint64_t address, unsigned count, unsigned access)
{
	int64_t err = raw_tables(env, address);

	return err ? err : raw_op(RAW_OP(ALLOC, .level = 1, .count = count, .target_env = env,
					 .target = address, .access = access));
}

/* A slot of one's own as the recursive view shows it. */
static inline uint64_t raw_slot(uint64_t address, unsigned level)
{
	return *(volatile uint64_t *)exo_slot_address(address, level);
}

static inline const struct exo_info *raw_info(void)
{
	return (const struct exo_info *)EXO_INFO_PAGE;
}

/* ---- children ---- */

/* The parent's image, and tables for the vcpu page, in a new env. */
static inline int64_t raw_child_fill(uint64_t env)
{
	uint64_t from = (uint64_t)__executable_start & -EXO_PAGE_SIZE;
	uint64_t until = ((uint64_t)end + EXO_PAGE_SIZE - 1) & -EXO_PAGE_SIZE;
	int64_t err = raw_tables(env, RAW_PAGE);

	while (!err && from < until) {
		uint64_t next = (from / EXO_SPAN(2) + 1) * EXO_SPAN(2);

		if (next > until)
			next = until;
		err = raw_tables(env, from);
		if (!err)
			err = raw_op(RAW_OP(COPY, .level = 1, .target_env = env, .target = from,
					    .source = from, .rights = EXO_RWX, .access = EXO_RWX,
					    .count = (uint16_t)((next - from) / EXO_PAGE_SIZE)));
		from = next;
	}
	return err;
}

/* Wait for the end of an env, running others meanwhile, and forget it. */
static inline uint64_t raw_child_end(const struct raw_child *child)
{
	struct exo_result r;

	do {
		raw_yield();
		r = exo_call(EXO_CALL_ENV_REAP, child->env, 0, 0, 0, 0);
	} while (r.value == EXO_E_STATE || r.value == EXO_E_AGAIN);
	return r.value ? UINT64_MAX : r.second;
}

static inline int64_t raw_child_kill(const struct raw_child *child, uint32_t status)
{
	return raw_call(EXO_CALL_ENV_KILL, child->env, status, 0);
}

/* An env with stacks number `index`, not started. After an error nothing is left of it. */
static inline int64_t raw_child_create(struct raw_child *child, unsigned index,
				       const struct exo_limits *limits)
{
	struct exo_result r = exo_call(EXO_CALL_ENV_CREATE, (uint64_t)limits, 0, 0, 0, 0);
	int64_t err = r.value;

	*child = (struct raw_child){ .env = r.second, .index = index };
	if (!raw_family.cpus)
		raw_family.cpus = raw_info()->cpus; /* the parent: a child does not see it */
	if (err)
		return err;
	err = raw_child_fill(child->env);
	if (err) {
		raw_child_kill(child, 0);
		raw_child_end(child);
	}
	return err;
}

/* How a child begins unless the test wants something else. It must not return from `entry`. */
static inline struct exo_vcpu_start raw_child_how(const struct raw_child *child,
						  void (*entry)(uint64_t), uint64_t argument)
{
	uint64_t base = (uint64_t)raw_family.upcall_stack[child->index];

	return (struct exo_vcpu_start){
		.page = RAW_PAGE,
		.entry = (uint64_t)entry,
		.stack = (uint64_t)raw_family.stack[child->index] + RAW_CHILD_STACK
			- CPU_STACK_SKEW,
		.argument = argument,
		.upcall_entry = (uint64_t)raw_upcall_entry,
		.stack_base = base,
		.stack_top = base + RAW_CHILD_STACK,
	};
}

/* Start its vcpu, with a slice. */
static inline int64_t raw_child_go(struct raw_child *child, const struct exo_vcpu_start *how)
{
	struct exo_result r = exo_call(EXO_CALL_VCPU_START, child->env, (uint64_t)how, 0, 0, 0);

	child->vcpu = r.second;
	if (r.value)
		return r.value;
	return raw_call(EXO_CALL_SLICE_ALLOC, child->vcpu, RAW_CHILD_CPU, EXO_SLICE_ANY);
}

/* All of that: a child that runs `entry`. */
static inline int64_t raw_child_run(struct raw_child *child, unsigned index,
				    void (*entry)(uint64_t), uint64_t argument)
{
	int64_t err = raw_child_create(child, index, NULL);
	struct exo_vcpu_start how;

	if (err)
		return err;
	how = raw_child_how(child, entry, argument);
	return raw_child_go(child, &how);
}

/* ---- what an account holds ---- */

struct raw_usage {
	uint64_t used[EXO_RESOURCES], limit[EXO_RESOURCES];
};

static inline struct raw_usage raw_usage(uint64_t env)
{
	struct raw_usage u;
	unsigned r;

	for (r = 0; r < EXO_RESOURCES; r++) {
		u.used[r] = exo_call(EXO_CALL_ACCOUNT, EXO_ACCOUNT_USED, env, r, 0, 0).second;
		u.limit[r] = exo_call(EXO_CALL_ACCOUNT, EXO_ACCOUNT_LIMIT, env, r, 0, 0).second;
	}
	return u;
}

static inline bool raw_usage_is(const struct raw_usage *before)
{
	struct raw_usage now = raw_usage(0);
	bool is_same = true;
	unsigned r;

	for (r = 0; r < EXO_RESOURCES; r++)
		is_same &= now.used[r] == before->used[r] && now.limit[r] == before->limit[r];
	return is_same;
}

/* Have the kernel end its work on what was dropped: a reap does, on its account. */
static inline void raw_settle(void)
{
	struct raw_child child = { .env = exo_call(EXO_CALL_ENV_CREATE, 0, 0, 0, 0, 0).second };

	raw_child_kill(&child, 0);
	raw_child_end(&child);
}

/* Is everything back? Each reap does a bounded amount, so a few may be needed. */
static inline bool raw_is_back(const struct raw_usage *before)
{
	unsigned tries;

	for (tries = 0; tries < 20; tries++) {
		raw_settle();
		if (raw_usage_is(before))
			return true;
	}
	return false;
}

/* One check that everything is back. */
static inline bool raw_conserved(const struct raw_usage *before, const char *name)
{
	bool ok = raw_ok(raw_is_back(before), name);
	struct raw_usage now = raw_usage(0);
	unsigned r;

	for (r = 0; r < EXO_RESOURCES && !ok; r++) {
		raw_note("resource", r, "");
		raw_note("  used before", before->used[r], "");
		raw_note("  used now", now.used[r], "");
		raw_note("  limit before", before->limit[r], "");
		raw_note("  limit now", now.limit[r], "");
	}
	return ok;
}

/* ---- memory that may fault ---- */

/* What a probe returns: 0, or RAW_FAULTED | the fault's code; read: the word, too. */
#define RAW_FAULTED (UINT64_C(1) << 32)

struct exo_result raw_probe_read(uint64_t address);
uint64_t raw_probe_write(uint64_t address, uint64_t value);
/* Call what is there: it must hold CPU_CODE. */
uint64_t raw_probe_exec(uint64_t address);

extern char raw_probes[], raw_probes_end[];

__asm__(CPU_PROBES);

/* For raw_upcall: if the upcall is a probe's fault, let the probe return it. */
static inline bool raw_probe_fault(struct exo_frame *frame)
{
	uint64_t pc = EXO_REG_PC(&frame->regs);

	if (frame->kind != EXO_UPCALL_FAULT && frame->kind != EXO_UPCALL_EXCEPTION)
		return false;
	if (!(pc >= (uint64_t)raw_probes && pc < (uint64_t)raw_probes_end)
	    && pc != EXO_REG_ARG0(&frame->regs))
		return false;
	cpu_return(&frame->regs, RAW_FAULTED | frame->code);
	return true;
}

/* ---- knobs and random numbers ---- */

static inline bool raw_begins(const char *text, const char *with)
{
	while (*with != '\0' && *text == *with)
		text++, with++;
	return *with == '\0';
}

static inline uint64_t raw_hex(const char *text, unsigned digits)
{
	uint64_t value = 0;

	for (; digits > 0; digits--, text++)
		value = value << 4
			| (uint64_t)(*text <= '9' ? *text - '0' : (*text | 32) - 'a' + 10);
	return value;
}

/* The archive's member `args`: strings, each ended by a 0. Sets *bytes. */
static inline const char *raw_args(uint64_t *bytes)
{
	const char *at = (const char *)EXO_INFO_ARCHIVE;

	for (;;) {
		uint64_t size = raw_hex(at + 54, 8), name = raw_hex(at + 94, 8);
		uint64_t data = (110 + name + 3) & -UINT64_C(4);

		*bytes = size;
		if (raw_begins(at + 110, "args"))
			return at + data;
		if (raw_begins(at + 110, "TRAILER!!!"))
			return NULL;
		at += (data + size + 3) & -UINT64_C(4);
	}
}

/* A number from chitin-run --env NAME=VALUE; `name` ends with the equals sign. */
static inline uint64_t raw_knob(const char *name, uint64_t otherwise)
{
	uint64_t bytes, i, value = 0;
	const char *args = raw_args(&bytes);

	for (i = 0; args && i < bytes; i++) {
		const char *at = args + i;

		if ((i > 0 && at[-1] != '\0') || !raw_begins(at, name))
			continue;
		while (*at++ != '=')
			;
		for (; *at >= '0' && *at <= '9'; at++)
			value = value * 10 + (uint64_t)(*at - '0');
		return value;
	}
	return otherwise;
}

/* How often a loop runs: ITERATIONS percent of its full count, at least once. */
static inline uint64_t raw_rounds(uint64_t full)
{
	uint64_t scaled = full * raw_knob("ITERATIONS=", 100) / 100;

	return scaled > 0 ? scaled : 1;
}

/* The seed of a test with random steps; it says how to replay it. */
static inline uint64_t raw_seed(uint64_t otherwise)
{
	uint64_t seed = raw_knob("SEED=", otherwise);

	raw_note("SEED", seed, "");
	return seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

static inline uint64_t raw_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*state = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

static inline uint64_t raw_pick(uint64_t *state, uint64_t below)
{
	return (raw_random(state) >> 32) % below;
}

#endif
