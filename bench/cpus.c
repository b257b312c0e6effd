/* SPDX-License-Identifier: ISC */
/*
 * What several CPUs cost each other: a shoot-down, and the wake of a vcpu that waits on another.
 * Under icount all CPUs run in one thread and one clock counts for all: a row is what all of them
 * executed until the asking CPU went on; those that wait for nothing give their turn away at once.
 * A program in the library's place (chitin-run --raw --cpus N); arguments: the rows wanted. Vcpus
 * of one env share everything; no locks.
 */
#include "bench/exo.h"

enum { CPUS_MAX = 8, STACK_BYTES = 4096 };

#define VCPU_PAGES (AREA + 512 * PAGE) /* of the other CPUs' vcpus */

struct others {
	uint8_t stack[CPUS_MAX][STACK_BYTES] __attribute__((aligned(16)));
	_Atomic uint32_t word;   /* nobody changes it: who waits on it is woken by a call only */
	_Atomic uint64_t woken;  /* how often CPU 1's vcpu was */
	_Atomic uint32_t is_over; /* it waits no more */
	_Atomic uint32_t spinning;
};

static struct others others;

/* No upcall comes: all is masked, and nothing faults. */
void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	(void)page;
	(void)frame;
	raw_exit(2);
}

/* What runs on another CPU: CPU 1's vcpu waits until that row is over; then all spin. */
static _Noreturn void other_main(uint64_t cpu)
{
	while (cpu == 1 && !others.is_over) {
		exo_call(EXO_CALL_WAIT, (uint64_t)&others.word, 0, 0, 0, 0);
		others.woken++;
	}
	for (others.spinning++;;)
		machine_relax();
}

static void other_start(unsigned cpu)
{
	struct exo_vcpu_start start = {
		.page = VCPU_PAGES + cpu * PAGE,
		.entry = (uint64_t)other_main,
		.stack = (uint64_t)others.stack[cpu] + STACK_BYTES - CPU_STACK_SKEW,
		.argument = cpu,
		.masked = 1,
	};
	struct exo_result r = exo_call(EXO_CALL_VCPU_START, 0, (uint64_t)&start, 0, 0, 0);

	must(r.value, "a vcpu");
	r = exo_call(EXO_CALL_SLICE_ALLOC, r.second, cpu, EXO_SLICE_ANY, 0, 0);
	must(r.value, "a slice on another CPU");
}

/* Let the others go on, to where they wait or spin. */
static void settle(void)
{
	unsigned i;

	for (i = 0; i < 100; i++)
		machine_relax();
}

static void body_wake(void)
{
	w.last = exo_call(EXO_CALL_WAKE, (uint64_t)&others.word, 1, 0, 0, 0);
}

static void body_wake_seen(void)
{
	uint64_t before = others.woken;

	body_wake();
	while (others.woken == before)
		machine_relax();
}

static void check_woken(void)
{
	must(w.last.value || w.last.second != 1, "to wake one");
}

static void run_wake(void)
{
	static const struct bench_row call = {
		"exo_wake_other_cpu", settle, body_wake, check_woken, 0, 0, 0
	};
	static const struct bench_row seen = {
		"exo_wake_other_cpu_runs", settle, body_wake_seen, check_woken, 0, 0, 0
	};

	bench_run(&w.bench, &call);
	bench_run(&w.bench, &seen);
}

static void body_protect(void)
{
	const struct exo_slot_op *op = &w.op[0];

	w.last = exo_call(EXO_CALL_SLOT, exo_slot_word(op->op, 1, 1, 0, 0, EXO_READ), op->target,
			  0, 0, 0);
}

static void before_protect(void)
{
	must(w.last.value, "PROTECT");
	do_protect(w.op[0].target, 1, EXO_READ | EXO_WRITE);
	settle();
}

static void run_shoot(const char *name, uint64_t address)
{
	const struct bench_row row = { name, before_protect, body_protect, NULL, 0, 0, 0 };

	do_alloc(address, 1);
	w.last.value = EXO_OK;
	w.op[0] = op_make(EXO_OP_PROTECT, 1, address, 1);
	bench_run(&w.bench, &row);
}

static void raw_main(void)
{
	static const char *const own[] = { [1] = "exo_shoot_1_cpu", [2] = "exo_shoot_2_cpus",
		[4] = "exo_shoot_4_cpus", [CPUS_MAX] = "exo_shoot_8_cpus" };
	static const char *const common[] = { [1] = "exo_shoot_common_1_cpu",
		[2] = "exo_shoot_common_2_cpus", [4] = "exo_shoot_common_4_cpus",
		[CPUS_MAX] = "exo_shoot_common_8_cpus" };
	unsigned cpus = ((const struct exo_info *)EXO_INFO_PAGE)->cpus, cpu, level;
	struct exo_slot_op op = op_make(EXO_OP_TABLE, 2, BESIDE, 1);

	read_arguments();
	for (level = EXO_LEVELS; level > 1; level--)
		do_op(op_make(EXO_OP_TABLE, level, AREA, level > 2 ? 1 : 2), "TABLE");
	for (level = EXO_LEVELS; level > 2; level--)
		do_op(op_make(EXO_OP_TABLE, level, BESIDE, 1), "TABLE");
	op.flags = EXO_OP_COMMON;
	do_op(op, "a common TABLE");
	bench_init(&w.bench);
	for (cpu = 1; cpu < cpus; cpu++)
		other_start(cpu);
	if (cpus == 2)
		run_wake();
	others.is_over = 1;
	exo_call(EXO_CALL_WAKE, (uint64_t)&others.word, 1, 0, 0, 0);
	while (others.spinning < cpus - 1)
		machine_relax();
	run_shoot(own[cpus], AREA);
	run_shoot(common[cpus], BESIDE);
	raw_exit(0);
}
