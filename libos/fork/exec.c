/* SPDX-License-Identifier: ISC */
/*
 * Exec and spawn. Spawn builds the library slot in a child env. Exec builds it in the staging slot,
 * then a page that belongs to neither library (the trampoline) clears the old one and moves the
 * new one into its place. Touches the slots of this process or the child; takes process.
 */
#include <machine/call.h>

#include "libos/arch.h"
#include "libos/fork/fork.h"
#include "libos/fork/load.h"
#include "libos/state.h"
#include "libos/vm/region.h"
#include "libos/vm/slots.h"

enum {
	EXEC_CODE_BYTES = 1024, /* of the trampoline page: code, then the plan, then its stack */
	EXEC_OPS = 10,
};

/* What the trampoline does. */
struct exec_plan {
	uint64_t entry;
	uint64_t count;
	struct exo_slot_op ops[EXEC_OPS];
};

_Static_assert(EXEC_CODE_BYTES + sizeof(struct exec_plan) <= 2048, "room for the stack");

/* Runs in the trampoline page, copied there: nothing it calls or reads is outside that page. No
 * fault can be handled; none can come, since the page is present and writable. */
__attribute__((section(".text.trampoline"), noinline))
static void exec_trampoline(uint64_t argument)
{
	struct exec_plan *plan = (struct exec_plan *)argument;
	uint64_t first = 0;

	while (first < plan->count) {
		struct exo_result r = exo_call(EXO_CALL_SLOTS, (uint64_t)&plan->ops[first],
					       plan->count - first, 0, 0, 0);
		struct exo_slot_op *op;
		uint64_t bytes;

		if (r.value >= 0)
			break;
		if (r.value != EXO_E_AGAIN)
			exo_call(EXO_CALL_ENV_KILL, 0, 134, 0, 0, 0);
		first += EXO_DONE_OPS(r.second);
		op = &plan->ops[first];
		bytes = EXO_DONE_SLOTS(r.second) * EXO_SPAN(op->level);
		op->count = (uint16_t)(op->count - EXO_DONE_SLOTS(r.second));
		op->target += bytes;
		if (op->source)
			op->source += bytes;
	}
	((void (*)(uint64_t))plan->entry)(LIBOS_VCPU_PAGE | 1);
}

static void exec_add(struct exec_plan *plan, uint8_t kind, unsigned level, uint64_t target,
		     uint64_t source, uint64_t count)
{
	plan->ops[plan->count++] = (struct exo_slot_op){
		.op = kind, .level = (uint8_t)level, .target = target, .source = source,
		.count = (uint16_t)count,
		.rights = kind == EXO_OP_COPY ? EXO_RWX : 0,
		.access = kind == EXO_OP_COPY ? EXO_READ | EXO_WRITE : 0,
	};
}

static void exec_make_plan(struct exec_plan *plan, uint64_t entry)
{
	uint64_t staged = LIBOS_STAGING - EXO_LIBRARY_BASE, gib = EXO_SPAN(3), table = EXO_SPAN(2);

	plan->entry = entry;
	plan->count = 0;
	exec_add(plan, EXO_OP_CLEAR, 4, 0, 0, LIBOS_STAGING / EXO_ROOT_SPAN);
	exec_add(plan, EXO_OP_CLEAR, 3, EXO_LIBRARY_BASE + gib, 0, EXO_TABLE_SLOTS - 1);
	exec_add(plan, EXO_OP_CLEAR, 2, LIBOS_TEXT, 0, 1);
	/* What the family shares stays. */
	exec_add(plan, EXO_OP_CLEAR, 2, LIBOS_PRIVATE + table, 0,
		 (LIBOS_FAMILY - LIBOS_PRIVATE) / table - 1);
	exec_add(plan, EXO_OP_CLEAR, 2, LIBOS_FAMILY + LIBOS_FAMILY_BYTES, 0,
		 EXO_TABLE_SLOTS - (LIBOS_FAMILY + LIBOS_FAMILY_BYTES - LIBOS_TEXT) / table);
	exec_add(plan, EXO_OP_CLEAR, 1, LIBOS_PRIVATE, 0,
		 (LIBOS_TRAMPOLINE - LIBOS_PRIVATE) / EXO_PAGE_SIZE);
	exec_add(plan, EXO_OP_MOVE, 2, LIBOS_TEXT, LIBOS_TEXT + staged, 1);
	exec_add(plan, EXO_OP_MOVE, 2, LIBOS_EXEC, LIBOS_EXEC + staged, 1);
	exec_add(plan, EXO_OP_COPY, 1, LIBOS_WIRED, LIBOS_WIRED + staged, LIBOS_WIRED_PAGES);
	exec_add(plan, EXO_OP_CLEAR, 4, LIBOS_STAGING, 0, 1);
}

/* The trampoline page: fresh, executable and writable, filled. */
static err_t exec_map_trampoline(uint64_t entry, struct exec_plan **plan)
{
	struct exo_slot_op ops[EXO_LEVELS + 1];
	unsigned n = slots_unshare(ops, LIBOS_TRAMPOLINE, 1);
	err_t err;

	ops[n++] = (struct exo_slot_op){
		.op = EXO_OP_ALLOC, .level = 1, .count = 1, .target = LIBOS_TRAMPOLINE,
		.access = EXO_RWX,
	};
	err = slots_run(ops, n, NULL);
	if (err && err != EXO_E_USED)
		return err;
	memcpy((void *)LIBOS_TRAMPOLINE, (const void *)exec_trampoline, EXEC_CODE_BYTES);
	*plan = (struct exec_plan *)(LIBOS_TRAMPOLINE + EXEC_CODE_BYTES);
	exec_make_plan(*plan, entry);
	return EXO_OK;
}

/* Other threads end with the program; what they hold goes with the old library. */
err_t process_exec(struct libos *os, const struct process_image *image)
{
	struct exec_plan *plan;
	struct load load;
	err_t err = load_prepare(os, image, os->process.pid, &load);

	if (!err)
		err = load_library(&load, 0, LIBOS_STAGING);
	if (!err)
		err = exec_map_trampoline(load.image.entry, &plan);
	if (err) {
		load_finish(os, &load);
		return range_clear(LIBOS_STAGING, LIBOS_STAGING + EXO_ROOT_SPAN) ? err : err;
	}
	libos_vcpu_page()->upcall_entry = 0;
	machine_stack_call(LIBOS_TRAMPOLINE + EXO_PAGE_SIZE, LIBOS_TRAMPOLINE, (uint64_t)plan);
}

/* The machine's facts, the family's memory. */
static err_t spawn_share(uint64_t env)
{
	struct exo_slot_op ops[2] = {
		family_share_op(env),
		{
			.op = EXO_OP_SHARE, .level = 4, .count = 1, .target_env = env,
			.target = EXO_INFO_BASE, .source = EXO_INFO_BASE,
			.rights = EXO_READ | EXO_EXEC,
		},
	};

	return slots_run(ops, ARRAY_COUNT(ops), NULL);
}

static err_t spawn_load(const struct load *load, struct family_process *made)
{
	struct exo_vcpu_start start = {
		.page = LIBOS_VCPU_PAGE, .entry = load->image.entry, .stack = LIBOS_WIRED_END,
		.argument = LIBOS_VCPU_PAGE | 1, .masked = 1,
	};
	uint64_t env;
	err_t err = fork_create_env(&env);

	if (err)
		return err;
	err = load_library(load, env, EXO_LIBRARY_BASE);
	if (!err)
		err = spawn_share(env);
	if (!err)
		family_announce(made, env);
	if (!err)
		err = fork_start_vcpu(env, &start);
	if (err)
		fork_abandon(env);
	return err;
}

err_t process_spawn(struct libos *os, const struct process_image *image, uint32_t *pid)
{
	struct family_process *made;
	struct load load;
	err_t err = fork_make_entry(os, true, &made);

	if (err)
		return err;
	err = load_prepare(os, image, made->pid, &load);
	if (!err)
		err = spawn_load(&load, made);
	load_finish(os, &load);
	if (err) {
		fork_drop_entry(os, made);
		return err;
	}
	*pid = made->pid;
	return EXO_OK;
}
