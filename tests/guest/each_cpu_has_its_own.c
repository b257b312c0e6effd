/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount --hz 1000 --cpus 4 --timeout 120
 * identity-each-cpu, late-init: the further CPUs join when the first vcpu has its CPU already, and
 * it goes on. The first process of each CPU finds itself in its own env and vcpu page, is what that
 * CPU's record in the kernel's table names, and keeps its registers over calls, exceptions and
 * preemption while all the others do the same.
 */
#include "tests/guest/raw_child.h"

enum { ROUNDS = 2000, STATUS = 10 };

struct shared {
	volatile uint64_t vcpu[RAW_CHILDREN];   /* handle of each CPU's process */
	volatile uint64_t rounds[RAW_CHILDREN]; /* how far it is */
	volatile uint64_t strange, lost;
};

static struct shared shared;
static uint64_t parent;

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	uint64_t who = CPU_KEPT(&frame->regs);

	if (page->env == parent || frame->kind != EXO_UPCALL_EXCEPTION)
		return;
	if (who >= RAW_CHILDREN || page->vcpu != shared.vcpu[who])
		shared.strange++;
	CPU_CHANGED(&frame->regs) = who + EXO_REG_ARG0(&frame->regs);
	EXO_REG_PC(&frame->regs) += CPU_UNDEFINED_BYTES;
}

static void child_main(uint64_t n)
{
	const struct exo_vcpu_page *page = (const struct exo_vcpu_page *)RAW_PAGE;
	uint64_t i;

	for (i = 0; i < ROUNDS; i++) {
		shared.lost += cpu_undefined_changes(n, i << 8) != n + (i << 8);
		shared.strange += exo_call(EXO_CALL_SELF, 0, 0, 0, 0, 0).second != page->env;
		shared.rounds[n] = i + 1;
	}
	raw_exit(STATUS + (uint32_t)n);
}

/* Whom the kernel names as running: on the first CPU us, on others their process, or nobody. */
static bool is_as_recorded(unsigned cpus)
{
	const struct exo_info *info = raw_info();
	const char *records = exo_table(info, EXO_ARRAY_CPUS);
	bool is_so = true;
	unsigned i;

	for (i = 0; i < cpus; i++) {
		const volatile struct exo_table_cpu *record = (const void *)
			(records + i * info->arrays[EXO_ARRAY_CPUS].size);
		uint32_t current = record->current;

		is_so &= i == 0 ? current == (raw_state.page->vcpu & 0xffff)
			: current == (shared.vcpu[i] & 0xffff) || current == 0xffff;
	}
	return is_so;
}

static void raw_main(void)
{
	struct raw_child child[RAW_CHILDREN];
	struct exo_vcpu_start how;
	unsigned cpus = raw_info()->cpus, i, looks = 0;
	bool is_recorded = true, is_begun = true;

	parent = raw_state.page->env;
	raw_eq(cpus, RAW_CHILDREN, "all CPUs have joined");
	raw_ok(is_as_recorded(cpus), "and we still run on the first, alone");
	for (i = 0; i < cpus; i++) {
		raw_child_create(&child[i], i, NULL);
		how = raw_child_how(&child[i], child_main, i);
		child[i].vcpu = exo_call(EXO_CALL_VCPU_START, child[i].env, (uint64_t)&how, 0, 0,
					 0).second;
		shared.vcpu[i] = child[i].vcpu;
		is_begun &= !raw_call(EXO_CALL_SLICE_ALLOC, child[i].vcpu, i, EXO_SLICE_ANY);
	}
	raw_ok(is_begun, "a process for each");
	for (i = 1; i < cpus; i++)
		for (; shared.rounds[i] < ROUNDS; looks++)
			is_recorded &= is_as_recorded(cpus);
	raw_ok(looks && is_recorded, "each is on its own CPU");
	for (i = 0; i < cpus; i++)
		raw_eq(raw_child_end(&child[i]), EXO_STATUS(EXO_DEATH_EXIT, STATUS + i),
		       "its status is its own");
	raw_eq(shared.strange, 0, "all found themselves in their own env and page");
	raw_eq(shared.lost, 0, "and with their own registers");
}
