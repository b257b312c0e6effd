/* SPDX-License-Identifier: ISC */
/*
 * What a program is told of CPUs: how many there are, on which it runs, and a barrier among threads
 * (membarrier), at which the thread that spins on another CPU is interrupted.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>

#include <machine/call.h>

#include "tests/process.h"

enum { TURNS = 2000, QUERY = 0, EXPEDITED = 1 << 3, REGISTER = 1 << 4 };

static const struct exo_info *const info = (const struct exo_info *)EXO_INFO_PAGE;
static volatile int turn, cpu_there, is_spinning, is_over;

static void *answer(void *argument)
{
	int i;

	for (i = 1; i < TURNS; i += 2) {
		while (turn != i)
			machine_relax();
		cpu_there = sched_getcpu();
		turn = i + 1;
	}
	is_spinning = 1;
	while (!is_over)
		machine_relax();
	return argument;
}

/* Upcalls of all CPUs but one. */
static uint64_t upcalls(uint32_t but)
{
	const char *cpu = exo_table(info, EXO_ARRAY_CPUS);
	uint64_t sum = 0;
	uint32_t i, k;

	for (i = 0; i < info->cpus; i++, cpu += info->arrays[EXO_ARRAY_CPUS].size)
		for (k = 0; k < EXO_UPCALLS && i != but; k++)
			sum += ((const struct exo_table_cpu *)cpu)->upcalls[k];
	return sum;
}

static void check_threads(void)
{
	uint64_t before;
	pthread_t thread;
	int i, elsewhere = 0, strange = 0;

	pthread_create(&thread, NULL, answer, NULL);
	for (i = 1; i < TURNS; i += 2) {
		int here = sched_getcpu();

		turn = i;
		while (turn == i)
			machine_relax();
		elsewhere += here != cpu_there;
		strange += (unsigned)here >= info->cpus || (unsigned)cpu_there >= info->cpus;
	}
	tap_eq(strange, 0, "threads run on CPUs that there are");
	tap_ok(elsewhere > TURNS / 4, "two that answer each other, mostly on two (%d)", elsewhere);
	while (!is_spinning)
		machine_relax();
	before = upcalls((uint32_t)sched_getcpu());
	tap_eq(syscall(SYS_membarrier, EXPEDITED, 0, 0), 0, "a barrier");
	tap_ok(upcalls((uint32_t)sched_getcpu()) > before, "the other thread came by");
	is_over = 1;
	pthread_join(thread, NULL);
}

int main(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	tap_eq(CPU_COUNT(&cpus), info->cpus, "as many CPUs as there are");
	tap_ok(CPU_ISSET(sched_getcpu(), &cpus), "this one is of them");
	tap_eq(syscall(SYS_membarrier, QUERY, 0, 0) & (EXPEDITED | REGISTER), EXPEDITED | REGISTER,
	       "there are barriers among threads");
	tap_eq(syscall(SYS_membarrier, REGISTER, 0, 0), 0, "registered");
	tap_eq(syscall(SYS_membarrier, EXPEDITED, 0, 0), 0, "a barrier of one thread");
	if (info->cpus > 1)
		check_threads();
	return tap_done("tests/guest/cpus_are_told.guest");
}
