/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount --hz 1000
 * Who tries to keep the CPU for itself gets no more of it than who just runs: an env that holds on
 * at its slice's end, or moves its slice ahead of itself each time it runs, that yields to others
 * only when its slice is over, makes upcalls, timers, doorbells, wakes, the longest batches, gives
 * birth and kills, or fills its account with children that do the same. With a slice each the
 * victim gets its half in every case, and pays for no time but its own. With another CPU: one that
 * has all CPUs drop their translations, over and over, leaves the victim some of its own.
 */
#define RAW_APART
#define RAW_CHILDREN 12
#include "tests/guest/raw_victim.h"

#define P EXO_PAGE_SIZE
#define RW (EXO_READ | EXO_WRITE)
/* The attacker's stacks; from there on those of its children or further vcpus. */
enum { VICTIM, ATTACKER, FURTHER };

struct shared {
	volatile uint64_t slice, quantum, allowance, cpu; /* a child sees no info page */
	volatile uint64_t vcpu[RAW_CHILDREN];
	volatile uint64_t position, moves, late_yields, rounds;
	volatile uint32_t word;
};

static struct shared shared;
static uint64_t parent;

struct attack {
	const char *name;
	void (*step)(void); /* over and over, in the attacker */
	bool is_masked;
	void (*on_slice_end)(void);
};

static const struct attack *attack;

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	if (frame->kind == EXO_UPCALL_EXCEPTION)
		EXO_REG_PC(&frame->regs) += CPU_UNDEFINED_BYTES;
	if (frame->kind != EXO_UPCALL_EVENTS || page->env == parent)
		return;
	if (page->env == raw_victim.child.env && frame->code & EXO_EVENT_SLICE_END)
		raw_yield();
	else if (frame->code & EXO_EVENT_SLICE_END && attack->on_slice_end)
		attack->on_slice_end();
}

/* ---- what attackers do ---- */

static void spin(void)
{
	machine_relax();
}

/* Give the slice that runs back and take the next position, so that it comes at once again. */
static void move_ahead(void)
{
	static uint64_t end;
	uint64_t position = (shared.position + 1) % 512;
	struct exo_result r;

	if (raw_state.page->slice_end == end)
		return;
	end = raw_state.page->slice_end;
	raw_call(EXO_CALL_SLICE_FREE, shared.cpu, shared.position, 0);
	do
		r = exo_call(EXO_CALL_SLICE_ALLOC, 0, shared.cpu, position++ % 512, 0, 0);
	while (r.value == EXO_E_USED);
	shared.moves += r.value == EXO_OK;
	shared.position = r.second;
}

/* When the slice is over, let the victim have what is left of the allowance: next to nothing. */
static void yield_late(void)
{
	while (machine_clock() < raw_state.page->slice_end + shared.allowance * 7 / 8)
		;
	if (raw_call(EXO_CALL_YIELD, raw_victim.child.vcpu, 0, 0) == EXO_OK)
		shared.late_yields++;
}

static void fault(void)
{
	cpu_undefined(0);
}

static void timer(void)
{
	raw_call(EXO_CALL_TIMER, 1, 0, 0);
}

static void bell(void)
{
	raw_call(EXO_CALL_WAIT, (uint64_t)&shared.word, 0, EXO_WAIT_DOORBELL | EXO_WAIT_SHARED);
	raw_call(EXO_CALL_WAKE, (uint64_t)&shared.word, UINT64_MAX, EXO_WAIT_SHARED);
}

static void wake(void)
{
	raw_call(EXO_CALL_WAKE, (uint64_t)&shared.word, UINT64_MAX, EXO_WAIT_SHARED);
	raw_call(EXO_CALL_WAKE, (uint64_t)&raw_victim.count & -4, UINT64_MAX, 0);
}

/* All slots of a table, 64 times. */
static void batch(void)
{
	static struct exo_slot_op ops[EXO_BATCH_MAX];
	unsigned i;

	for (i = 0; i < EXO_BATCH_MAX; i++)
		ops[i] = RAW_OP(CLEAR, .level = 2, .count = 512, .target = RAW_AREA,
				.argument = i);
	raw_tables(0, RAW_AREA);
	raw_call(EXO_CALL_SLOTS, (uint64_t)ops, EXO_BATCH_MAX, 0);
}

static void born(uint64_t argument)
{
	(void)argument;
	for (;;)
		raw_yield();
}

/* A child with a slice if there is one left, and its end. */
static void births(void)
{
	struct raw_child c;

	if (!raw_child_run(&c, FURTHER, born, 0))
		raw_call(EXO_CALL_YIELD, c.vcpu, 0, 0);
	raw_child_kill(&c, 0);
	while (raw_call(EXO_CALL_ENV_REAP, c.env, 0, 0) == EXO_E_AGAIN)
		;
}

/* Children for as long as there are any to be had, which do the same. */
static void bomb(void)
{
	struct raw_child c;

	if (raw_child_run(&c, FURTHER, (void (*)(uint64_t))bomb, 0) && c.vcpu)
		raw_call(EXO_CALL_YIELD, c.vcpu, 0, 0);
	raw_call(EXO_CALL_ENV_CREATE, 0, 0, 0);
}

/* Vcpus without a slice, which sleep for a moment; each is run by a yield and sleeps again. */
static void sleeper(uint64_t argument)
{
	(void)argument;
	for (;;) {
		raw_call(EXO_CALL_TIMER, machine_clock() + 2 * shared.quantum, 0, 0);
		raw_call(EXO_CALL_WAIT, (uint64_t)&shared.word, 0, 0);
	}
}

static void sleepers(void)
{
	unsigned i;

	for (i = FURTHER; i < RAW_CHILDREN; i++) {
		struct raw_child c = { .index = i };
		struct exo_vcpu_start how = raw_child_how(&c, sleeper, 0);

		how.page = RAW_PAGE - i * P;
		if (!shared.vcpu[i])
			shared.vcpu[i] = exo_call(EXO_CALL_VCPU_START, 0, (uint64_t)&how, 0, 0,
						  0).second;
		raw_call(EXO_CALL_YIELD, shared.vcpu[i], 0, 0);
	}
}

/* A page of a common table comes and goes: each time every CPU drops all its translations. */
static void storm(void)
{
	raw_tables(0, RAW_AREA + EXO_SPAN(2));
	raw_op(RAW_OP(TABLE, .level = 2, .count = 1, .target = RAW_AREA, .flags = EXO_OP_COMMON));
	raw_op(RAW_OP(ALLOC, .level = 1, .count = 1, .target = RAW_AREA, .access = RW));
	raw_op(RAW_OP(CLEAR, .level = 1, .count = 1, .target = RAW_AREA));
}

static void attacker(uint64_t argument)
{
	(void)argument;
	for (;; shared.rounds++)
		attack->step();
}

static const struct attack attacks[] = {
	{ .name = "one that just runs", .step = spin },
	{ .name = "one that is masked at its slice's end", .step = spin, .is_masked = true },
	{ .name = "one that moves its slice ahead", .step = move_ahead, .on_slice_end = raw_yield },
	{ .name = "one that yields to the victim late", .step = spin, .on_slice_end = yield_late },
	{ .name = "faults", .step = fault },
	{ .name = "timers in the past", .step = timer },
	{ .name = "doorbells", .step = bell },
	{ .name = "wakes", .step = wake },
	{ .name = "the longest batches", .step = batch },
	{ .name = "births and deaths", .step = births },
	{ .name = "children without end", .step = bomb },
	{ .name = "sleepers", .step = sleepers },
};

/* ---- the parent ---- */

/* Let the others run. */
static void pause_for(uint64_t units)
{
	uint64_t until = machine_clock() + units;

	raw_state.page->masked = 0;
	raw_call(EXO_CALL_TIMER, until, 0, 0);
	while (machine_clock() < until)
		raw_call(EXO_CALL_WAIT, (uint64_t)&shared.word, 0, 0);
	raw_state.page->masked = 1;
}

/* What the victim counts in that many slices' time beside an attack; its excess too. */
static uint64_t measure(const struct attack *a, uint64_t cpu, uint64_t slices, uint64_t *excess)
{
	/* The slice is the parent's: who gives it back has one of its own for it, no second one. */
	const struct exo_limits limits = { { 600, a->step == move_ahead, 20, 20, 0 } };
	uint64_t before, owed, vcpu;
	struct raw_child c;
	struct exo_vcpu_start how;
	struct exo_result r;

	shared = (struct shared){ .slice = raw_info()->slice_units, .cpu = cpu,
				  .quantum = raw_info()->quantum_units,
				  .allowance = raw_info()->allowance_units };
	attack = a;
	raw_text("# ");
	raw_text(a->name);
	raw_text("\n");
	raw_eq((uint64_t)raw_child_create(&c, ATTACKER, &limits), 0, "an attacker");
	how = raw_child_how(&c, attacker, 0);
	how.masked = a->is_masked;
	vcpu = exo_call(EXO_CALL_VCPU_START, c.env, (uint64_t)&how, 0, 0, 0).second;
	r = exo_call(EXO_CALL_SLICE_ALLOC, vcpu, cpu, EXO_SLICE_ANY, 0, 0);
	shared.position = r.second;
	before = raw_victim.count;
	owed = raw_victim.excess;
	pause_for(slices * shared.slice);
	before = raw_victim.count - before;
	*excess = raw_victim.excess - owed;
	raw_child_kill(&c, 0);
	raw_child_end(&c);
	return before;
}

/* Children that the attacker left. */
static void end_orphans(void)
{
	struct exo_result r;
	uint64_t index, generation;

	for (index = 0; index < 32; index++) {
		const struct exo_table_env *e = raw_array(EXO_ARRAY_ENVS, (unsigned)index);

		generation = e->generation;
		if (e->state == EXO_ENV_ALIVE && (index | generation << 16) != parent
		    && (index | generation << 16) != raw_victim.child.env)
			raw_call(EXO_CALL_ENV_KILL, index | generation << 16, 0, 0);
	}
	while ((r = exo_call(EXO_CALL_ENV_REAP, 0, 0, 0, 0, 0)).value == EXO_OK) {
		struct raw_child c = { .env = r.second };

		raw_child_end(&c);
	}
}

static void raw_main(void)
{
	static const struct attack common = { .name = "translations", .step = storm };
	uint64_t slices = 40, fair = 0, got, excess = 0, usual = 0;
	struct raw_usage before;
	unsigned i;

	parent = raw_state.page->env;
	raw_settle();
	before = raw_usage(0);
	raw_victim_begin(VICTIM);
	pause_for(2 * raw_info()->slice_units);
	for (i = 0; i < RAW_COUNT(attacks); i++) {
		got = measure(&attacks[i], raw_family.cpus - 1, slices, &excess);
		end_orphans();
		if (i == 0) {
			fair = got;
			usual = excess;
		}
		raw_note("the victim's rounds", got, "");
		raw_note("the victim's excess", excess, "clock units");
		raw_note("the attacker's rounds", shared.rounds, "");
		raw_note("slices moved", shared.moves, "");
		raw_ok(got >= fair * 3 / 4, "the victim has its share");
		raw_ok(excess <= usual + slices * raw_info()->allowance_units / 8,
		       "and is charged for no time but its own");
	}
	if (raw_family.cpus > 1) {
		fair = measure(&attacks[0], 0, slices, &excess);
		got = measure(&common, 0, slices, &excess);
		raw_note("the victim's rounds", got, "");
		raw_note("of which it would have", fair, "");
		raw_note("the attacker's rounds", shared.rounds, "");
		raw_ok(shared.rounds > 0 && got > fair / 100,
		       "the victim has some of its own");
	}
	raw_victim_end();
	raw_conserved(&before, "everything is back");
}
