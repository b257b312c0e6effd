/* SPDX-License-Identifier: ISC */
/*
 * What the random programs of the host stress do: loads and stores in an arena of private, shared
 * and common tables, every slot operation on it, births and deaths of envs and vcpus, waits, wakes,
 * yields, timers, slices, accounts. Beside the arena each env has a library slot like the lab's,
 * whose pages no operation names; so only the kernel and the vcpu itself touch them. Runs in the
 * CPU's thread.
 */
#include "fuzz/stress.h"

#include <string.h>

static struct machine *machine_of(struct stress_cpu *sc)
{
	return sc->s->lab->m;
}

static bool is_first_env(struct stress_cpu *sc)
{
	return sc->v->env == (sc->s->envs[0] & 0xffff);
}

/* A system call. Its result, or 1: another vcpu runs here now, or this one has an upcall. */
static int64_t call_any(struct stress_cpu *sc, enum exo_call number, const uint64_t argument[5])
{
	struct vcpu *v = sc->v;
	uint64_t generation = v->generation;

	EXO_REG_NUMBER(&v->regs) = EXO_CALL_PREFIX | number;
	EXO_REG_ARG0(&v->regs) = argument[0];
	EXO_REG_ARG1(&v->regs) = argument[1];
	EXO_REG_ARG2(&v->regs) = argument[2];
	EXO_REG_ARG3(&v->regs) = argument[3];
	EXO_REG_ARG4(&v->regs) = argument[4];
	sc->v = kernel_syscall(machine_of(sc), &machine_of(sc)->cpus[sc->index]);
	return sc->v == v && v->generation == generation && EXO_REG_PC(&v->regs) == STRESS_PC
		? (int64_t)EXO_REG_RESULT(&v->regs) : 1;
}

/* The same, but for an upcall that has come: that is for stress_program, before anything else. */
static int64_t call(struct stress_cpu *sc, enum exo_call number, uint64_t a0, uint64_t a1,
		    uint64_t a2, uint64_t a3, uint64_t a4)
{
	const uint64_t argument[] = { a0, a1, a2, a3, a4 };

	return EXO_REG_PC(&sc->v->regs) == STRESS_PC ? call_any(sc, number, argument) : 1;
}

/* The same with a structure in the vcpu's own page, whose address is argument `place`. */
static int64_t call_with(struct stress_cpu *sc, enum exo_call number, const void *data,
			 size_t bytes, unsigned place, uint64_t other)
{
	uint64_t page = sc->v->page_address;
	uint64_t at = page == LAB_VCPU ? LAB_BATCH : page + 4 * EXO_PAGE_SIZE;

	if (host_write(machine_of(sc), sc->index, at, data, bytes))
		return 1;
	return call(sc, number, place == 0 ? at : other, place == 0 ? other : at, 0, 0, 0);
}

static uint64_t any_env(struct stress_cpu *sc)
{
	if (stress_below(sc, 2))
		return 0;
	return atomic_load_explicit(&sc->s->envs[1 + stress_below(sc, STRESS_NAMES - 1)],
				    memory_order_relaxed);
}

/* Any vcpu, or any but the first env's. */
static uint64_t any_vcpu(struct stress_cpu *sc, bool is_first_too)
{
	unsigned first = is_first_too ? 0 : sc->s->cpus;

	return atomic_load_explicit(&sc->s->vcpus[first + stress_below(sc, STRESS_NAMES - first)],
				    memory_order_relaxed);
}

/* An address of the arena: few tables at each level, so that programs meet. Root slot 3 is where
 * common tables are made. */
static uint64_t any_address(struct stress_cpu *sc)
{
	return (1 + stress_below(sc, 3)) * EXO_ROOT_SPAN + stress_below(sc, 2) * EXO_SPAN(3)
		+ stress_below(sc, 2) * EXO_SPAN(2) + stress_below(sc, 8) * EXO_PAGE_SIZE;
}

static struct exo_slot_op any_op(struct stress_cpu *sc)
{
	struct exo_slot_op op = { .op = (uint8_t)stress_below(sc, EXO_OPS), .level = 1,
		.count = (uint16_t)(1 + stress_below(sc, 4)), .target = any_address(sc),
		.target_env = any_env(sc) };
	bool is_branch = op.op == EXO_OP_TABLE || op.op == EXO_OP_SHARE
		|| op.op == EXO_OP_UNSHARE || op.op == EXO_OP_MOVE
		|| ((op.op == EXO_OP_CLEAR || op.op == EXO_OP_CLAIM) && !stress_below(sc, 8));

	if (is_branch) {
		op.level = (uint8_t)(2 + stress_below(sc, 3));
		op.count = 1;
	}
	if (op.op == EXO_OP_TABLE && op.level == 2 && op.target / EXO_ROOT_SPAN == 3)
		op.flags = EXO_OP_COMMON;
	if (op.op == EXO_OP_DUP || op.op == EXO_OP_COPY || op.op == EXO_OP_SHARE
	    || op.op == EXO_OP_MOVE) {
		op.source = stress_below(sc, 4) ? any_address(sc) : op.target;
		op.source_env = any_env(sc);
	}
	if (op.op == EXO_OP_SHARE || op.op == EXO_OP_COPY)
		op.rights = stress_below(sc, 2) ? EXO_RWX : EXO_READ;
	if (op.op == EXO_OP_ALLOC || op.op == EXO_OP_DUP || op.op == EXO_OP_COPY
	    || op.op == EXO_OP_PROTECT)
		op.access = (uint8_t)(EXO_READ | stress_below(sc, 8));
	if ((op.op == EXO_OP_DUP || op.op == EXO_OP_TABLE || op.op == EXO_OP_UNSHARE)
	    && !stress_below(sc, 4))
		op.reserve = any_address(sc);
	return op;
}

static void do_batch(struct stress_cpu *sc)
{
	struct exo_slot_op ops[4];
	unsigned count = 1 + (unsigned)stress_below(sc, 4), i;

	for (i = 0; i < count; i++)
		ops[i] = any_op(sc);
	call_with(sc, EXO_CALL_SLOTS, ops, sizeof(ops), 0, count);
}

/* A whole path of tables, and pages: else the arena would stay empty. */
static void do_map(struct stress_cpu *sc)
{
	struct exo_slot_op ops[4];
	uint64_t address = any_address(sc);
	unsigned level;

	for (level = EXO_LEVELS; level > 1; level--)
		ops[0] = OP(TABLE, level, address, 1, .flags = level == 2
			    && address / EXO_ROOT_SPAN == 3 ? EXO_OP_COMMON : 0),
		call_with(sc, EXO_CALL_SLOTS, ops, sizeof(ops[0]), 0, 1);
	for (level = EXO_LEVELS; level > 1; level--)
		ops[EXO_LEVELS - level] = OP(UNSHARE, level, address, 1);
	call_with(sc, EXO_CALL_SLOTS, ops, 3 * sizeof(ops[0]), 0, 3);
	ops[0] = OP(ALLOC, 1, address, 1, .access = EXO_RWX);
	call_with(sc, EXO_CALL_SLOTS, ops, sizeof(ops[0]), 0, 1);
}

/* The pages that a vcpu needs, and the arena shared. */
static int64_t spawn_space(struct stress_cpu *sc, uint64_t env)
{
	struct exo_slot_op ops[7];
	unsigned i;

	for (i = 0; i < 3; i++)
		ops[i] = OP(TABLE, EXO_LEVELS - i, LAB_BASE, 1, .target_env = env);
	ops[3] = OP(ALLOC, 1, LAB_BASE + EXO_PAGE_SIZE, 4, .access = 3, .target_env = env);
	for (i = 0; i < 3; i++)
		ops[4 + i] = OP(SHARE, EXO_LEVELS, (1 + i) * EXO_ROOT_SPAN, 1, .target_env = env,
				.source = (1 + i) * EXO_ROOT_SPAN, .rights = EXO_RWX);
	return call_with(sc, EXO_CALL_SLOTS, ops, sizeof(ops), 0, 7);
}

static void do_spawn(struct stress_cpu *sc)
{
	struct exo_limits limits = { { 150, 4, 4, 4, 4 } };
	struct exo_vcpu_start start = { .page = LAB_BASE, .entry = STRESS_PC,
		.stack = LAB_BASE + 4 * EXO_PAGE_SIZE, .upcall_entry = LAB_ENTRY,
		.stack_base = LAB_BASE + EXO_PAGE_SIZE, .stack_top = LAB_BASE + 4 * EXO_PAGE_SIZE };
	unsigned name = sc->s->cpus + (unsigned)stress_below(sc, STRESS_NAMES - sc->s->cpus);
	uint64_t env, vcpu;
	int64_t err;

	if (stress_below(sc, 2))
		err = call_with(sc, EXO_CALL_ENV_CREATE, &limits, sizeof(limits), 0, 0);
	else
		err = call(sc, EXO_CALL_ENV_CREATE, 0, 0, 0, 0, 0);
	if (err)
		return;
	env = EXO_REG_RESULT2(&sc->v->regs);
	atomic_store_explicit(&sc->s->envs[name], env, memory_order_relaxed);
	if (spawn_space(sc, env) == 1
	    || call_with(sc, EXO_CALL_VCPU_START, &start, sizeof(start), 1, env))
		return;
	vcpu = EXO_REG_RESULT2(&sc->v->regs);
	atomic_store_explicit(&sc->s->vcpus[name], vcpu, memory_order_relaxed);
	call(sc, EXO_CALL_SLICE_ALLOC, vcpu, stress_below(sc, sc->s->cpus), EXO_SLICE_ANY, 0, 0);
}

/* Deaths; the first env and its vcpus stay. */
static void do_end(struct stress_cpu *sc)
{
	uint64_t env = any_env(sc), vcpu = any_vcpu(sc, false);

	switch (stress_below(sc, 4)) {
	case 0:
		if (env || !is_first_env(sc))
			call(sc, EXO_CALL_ENV_KILL, env, 7, 0, 0, 0);
		break;
	case 1:
		if (vcpu || !is_first_env(sc))
			call(sc, EXO_CALL_VCPU_STOP, vcpu, 0, 0, 0, 0);
		break;
	default:
		if (!call(sc, EXO_CALL_ENV_REAP, 0, 0, 0, 0, 0))
			call(sc, EXO_CALL_ENV_REAP, EXO_REG_RESULT2(&sc->v->regs), 0, 0, 0, 0);
	}
}

static void do_wait(struct stress_cpu *sc)
{
	uint64_t flags = stress_below(sc, 4), now = arch_clock(machine_of(sc));

	call(sc, EXO_CALL_TIMER, now + 100 + stress_below(sc, 3000), 0, 0, 0, 0);
	call(sc, EXO_CALL_WAIT, any_address(sc), 0, flags, 0, 0);
}

static void do_access(struct stress_cpu *sc)
{
	struct machine *m = machine_of(sc);
	uint64_t address = any_address(sc), value;
	int code;

	switch (stress_below(sc, 4)) {
	case 0:
		/* words stay 0, for who waits, but for one of the page */
		code = host_store(m, sc->index, address + 8, sc->random);
		break;
	case 1:
		code = host_fetch(m, sc->index, address);
		break;
	default:
		code = host_load(m, sc->index, address, &value);
	}
	if (code)
		sc->v = kernel_trap(m, &m->cpus[sc->index], EXO_UPCALL_FAULT,
				    (unsigned)code & ~(unsigned)HOST_FAULT, address);
}

static void do_slice(struct stress_cpu *sc)
{
	uint64_t cpu = stress_below(sc, sc->s->cpus);

	if (stress_below(sc, 4))
		call(sc, EXO_CALL_SLICE_ALLOC, any_vcpu(sc, false), cpu, EXO_SLICE_ANY, 0, 0);
	else if (!is_first_env(sc))
		call(sc, EXO_CALL_SLICE_FREE, cpu, stress_below(sc, 8), 0, 0, 0);
}

static void do_account(struct stress_cpu *sc)
{
	uint64_t now = arch_clock(machine_of(sc));

	call(sc, EXO_CALL_ACCOUNT, stress_below(sc, EXO_ACCOUNT_REPOSSESS + 1), any_env(sc),
	     EXO_RESOURCE_FRAMES, stress_below(sc, 40), now + stress_below(sc, 500));
}

/* Back from an upcall. A frame is refused only to who lost the page that it is in, by repossession:
 * never to the first env. */
static void do_resume(struct stress_cpu *sc)
{
	struct vcpu *v = sc->v;
	const uint64_t frame = EXO_REG_ARG1(&v->regs), resume[5] = { frame }, kill[5] = { 0, 8 };

	call_any(sc, EXO_CALL_RESUME, resume);
	if (sc->v != v || EXO_REG_PC(&v->regs) != LAB_ENTRY || EXO_REG_ARG0(&v->regs) != frame)
		return;
	if (is_first_env(sc))
		stress_fail(sc->s, "a frame is refused");
	call_any(sc, EXO_CALL_ENV_KILL, kill);
}

/* Outside upcalls nothing is left on their stack, and events may come: or the stack would be full
 * one day, and the env end. */
static bool is_level(struct stress_cpu *sc)
{
	const struct exo_vcpu_page *page = vcpu_page(machine_of(sc),
						     (unsigned)(sc->v - machine_of(sc)->vcpus));

	return EXO_REG_SP(&sc->v->regs) == page->stack_top && !page->masked;
}

void stress_program(struct stress_cpu *sc)
{
	if (EXO_REG_PC(&sc->v->regs) == LAB_ENTRY) {
		do_resume(sc);
		return;
	}
	if (!is_level(sc))
		stress_fail(sc->s, "an upcall's frame was lost");
	switch (stress_below(sc, 32)) {
	case 0:
		do_spawn(sc);
		break;
	case 1:
		do_end(sc);
		break;
	case 2 ... 4:
		do_wait(sc);
		break;
	case 5 ... 7:
		call(sc, EXO_CALL_WAKE, any_address(sc), stress_below(sc, 4), stress_below(sc, 2),
		     0, 0);
		break;
	case 8:
		call(sc, EXO_CALL_YIELD, stress_below(sc, 2) ? any_vcpu(sc, true) : 0, 0, 0, 0, 0);
		break;
	case 9:
		do_slice(sc);
		break;
	case 10:
		do_account(sc);
		break;
	case 11 ... 13:
		do_map(sc);
		break;
	case 14 ... 20:
		do_batch(sc);
		break;
	default:
		do_access(sc);
	}
}
