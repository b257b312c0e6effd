/* SPDX-License-Identifier: ISC */
/* Walks the tables that a dead kernel has left (see post_mortem.h). Believes none of their numbers;
 * no state, no locks. */
#include "tools/post_mortem.h"

#include <elf.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include <machine/slot.h>

#include "tools/trace.h"

enum {
	POST_MORTEM_NONE = 0xffff,	/* no env: abi/table.h */
	POST_MORTEM_RUNS = 64,		/* lines for an env */
	POST_MORTEM_RECORDS = 16,	/* of the trace */
};

/* Pages one after another with the same access. */
struct run {
	uint64_t start, end;
	unsigned int access, rights;
	unsigned int printed;
};

static void run_print(struct run *run)
{
	if (run->end > run->start && run->printed++ < POST_MORTEM_RUNS)
		fprintf(stderr, "  %016" PRIx64 "-%016" PRIx64 " %c%c%c (at most %c%c%c) %6" PRIu64
			" pages\n", run->start, run->end, run->access & EXO_READ ? 'r' : '-',
			run->access & EXO_WRITE ? 'w' : '-', run->access & EXO_EXEC ? 'x' : '-',
			run->rights & EXO_READ ? 'r' : '-', run->rights & EXO_WRITE ? 'w' : '-',
			run->rights & EXO_EXEC ? 'x' : '-',
			(run->end - run->start) / EXO_PAGE_SIZE);
	run->start = run->end = 0;
}

static void run_add(struct run *run, uint64_t address, uint64_t slot)
{
	unsigned int access = slot_access(slot), rights = slot_rights(slot);

	if (run->end != address || run->access != access || run->rights != rights) {
		run_print(run);
		run->start = address;
		run->access = access;
		run->rights = rights;
	}
	run->end = address + EXO_PAGE_SIZE;
}

static void walk(const struct memory *memory, struct run *run, uint32_t table, unsigned int level,
	uint64_t address)
{
	const uint64_t *slots = memory_at(memory, (uint64_t)table << EXO_PAGE_SHIFT, EXO_PAGE_SIZE);
	unsigned int i;

	for (i = 0; slots != NULL && i < (level == EXO_LEVELS ? EXO_ROOT_INFO : EXO_TABLE_SLOTS) &&
	     run->printed < POST_MORTEM_RUNS; i++, address += EXO_SPAN(level)) {
		if (!slot_is_present(slots[i]))
			continue;
		if (level == 1)
			run_add(run, address, slots[i]);
		else
			walk(memory, run, slot_pfn(slots[i]), level - 1, address);
	}
}

static void print_env(const struct memory *memory, unsigned int cpu, uint32_t index)
{
	const struct exo_table_env *env =
		memory_element(memory, EXO_ARRAY_ENVS, index, sizeof(*env));
	const uint64_t *root;
	struct run run = { .printed = 0 };

	if (env == NULL)
		return;
	fprintf(stderr, "chitin-run: CPU %u had the tables of env %u.%" PRIu64
		" (account %u, parent %d), which map\n", cpu, index, env->generation, env->account,
		env->parent == POST_MORTEM_NONE ? -1 : (int)env->parent);
	walk(memory, &run, env->root, EXO_LEVELS, 0);
	root = memory_at(memory, (uint64_t)env->root << EXO_PAGE_SHIFT, EXO_PAGE_SIZE);
	if (root != NULL && slot_is_present(root[EXO_ROOT_LIBRARY]))
		walk(memory, &run, slot_pfn(root[EXO_ROOT_LIBRARY]), EXO_LEVELS - 1,
			EXO_LIBRARY_BASE);
	run_print(&run);
	if (run.printed >= POST_MORTEM_RUNS)
		fprintf(stderr, "  and more\n");
}

void post_mortem_print(const struct memory *memory, const struct run_options *options)
{
	const struct exo_table_cpu *cpu;
	unsigned int i;

	for (i = 0; (cpu = memory_element(memory, EXO_ARRAY_CPUS, i, sizeof(*cpu))) != NULL; i++)
		if (cpu->root_env != POST_MORTEM_NONE && options->arch->elf == EM_X86_64)
			print_env(memory, i, cpu->root_env);
	if (memory->info == NULL || memory->info->arrays[EXO_ARRAY_TRACE].count == 0)
		return;
	fprintf(stderr, "chitin-run: the last that the kernel did\n");
	trace_print_last(memory, stderr, 0, POST_MORTEM_RECORDS);
}
