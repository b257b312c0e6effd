/* SPDX-License-Identifier: ISC */
/*
 * slot-claim-once, full-table-reclaim: eight CPUs start a vcpu at once when one entry is left: one
 * has it, the others are told that the table is full. An entry whose occupant has been ended but
 * is still on its CPU is nobody's; when that CPU has left it, it serves again.
 */
#include "tests/host/sides.h"

#define T EXO_ROOT_SPAN

enum { CPUS = 8 };

static uint64_t claims; /* the env of what is claimed */
static uint64_t got[CPUS];
static int64_t err[CPUS];

static void side_claim(struct sides *s, unsigned cpu)
{
	got[cpu] = side_start(s, claims, T + cpu * EXO_PAGE_SIZE, &err[cpu]);
}

/* All entries but the last are used: how many there were. */
static unsigned fill(struct lab *l)
{
	struct exo_vcpu_start start = { .entry = LAB_ENTRY };
	uint64_t child = lab_child(l, 0);
	unsigned page = 0;

	lab_map(l, child, T, 0);
	do
		start.page = T + page++ * EXO_PAGE_SIZE;
	while (!lab_call_with(l, EXO_CALL_VCPU_START, &start, sizeof(start), 1, child, 0));
	lab_call(l, EXO_CALL_VCPU_STOP, vcpu_handle(l->m, EXO_VCPUS - 1), 0, 0, 0, 0);
	return page - 1;
}

static void begin(struct lab *l)
{
	claims = lab_child(l, 0);
	lab_map(l, claims, T, 0);
}

static void end(struct lab *l)
{
	lab_call(l, EXO_CALL_ENV_KILL, claims, 0, 0, 0, 0);
	lab_reap(l, claims);
}

static void check_claim(struct sides *s)
{
	unsigned long rounds = tap_iterations(20000), i, wrong = 0;
	unsigned cpu, winners, full;

	for (i = 0; i < rounds; i++) {
		begin(s->l);
		for (cpu = 0; cpu < CPUS; cpu++)
			s->side[cpu].program = side_claim;
		s->held = (unsigned)sides_random(s, CPUS);
		sides_run(s);
		for (cpu = winners = full = 0; cpu < CPUS; cpu++) {
			winners += err[cpu] == 0;
			full += err[cpu] == EXO_E_FULL;
		}
		wrong += winners != 1 || full != CPUS - 1;
		end(s->l);
	}
	tap_eq(wrong, 0, "%lu rounds: one of %u has it, the others are told", rounds, CPUS);
	lab_sound(s->l, "the machine is sound");
}

/* Claim as CPU 0 in the lab. */
static int64_t claim(struct lab *l, unsigned page)
{
	struct exo_vcpu_start start = { .page = T + page * EXO_PAGE_SIZE, .entry = LAB_ENTRY };

	return lab_call_with(l, EXO_CALL_VCPU_START, &start, sizeof(start), 1, claims, 0);
}

/* CPU 1 runs the occupant of the last entry while it is stopped, and again a claim comes. */
static void check_being_left(struct lab *l)
{
	begin(l);
	tap_eq(claim(l, 0), 0, "the last entry");
	got[0] = l->value;
	lab_call(l, EXO_CALL_SLICE_ALLOC, got[0], 1, EXO_SLICE_ANY, 0, 0);
	l->cpu = 1;
	lab_call(l, EXO_CALL_YIELD, got[0], 0, 0, 0, 0);
	l->cpu = 0;
	tap_eq(lab_call(l, EXO_CALL_VCPU_STOP, got[0], 0, 0, 0, 0), 0, "its occupant is stopped");
	tap_eq(l->m->vcpus[l->m->cpus[1].current].state, VCPU_STOPPING, "while CPU 1 is on it");
	tap_eq(claim(l, 1), EXO_E_FULL, "so long it is not given away");
	host_self.index = 1;
	kernel_interrupt(l->m, &l->m->cpus[1]);
	host_self.index = 0;
	tap_eq(l->m->envs[claims & 0xffff].state, ENV_DEAD, "CPU 1 leaves it");
	lab_reap(l, claims);
	begin(l);
	tap_eq(claim(l, 0), 0, "then it serves again");
	end(l);
	lab_sound(l, "the machine is sound");
}

int main(void)
{
	struct lab *l = lab_open(2048, CPUS);
	struct sides s;

	/* Not the account refuses, but the table. */
	l->m->accounts[0].quota[EXO_RESOURCE_VCPUS] += (uint64_t)CPUS << 32;
	sides_init(&s, l, CPUS);
	tap_eq(fill(l), EXO_VCPUS - CPUS, "the table is full");
	s.choose = sides_shuffle;
	s.one_in = 2;
	s.random = tap_seed(1);
	check_claim(&s);
	check_being_left(l);
	sides_destroy(&s);
	lab_destroy(l);
	return tap_done("tests/host/one_claimer_wins.tap");
}
