/* SPDX-License-Identifier: ISC */
/*
 * Exec and spawn. Spawn builds the library slot in a child env. Exec keeps what both libraries
 * have: tables, wired pages, the state at LIBOS_EXEC, and the text if it is of the same file; the
 * rest goes. Another text is built in the staging slot and moved in, by code in a page that belongs
 * to neither library (the trampoline). Touches the slots of this process or the child; nothing here
 * blocks.
 */
#include <machine/call.h>

#include "libos/arch.h"
#include "libos/fork/fork.h"
#include "libos/fork/load.h"
#include "libos/fork/strings.h"
#include "libos/state.h"
#include "libos/vm/region.h"
#include "libos/vm/slots.h"

enum { EXEC_CODE_BYTES = 1024, EXEC_OPS = 16, EXEC_ROOTS = 4 };

/* What is done where nothing of the old program is left, not even its heap. */
struct exec_plan {
	uint64_t entry;
	uint64_t count;
	struct exo_slot_op ops[EXEC_OPS];
};

/* Copied to the trampoline page if the text goes: nothing it calls or reads is outside that page
 * and LIBOS_EXEC. No fault can be handled; none can come. The last operation need not succeed. */
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
		first += EXO_DONE_OPS(r.second);
		if (r.value != EXO_E_AGAIN) {
			if (first + 1 == plan->count)
				break;
			exo_call(EXO_CALL_ENV_KILL, 0, 134, 0, 0, 0);
		}
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
		.access = kind == EXO_OP_ALLOC ? EXO_READ | EXO_WRITE : 0,
	};
}

/* The program's part: the root slots that are there. What has no room in the plan is cleared from
 * the first to the last. */
static void exec_clear_program(struct exec_plan *plan)
{
	const uint64_t *root = (const uint64_t *)exo_slot_address(0, EXO_LEVELS);
	uint64_t i, roots = LIBOS_STAGING / EXO_ROOT_SPAN;

	for (i = 0; i < roots; i++) {
		/* Most are empty: four at a time. */
		if (i % 4 == 0 && !slot_is_present(root[i] | root[i + 1] | root[i + 2]
						   | root[i + 3])) {
			i += 3;
			continue;
		}
		if (!slot_is_present(root[i]))
			continue;
		if (plan->count < EXEC_ROOTS) {
			exec_add(plan, EXO_OP_CLEAR, 4, i * EXO_ROOT_SPAN, 0, 1);
		} else {
			struct exo_slot_op *last = &plan->ops[plan->count - 1];

			last->count = (uint16_t)(i + 1 - last->target / EXO_ROOT_SPAN);
		}
	}
}

/* The library's part: heap, contexts and stacks of threads, what the fault path kept. What the
 * family shares stays. */
static void exec_clear_library(const struct libos *os, struct exec_plan *plan)
{
	static const struct {
		uint64_t base, tables;
	} parts[] = {
		{ LIBOS_HEAP, LIBOS_HEAP_PAGES * EXO_PAGE_SIZE / EXO_SPAN(3) },
		{ LIBOS_HEAP_MAP, 1 }, { LIBOS_CONTEXTS, 1 }, { LIBOS_STACKS, 1 },
	};
	unsigned i;

	for (i = 0; i < ARRAY_COUNT(parts); i++)
		if (slots_view(parts[i].base, 3))
			exec_add(plan, EXO_OP_CLEAR, 3, parts[i].base, 0, parts[i].tables);
	if (os->wired.reserve_missing != LIBOS_RESERVE_ALL)
		exec_add(plan, EXO_OP_CLEAR, 1, LIBOS_RESERVE, 0, LIBOS_RESERVE_PAGES);
	exec_add(plan, EXO_OP_CLEAR, 1, LIBOS_PLAIN, 0, os->heap.end[0] + 1);
}

/* Behind the state, which stays. */
static struct exec_plan *exec_make_plan(struct libos *os, const struct load *load,
					struct process_exec_state *state)
{
	uint64_t at = (state->bytes + 63) & ~UINT64_C(63);
	struct exec_plan *plan = (struct exec_plan *)((uint8_t *)state + at);

	state->bytes = at + sizeof(*plan);
	plan->entry = load->entry;
	plan->count = 0;
	exec_clear_program(plan);
	exec_clear_library(os, plan);
	if (!load->is_same) {
		exec_add(plan, EXO_OP_CLEAR, 2, LIBOS_TEXT, 0, 1);
		exec_add(plan, EXO_OP_MOVE, 2, LIBOS_TEXT, LIBOS_STAGING, 1);
		exec_add(plan, EXO_OP_CLEAR, 4, LIBOS_STAGING, 0, 1);
	}
	exec_add(plan, EXO_OP_ALLOC, 1, LIBOS_PLAIN, 0, LIBOS_PLAIN_FIRST);
	return plan;
}

/* Another text, and the page from which it is moved to its place: executable, writable, filled. */
static err_t exec_stage(const struct load *load)
{
	struct exo_slot_op ops[EXO_LEVELS];
	unsigned n = slots_path_ops(ops, LIBOS_STAGING, 1);
	err_t err;

	ops[n++] = (struct exo_slot_op){
		.op = EXO_OP_ALLOC, .level = 1, .count = 1, .target = LIBOS_TRAMPOLINE,
		.access = EXO_RWX,
	};
	err = slots_run(ops, n, NULL);
	if (!err || err == EXO_E_USED)
		err = load_text(load, 0, LIBOS_STAGING);
	if (!err)
		memcpy((void *)LIBOS_TRAMPOLINE, (const void *)exec_trampoline, EXEC_CODE_BYTES);
	return err;
}

/* Other threads end with the program; what they hold goes with the old library. */
err_t process_exec(struct libos *os, struct process_exec_state *state)
{
	uint64_t stack = LIBOS_WIRED_END, code = (uint64_t)exec_trampoline;
	struct exec_plan *plan;
	struct load load;
	err_t err;

	state->pid = os->process.pid;
	err = load_prepare(os, state, &load);
	if (!err && !load.is_same)
		err = exec_stage(&load);
	if (!err && sizeof(*plan) + 64 > LIBOS_EXEC_BYTES - state->bytes)
		err = EXO_E_TOO_LONG;
	if (err)
		return range_clear(LIBOS_STAGING, LIBOS_STAGING + EXO_ROOT_SPAN) ? err : err;
	vcpu_go_home(os);
	plan = exec_make_plan(os, &load, state);
	libos_vcpu_page()->upcall_entry = 0;
	if (!load.is_same) {
		stack = LIBOS_TRAMPOLINE + EXO_PAGE_SIZE;
		code = LIBOS_TRAMPOLINE;
	}
	machine_stack_call(stack, code, (uint64_t)plan);
}

static struct exo_slot_op spawn_op(uint8_t kind, unsigned level, uint64_t env, uint64_t target,
				   uint64_t count)
{
	bool is_leaf = kind == EXO_OP_ALLOC || kind == EXO_OP_DUP;

	return (struct exo_slot_op){
		.op = kind, .level = (uint8_t)level, .count = (uint16_t)count, .target_env = env,
		.target = target, .flags = kind == EXO_OP_TABLE ? EXO_OP_DOWN : 0,
		.source = kind == EXO_OP_DUP || kind == EXO_OP_SHARE ? target : 0,
		.access = is_leaf ? EXO_READ | EXO_WRITE : 0,
		.rights = kind == EXO_OP_SHARE ? EXO_READ | EXO_EXEC : 0,
	};
}

/* The library slot: tables, text, wired pages, the state; the machine's facts, the family's
 * memory. */
static err_t spawn_library(const struct load *load, const struct process_exec_state *state,
			   uint64_t env)
{
	uint64_t pages = PAGE_UP(state->bytes) / EXO_PAGE_SIZE;
	struct exo_slot_op ops[] = {
		spawn_op(EXO_OP_TABLE, 4, env, LIBOS_PRIVATE, 3),
		spawn_op(EXO_OP_ALLOC, 1, env, LIBOS_WIRED, LIBOS_WIRED_PAGES),
		spawn_op(EXO_OP_ALLOC, 1, env, LIBOS_PLAIN, LIBOS_PLAIN_FIRST),
		spawn_op(EXO_OP_DUP, 1, env, LIBOS_EXEC, pages),
		family_share_op(env),
		spawn_op(EXO_OP_SHARE, 4, env, EXO_INFO_BASE, 1),
		spawn_op(load->is_same ? EXO_OP_SHARE : EXO_OP_TABLE, 2, env, LIBOS_TEXT, 1),
	};
	err_t err = slots_run(ops, ARRAY_COUNT(ops), NULL);

	return err || load->is_same ? err : load_text(load, env, EXO_LIBRARY_BASE);
}

static err_t spawn_load(struct libos *os, const struct load *load,
			const struct process_exec_state *state, struct family_process *made)
{
	struct exo_vcpu_start start = {
		.page = LIBOS_VCPU_PAGE, .entry = load->entry, .stack = LIBOS_WIRED_END,
		.argument = LIBOS_VCPU_PAGE | 1, .masked = 1,
	};
	uint64_t env;
	err_t err = fork_create_env(&env);

	if (err)
		return err;
	family_announce(made, env);
	err = spawn_library(load, state, env);
	if (!err)
		err = fork_start_vcpu(os, env, &start);
	if (err)
		fork_abandon(env);
	return err;
}

err_t process_spawn(struct libos *os, struct process_exec_state *state, uint32_t *pid)
{
	struct family_process *made;
	struct load load;
	err_t err = fork_make_entry(os, true, UINT64_MAX, &made);

	if (err)
		return err;
	state->is_spawned = 1;
	state->pid = made->pid;
	err = load_prepare(os, state, &load);
	if (!err)
		err = spawn_load(os, &load, state, made);
	if (err) {
		fork_drop_entry(os, made);
		return err;
	}
	*pid = made->pid;
	return EXO_OK;
}
