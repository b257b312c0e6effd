/* SPDX-License-Identifier: ISC */
/* Coroutines that stand for CPUs; see sides.h. Touches struct sides and host_self; takes the
 * kernel's locks as its calls do. */
#include "tests/host/sides.h"

#include <string.h>

enum { IDLES_MAX = 1000000, STACK_BYTES = 512 << 10 };

/* The sides that run: a new coroutine has no argument. */
static struct sides **sides_root(void)
{
	static struct sides *root;

	return &root;
}

static void sides_switch(struct sides *s, unsigned to)
{
	struct side *from = &s->side[s->current], *next = &s->side[to];

	from->self = host_self;
	s->current = to;
	fiber_switch(&from->fiber, &next->fiber, &s->former);
	host_self = from->self;
}

/* The next CPU in turn that has not finished, or else the next. */
static unsigned sides_next(struct sides *s)
{
	unsigned i, to;

	for (i = 1; i < s->count; i++) {
		to = (s->current + i) % s->count;
		if (!s->side[to].is_resting || !s->left || s->l->m->arch.cpus[to].is_interrupted)
			return to;
	}
	return (s->current + 1) % s->count;
}

static void sides_rest(struct sides *s)
{
	unsigned i;

	s->side[s->current].is_resting = true;
	for (i = 0; i < s->count && s->side[i].is_resting
	     && !s->l->m->arch.cpus[i].is_interrupted; i++)
		;
	if (!s->left && i == s->count)
		sides_switch(s, s->count);
	else if (s->count > 1)
		sides_switch(s, sides_next(s));
	s->side[s->current].is_resting = false;
}

static void sides_at_point(void *context, const char *name)
{
	struct sides *s = context;
	unsigned cpu = s->current, to = cpu;
	size_t length = strlen(name);

	if (s->watch)
		s->watch(s, cpu, name);
	if (length > 5 && !strcmp(name + length - 5, "_spin")) {
		s->spins++;
		to = sides_next(s);
	} else if (s->choose) {
		to = s->choose(s, cpu, name);
	}
	if (to != cpu)
		sides_switch(s, to);
}

static void sides_at_idle(void *context)
{
	struct sides *s = context;

	if (s->left && ++s->idles > IDLES_MAX) {
		printf("Bail out! a CPU that has something to do idles for ever\n");
		exit(1);
	}
	host_advance(s->l->m, 100);
	sides_rest(s);
}

/* What a processor does: interrupts first, then the program. */
static void side_user(struct sides *s, unsigned cpu)
{
	struct machine *m = s->l->m;

	if (m->cpus[cpu].current == VCPU_NONE)
		cpu_leave(m, &m->cpus[cpu]);
	while (m->arch.cpus[cpu].is_interrupted) {
		m->arch.cpus[cpu].is_interrupted = false;
		kernel_interrupt(m, &m->cpus[cpu]);
	}
}

static void side_main(void)
{
	struct sides *s = *sides_root();
	struct side *side = &s->side[s->current];
	unsigned cpu = s->current;

	fiber_begun(&side->fiber, s->former);
	host_self = side->self;
	if (side->program) {
		side_user(s, cpu);
		side->is_running = true;
		side->program(s, cpu);
		side->is_running = false;
		s->left--;
	}
	for (;;) {
		sides_rest(s);
		side_user(s, cpu);
	}
}

void sides_init(struct sides *s, struct lab *l, unsigned count)
{
	unsigned i;

	*s = (struct sides){ .l = l, .count = count, .random = 1, .one_in = 4 };
	s->side[0].vcpu = l->vcpu;
	s->side[0].arguments = LAB_BATCH;
	for (i = 1; i < count; i++) {
		uint64_t page = LAB_BASE + 16 * i * EXO_PAGE_SIZE;

		s->side[i].vcpu = lab_vcpu(l, 0, page, i);
		s->side[i].arguments = page + EXO_PAGE_SIZE;
		vcpu_page(l->m, s->side[i].vcpu & 0xffff)->masked = 1;
		host_self.index = i;
		cpu_leave(l->m, &l->m->cpus[i]);
	}
	vcpu_page(l->m, l->vcpu & 0xffff)->masked = 1;
	host_self.index = 0;
	l->m->joined = count;
}

void sides_run(struct sides *s)
{
	unsigned i;

	*sides_root() = s;
	s->left = s->spins = s->idles = s->passed = 0;
	s->was_held = false;
	for (i = 0; i < s->count; i++) {
		struct side *side = &s->side[i];

		s->left += side->program != NULL;
		side->is_running = side->is_resting = false;
		side->self = (struct host_self){ .index = i, .is_parallel = true, .context = s,
			.fpu = side->self.fpu, .at_point = sides_at_point,
			.at_idle = sides_at_idle };
		fiber_init(&side->fiber, side_main, STACK_BYTES);
	}
	s->current = s->count;
	sides_switch(s, s->held);
	host_self.index = 0;
}

void sides_destroy(struct sides *s)
{
	unsigned i;

	for (i = 0; i < s->count; i++)
		free((void *)(uintptr_t)s->side[i].fiber.stack);
}

int64_t side_call(struct sides *s, enum exo_call call, uint64_t a0, uint64_t a1, uint64_t a2)
{
	unsigned cpu = s->current;
	struct machine *m = s->l->m;
	struct vcpu *v;

	side_user(s, cpu);
	s->idles = 0;
	v = &m->vcpus[m->cpus[cpu].current];
	EXO_REG_NUMBER(&v->regs) = EXO_CALL_PREFIX | call;
	EXO_REG_ARG0(&v->regs) = a0;
	EXO_REG_ARG1(&v->regs) = a1;
	EXO_REG_ARG2(&v->regs) = a2;
	EXO_REG_ARG3(&v->regs) = EXO_REG_ARG4(&v->regs) = 0;
	kernel_syscall(m, &m->cpus[cpu]);
	s->side[cpu].value = EXO_REG_RESULT2(&v->regs);
	return (int64_t)EXO_REG_RESULT(&v->regs);
}

int64_t side_call_with(struct sides *s, enum exo_call call, const void *data, size_t bytes,
		       unsigned place, uint64_t a)
{
	uint64_t at = s->side[s->current].arguments;

	side_user(s, s->current);
	if (host_write(s->l->m, s->current, at, data, bytes))
		return 1;
	return side_call(s, call, place == 0 ? at : a, place == 1 ? at : a, 0);
}

uint64_t side_start(struct sides *s, uint64_t env, uint64_t page, int64_t *err)
{
	struct exo_vcpu_start start = { .page = page, .entry = LAB_ENTRY,
		.stack = page + 4 * EXO_PAGE_SIZE, .argument = env };
	int64_t result = side_call_with(s, EXO_CALL_VCPU_START, &start, sizeof(start), 1, env);

	if (err)
		*err = result;
	return result ? 0 : s->side[s->current].value;
}

void side_wait(struct sides *s)
{
	sides_switch(s, sides_next(s));
}

unsigned sides_hold(struct sides *s, unsigned cpu, const char *name)
{
	if (s->was_held || cpu != s->held || !s->side[cpu].is_running
	    || (s->hold_at && strcmp(name, s->hold_at) != 0) || (s->is_there && !s->is_there(s))
	    || s->passed++ < s->hold_after)
		return cpu;
	s->was_held = true;
	return sides_next(s);
}

uint64_t sides_random(struct sides *s, uint64_t below)
{
	s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (s->random >> 33) % below;
}

unsigned sides_shuffle(struct sides *s, unsigned cpu, const char *name)
{
	(void)name;
	return sides_random(s, s->one_in) ? cpu : (unsigned)sides_random(s, s->count);
}

uint64_t sides_child(struct sides *s, unsigned cpu, unsigned pages, uint64_t *vcpu)
{
	struct lab *l = s->l;
	uint64_t child = lab_child(l, 0);

	*vcpu = lab_vcpu(l, child, SIDES_CHILD, cpu);
	lab_map(l, child, SIDES_SHARED, pages);
	lab_map(l, 0, SIDES_SHARED, 0);
	lab_op(l, OP(COPY, 1, SIDES_SHARED, (uint16_t)pages, .source_env = child,
		     .source = SIDES_SHARED, .rights = 7, .access = 3));
	l->cpu = cpu;
	lab_call(l, EXO_CALL_YIELD, *vcpu, 0, 0, 0, 0);
	l->cpu = 0;
	host_self.index = 0;
	return child;
}

void sides_end_child(struct sides *s, uint64_t child, unsigned pages)
{
	unsigned i;

	lab_call(s->l, EXO_CALL_ENV_KILL, child, 0, 0, 0, 0);
	for (i = 0; i < s->count; i++)
		s->side[i].program = NULL;
	sides_run(s);
	lab_reap(s->l, child);
	lab_op(s->l, OP(CLEAR, 1, SIDES_SHARED, (uint16_t)pages));
}
