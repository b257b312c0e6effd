/* SPDX-License-Identifier: ISC */
/*
 * slot-parallel-exec: two CPUs begin programs again and again, each in an env of its own with a
 * page that says whose it is, while a third clears away what has ended; any of them is stopped at
 * any point. Some end by themselves, others are ended by the third when they are on their way off
 * their CPU, or already off. Each program finds its own page in its own space, its status is its
 * own, and no space ends while a CPU has it loaded.
 */
#include "tests/host/sides.h"

#define PAGE (2 * EXO_ROOT_SPAN) /* of a program's vcpu */
#define WORD (3 * EXO_ROOT_SPAN) /* of a program: the page that says whose it is */

enum { CPUS = 3 };

static unsigned long wanted, begun, ended, strangers, wrong_status, loaded;
static uint64_t status_of[EXO_ENVS]; /* what the program of that env is to end with */

static bool is_done[EXO_ENVS];       /* it may be ended */

static void watch(struct sides *s, unsigned cpu, const char *name)
{
	struct machine *m = s->l->m;
	unsigned i;

	(void)cpu;
	(void)name;
	for (i = 0; i < CPUS; i++)
		loaded += m->cpus[i].root_env != ENV_NONE
			&& (m->envs[m->cpus[i].root_env].state == ENV_DEAD
			    || m->envs[m->cpus[i].root_env].state == ENV_FREE);
}

/* Slots of a new env, by the parent. */
static int64_t side_op(struct sides *s, struct exo_slot_op op)
{
	return side_call_with(s, EXO_CALL_SLOTS, &op, sizeof(op), 0, 1);
}

static bool side_fill(struct sides *s, uint64_t env, uint64_t number)
{
	unsigned level;
	int64_t err = 0;

	for (level = EXO_LEVELS; level > 1 && !err; level--) {
		err = side_op(s, OP(TABLE, level, PAGE, 1, .target_env = env));
		if (!err)
			err = side_op(s, OP(TABLE, level, WORD, 1, .target_env = env));
	}
	if (!err)
		err = side_op(s, OP(ALLOC, 1, WORD, 1, .target_env = env, .access = 3));
	if (!err)
		lab_poke(s->l, env, WORD, number);
	return !err;
}

/* It runs here: what does it see, and as whom does it end? */
static void side_run_program(struct sides *s, unsigned cpu, uint64_t env, uint64_t number)
{
	uint64_t value = 0;

	strangers += host_load(s->l->m, cpu, WORD, &value) || value != number
		|| s->l->m->cpus[cpu].root_env != (env & 0xffff);
	if (sides_random(s, 2)) {
		side_call(s, EXO_CALL_ENV_KILL, 0, number, 0);
	} else {
		is_done[env & 0xffff] = true;
		side_call(s, EXO_CALL_YIELD, s->side[cpu].vcpu, 0, 0);
	}
}

static void side_begin(struct sides *s, unsigned cpu)
{
	while (begun < wanted) {
		uint64_t number = ++begun, env, vcpu;

		if (side_call(s, EXO_CALL_ENV_CREATE, 0, 0, 0))
			continue;
		env = s->side[cpu].value;
		status_of[env & 0xffff] = number;
		if (!side_fill(s, env, number)) {
			printf("Bail out! no room for a program\n");
			exit(99);
		}
		vcpu = side_start(s, env, PAGE, NULL);
		vcpu_page(s->l->m, vcpu & 0xffff)->masked = 1;
		side_call(s, EXO_CALL_YIELD, vcpu, 0, 0);
		if (s->l->m->cpus[cpu].current == (vcpu & 0xffff))
			side_run_program(s, cpu, env, number);
	}
}

static void end_who_is_done(struct sides *s)
{
	unsigned i;

	for (i = 0; i < EXO_ENVS; i++)
		if (is_done[i]) {
			is_done[i] = false;
			side_call(s, EXO_CALL_ENV_KILL, env_handle(s->l->m, i), status_of[i], 0);
		}
}

static void side_clear_away(struct sides *s, unsigned cpu)
{
	while (ended < wanted) {
		uint64_t env, status;

		end_who_is_done(s);
		if (side_call(s, EXO_CALL_ENV_REAP, 0, 0, 0)) {
			side_wait(s);
			continue;
		}
		env = s->side[cpu].value;
		status = EXO_STATUS(EXO_DEATH_EXIT, status_of[env & 0xffff]);
		while (side_call(s, EXO_CALL_ENV_REAP, env, 0, 0) == EXO_E_AGAIN)
			;
		wrong_status += s->side[cpu].value != status;
		ended++;
	}
}

int main(void)
{
	struct lab *l = lab_open(512, CPUS);
	struct sides s;

	wanted = tap_iterations(20000);
	sides_init(&s, l, CPUS);
	s.choose = sides_shuffle;
	s.watch = watch;
	s.one_in = 6;
	s.random = tap_seed(1);
	s.side[0].program = side_clear_away;
	s.side[1].program = side_begin;
	s.side[2].program = side_begin;
	sides_run(&s);
	tap_ok(begun >= wanted && ended >= wanted, "%lu programs began, %lu ended", begun, ended);
	tap_eq(strangers, 0, "each ran in its own address space");
	tap_eq(wrong_status, 0, "and ended with its own status");
	tap_eq(loaded, 0, "none ended while a CPU had its space loaded");
	sides_destroy(&s);
	lab_close(l);
	return tap_done("tests/host/programs_start_at_once.tap");
}
