/* SPDX-License-Identifier: ISC */
/*
 * The guest of the guest fuzzer: the first program, which makes and ends the world that inputs run
 * in, as the host orders over the mailbox. The world is that of the host's fuzzer (fuzz/world.c),
 * one env further down: an env with two children, one of which has an account of its own. Every
 * frame that a world cannot use is the supervisor's, so that few are free. One CPU; no locks.
 */
#define RAW_CHILDREN 1
#include "tests/guest/raw_child.h"

#include "fuzz/guest/guest.h"

#define GUEST_FREE   130u /* frames left free for worlds */
#define GUEST_HOARD  (GUEST_BASE + EXO_ROOT_SPAN)
#define GUEST_VCPU   EXO_LIBRARY_BASE
#define GUEST_TRIES  1000u /* to reap; each does a bounded amount of work */
#define GUEST_AGENTS 3u    /* of a world, at first */
#define GUEST_TURNS  200u  /* of those who only yield */
#define GUEST_QUANTA 100u  /* a time that is near */

/* Something that must succeed. */
#define MUST(holds) ((holds) ? (void)0 : guest_trouble(__LINE__))

struct supervisor {
	uint64_t quota[EXO_RESOURCES]; /* of its account, without a world */
};

static struct supervisor supervisor;

static struct guest_mailbox *guest_box(void)
{
	return (struct guest_mailbox *)GUEST_MAILBOX;
}

static void guest_trouble(uint32_t line)
{
	if (!guest_box()->trouble)
		guest_box()->trouble = line;
}

/* ---- Making a world ---- */

/* The agents' pages, the library's first ones, and `pages` at `address`, in an empty env. Those are
 * not executable at first: 4096 bytes of 0 are code on x86-64, which changes itself. */
static void world_fill(uint64_t env, unsigned library_pages, uint64_t address, unsigned pages)
{
	struct exo_slot_op ops[] = {
		RAW_OP(SHARE, .level = 4, .count = 1, .target_env = env, .target = EXO_INFO_BASE,
		       .source = EXO_INFO_BASE, .rights = EXO_READ | EXO_EXEC),
		RAW_OP(TABLE, .level = 4, .count = 2, .target_env = env, .target = GUEST_BASE,
		       .flags = EXO_OP_DOWN),
		RAW_OP(SHARE, .level = 2, .count = 2, .target_env = env, .target = GUEST_BASE,
		       .source = GUEST_BASE, .rights = EXO_RWX),
		RAW_OP(TABLE, .level = 4, .count = 3, .target_env = env, .target = EXO_LIBRARY_BASE,
		       .flags = EXO_OP_DOWN),
		RAW_OP(ALLOC, .level = 1, .count = (uint16_t)library_pages, .target_env = env,
		       .target = EXO_LIBRARY_BASE + EXO_PAGE_SIZE, .access = EXO_READ | EXO_WRITE),
		RAW_OP(TABLE, .level = 4, .count = 3, .target_env = env, .target = address,
		       .flags = EXO_OP_DOWN),
		RAW_OP(ALLOC, .level = 1, .count = (uint16_t)pages, .target_env = env,
		       .target = address, .access = EXO_READ | EXO_WRITE),
	};

	MUST(!raw_slots(ops, RAW_COUNT(ops)));
}

/* A vcpu with a slice; its upcall stack is what follows its page, but for `skip` pages. */
static void world_start(uint64_t env, uint64_t entry, unsigned skip)
{
	const struct exo_vcpu_start start = { .page = GUEST_VCPU, .entry = entry,
		.stack = GUEST_STACK_TOP, .upcall_entry = agent_upcall_entry(),
		.stack_base = GUEST_VCPU + (1 + skip) * EXO_PAGE_SIZE,
		.stack_top = GUEST_VCPU + (4 + 2 * skip) * EXO_PAGE_SIZE };
	struct exo_result r = exo_call(EXO_CALL_VCPU_START, env, (uint64_t)&start, 0, 0, 0);

	MUST(!r.value);
	if ((r.second & 0xffff) - 1 < RAW_COUNT(guest_box()->vcpus))
		guest_box()->vcpus[(r.second & 0xffff) - 1] = r.second;
	MUST(!raw_call(EXO_CALL_SLICE_ALLOC, r.second, 0, EXO_SLICE_ANY));
}

/* In the world's first env. */
void supervisor_first(void)
{
	const struct exo_limits limits = { { 24, 4, 3, 3, 0 } };
	uint64_t one = exo_call(EXO_CALL_ENV_CREATE, (uint64_t)&limits, 0, 0, 0, 0).second;
	uint64_t two = exo_call(EXO_CALL_ENV_CREATE, 0, 0, 0, 0, 0).second;

	world_fill(one, 3, 0, 2);
	world_fill(two, 3, EXO_ROOT_SPAN, 1);
	world_start(one, agent_entry(), 0);
	world_start(two, agent_entry(), 0);
}

static void world_begin(void)
{
	const struct exo_limits limits = { { 120, 16, 8, 8, 0 } };
	struct exo_slot_op more[] = {
		RAW_OP(TABLE, .level = 2, .count = 1, .target = EXO_SPAN(2)),
		RAW_OP(ALLOC, .level = 1, .count = 1, .target = EXO_SPAN(2),
		       .access = EXO_READ | EXO_WRITE),
	};
	struct exo_result r = exo_call(EXO_CALL_ENV_CREATE, (uint64_t)&limits, 0, 0, 0, 0);
	unsigned i;

	MUST(!r.value);
	world_fill(r.second, 5, 0, 3);
	for (i = 0; i < RAW_COUNT(more); i++)
		more[i].target_env = r.second;
	MUST(!raw_slots(more, RAW_COUNT(more)));
	world_start(r.second, agent_entry(), 1);
	for (i = 0; i < GUEST_AGENTS; i++) /* each comes to rest */
		raw_yield();
}

/* ---- Running an input ---- */

/* Does anybody wait for a time? */
static bool world_sleeps(const struct guest_mailbox *box)
{
	return *(const volatile uint32_t *)(box->cpu + box->sleepers) != GUEST_NOBODY;
}

/* Can anybody go on who has something to do (hook.c)? */
static bool world_can_run(const struct guest_mailbox *box)
{
	return exo_call(EXO_CALL_CONSOLE_READ, 0, agent_has_more(box), 0, 0, 0).second;
}

/* End whoever there is but this env. */
static void world_kill(void)
{
	const struct exo_array *a = &raw_info()->arrays[EXO_ARRAY_ENVS];
	const char *envs = exo_table(raw_info(), EXO_ARRAY_ENVS);
	unsigned i;

	for (i = 1; i < GUEST_ENVS; i++) {
		const struct exo_table_env *e = (const void *)(envs + i * a->size);

		if (e->state == EXO_ENV_ALIVE)
			raw_call(EXO_CALL_ENV_KILL, i | e->generation << 16, 0, 0);
	}
}

/* Nobody runs while the host looks: neither who could nor who waits for a time. */
static void world_calm(const struct guest_mailbox *box)
{
	unsigned i;

	for (i = 0; i < RAW_COUNT(box->vcpus); i++)
		if (box->vcpus[i])
			raw_call(EXO_CALL_VCPU_STOP, box->vcpus[i], 0, 0);
	if (world_sleeps(box) || world_can_run(box))
		world_kill();
}

/* Give the world the CPU until nobody in it can go on; who waits for a near time has it. The CPU is
 * never idle meanwhile: then time would not pass by instructions but as it does for the host. */
static void world_run(struct guest_mailbox *box)
{
	uint64_t now, until = 0;
	bool is_asleep = true;
	unsigned turns, i;

	raw_yield();
	for (turns = 0; turns < GUEST_TURNS;) {
		is_asleep = world_sleeps(box);
		if (world_can_run(box)) {
			raw_yield();
			turns++;
			continue;
		}
		if (!is_asleep)
			break;
		now = machine_clock();
		until = until ? until : now + GUEST_QUANTA * box->facts.quantum_units;
		if (now >= until)
			break;
		for (i = 0; i < 1000; i++)
			__asm__ volatile("");
	}
	box->is_over = 1;
	if (is_asleep || turns == GUEST_TURNS)
		world_calm(box);
}

/* ---- Ending it ---- */

/* What its account has and uses, as the kernel's tables tell. */
static const uint64_t *guest_quota(void)
{
	return ((const struct exo_table_account *)exo_table(raw_info(), EXO_ARRAY_ACCOUNTS))->quota;
}

/* What has not come back: bits that differ. */
static uint64_t guest_left(void)
{
	uint64_t left = 0;
	unsigned r;

	for (r = 0; r < EXO_RESOURCES; r++)
		left |= guest_quota()[r] ^ supervisor.quota[r];
	return left;
}

/* Agents may have claimed some of the pages and tables that they share with this env, and put pages
 * of their own behind the stack, where the table is common. */
static void world_claim(void)
{
	uint64_t at;

	raw_op(RAW_OP(CLEAR, .level = 1, .target = GUEST_STACK_TOP,
		      .count = (GUEST_MAILBOX + EXO_SPAN(2) - GUEST_STACK_TOP) / EXO_PAGE_SIZE));
	for (at = GUEST_BASE; at < GUEST_BASE + 2 * EXO_SPAN(2); at += EXO_PAGE_SIZE) {
		if (at % EXO_SPAN(2) == 0)
			raw_op(RAW_OP(CLAIM, .level = 2, .count = 1, .target = at));
		raw_op(RAW_OP(CLAIM, .level = 1, .count = 1, .target = at));
	}
}

/* End whoever there is but this env, and forget them. */
static void world_end(void)
{
	unsigned tries;

	world_kill();
	for (tries = 0; tries < GUEST_TRIES; tries++) {
		struct exo_result dead = exo_call(EXO_CALL_ENV_REAP, 0, 0, 0, 0, 0);

		if (dead.value == EXO_E_EMPTY)
			break;
		while (tries < GUEST_TRIES
		       && raw_call(EXO_CALL_ENV_REAP, dead.second, 0, 0) == EXO_E_AGAIN)
			tries++;
	}
	for (tries = 0; tries < 20 && guest_left(); tries++) {
		if (tries == 1)
			world_claim();
		raw_settle();
	}
	guest_box()->left = guest_left();
}

/* ---- Orders ---- */

/* The order is carried out: wait for the next (hook.c, who is told where agents begin). */
static void guest_sleep(struct guest_mailbox *box)
{
	atomic_store_explicit(&box->turn, GUEST_SLEEPS, memory_order_release);
	exo_call(EXO_CALL_CONSOLE_READ, agent_entry(), agent_call_return(), 0, 0, 0);
}

static void guest_obey(struct guest_mailbox *box)
{
	if (box->order == GUEST_BEGIN)
		world_begin();
	else if (box->order == GUEST_RUN)
		world_run(box);
	else
		world_end();
}

/* Take all frames but a few. */
static void guest_hoard(void)
{
	uint64_t at = GUEST_HOARD;
	uint64_t left;

	for (;; at += EXO_SPAN(2)) {
		MUST(!raw_tables(0, at));
		left = exo_call(EXO_CALL_ACCOUNT, EXO_ACCOUNT_LIMIT, 0, 0, 0, 0).second
			- exo_call(EXO_CALL_ACCOUNT, EXO_ACCOUNT_USED, 0, 0, 0, 0).second;
		if (left <= GUEST_FREE + 4)
			return;
		left -= GUEST_FREE + 4;
		MUST(!raw_op(RAW_OP(ALLOC, .level = 1, .target = at,
				    .count = (uint16_t)(left < EXO_TABLE_SLOTS ? left
							: EXO_TABLE_SLOTS))));
	}
}

/* The kernel's accounts, CPUs and first envs, where agents find them whatever an input does to the
 * info slot. */
static void guest_show_tables(const struct exo_array *a)
{
	uint64_t bytes = a[EXO_ARRAY_ENVS].physical + GUEST_ENVS * a[EXO_ARRAY_ENVS].size
		- a[EXO_ARRAY_ACCOUNTS].physical;
	uint64_t pages = bytes / EXO_PAGE_SIZE + 1;

	MUST(GUEST_TABLES + pages * EXO_PAGE_SIZE <= GUEST_MAILBOX);
	MUST(!raw_op(RAW_OP(COPY, .level = 1, .target = GUEST_TABLES, .source = EXO_INFO_TABLES,
			    .access = EXO_READ, .count = (uint16_t)pages)));
}

static void guest_first_frame(struct guest_mailbox *box)
{
	const struct exo_table_frame *frames = exo_table(raw_info(), EXO_ARRAY_FRAMES);
	uint64_t first = raw_info()->arrays[EXO_ARRAY_FRAMES].count;

	while (first > 0 && EXO_FRAME_META_TYPE(frames[first - 1].meta) != EXO_FRAME_FREE)
		first--;
	while (first > 0 && EXO_FRAME_META_TYPE(frames[first - 1].meta) == EXO_FRAME_FREE)
		first--;
	box->first_frame = first;
}

static void raw_main(void)
{
	struct guest_mailbox *box = guest_box();
	unsigned i;

	raw_state.page->masked = 1; /* that a child has ended is asked: an upcall costs more */
	raw_state.page->fpu_dead = 1;
	if (raw_op(RAW_OP(TABLE, .level = 2, .count = 1, .target = GUEST_MAILBOX,
			  .flags = EXO_OP_COMMON))
	    || raw_op(RAW_OP(ALLOC, .level = 1, .target = GUEST_MAILBOX, .access = EXO_RWX,
			     .count = (GUEST_STACK_TOP - GUEST_MAILBOX) / EXO_PAGE_SIZE))
	    || raw_op(RAW_OP(PROTECT, .level = 1, .count = 1, .target = GUEST_GUARD,
			     .access = EXO_READ)))
		raw_exit(1);
	guest_show_tables(raw_info()->arrays);
	guest_hoard();
	guest_first_frame(box);
	agent_init(box, raw_info());
	box->supervisor = raw_state.page->vcpu;
	raw_settle();
	for (i = 0; i < EXO_RESOURCES; i++)
		supervisor.quota[i] = guest_quota()[i];
	for (;;) {
		guest_sleep(box);
		guest_obey(box);
	}
}

/* There are none: events are masked. */
void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	(void)page;
	(void)frame;
}
