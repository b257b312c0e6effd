/* SPDX-License-Identifier: ISC */
/*
 * Four to eight simulated CPUs, each a thread, run random programs on one machine; at the end of
 * each round the machine is quiet and audited. Built with the thread sanitizer, and with those for
 * addresses (free frames are poisoned) and undefined behaviour. Interleavings differ from run to
 * run; the programs are what SEED says. usage: stress [-v]; ITERATIONS: rounds; SEED.
 */
#include "fuzz/stress.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

enum { ROUNDS = 4, STEPS = 2500, FRAMES = 3000, CPUS_LEAST = 4, CPUS_MOST = 8 };

uint64_t stress_below(struct stress_cpu *sc, uint64_t n)
{
	sc->random = sc->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (sc->random >> 33) % n;
}

_Noreturn void stress_fail(struct stress *s, const char *what)
{
	printf("not ok - %s, SEED=%llu\n", what, (unsigned long long)s->seed);
	fflush(stdout);
	_Exit(1);
}

/* At a named point: let another CPU go on here, now and then. */
static void at_point(void *context, const char *name)
{
	struct stress_cpu *sc = context;

	(void)name;
	if (stress_below(sc, 8) == 0)
		sched_yield();
}

/* A step is made, and some time goes by. True once: that was the last. */
static void stress_step(struct stress_cpu *sc)
{
	host_advance(sc->s->lab->m, 1 + stress_below(sc, 20));
	if (++sc->step == sc->s->steps)
		atomic_fetch_add(&sc->s->done, 1);
}

static bool stress_is_over(struct stress_cpu *sc)
{
	return atomic_load(&sc->s->done) == sc->s->cpus;
}

/* Nothing to run: that is a step, too. */
static void at_idle(void *context)
{
	struct stress_cpu *sc = context;

	stress_step(sc);
	if (stress_is_over(sc))
		longjmp(*host_self.stop, 1);
	sched_yield();
}

/* What a processor does: interrupts first, then the program. When its steps are done it only
 * answers. */
static void cpu_run(struct stress_cpu *sc)
{
	struct machine *m = sc->s->lab->m;
	struct host_cpu *hc = &m->arch.cpus[sc->index];
	struct cpu *c = &m->cpus[sc->index];

	c->since = arch_clock(m);
	atomic_fetch_add(&m->joined, 1);
	sc->v = kernel_interrupt(m, c);
	while (!stress_is_over(sc)) {
		if (atomic_exchange(&hc->is_interrupted, false) || arch_clock(m) >= hc->deadline)
			sc->v = kernel_interrupt(m, c);
		else if (sc->step < sc->s->steps)
			stress_program(sc);
		else
			sched_yield();
		stress_step(sc);
	}
}

static void *cpu_thread(void *argument)
{
	struct stress_cpu *sc = argument;

	host_self = (struct host_self){ .index = sc->index, .is_parallel = true, .context = sc,
					.at_point = at_point, .at_idle = at_idle };
	if (HOST_TRY(cpu_run(sc)) != HOST_RUNS)
		stress_fail(sc->s, host_self.what[0] ? host_self.what : "the machine ended");
	return NULL;
}

/* A vcpu of the first env for each CPU: those that keep everything going. */
static void stress_first(struct stress *s)
{
	struct lab *l = s->lab;
	unsigned i;

	for (i = 1; i < s->cpus; i++) {
		uint64_t page = LAB_BASE + 16 * i * EXO_PAGE_SIZE;

		s->vcpus[i] = lab_vcpu(l, 0, page, i);
		lab_map(l, 0, page + 4 * EXO_PAGE_SIZE, 1);
		l->m->vcpus[s->vcpus[i] & 0xffff].regs.pc = STRESS_PC;
	}
	s->vcpus[0] = l->vcpu;
	l->m->vcpus[l->vcpu & 0xffff].regs.pc = STRESS_PC;
	s->envs[0] = l->env;
	l->m->slice_units = 3000;
	l->m->allowance_units = 200;
	l->m->quantum_units = 20;
}

static void stress_round(uint64_t seed, unsigned cpus, unsigned steps)
{
	struct stress_cpu sc[CPUS_MOST];
	pthread_t threads[CPUS_MOST];
	struct stress s = { .cpus = cpus, .steps = steps, .seed = seed };
	unsigned i;

	s.lab = lab_create(FRAMES, cpus);
	stress_first(&s);
	for (i = 0; i < cpus; i++) {
		sc[i] = (struct stress_cpu){ .s = &s, .index = i, .random = seed * 16 + i };
		if (pthread_create(&threads[i], NULL, cpu_thread, &sc[i]))
			stress_fail(&s, "no thread");
	}
	for (i = 0; i < cpus; i++)
		pthread_join(threads[i], NULL);
	host_self.index = 0;
	lab_sound(s.lab, "%u CPUs, %u steps each, SEED=%llu", cpus, steps,
		  (unsigned long long)seed);
	lab_destroy(s.lab);
}

int main(int argc, char **argv)
{
	const char *iterations = getenv("ITERATIONS"), *seed_text = getenv("SEED");
	unsigned percent = iterations ? (unsigned)atoi(iterations) : 100, round;
	unsigned rounds = ROUNDS * (percent < 20 ? 20 : percent) / 20;
	uint64_t seed = seed_text && *seed_text ? strtoull(seed_text, NULL, 0) : 1;

	(void)argc;
	for (round = 0; round < rounds; round++)
		stress_round(seed + round, CPUS_LEAST + round % (CPUS_MOST - CPUS_LEAST + 1),
			     STEPS);
	return tap_done(argv[0]);
}
