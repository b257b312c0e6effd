/* SPDX-License-Identifier: ISC */
/*
 * release-barrier: two vcpus of one env, on two CPUs if there are, hand numbers to each other by
 * wait and wake only. Whoever is woken sees all that the waker wrote before the call, in plain
 * stores.
 */
#include <stdatomic.h>

#include "tests/guest/raw_child.h"

enum { WORDS = 64 };

struct side {
	_Atomic uint32_t word;             /* what it waits on: the number of the last message */
	volatile uint64_t message[WORDS];  /* written by the other side */
	uint64_t wrong, lost;
};

static struct side sides[2];
static uint8_t stack[RAW_CHILD_STACK] __attribute__((aligned(16)));
static volatile uint64_t is_done;
static uint64_t rounds;

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	(void)page;
	raw_exit(90 + (uint32_t)frame->kind);
}

static void side_send(struct side *to, uint32_t number)
{
	unsigned i;

	for (i = 0; i < WORDS; i++)
		to->message[i] = number * UINT64_C(0x9e3779b97f4a7c15) + i;
	/* Relaxed: the order is the kernel's to make. */
	atomic_store_explicit(&to->word, number, memory_order_relaxed);
	raw_call(EXO_CALL_WAKE, (uint64_t)&to->word, 1, 0);
}

static void side_receive(struct side *me, uint32_t number)
{
	int64_t err;
	unsigned i;

	do
		err = raw_call(EXO_CALL_WAIT, (uint64_t)&me->word, number - 1, 0);
	while (!err && atomic_load_explicit(&me->word, memory_order_relaxed) == number - 1);
	me->lost += (err && err != EXO_E_VALUE)
		|| atomic_load_explicit(&me->word, memory_order_relaxed) != number;
	for (i = 0; i < WORDS; i++)
		me->wrong += me->message[i] != number * UINT64_C(0x9e3779b97f4a7c15) + i;
}

static _Noreturn void other(uint64_t argument)
{
	uint32_t i;

	(void)argument;
	for (i = 1; i <= rounds; i++) {
		side_receive(&sides[1], i);
		side_send(&sides[0], i);
	}
	for (is_done = 1;;)
		raw_yield();
}

static void raw_main(void)
{
	unsigned cpus = raw_info()->cpus;
	struct exo_vcpu_start start = {
		.page = RAW_AREA, .entry = (uint64_t)other, .masked = 1,
		.stack = (uint64_t)stack + sizeof(stack) - CPU_STACK_SKEW,
	};
	struct exo_result r;
	uint32_t i;

	rounds = raw_rounds(10000);
	raw_eq((uint64_t)raw_tables(0, RAW_AREA), 0, "room for a vcpu page");
	r = exo_call(EXO_CALL_VCPU_START, 0, (uint64_t)&start, 0, 0, 0);
	raw_eq((uint64_t)r.value, 0, "a second vcpu");
	raw_eq((uint64_t)raw_call(EXO_CALL_SLICE_ALLOC, r.second, cpus - 1, EXO_SLICE_ANY), 0,
	       "on the last CPU");
	for (i = 1; i <= rounds; i++) {
		side_send(&sides[1], i);
		side_receive(&sides[0], i);
	}
	while (!is_done)
		raw_yield();
	raw_note("rounds", rounds, "");
	raw_eq(sides[0].wrong, 0, "the first saw all that was written");
	raw_eq(sides[1].wrong, 0, "and the second");
	raw_eq(sides[0].lost + sides[1].lost, 0, "no wake was lost, none came too early");
}
