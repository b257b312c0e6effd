/* SPDX-License-Identifier: ISC */
/*
 * What the kernel alone costs: every slot operation and the calls and upcalls that paths of the
 * library are made of, without a library. Rows exo_*; bench/limits-*.tsv say what each may cost.
 * A program in the library's place (chitin-run --raw); arguments: the rows wanted. No locks.
 */
#include "bench/exo.h"

/* ---- What is measured ---- */

static void body_slots(void)
{
	w.last = run_batch(w.op, w.ops);
}

/* The same operation in registers. */
static void body_slot(void)
{
	const struct exo_slot_op *op = &w.op[0];

	w.last = exo_call(EXO_CALL_SLOT,
			  exo_slot_word(op->op, op->level, op->count, 0, op->rights, op->access),
			  op->target, op->source, op->argument, op->reserve);
}

static void check(void)
{
	must(w.last.value, "a measured call");
}

static void body_call(void)
{
	w.last = exo_call((enum exo_call)w.number, w.argument, 0, 0, 0, 0);
}

/* All that may fault here. */
static void body_load(void)
{
	bench_load(AREA + 511 * PAGE);
}

static void body_store(void)
{
	bench_store(AREA);
}

static void body_foreign(void)
{
	bench_linux(BENCH_GETPID, 0, 0, 0);
}

static void body_timer(void)
{
	exo_call(EXO_CALL_TIMER, w.argument ? machine_clock() + w.argument : 0, 0, 0, 0, 0);
	bench_loop(5000);
}

/* Also what a handler does that the library would have: a load, a compare and the return. */
void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	(void)page;
	if (frame->kind == EXO_UPCALL_EVENTS) {
		w.events++;
	} else if (frame->kind == EXO_UPCALL_FAULT) {
		if (w.handler == HANDLER_SKIP)
			EXO_REG_PC(&frame->regs) += BENCH_ACCESS_BYTES;
		else if (w.handler == HANDLER_PROTECT)
			body_slot();
		else
			raw_exit(2);
	}
}

/* ---- Calls and upcalls ---- */

static void run_call(const char *name, enum exo_call number, uint64_t argument)
{
	const struct bench_row row = { name, NULL, body_call, check, 0, 0, 0 };

	w.number = number;
	w.argument = argument;
	bench_run(&w.bench, &row);
}

static void run_calls(void)
{
	w.ops = 0;
	run_call("exo_null", EXO_CALL_SELF, 0);
	run_call("exo_timer", EXO_CALL_TIMER, 0);
	run_call("exo_batch_empty", EXO_CALL_SLOTS, (uint64_t)w.op);
	run_call("exo_yield_nobody", EXO_CALL_YIELD, 0);
}

static void before_store(void)
{
	do_protect(AREA, 1, EXO_READ);
}

static void run_upcalls(void)
{
	static const struct bench_row foreign = {
		"exo_foreign_call", NULL, body_foreign, NULL, 0, 0, 0
	};
	static const struct bench_row fault = { "exo_trap", NULL, body_load, NULL, 0, 0, 0 };
	static const struct bench_row protect = {
		"exo_trap_protect", before_store, body_store, NULL, 0, 0, 0
	};
	struct bench_row timer = { NULL, NULL, body_timer, NULL, 0, 0, 0 };

	w.handler = HANDLER_SKIP;
	bench_run(&w.bench, &foreign);
	bench_run(&w.bench, &fault);
	do_alloc(AREA, 1);
	w.handler = HANDLER_PROTECT;
	w.op[0] = op_make(EXO_OP_PROTECT, 1, AREA, 1);
	w.op[0].access = EXO_READ | EXO_WRITE;
	bench_run(&w.bench, &protect);
	do_clear(AREA, 1, 1);
	w.handler = HANDLER_NONE;

	w.argument = UINT64_C(1) << 40;
	bench_sample(&w.bench, &timer);
	timer.name = "exo_event_timer";
	timer.less = bench_median(&w.bench);
	w.bench.count = 0;
	w.argument = 3000;
	raw_state.page->masked = 0;
	bench_run(&w.bench, &timer);
	raw_state.page->masked = 1;
	exo_call(EXO_CALL_TIMER, 0, 0, 0, 0, 0);
}

/* ---- Operations on leaves ---- */

static void run_slots(const char *name, void (*before)(void), void (*after)(void))
{
	const struct bench_row row = { name, before, body_slots, after, 0, 0, 0 };

	bench_run(&w.bench, &row);
}

static void run_slot(const char *name, void (*before)(void), void (*after)(void))
{
	const struct bench_row row = { name, before, body_slot, after, 0, 0, 0 };

	bench_run(&w.bench, &row);
}

static void set_op(unsigned op, unsigned count, unsigned access)
{
	w.ops = 1;
	w.op[0] = op_make(op, 1, AREA, count);
	w.op[0].access = (uint8_t)access;
}

static void after_clear(void)
{
	check();
	do_clear(AREA, 1, w.op[0].count);
}

static void before_writable(void)
{
	do_protect(AREA, w.op[0].count, EXO_READ | EXO_WRITE);
}

static void before_readable(void)
{
	do_protect(AREA, w.op[0].count, EXO_READ);
}

static void before_scattered(void)
{
	do_protect(AREA, 128, EXO_READ | EXO_WRITE);
}

static void run_protect(void)
{
	unsigned i;

	do_alloc(AREA, 128);
	set_op(EXO_OP_PROTECT, 1, EXO_READ);
	run_slots("exo_protect_1", before_writable, check);
	run_slot("exo_slot_protect", before_writable, check);
	set_op(EXO_OP_PROTECT, 1, EXO_READ | EXO_WRITE);
	run_slots("exo_unprotect_1", before_readable, check);
	set_op(EXO_OP_PROTECT, 100, EXO_READ);
	run_slots("exo_protect_100", before_writable, check);
	set_op(EXO_OP_PROTECT, 100, EXO_READ | EXO_WRITE);
	run_slots("exo_unprotect_100", before_readable, check);
	for (i = 0; i < EXO_BATCH_MAX; i++) {
		w.op[i] = op_make(EXO_OP_PROTECT, 1, AREA + 2 * i * PAGE, 1);
		w.op[i].access = EXO_READ;
	}
	w.ops = EXO_BATCH_MAX;
	run_slots("exo_protect_64_ops", before_scattered, check);
	do_clear(AREA, 1, 128);
}

static void before_clear(void)
{
	do_alloc(AREA, w.op[0].count);
}

static void run_alloc(void)
{
	set_op(EXO_OP_ALLOC, 1, EXO_READ | EXO_WRITE);
	run_slots("exo_alloc_1", NULL, after_clear);
	run_slot("exo_slot_alloc", NULL, after_clear);
	set_op(EXO_OP_ALLOC, 100, EXO_READ | EXO_WRITE);
	run_slots("exo_alloc_100", NULL, after_clear);
	set_op(EXO_OP_CLEAR, 1, 0);
	run_slots("exo_clear_1", before_clear, check);
	set_op(EXO_OP_CLEAR, 100, 0);
	run_slots("exo_clear_100", before_clear, check);
}

/* A leaf at AREA whose frame another one names too, as after a fork by COPY. */
static void before_shared(void)
{
	do_alloc(AREA, 1);
	do_copy(AREA + PAGE, AREA, 1);
}

static void after_shared(void)
{
	check();
	do_clear(AREA, 1, 2);
}

static void before_dup_sole(void)
{
	do_alloc(AREA, 1);
	do_protect(AREA, 1, EXO_READ);
}

static void run_copies(void)
{
	set_op(EXO_OP_DUP, 1, EXO_READ | EXO_WRITE);
	w.op[0].source = AREA;
	run_slots("exo_dup_shared", before_shared, after_shared);
	run_slot("exo_slot_dup", before_shared, after_shared);
	run_slots("exo_dup_sole", before_dup_sole, after_clear);
	set_op(EXO_OP_CLAIM, 1, 0);
	do_alloc(AREA, 1);
	run_slots("exo_claim_1", NULL, check);
	do_clear(AREA, 1, 1);

	do_alloc(AREA + 512 * PAGE, 512);
	set_op(EXO_OP_COPY, 1, EXO_READ);
	w.op[0].source = AREA + 512 * PAGE;
	w.op[0].rights = EXO_RWX;
	run_slots("exo_copy_1", NULL, after_clear);
	w.op[0].count = 512;
	run_slots("exo_copy_512", NULL, after_clear);
	do_clear(AREA + 512 * PAGE, 1, 512);
}

/* ---- Operations on branches: level 2 slots, a last-level table each ---- */

static void set_branch(unsigned op, uint64_t target)
{
	w.ops = 1;
	w.op[0] = op_make(op, 2, target, 1);
}

static void after_branch(void)
{
	check();
	do_clear(w.op[0].target, 2, 1);
}

static void do_share(uint64_t target, uint64_t source)
{
	struct exo_slot_op op = op_make(EXO_OP_SHARE, 2, target, 1);

	op.source = source;
	op.rights = EXO_RWX;
	do_op(op, "SHARE");
}

static void before_share(void)
{
	do_op(op_make(EXO_OP_UNSHARE, 2, AREA, 1), "UNSHARE"); /* nothing if it is not shared */
}

static void before_unshare(void)
{
	do_share(BESIDE, AREA);
}

static void before_adopt(void)
{
	do_share(BESIDE, AREA);
	do_clear(BESIDE, 2, 1);
}

static void after_move(void)
{
	struct exo_slot_op op = op_make(EXO_OP_MOVE, 2, AREA, 1);

	check();
	op.source = BESIDE;
	do_op(op, "MOVE");
}

static void run_branches(void)
{
	set_branch(EXO_OP_TABLE, BESIDE);
	run_slots("exo_table", NULL, after_branch);
	do_alloc(AREA, 512);
	set_branch(EXO_OP_SHARE, BESIDE);
	w.op[0].source = AREA;
	w.op[0].rights = EXO_RWX;
	run_slots("exo_share", before_share, after_branch);
	set_branch(EXO_OP_UNSHARE, BESIDE);
	run_slots("exo_unshare_copy_512", before_unshare, after_branch);
	set_branch(EXO_OP_UNSHARE, AREA);
	run_slots("exo_unshare_adopt_512", before_adopt, check);
	set_branch(EXO_OP_MOVE, BESIDE);
	w.op[0].source = AREA;
	run_slots("exo_move", NULL, after_move);
	do_clear(AREA, 1, 512);
	set_branch(EXO_OP_UNSHARE, BESIDE);
	run_slots("exo_unshare_copy_empty", before_unshare, after_branch);
	set_branch(EXO_OP_UNSHARE, AREA);
	run_slots("exo_unshare_adopt_empty", before_adopt, check);
}

/* ---- Another env ---- */

/* What the child runs. */
__asm__(BENCH_YIELDS(child_entry));

extern char child_entry[];

static void child_start(void)
{
	uint64_t text = (uint64_t)child_entry;
	struct exo_vcpu_start start = {
		.page = text + PAGE, .entry = text, .argument = raw_state.page->vcpu, .masked = 1,
	};
	struct exo_result r = exo_call(EXO_CALL_VCPU_START, w.env, (uint64_t)&start, 0, 0, 0);

	w.last = r;
	w.vcpu = r.second;
}

static void child_create(void)
{
	struct exo_slot_op op;
	unsigned level;

	w.last = exo_call(EXO_CALL_ENV_CREATE, 0, 0, 0, 0, 0);
	w.env = w.last.second;
	check();
	for (level = EXO_LEVELS; level > 1; level--) {
		op = op_make(EXO_OP_TABLE, level, (uint64_t)child_entry, 1);
		op.target_env = w.env;
		do_op(op, "TABLE of the child");
	}
	op = op_make(EXO_OP_COPY, 1, (uint64_t)child_entry, 1);
	op.target_env = w.env;
	op.source = (uint64_t)child_entry;
	op.rights = op.access = EXO_READ | EXO_EXEC;
	do_op(op, "COPY of the child's text");
}

static void body_env_create(void)
{
	w.last = exo_call(EXO_CALL_ENV_CREATE, 0, 0, 0, 0, 0);
}

static void body_kill(void)
{
	w.last = exo_call(EXO_CALL_ENV_KILL, w.env, 0, 0, 0, 0);
}

static void body_reap(void)
{
	do
		w.last = exo_call(EXO_CALL_ENV_REAP, w.env, 0, 0, 0, 0);
	while (w.last.value == EXO_E_AGAIN);
}

static void body_slice(void)
{
	w.last = exo_call(EXO_CALL_SLICE_ALLOC, w.vcpu, 0, EXO_SLICE_ANY, 0, 0);
}

static void body_yield(void)
{
	w.last = exo_call(EXO_CALL_YIELD, w.vcpu, 0, 0, 0, 0);
}

static void after_env_create(void)
{
	w.env = w.last.second;
	check();
	body_kill();
	body_reap();
	check();
}

static void before_child(void)
{
	child_create();
	child_start();
	check();
}

static void after_child(void)
{
	check();
	body_kill();
	body_reap();
	check();
}

static void before_reap(void)
{
	before_child();
	body_kill();
}

static void body_start(void)
{
	child_start();
}

static void run_envs(void)
{
	static const struct bench_row rows[] = {
		{ "exo_env_create", NULL, body_env_create, after_env_create, 0, 0, 0 },
		{ "exo_vcpu_start", child_create, body_start, after_child, 0, 0, 0 },
		{ "exo_slice_alloc", before_child, body_slice, after_child, 0, 0, 0 },
		{ "exo_env_kill", before_child, body_kill, body_reap, 0, 0, 0 },
		{ "exo_env_reap", before_reap, body_reap, check, 0, 0, 0 },
	};
	static const struct bench_row yield = {
		"exo_yield_pair", NULL, body_yield, check, 0, 0, 0
	};
	unsigned i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		bench_run(&w.bench, &rows[i]);
	before_child();
	bench_run(&w.bench, &yield);
	after_child();
}

/* ---- Boot ---- */

static void run_boot(void)
{
	const struct exo_info *info = (const struct exo_info *)EXO_INFO_PAGE;
	uint64_t limit = exo_call(EXO_CALL_ACCOUNT, EXO_ACCOUNT_LIMIT, 0, EXO_RESOURCE_FRAMES, 0,
				  0).second;
	uint64_t used = exo_call(EXO_CALL_ACCOUNT, EXO_ACCOUNT_USED, 0, EXO_RESOURCE_FRAMES, 0,
				 0).second;
	/* All memory: the firmware keeps a little at the end of RAM. */
	uint64_t frames = (info->frames + 255) & ~UINT64_C(255);

	bench_value(&w.bench, "exo_boot_firmware", info->boot_clock);
	bench_value(&w.bench, "exo_boot", info->user_clock - info->boot_clock);
	bench_value(&w.bench, "exo_boot_kib", (frames - limit + used) * (PAGE / 1024));
}

static void raw_main(void)
{
	unsigned level;

	read_arguments();
	run_boot();
	for (level = EXO_LEVELS; level > 2; level--) {
		do_op(op_make(EXO_OP_TABLE, level, AREA, 1), "TABLE");
		do_op(op_make(EXO_OP_TABLE, level, BESIDE, 1), "TABLE");
	}
	do_op(op_make(EXO_OP_TABLE, 2, AREA, TABLES), "TABLE");
	bench_init(&w.bench);
	bench_calib(&w.bench);
	run_calls();
	run_upcalls();
	run_protect();
	run_alloc();
	run_copies();
	run_branches();
	run_envs();
	raw_exit(0);
}
