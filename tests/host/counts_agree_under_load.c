/* SPDX-License-Identifier: ISC */
/*
 * frame-tracking-heavy, rw-lock-irq: four CPUs allocate, name once more, duplicate and drop frames
 * of four envs on one account, and switch at any point. What is counted is what is there, after
 * each round; at every point who reads a quota finds its limit and what is used of it in one
 * state, without a lock that a writer would have to wait for.
 */
#include "tests/host/sides.h"

#define AT EXO_ROOT_SPAN

enum { CPUS = 4, PAGES = 8, STEPS = 200 };

static uint64_t child[CPUS];
static unsigned long done, refused, torn;
static uint32_t limit;

/* Of what all write at once. */
static void watch(struct sides *s, unsigned cpu, const char *name)
{
	uint64_t quota = s->l->m->accounts[0].quota[EXO_RESOURCE_FRAMES];

	(void)cpu;
	(void)name;
	torn += quota >> 32 != limit || (uint32_t)quota > limit;
}

static uint64_t any_page(struct sides *s)
{
	return AT + sides_random(s, PAGES) * EXO_PAGE_SIZE;
}

static void side_churn(struct sides *s, unsigned cpu)
{
	unsigned i;

	for (i = 0; i < STEPS; i++) {
		uint64_t from = child[sides_random(s, CPUS)];
		struct exo_slot_op ops[] = {
			OP(ALLOC, 1, any_page(s), 1, .access = 3),
			OP(COPY, 1, any_page(s), 1, .source_env = from, .source = any_page(s),
			   .rights = 7, .access = 1),
			OP(DUP, 1, any_page(s), 1, .source_env = child[cpu], .source = any_page(s),
			   .rights = 7, .access = 3),
			OP(CLEAR, 1, any_page(s), 1),
		};
		struct exo_slot_op *op = &ops[sides_random(s, 4)];
		int64_t err;

		op->target_env = child[cpu];
		err = side_call_with(s, EXO_CALL_SLOTS, op, sizeof(*op), 0, 1);
		done += !err;
		refused += err != 0;
	}
}

int main(void)
{
	unsigned long rounds = tap_iterations(60), i, unsound = 0;
	struct lab *l = lab_open(512, CPUS);
	struct sides s;
	unsigned cpu;

	sides_init(&s, l, CPUS);
	s.choose = sides_shuffle;
	s.one_in = 2;
	s.random = tap_seed(1);
	s.watch = watch;
	limit = account_limit(l->m, 0, EXO_RESOURCE_FRAMES);
	for (cpu = 0; cpu < CPUS; cpu++) {
		child[cpu] = lab_child(l, 0);
		lab_map(l, child[cpu], AT, PAGES);
		s.side[cpu].program = side_churn;
	}
	for (i = 0; i < rounds && !unsound; i++) {
		sides_run(&s);
		unsound += !lab_audit(l);
	}
	tap_ok(done > rounds * STEPS, "%lu changes, %lu refused", done, refused);
	tap_eq(unsound, 0, "%lu rounds, and the count agrees after each", rounds);
	tap_eq(torn, 0, "no quota is ever seen half written");
	sides_destroy(&s);
	lab_destroy(l);
	return tap_done("tests/host/counts_agree_under_load.tap");
}
