/* SPDX-License-Identifier: ISC */
/* edges-refused: vcpu_start, vcpu_stop, and the edges of a vcpu's life: legal ones, and every other
 * refused. */
#include <string.h>

#include "tests/host/lab.h"

#define T EXO_ROOT_SPAN

static const struct exo_vcpu_start good = { .page = T + EXO_PAGE_SIZE, .entry = LAB_ENTRY,
	.stack = 0x5000, .argument = 5, .upcall_entry = 0x6000, .stack_base = 0x7000,
	.stack_top = 0x8000, .masked = 1 };

static int64_t start(struct lab *l, uint64_t env, struct exo_vcpu_start with)
{
	return lab_call_with(l, EXO_CALL_VCPU_START, &with, sizeof(with), 1, env, 0);
}

static void check_start(struct lab *l)
{
	uint32_t frames = lab_used(l, 0, EXO_RESOURCE_FRAMES);
	uint32_t vcpus = lab_used(l, 0, EXO_RESOURCE_VCPUS);
	const struct exo_vcpu_page *page;
	const struct vcpu *v;

	lab_map(l, 0, T, 0);
	frames = lab_used(l, 0, EXO_RESOURCE_FRAMES);
	tap_eq(start(l, 0, good), 0, "a vcpu");
	v = &l->m->vcpus[l->value & 0xffff];
	tap_eq(v->state, VCPU_RUNNABLE, "is runnable");
	tap_ok(v->regs.pc == LAB_ENTRY && v->regs.sp == 0x5000 && v->regs.arg[0] == 5,
	       "with the registers asked for");
	tap_ok(!v->regs.number && !v->regs.arg[1] && !v->regs.general[0], "the rest zero");
	page = vcpu_page(l->m, l->value & 0xffff);
	tap_ok(page->env == l->env && page->vcpu == l->value && page->upcall_entry == 0x6000
	       && page->stack_base == 0x7000 && page->stack_top == 0x8000 && page->masked == 1,
	       "its page says what it must");
	tap_eq(lab_used(l, 0, EXO_RESOURCE_FRAMES), frames + 1, "a frame is paid for");
	tap_eq(lab_used(l, 0, EXO_RESOURCE_VCPUS), vcpus + 1, "and a vcpu");
	tap_eq(lab_store(l, 0, good.page, 1), 0, "the program may write the page");
	lab_sound(l, "all is sound");
}

static void denies(struct lab *l, struct exo_vcpu_start with, int64_t error, const char *what)
{
	host_write(l->m, 0, LAB_BATCH, &with, sizeof(with));
	lab_denies(l, EXO_CALL_VCPU_START, 0, LAB_BATCH, 0, error, "%s", what);
}

static void check_refusals(struct lab *l)
{
	struct exo_vcpu_start with = good;

	lab_denies(l, EXO_CALL_VCPU_START, 0, 9 * T, 0, EXO_E_POINTER, "no structure");
	lab_denies(l, EXO_CALL_VCPU_START, 77, LAB_BATCH, 0, EXO_E_ENV, "no env");
	with.page += 8;
	denies(l, with, EXO_E_ARGUMENT, "a page at an odd address");
	with = good;
	with.masked = 2;
	denies(l, with, EXO_E_ARGUMENT, "masked twice");
	with = good;
	with.entry = EXO_ROOT_USER * EXO_ROOT_SPAN;
	denies(l, with, EXO_E_ARGUMENT, "an entry beyond the program");
	with = good;
	with.stack = UINT64_MAX;
	denies(l, with, EXO_E_ARGUMENT, "a stack beyond it");
	denies(l, good, EXO_E_USED, "a used slot");
	with.stack = 0;
	with.page = EXO_ROOT_RECURSIVE * T;
	denies(l, with, EXO_E_RANGE, "in the recursive view");
	with.page = 9 * T;
	denies(l, with, EXO_E_NO_TABLE, "without a table");
	with.page = EXO_INFO_BASE + EXO_PAGE_SIZE;
	denies(l, with, EXO_E_FROZEN, "in a frozen table");
	lab_op(l, OP(TABLE, 2, T + EXO_SPAN(2), 1, .flags = EXO_OP_COMMON));
	with.page = T + EXO_SPAN(2);
	denies(l, with, EXO_E_TYPE, "in a common table");
	with.page = T;
	l->m->accounts[0].quota[EXO_RESOURCE_VCPUS] -= (uint64_t)(EXO_VCPUS - 2) << 32;
	denies(l, with, EXO_E_LIMIT, "no vcpu left to pay for");
	l->m->accounts[0].quota[EXO_RESOURCE_VCPUS] += (uint64_t)(EXO_VCPUS - 2) << 32;
}

static void check_full(struct lab *l)
{
	struct exo_vcpu_start with = good;
	unsigned i;

	for (i = 2; i < EXO_VCPUS; i++) {
		with.page = T + i * EXO_PAGE_SIZE;
		if (start(l, 0, with))
			break;
	}
	tap_eq(i, EXO_VCPUS, "all vcpus that there are");
	with.page = T;
	l->m->accounts[0].quota[EXO_RESOURCE_VCPUS] += UINT64_C(1) << 32;
	host_write(l->m, 0, LAB_BATCH, &with, sizeof(with));
	lab_remember(l);
	tap_eq(lab_call(l, EXO_CALL_VCPU_START, 0, LAB_BATCH, 0, 0, 0), EXO_E_FULL, "one more");
	tap_ok(lab_is_same(l), "changes nothing");
	l->m->accounts[0].quota[EXO_RESOURCE_VCPUS] -= UINT64_C(1) << 32;
	lab_sound(l, "all is sound");
}

static void check_stop(struct lab *l)
{
	uint64_t child = lab_child(l, 0), foreign = lab_vcpu(l, child, T, 0), vcpu;
	uint32_t slices = lab_used(l, 0, EXO_RESOURCE_SLICES);

	vcpu = lab_vcpu(l, child, 2 * T, 0);
	lab_denies(l, EXO_CALL_VCPU_STOP, vcpu + (1u << 16), 0, 0, EXO_E_VCPU, "another life");
	lab_denies(l, EXO_CALL_VCPU_STOP, UINT64_MAX, 0, 0, EXO_E_VCPU, "no vcpu");
	lab_denies(l, EXO_CALL_VCPU_STOP, 300, 0, 0, EXO_E_VCPU, "one that never was");
	tap_eq(lab_call(l, EXO_CALL_VCPU_STOP, vcpu, 0, 0, 0, 0), 0, "stop of a child's");
	tap_eq(l->m->vcpus[vcpu & 0xffff].state, VCPU_FREE, "its entry is free");
	tap_eq(l->m->vcpus[vcpu & 0xffff].regs.pc, 0, "and zeroed");
	tap_eq(lab_used(l, 0, EXO_RESOURCE_SLICES), slices, "its slice is back");
	lab_denies(l, EXO_CALL_VCPU_STOP, vcpu, 0, 0, EXO_E_VCPU, "stopping it twice");
	lab_sound(l, "all is sound");
	tap_eq(l->m->envs[child & 0xffff].state, ENV_ALIVE, "its env lives");
	lab_call(l, EXO_CALL_VCPU_STOP, foreign, 0, 0, 0, 0);
	tap_eq(lab_reap(l, child), 0, "until its last vcpu stops");
	tap_eq(EXO_STATUS_DEATH(l->value), EXO_DEATH_LAST_VCPU, "and says so");
	lab_sound(l, "all is sound");
}

/* CHILD and REVOKE are for an env, by its last started vcpu: not lost if that one stops. */
static void check_heir(struct lab *l)
{
	uint64_t child = lab_child(l, 60), heir = lab_vcpu(l, child, T, 0) & 0xffff;
	uint64_t last = lab_vcpu(l, child, 2 * T, 0), grandchild;

	lab_map(l, child, LAB_BASE, 0);
	lab_call(l, EXO_CALL_YIELD, last, 0, 0, 0, 0);
	tap_eq(lab_call(l, EXO_CALL_ENV_CREATE, 0, 0, 0, 0, 0), 0, "a child has a child");
	grandchild = l->value;
	lab_call(l, EXO_CALL_YIELD, l->vcpu, 0, 0, 0, 0);
	lab_call(l, EXO_CALL_ENV_KILL, grandchild, 0, 0, 0, 0);
	tap_eq(l->m->vcpus[last & 0xffff].pending, EXO_EVENT_CHILD,
	       "its last vcpu is to hear of its end");
	lab_call(l, EXO_CALL_VCPU_STOP, last, 0, 0, 0, 0);
	tap_eq(l->m->vcpus[heir].pending, EXO_EVENT_CHILD, "who was started before hears of it");
	last = lab_vcpu(l, child, 3 * T, 0);
	lab_call(l, EXO_CALL_ACCOUNT, EXO_ACCOUNT_REVOKE, child, EXO_RESOURCE_FRAMES, 60, 1000);
	tap_eq(l->m->vcpus[last & 0xffff].pending, EXO_EVENT_REVOKE, "frames are asked back");
	lab_call(l, EXO_CALL_VCPU_STOP, last, 0, 0, 0, 0);
	tap_eq(l->m->vcpus[heir].pending, EXO_EVENT_CHILD | EXO_EVENT_REVOKE,
	       "of the heir, if that one stops");
	tap_ok(vcpu_page(l->m, (unsigned)heir)->revoke_frames
	       && vcpu_page(l->m, (unsigned)heir)->revoke_deadline == 1000, "how many, by when");
	lab_sound(l, "all is sound");
}

/* As a child sees it: vcpus above are not its to stop. */
static void check_above(struct lab *l)
{
	uint64_t child = lab_child(l, 0), vcpu;

	lab_map(l, child, LAB_BASE, 0);
	vcpu = lab_vcpu(l, child, T, 0);
	lab_call(l, EXO_CALL_YIELD, vcpu, 0, 0, 0, 0);
	tap_eq(l->m->cpus[0].root_env, child & 0xffff, "a child runs");
	lab_denies(l, EXO_CALL_VCPU_STOP, l->vcpu, 0, 0, EXO_E_VCPU, "its parent's vcpu");
	lab_denies(l, EXO_CALL_SLICE_ALLOC, l->vcpu, 0, EXO_SLICE_ANY, EXO_E_VCPU,
		   "a slice for it");
	lab_call(l, EXO_CALL_VCPU_STOP, 0, 0, 0, 0, 0);
	tap_eq(l->m->cpus[0].root_env, l->env & 0xffff, "it stops itself");
	lab_sound(l, "all is sound");
}

static void check_edges(struct lab *l)
{
	static const uint8_t legal[VCPU_STATES] = {
		[VCPU_FREE] = 1u << VCPU_INITIALIZING,
		[VCPU_INITIALIZING] = 1u << VCPU_RUNNABLE | 1u << VCPU_TERMINATED,
		[VCPU_RUNNABLE] = 1u << VCPU_RUNNING | 1u << VCPU_TERMINATED,
		[VCPU_RUNNING] = 1u << VCPU_RUNNABLE | 1u << VCPU_STOPPING
			| 1u << VCPU_WAITING | 1u << VCPU_TERMINATED,
		[VCPU_STOPPING] = 1u << VCPU_TERMINATED,
		[VCPU_WAITING] = 1u << VCPU_RUNNABLE | 1u << VCPU_TERMINATED,
		[VCPU_TERMINATED] = 1u << VCPU_FREE,
	};
	_Atomic uint32_t *state = &l->m->vcpus[9].state;
	unsigned is, from, to, bad = 0;
	uint64_t refused = l->m->refusals;

	for (is = 0; is < VCPU_STATES; is++)
		for (from = 0; from < VCPU_STATES; from++)
			for (to = 0; to < VCPU_STATES; to++) {
				bool is_legal = is == from && legal[from] >> to & 1;

				*state = is;
				refused += !is_legal;
				bad += vcpu_edge(l->m, 9, from, to) != is_legal
					|| *state != (is_legal ? to : is)
					|| l->m->refusals != refused;
			}
	*state = VCPU_FREE;
	tap_eq(bad, 0, "each of %u edges is taken, or refused, counted and changes nothing",
	       VCPU_STATES * VCPU_STATES * VCPU_STATES);
}

int main(void)
{
	struct lab *l = lab_open(1024, 1);

	check_start(l);
	check_refusals(l);
	check_full(l);
	lab_close(l);
	l = lab_open(256, 1);
	check_stop(l);
	check_above(l);
	check_heir(l);
	check_edges(l);
	lab_close(l);
	return tap_done("tests/host/call_vcpu.tap");
}
