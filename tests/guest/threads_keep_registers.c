/* SPDX-License-Identifier: ISC */
/*
 * ctx-ready-complete: threads fill every register, vector registers and control words too, with
 * patterns of their own and find them again, over ticks, yields and faults; a forked child has its
 * parent's.
 *
 * run-guest: --hz 1000
 */
#include <keep.h>

#include <machine/call.h>

#include "tests/process.h"

enum { THREADS_MAX = 16 };

static volatile uint64_t rounds[THREADS_MAX];
static volatile int stop;
static volatile char *touched;

static uint64_t keep(void *argument)
{
	uint64_t me = (uint64_t)argument, bad = 0, n = 0;
	uint32_t control = CPU_CONTROL(me % 4); /* each another rounding */

	cpu_set_control(control);
	while (!stop) {
		bad |= cpu_keeps(me * UINT64_C(0x0123456789abcdf1) + n, 20000);
		bad |= cpu_control() != control;
		if (n % 7 == me % 7)
			libos_thread_yield();
		if (n % 5 == me % 5)
			touched[(me * 1000 + n) % 4000 * 4096] = 1;
		rounds[me] = ++n;
	}
	return bad;
}

static void check_threads(void)
{
	uint64_t end = libos_clock() + process_ms(tap_iterations(4000)), bad = 0, value;
	const struct exo_info *info = (const struct exo_info *)EXO_INFO_PAGE;
	uint64_t i, threads = info->cpus * 2, least;
	struct libos_statistics s;
	long handle[THREADS_MAX];

	/* so many that they share CPUs, or nobody would be preempted */
	threads = threads < 4 ? 4 : threads > THREADS_MAX ? THREADS_MAX : threads;
	for (i = 0; i < threads; i++)
		handle[i] = libos_thread_create(keep, (void *)i);
	do { /* where CPUs are few and slow it takes longer until all have run */
		libos_sleep(end);
		end += process_ms(10);
		for (i = 0, least = ~UINT64_C(0); i < threads; i++)
			least = rounds[i] < least ? rounds[i] : least;
		libos_statistics(&s);
	} while (least == 0 || s.ticks <= 10);
	stop = 1;
	for (i = 0; i < threads; i++) {
		libos_thread_join(handle[i], &value);
		bad |= value;
	}
	printf("# %lu ticks, %lu switches, least rounds %lu\n", s.ticks, s.thread_switches, least);
	tap_eq(bad, 0, "%lu threads keep their registers over ticks, yields and faults", threads);
}

static void check_fork(void)
{
	double in[2] = { 1.5, -2.25 }, out[2];
	uint32_t control;
	long pid;
	int bad;

	cpu_set_control(CPU_CONTROL(3));
	cpu_set_vector(in);
	pid = libos_fork();
	cpu_vector(out);
	control = cpu_control();
	bad = out[0] != in[0] || out[1] != in[1] || control != CPU_CONTROL(3);
	if (pid == 0)
		libos_exit(bad);
	cpu_set_control(CPU_CONTROL(0));
	tap_eq(process_join(pid), 0, "a forked child has its parent's vector registers");
	tap_eq(bad, 0, "and the parent has them still");
}

int main(void)
{
	touched = process_map(4000 * 4096, false);
	libos_switch(LIBOS_SWITCH_TICK, process_ms(1));
	check_threads();
	check_fork();
	return tap_done("tests/guest/threads_keep_registers.guest");
}
