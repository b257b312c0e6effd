/* SPDX-License-Identifier: ISC */
/* A child env does a bit of everything, at random, and is killed at a random moment, in whatever
 * state: when it is reaped every frame, slice, vcpu and account is back (I-8). */
#include "tests/host/lab.h"

#define T EXO_ROOT_SPAN
#define AREA (3 * T)

static uint64_t seed;

static unsigned pick(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)(seed >> 33) % n;
}

static uint64_t place(unsigned level)
{
	return AREA + pick(2) * T + pick(2) * EXO_SPAN(3) + pick(2) * EXO_SPAN(2)
		+ (level == 1 ? pick(4) * EXO_PAGE_SIZE : 0);
}

/* One random operation between the two; most are refused, which is as good. */
static void operate(struct lab *l, uint64_t child)
{
	static const uint8_t rights[] = { 1, 3, 5, 7, 7, 7 };
	struct exo_slot_op op = { .op = (uint8_t)pick(EXO_OPS), .count = (uint16_t)(1 + pick(3)) };

	op.level = op.op == EXO_OP_ALLOC || op.op == EXO_OP_DUP || op.op == EXO_OP_COPY
		|| op.op == EXO_OP_PROTECT ? 1 : (uint8_t)(2 + pick(3));
	op.target = place(op.level);
	op.target_env = pick(2) ? child : 0;
	if (op.op == EXO_OP_DUP || op.op == EXO_OP_COPY || op.op == EXO_OP_SHARE
	    || op.op == EXO_OP_MOVE) {
		op.source = place(op.level);
		op.source_env = pick(2) ? child : 0;
	}
	if (op.op == EXO_OP_COPY || op.op == EXO_OP_SHARE)
		op.rights = rights[pick(6)];
	if (op.level == 1)
		op.access = rights[pick(6)];
	if (op.op == EXO_OP_TABLE && op.level == 2 && !pick(3))
		op.flags = EXO_OP_COMMON;
	if (op.op == EXO_OP_CLAIM || op.op == EXO_OP_CLEAR)
		op.access = 0;
	lab_op(l, op);
}

/* The child's vcpus in random states. */
static void stir(struct lab *l, uint64_t *vcpus)
{
	unsigned i = pick(3);

	if (vcpu_page(l->m, vcpus[i] & 0xffff)->vcpu != vcpus[i])
		return;
	lab_call(l, EXO_CALL_YIELD, vcpus[i], 0, 0, 0, 0);
	if (l->m->cpus[0].current == (l->vcpu & 0xffff))
		return;
	if (pick(2))
		lab_call(l, EXO_CALL_TIMER, l->m->arch.clock + pick(100000), 0, 0, 0, 0);
	lab_call(l, EXO_CALL_WAIT, T + EXO_PAGE_SIZE + 8 * pick(3), 0, pick(4), 0, 0);
	while (l->m->cpus[0].current != (l->vcpu & 0xffff))
		lab_call(l, EXO_CALL_YIELD, l->vcpu, 0, 0, 0, 0);
}

/* What idle CPUs do. Draining one account's tables may leave some on another's list. */
static void drain(struct machine *m)
{
	unsigned i, round;

	for (round = 0; round < 4; round++)
		for (i = 0; i < EXO_ACCOUNTS; i++)
			while (frame_drain(m, i, 1000))
				;
	tree_lock(m);
	account_settle(m);
	tree_unlock(m);
}

static void round_of(struct lab *l, unsigned number)
{
	uint64_t child = lab_child(l, pick(2) ? 150 : 0), vcpus[3];
	unsigned i, steps = pick(300);

	for (i = 0; i < 3; i++)
		vcpus[i] = lab_vcpu(l, child, T + i * 8 * EXO_PAGE_SIZE, 0);
	for (i = 0; i < steps; i++) {
		operate(l, child);
		if (!pick(6))
			stir(l, vcpus);
		if (!lab_audit(l)) {
			tap_ok(false, "round %u, step %u", number, i);
			return;
		}
	}
	lab_call(l, EXO_CALL_ENV_KILL, child, 0, 0, 0, 0);
	lab_op(l, OP(CLEAR, EXO_LEVELS, AREA, 6));
	lab_reap(l, child);
	drain(l->m);
}

int main(void)
{
	struct lab *l = lab_open(600, 1);
	unsigned long rounds = tap_iterations(1000), i;
	uint32_t before[EXO_RESOURCES], r;

	vcpu_page(l->m, 0)->masked = 1;
	seed = tap_seed(7);
	round_of(l, 0);
	for (r = 0; r < EXO_RESOURCES; r++)
		before[r] = lab_used(l, 0, r);
	for (i = 1; i < rounds && !tap_state.failed; i++) {
		round_of(l, (unsigned)i);
		for (r = 0; r < EXO_RESOURCES; r++)
			if (lab_used(l, 0, r) != before[r]
			    || account_limit(l->m, 0, EXO_RESOURCE_FRAMES) != 598)
				tap_eq(lab_used(l, 0, r), before[r], "round %lu: resource %u", i,
				       r);
	}
	tap_ok(!tap_state.failed, "%lu children have lived and died", rounds);
	lab_close(l);
	return tap_done("tests/host/everything_comes_back.tap");
}
