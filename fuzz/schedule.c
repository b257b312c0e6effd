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

#include "fuzz/fuzz.h"
#include "tests/host/fiber.h"

#define STACK_BYTES (32u << 10)
#define SPINS_MAX   100000u

/* One of the CPUs or, last, whoever runs the input. */
struct side {
	struct fiber fiber;
	struct host_self self;  /* as it is when this one goes on */
	bool is_done;
};

enum { CPUS = 2, OUTSIDE = CPUS, SIDES };

struct schedule {
	struct fuzz_world *w;
	const struct fuzz_target *target;
	const struct fuzz_record *records;
	unsigned count;
	const uint8_t *bits;   /* of the first record */
	unsigned points, spins;
	unsigned current;
	struct fiber *former;
	struct side sides[SIDES];
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
	struct side *from = &s->sides[s->current];

	from->self = host_self;
	s->current = to;
	fiber_switch(&from->fiber, &s->sides[to].fiber, &s->former);
	host_self = from->self;
}

/* strcmp, without a sanitizer that looks at what it compares. */
static bool is_named(const char *name, const char *want)
{
	while (*name && *name == *want) {
		name++;
		want++;
	}
	return *name == *want;
}

/* The hook at the kernel's named points. */
static void schedule_point(void *context, const char *name)
{
	struct schedule *s = context;
	unsigned at = s->points++ % (8 * sizeof(struct fuzz_record));
	bool is_spin = is_named(name, "lock_spin") || is_named(name, "flush_remote_spin");
	unsigned other = !s->current;

	if (s->w->is_over) /* and perhaps a lock held for ever */
		schedule_switch(s, OUTSIDE);
	if (is_spin && (s->sides[other].is_done || s->spins++ > SPINS_MAX))
		fuzz_fail("a CPU waits for ever");
	if (s->sides[other].is_done || !(is_spin || s->bits[at / 8] >> at % 8 & 1))
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

	fiber_begun(&s->sides[cpu].fiber, s->former);
	host_self = s->sides[cpu].self;
	while (at < s->count && !s->w->is_over) {
		if ((s->records[at].where & FUZZ_CPU) != cpu) {
			at++;
			continue;
		}
		memset(&step, 0, sizeof(step)); /* the memory too */
		fuzz_decode(s->w, s->target, s->records, s->count, &at, &step);
		fuzz_step(s->w, &step);
	}
	s->sides[cpu].is_done = true;
	schedule_switch(s, s->sides[!cpu].is_done ? (unsigned)OUTSIDE : !cpu);
}

static void schedule_start(struct schedule *s)
{
	unsigned cpu;

	for (cpu = 0; cpu < CPUS; cpu++) {
		s->sides[cpu].is_done = false;
		s->sides[cpu].self = (struct host_self){ .index = cpu,
			.at_point = schedule_point, .context = s };
		fiber_init(&s->sides[cpu].fiber, schedule_cpu, STACK_BYTES);
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
