/* SPDX-License-Identifier: ISC */
/*
 * Upcalls and library calls return in user mode, instruction by instruction; ticks that come at
 * any of these instructions lose nothing: every register and flag of two threads, which the ticks
 * switch between, is as it was. Under icount the period walks over all offsets.
 *
 * run-guest: --icount
 */
#include <stdint.h>

#include "libos/libos.h"
#include "tests/tap.h"

enum { ROUNDS = 40, PERIOD = 4000 };

struct worker {
	uint64_t wrong_calls, wrong_faults, rounds;
	long thread;
};

static char page[4096] __attribute__((aligned(4096)));
static volatile int is_done;

/* Steps over the store, two bytes long. */
static bool skip(struct exo_frame *frame, void *argument)
{
	(void)argument;
	EXO_REG_PC(&frame->regs) += 2;
	return true;
}

/* A library call keeps what a C function keeps, and gives its result. */
static bool call_keeps(uint64_t seed, const void *call, long expected)
{
	long result;

	__asm__ volatile("mov %0, %%rbx; lea 1(%0), %%r12; lea 2(%0), %%r13; lea 3(%0), %%r14;"
			 "lea 4(%0), %%r15; push %0; sub $8, %%rsp; call *%1; add $8, %%rsp;"
			 "pop %%rcx; sub %%rcx, %%rbx; sub %%rcx, %%r12; sub %%rcx, %%r13;"
			 "sub %%rcx, %%r14; sub %%rcx, %%r15; dec %%r12; sub $2, %%r13;"
			 "sub $3, %%r14; sub $4, %%r15; or %%r12, %%rbx; or %%r13, %%rbx;"
			 "or %%r14, %%rbx; or %%r15, %%rbx; mov %%rbx, %0"
			 : "+D"(seed), "+S"(call), "=a"(result)
			 : : "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
			     "r15", "memory", "cc");
	return seed == 0 && result == expected;
}

/* A fault keeps everything, the flags too (carry and direction are set here). What comes is the
 * sum of fourteen registers, seed + 0 .. 13 with 0 for 4, and the carry. */
static bool fault_keeps(uint64_t seed)
{
	uint64_t sum = seed, address = (uint64_t)page;

	__asm__ volatile("push %%rbp; mov %1, %%rbx; lea 1(%1), %%rcx; lea 2(%1), %%rdx;"
			 "lea 3(%1), %%rsi; lea 5(%1), %%rbp; lea 6(%1), %%r8; lea 7(%1), %%r9;"
			 "lea 8(%1), %%r10; lea 9(%1), %%r11; lea 10(%1), %%r12;"
			 "lea 11(%1), %%r13; lea 12(%1), %%r14; lea 13(%1), %%r15;"
			 "std; stc; mov %%eax, (%%rax); cld; adc %%rcx, %%rbx;"
			 "add %%rdx, %%rbx; add %%rsi, %%rbx; add %1, %%rbx;"
			 "add %%rbp, %%rbx; add %%r8, %%rbx; add %%r9, %%rbx; add %%r10, %%rbx;"
			 "add %%r11, %%rbx; add %%r12, %%rbx; add %%r13, %%rbx; add %%r14, %%rbx;"
			 "add %%r15, %%rbx; mov %%rbx, %1; pop %%rbp"
			 : "+a"(address), "+D"(sum)
			 : : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13",
			     "r14", "r15", "memory", "cc");
	return address == (uint64_t)page && sum == 14 * seed + 87 + 1;
}

static void work(struct worker *w, uint64_t seed)
{
	w->wrong_calls += !call_keeps(seed * 77, libos_thread_self, w->thread);
	w->wrong_calls += !call_keeps(seed * 77, libos_protect, EXO_E_ARGUMENT);
	w->wrong_faults += !fault_keeps(seed * 13);
	w->rounds++;
}

static uint64_t other(void *argument)
{
	struct worker *w = argument;

	w->thread = libos_thread_self();
	while (!is_done)
		work(w, w->rounds + 1000000);
	return 0;
}

int main(void)
{
	static struct worker mine, its;
	unsigned long periods = tap_iterations(2000), i, n;
	struct libos_statistics s;
	long thread;

	mine.thread = libos_thread_self();
	page[0] = 1;
	libos_protect(page, sizeof(page), EXO_READ);
	libos_set_fault_handler(skip, NULL, page, page + sizeof(page));
	thread = libos_thread_create(other, &its);
	for (i = 0; i < periods; i++) {
		libos_switch(LIBOS_SWITCH_TICK, PERIOD + i);
		for (n = 0; n < ROUNDS; n++)
			work(&mine, i * ROUNDS + n);
	}
	is_done = 1;
	libos_switch(LIBOS_SWITCH_TICK, 0);
	libos_thread_join(thread, NULL);
	libos_statistics(&s);
	printf("# %llu ticks, %llu switches, %llu and %llu rounds\n", (unsigned long long)s.ticks,
	       (unsigned long long)s.thread_switches, (unsigned long long)mine.rounds,
	       (unsigned long long)its.rounds);
	tap_ok(s.ticks > periods, "there were ticks");
	tap_ok(its.rounds > 0, "the other thread ran");
	tap_eq(mine.wrong_calls + its.wrong_calls, 0, "library calls keep what a function keeps");
	tap_eq(mine.wrong_faults + its.wrong_faults, 0, "faults keep every register and flag");
	return tap_done("tests/guest/events_on_the_way_back.guest");
}
