/* SPDX-License-Identifier: ISC */
/* wait and wake on private and shared words, blocking and as a doorbell: who is woken, by what, and
 * who is not. */
#include "tests/host/lab.h"

#define T EXO_ROOT_SPAN
#define WORD (3 * EXO_ROOT_SPAN)

static uint64_t child, second, third;

static unsigned state(struct lab *l, uint64_t vcpu)
{
	return l->m->vcpus[vcpu & 0xffff].state;
}

static int64_t result(struct lab *l, uint64_t vcpu)
{
	return (int64_t)EXO_REG_RESULT(&l->m->vcpus[vcpu & 0xffff].regs);
}

/* Let a vcpu of the child's run, and wait. The first one runs afterwards. */
static void wait_as(struct lab *l, uint64_t vcpu, uint64_t word, uint64_t flags)
{
	lab_call(l, EXO_CALL_YIELD, vcpu, 0, 0, 0, 0);
	lab_call(l, EXO_CALL_WAIT, word, 0, flags, 0, 0);
	while (l->m->cpus[0].current != (l->vcpu & 0xffff))
		lab_call(l, EXO_CALL_YIELD, l->vcpu, 0, 0, 0, 0);
}

/* Wake as that vcpu; how many were. */
static uint64_t wake_as(struct lab *l, uint64_t vcpu, uint64_t word, uint64_t n, uint64_t flags)
{
	uint64_t woken;

	if (vcpu != l->vcpu)
		lab_call(l, EXO_CALL_YIELD, vcpu, 0, 0, 0, 0);
	lab_call(l, EXO_CALL_WAKE, word, n, flags, 0, 0);
	woken = l->value;
	while (l->m->cpus[0].current != (l->vcpu & 0xffff))
		lab_call(l, EXO_CALL_YIELD, l->vcpu, 0, 0, 0, 0);
	return woken;
}

static void prepare(struct lab *l)
{
	uint64_t fourth;

	child = lab_child(l, 0);
	second = lab_vcpu(l, child, T, 0);
	third = lab_vcpu(l, child, 2 * T, 0);
	fourth = lab_vcpu(l, child, 4 * T, 0);
	lab_map(l, child, WORD, 3);
	lab_map(l, 0, WORD, 0);
	lab_op(l, OP(COPY, 1, WORD, 1, .source_env = child, .source = WORD, .rights = 7,
		     .access = 3));
	wait_as(l, fourth, WORD + 128, 0);
	tap_eq(state(l, fourth), VCPU_WAITING, "one waits for nothing we do");
}

static void check_refusals(struct lab *l)
{
	lab_denies(l, EXO_CALL_WAIT, WORD, 1, 0, EXO_E_VALUE, "another value");
	lab_denies(l, EXO_CALL_WAIT, WORD + 2, 0, 0, EXO_E_ARGUMENT, "an odd address");
	lab_denies(l, EXO_CALL_WAIT, WORD, 0, 4, EXO_E_ARGUMENT, "an unknown flag");
	lab_denies(l, EXO_CALL_WAIT, 9 * T, 0, 0, EXO_E_POINTER, "no page");
	lab_denies(l, EXO_CALL_WAIT, UINT64_MAX - 3, 0, 0, EXO_E_POINTER, "no address");
	lab_denies(l, EXO_CALL_WAIT, EXO_ROOT_RECURSIVE * T, 0, EXO_WAIT_SHARED, EXO_E_POINTER,
		   "a table");
	lab_denies(l, EXO_CALL_WAKE, WORD + 1, 1, 0, EXO_E_ARGUMENT, "wake: an odd address");
	lab_denies(l, EXO_CALL_WAKE, WORD, 1, EXO_WAIT_DOORBELL, EXO_E_ARGUMENT,
		   "wake: a flag of wait's");
	lab_denies(l, EXO_CALL_WAKE, 9 * T, 1, 0, EXO_E_POINTER, "wake: no page");
	lab_denies(l, EXO_CALL_WAKE, WORD, 9, 0, 0, "wake: nobody waits");
	l->m->vcpus[0].pending = EXO_EVENT_TIMER;
	vcpu_page(l->m, 0)->masked = 1;
	lab_denies(l, EXO_CALL_WAIT, WORD, 0, 0, EXO_E_PENDING, "an event is pending");
	l->m->vcpus[0].pending = 0;
	vcpu_page(l->m, 0)->masked = 0;
}

static void check_private(struct lab *l)
{
	wait_as(l, second, WORD, 0);
	wait_as(l, third, WORD, 0);
	tap_ok(state(l, second) == VCPU_WAITING && state(l, third) == VCPU_WAITING, "two wait");
	lab_sound(l, "soundly");
	tap_eq(wake_as(l, l->vcpu, WORD, 9, 0), 0, "the same address of another env wakes none");
	tap_eq(wake_as(l, l->vcpu, WORD, 9, EXO_WAIT_SHARED), 0, "nor the frame");
	lab_op(l, OP(CLEAR, 1, WORD + 2 * EXO_PAGE_SIZE, 1, .target_env = child));
	tap_ok(state(l, second) == VCPU_WAITING, "a drop elsewhere neither");
	vcpu_event(l->m, second & 0xffff, EXO_EVENT_TIMER);
	tap_ok(state(l, second) == VCPU_RUNNABLE && result(l, second) == EXO_E_PENDING,
	       "an event ends a wait, with that result");
	lab_sound(l, "soundly");
	lab_call(l, EXO_CALL_YIELD, second, 0, 0, 0, 0);
	tap_eq(lab_call(l, EXO_CALL_WAKE, WORD, 1, 0, 0, 0), 0, "wake of one");
	tap_eq(l->value, 1, "wakes one");
	tap_ok(state(l, third) == VCPU_RUNNABLE && result(l, third) == 0, "which has result 0");
	lab_call(l, EXO_CALL_YIELD, l->vcpu, 0, 0, 0, 0);
	lab_sound(l, "soundly");
}

static void check_shared(struct lab *l)
{
	uint32_t refs = lab_refs(l, 0, WORD, 1);

	wait_as(l, second, WORD + 64, EXO_WAIT_SHARED);
	wait_as(l, third, WORD + 64, EXO_WAIT_SHARED);
	tap_eq(lab_refs(l, 0, WORD, 1), refs + 2, "each holds the frame");
	tap_eq(wake_as(l, l->vcpu, WORD + 60, 9, EXO_WAIT_SHARED), 0, "another word wakes none");
	tap_eq(wake_as(l, l->vcpu, WORD + 64, 9, 0), 0, "a private wake neither");
	tap_eq(wake_as(l, l->vcpu, WORD + 64, 1, EXO_WAIT_SHARED), 1, "wake of one");
	tap_eq((state(l, second) == VCPU_WAITING) + (state(l, third) == VCPU_WAITING), 1,
	       "wakes one, not both");
	tap_eq(lab_refs(l, 0, WORD, 1), refs + 1, "which gives the frame back");
	lab_sound(l, "soundly");
	lab_does(l, OP(CLEAR, 1, WORD, 1), "a slot on the frame is dropped");
	tap_eq((state(l, second) == VCPU_WAITING) + (state(l, third) == VCPU_WAITING), 0,
	       "which wakes all");
	tap_eq(lab_refs(l, child, WORD, 1), refs - 1, "and the frame is held by slots alone");
	lab_op(l, OP(COPY, 1, WORD, 1, .source_env = child, .source = WORD, .rights = 7,
		     .access = 3));
}

static void check_bell(struct lab *l)
{
	struct exo_vcpu_page *page = vcpu_page(l->m, 0);
	uint64_t free = lab_child(l, 0);

	page->masked = 1;
	tap_eq(lab_call(l, EXO_CALL_WAIT, WORD, 0, EXO_WAIT_SHARED | EXO_WAIT_DOORBELL, 0, 0), 0,
	       "a doorbell");
	tap_eq(state(l, l->vcpu), VCPU_RUNNING, "does not block");
	lab_sound(l, "soundly");
	tap_eq(wake_as(l, second, WORD, 1, EXO_WAIT_SHARED), 1, "the child rings");
	tap_eq(page->pending, EXO_EVENT_DOORBELL, "which comes as an event");
	tap_eq(wake_as(l, second, WORD, 1, EXO_WAIT_SHARED), 0, "once");
	l->m->vcpus[0].pending = page->pending = 0;
	lab_call(l, EXO_CALL_WAIT, WORD, 0, EXO_WAIT_DOORBELL, 0, 0);
	lab_call(l, EXO_CALL_WAIT, WORD + 8, 0, EXO_WAIT_DOORBELL, 0, 0);
	tap_eq(wake_as(l, l->vcpu, WORD, 9, 0), 0, "a new wait takes the old one's place");
	tap_eq(wake_as(l, l->vcpu, WORD + 8, 9, 0), 1, "and is the one that rings");
	l->m->vcpus[0].pending = page->pending = 0;
	lab_call(l, EXO_CALL_WAIT, WORD, 0, EXO_WAIT_DOORBELL | EXO_WAIT_SHARED, 0, 0);
	lab_call(l, EXO_CALL_ENV_KILL, free, 0, 0, 0, 0);
	lab_does(l, OP(CLEAR, 1, WORD, 1, .target_env = child), "dropping a slot");
	tap_ok(page->pending & EXO_EVENT_DOORBELL, "rings too");
}

/* A vcpu that waits is killed; the word is woken after that. */
static void check_dead(struct lab *l)
{
	wait_as(l, third, WORD + EXO_PAGE_SIZE, EXO_WAIT_SHARED);
	tap_eq(lab_call(l, EXO_CALL_VCPU_STOP, third, 0, 0, 0, 0), 0, "one that waits is stopped");
	lab_sound(l, "and leaves its queue");
	tap_eq(wake_as(l, second, WORD + EXO_PAGE_SIZE, 9, EXO_WAIT_SHARED), 0,
	       "nobody is there to be woken");
	tap_eq(state(l, third), VCPU_FREE, "and its entry stays free (no-resurrection)");
	lab_call(l, EXO_CALL_ENV_KILL, child, 0, 0, 0, 0);
	lab_reap(l, child);
	lab_sound(l, "all is sound when the env is gone");
}

int main(void)
{
	struct lab *l = lab_open(256, 1);

	prepare(l);
	check_refusals(l);
	check_private(l);
	check_shared(l);
	check_bell(l);
	check_dead(l);
	lab_close(l);
	return tap_done("tests/host/call_wait_wake.tap");
}
