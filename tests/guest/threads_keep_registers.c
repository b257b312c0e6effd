/* SPDX-License-Identifier: ISC */
/*
 * ctx-ready-complete: threads fill every register, vector registers and control words too, with
 * patterns of their own and find them again, over ticks, yields and faults; a forked child has its
 * parent's.
 *
 * run-guest: --hz 1000
 */
#include "tests/process.h"

enum { THREADS = 4 };

static volatile uint64_t rounds[THREADS];
static volatile int stop;
static volatile char *touched;

/* Fill registers from seed, spin, compare: 0 if all are as they were. The loop stays in one piece
 * of assembly, so nothing else uses the registers. */
static uint64_t once(uint64_t seed, uint64_t spins)
{
	uint64_t bad = 0;

	__asm__ volatile(
		"movq %[seed], %%xmm0\n\tmovq %[seed], %%xmm15\n\tpaddq %%xmm15, %%xmm15\n\t"
		"movq %[seed], %%xmm7\n\tpunpcklqdq %%xmm7, %%xmm7\n\t"
		"mov %[seed], %%r8\n\tlea 1(%[seed]), %%r9\n\tlea 2(%[seed]), %%r10\n\t"
		"lea 3(%[seed]), %%r11\n\tlea 4(%[seed]), %%r12\n\tlea 5(%[seed]), %%r13\n\t"
		"lea 6(%[seed]), %%r14\n\tlea 7(%[seed]), %%r15\n\tlea 8(%[seed]), %%rsi\n\t"
		"lea 9(%[seed]), %%rdi\n\tlea 10(%[seed]), %%rdx\n\t"
		"1: dec %[spins]\n\tjnz 1b\n\t"
		"sub %[seed], %%r8\n\tor %%r8, %[bad]\n\t"
		"sub %[seed], %%r9\n\tsub $1, %%r9\n\tor %%r9, %[bad]\n\t"
		"sub %[seed], %%r10\n\tsub $2, %%r10\n\tor %%r10, %[bad]\n\t"
		"sub %[seed], %%r11\n\tsub $3, %%r11\n\tor %%r11, %[bad]\n\t"
		"sub %[seed], %%r12\n\tsub $4, %%r12\n\tor %%r12, %[bad]\n\t"
		"sub %[seed], %%r13\n\tsub $5, %%r13\n\tor %%r13, %[bad]\n\t"
		"sub %[seed], %%r14\n\tsub $6, %%r14\n\tor %%r14, %[bad]\n\t"
		"sub %[seed], %%r15\n\tsub $7, %%r15\n\tor %%r15, %[bad]\n\t"
		"sub %[seed], %%rsi\n\tsub $8, %%rsi\n\tor %%rsi, %[bad]\n\t"
		"sub %[seed], %%rdi\n\tsub $9, %%rdi\n\tor %%rdi, %[bad]\n\t"
		"sub %[seed], %%rdx\n\tsub $10, %%rdx\n\tor %%rdx, %[bad]\n\t"
		"movq %%xmm0, %%rdx\n\tsub %[seed], %%rdx\n\tor %%rdx, %[bad]\n\t"
		"movq %%xmm15, %%rdx\n\tsub %[seed], %%rdx\n\t"
		"sub %[seed], %%rdx\n\tor %%rdx, %[bad]\n\t"
		"psrldq $8, %%xmm7\n\tmovq %%xmm7, %%rdx\n\t"
		"sub %[seed], %%rdx\n\tor %%rdx, %[bad]\n\t"
		: [bad] "+a"(bad), [spins] "+c"(spins) : [seed] "b"(seed)
		: "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0",
		  "xmm7", "xmm15", "cc");
	return bad;
}

static uint32_t mxcsr(void)
{
	uint32_t value;

	__asm__ volatile("stmxcsr %0" : "=m"(value));
	return value;
}

static void set_mxcsr(uint32_t value)
{
	__asm__ volatile("ldmxcsr %0" : : "m"(value));
}

static uint64_t keep(void *argument)
{
	uint64_t me = (uint64_t)argument, bad = 0, n = 0;
	uint32_t control = 0x1f80 | (uint32_t)(me % 4) << 13; /* each another rounding */

	set_mxcsr(control);
	while (!stop) {
		bad |= once(me * UINT64_C(0x0123456789abcdf1) + n, 20000);
		bad |= mxcsr() != control;
		if (n % 7 == me)
			libos_thread_yield();
		if (n % 5 == me)
			touched[(me * 1000 + n) % 4000 * 4096] = 1;
		rounds[me] = ++n;
	}
	return bad;
}

static void check_threads(void)
{
	uint64_t end = libos_clock() + process_ms(tap_iterations(4000)), bad = 0, value;
	uint64_t least = ~UINT64_C(0);
	struct libos_statistics s;
	long handle[THREADS];
	uint64_t i;

	for (i = 0; i < THREADS; i++)
		handle[i] = libos_thread_create(keep, (void *)i);
	libos_sleep(end);
	stop = 1;
	for (i = 0; i < THREADS; i++) {
		libos_thread_join(handle[i], &value);
		bad |= value;
		least = rounds[i] < least ? rounds[i] : least;
	}
	libos_statistics(&s);
	printf("# %lu ticks, %lu switches, least rounds %lu\n", s.ticks, s.thread_switches, least);
	tap_eq(bad, 0, "threads keep their registers");
	tap_ok(least > 0 && s.ticks > 10, "all ran, and were preempted");
}

static void check_fork(void)
{
	double in[2] = { 1.5, -2.25 }, out[2];
	uint32_t control;
	long pid;
	int bad;

	set_mxcsr(0x1f80 | 3u << 13);
	__asm__ volatile("movupd %0, %%xmm13" : : "m"(in) : "xmm13");
	pid = libos_fork();
	__asm__ volatile("movupd %%xmm13, %0" : "=m"(out));
	control = mxcsr();
	bad = out[0] != in[0] || out[1] != in[1] || control != (0x1f80 | 3u << 13);
	if (pid == 0)
		libos_exit(bad);
	set_mxcsr(0x1f80);
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
