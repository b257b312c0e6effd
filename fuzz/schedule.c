/* SPDX-License-Identifier: ISC */
/*
 * Schedules: both CPUs of the world in the kernel at once. Each is a coroutine that makes its own
 * steps of the input; at every named point, the bits of the first record say whether the other one
 * goes on, so a race is found by mutation and replayed exactly. Who spins on a lock always gives
 * way. Holds the coroutines of the one world.
 */
#include "fuzz/schedule.h"

#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "fuzz/fuzz.h"

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/common_interface_defs.h>
#define FIBER_START(keep, to) __sanitizer_start_switch_fiber(keep, (to)->stack, (to)->stack_bytes)
#define FIBER_FINISH(keep, from)								\
	__sanitizer_finish_switch_fiber(keep, &(from)->stack, &(from)->stack_bytes)
#else
#define FIBER_START(keep, to) ((void)(keep), (void)(to))
#define FIBER_FINISH(keep, from) ((void)(keep), (void)(from))
#endif

#define STACK_BYTES (64u << 10) /* the address sanitizer clears as much at each switch */
#define SPINS_MAX   100000u

/* A coroutine: one of the CPUs or, last, whoever runs the input. */
struct fiber {
	ucontext_t context;
	const void *stack;
	size_t stack_bytes;
	void *fake;             /* the sanitizer's */
	struct host_self self;  /* as it is when this one goes on */
	bool is_done;
};

enum { CPUS = 2, OUTSIDE = CPUS, FIBERS };

struct schedule {
	struct fuzz_world *w;
	const struct fuzz_target *target;
	const struct fuzz_record *records;
	unsigned count;
	const uint8_t *bits;   /* of the first record */
	unsigned points, spins;
	unsigned current, former;
	struct fiber fibers[FIBERS];
};

static struct schedule *schedule(void)
{
	static struct schedule *s;

	if (!s)
		s = calloc(1, sizeof(*s));
	return s;
}

static void schedule_switch(struct schedule *s, unsigned to)
{
	struct fiber *from = &s->fibers[s->current], *next = &s->fibers[to];

	from->self = host_self;
	s->former = s->current;
	s->current = to;
	FIBER_START(&from->fake, next);
	swapcontext(&from->context, &next->context);
	FIBER_FINISH(from->fake, &s->fibers[s->former]);
	host_self = from->self;
}

/* The hook at the kernel's named points. */
static void schedule_point(void *context, const char *name)
{
	struct schedule *s = context;
	unsigned at = s->points++ % (8 * sizeof(struct fuzz_record));
	bool is_spin = !strcmp(name, "lock_spin") || !strcmp(name, "flush_remote_spin");
	unsigned other = !s->current;

	if (s->w->is_over) /* and perhaps a lock held for ever */
		schedule_switch(s, OUTSIDE);
	if (is_spin && (s->fibers[other].is_done || s->spins++ > SPINS_MAX))
		fuzz_fail("a CPU waits for ever");
	if (s->fibers[other].is_done || !(is_spin || s->bits[at / 8] >> at % 8 & 1))
		return;
	if (s->w->is_traced)
		printf(" [%s: cpu %u goes on]\n", name, other);
	schedule_switch(s, other);
}

/* One CPU: the input's steps that are its own. */
static void schedule_cpu(void)
{
	struct schedule *s = schedule();
	unsigned cpu = s->current, at = 0;
	struct fuzz_step step;

	FIBER_FINISH(s->fibers[cpu].fake, &s->fibers[s->former]);
	host_self = s->fibers[cpu].self;
	while (at < s->count && !s->w->is_over) {
		if ((s->records[at].where & FUZZ_CPU) != cpu) {
			at++;
			continue;
		}
		fuzz_decode(s->w, s->target, s->records, s->count, &at, &step);
		fuzz_step(s->w, &step);
	}
	s->fibers[cpu].is_done = true;
	schedule_switch(s, s->fibers[!cpu].is_done ? (unsigned)OUTSIDE : !cpu);
}

static void schedule_start(struct schedule *s)
{
	unsigned cpu;

	for (cpu = 0; cpu < CPUS; cpu++) {
		struct fiber *f = &s->fibers[cpu];

		if (!f->stack)
			f->stack = malloc(STACK_BYTES);
		f->stack_bytes = STACK_BYTES;
		f->is_done = false;
		f->fake = NULL;
		f->self = (struct host_self){ .index = cpu, .at_point = schedule_point,
			.context = s };
		getcontext(&f->context);
		f->context.uc_stack.ss_sp = (void *)(uintptr_t)f->stack;
		f->context.uc_stack.ss_size = STACK_BYTES;
		makecontext(&f->context, schedule_cpu, 0);
	}
}

void schedule_run(const struct fuzz_target *target, const struct fuzz_record *records,
		  unsigned count, bool is_traced)
{
	struct schedule *s = schedule();

	if (count < 2)
		return;
	s->w = fuzz_world();
	fuzz_reset(s->w);
	s->w->is_traced = is_traced;
	s->w->is_concurrent = true;
	s->w->model.is_lost = true; /* it would have to know in which order */
	s->target = target;
	s->bits = (const uint8_t *)records;
	s->records = records + 1;
	s->count = count - 1;
	s->points = s->spins = 0;
	s->current = OUTSIDE;
	schedule_start(s);
	schedule_switch(s, s->bits[0] & 1);
	s->w->is_concurrent = false;
	if (!s->w->is_over)
		fuzz_check_tlb(s->w);
	fuzz_finish(s->w);
}
