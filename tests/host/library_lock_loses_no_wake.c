/* SPDX-License-Identifier: ISC */
/*
 * wake-before-block, of the library: libos/thread/vcpu.c on three vcpus, which are coroutines, and
 * a kernel of four calls. One vcpu, or another process that rings, stops before each of its calls
 * in turn until the others sleep or spin: so also between giving the library lock back and falling
 * asleep. Who is called meanwhile does not sleep: a thread made ready is run by a vcpu that had
 * nothing to do, the bell is answered, a program is called in and let go on; and at no time do two
 * vcpus run library code.
 */
#include "libos/thread/vcpu.h"

#include <stdio.h>
#include <string.h>

#include "libos/family/process_table.h"
#include "libos/fork/fork.h"
#include "libos/state.h"
#include "libos/vm/slots.h"
#include "tests/host/fiber.h"
#include "tests/tap.h"

_Noreturn void vcpu_main(struct exo_vcpu_page *page);

enum { VCPUS = 3, RINGER = VCPUS, MAIN, ROLES };
enum { SPINS_MAX = 1000, STACK_BYTES = 256 << 10, FIRST = 2, SECOND = 4 };

struct role {
	struct fiber fiber;
	const _Atomic uint32_t *asleep; /* the word that it waits on */
	const _Atomic uint32_t *door;   /* its doorbell's */
	unsigned calls;
	bool is_there, is_pending, in_program;
};

struct test {
	struct libos os;
	struct family_process self;
	struct exo_info info;
	struct role role[ROLES];
	struct fiber *former;
	unsigned turn, held, hold_at, spins, rings, answered;
	struct thread thread[VCPUS]; /* [0] begins, the others are made ready by it */
	struct thread idle[VCPUS];
	unsigned ready, ran[VCPUS];  /* bit n: thread n can run; how often each has */
	bool was_held, is_over, is_long, has_two, has_strangers;
	_Alignas(EXO_PAGE_SIZE) uint8_t pages[LIBOS_VCPUS][EXO_PAGE_SIZE];
};

static struct test *test(void)
{
	static struct test t;

	return &t;
}

uint64_t test_pages(void)
{
	return (uint64_t)test()->pages;
}

uint64_t test_info(void)
{
	return (uint64_t)&test()->info;
}

uint64_t machine_vcpu(void)
{
	return (uint64_t)test()->pages[test()->turn];
}

struct libos *libos_state(void)
{
	return &test()->os;
}

/* ---- Whose turn it is ---- */

static void turn_to(unsigned to)
{
	struct test *t = test();
	unsigned from = t->turn;

	t->turn = to;
	fiber_switch(&t->role[from].fiber, &t->role[to].fiber, &t->former);
}

/* To the next that can go on; to the end of it all if there is none. */
static void turn_give(void)
{
	struct test *t = test();
	unsigned i, to = MAIN;

	for (i = 1; i <= VCPUS + 1 && to == MAIN; i++) {
		unsigned at = (t->turn + i) % (VCPUS + 1);

		if (t->role[at].is_there && !t->role[at].asleep)
			to = at;
	}
	if (t->spins > SPINS_MAX)
		to = MAIN;
	if (to != t->turn)
		turn_to(to);
}

/* Waits for others, running. */
static void turn_spin(void)
{
	test()->spins++;
	turn_give();
}

void machine_relax(void)
{
	turn_spin();
}

/* One that is held stops here until the others sleep, or spin for long. */
static void turn_point(void)
{
	struct test *t = test();
	struct role *r = &t->role[t->turn];

	if (t->was_held || t->turn != t->held || r->calls++ < t->hold_at)
		return;
	t->was_held = true;
	for (t->spins = 0; t->spins < SPINS_MAX / 2;)
		turn_spin();
	t->spins = 0;
}

/* ---- The kernel ---- */

static int64_t kernel_wait(const _Atomic uint32_t *word, uint32_t value, uint64_t flags)
{
	struct role *r = &test()->role[test()->turn];

	r->door = NULL;
	if (*word != value)
		return EXO_E_VALUE;
	if (flags & EXO_WAIT_DOORBELL) {
		r->door = word;
		return EXO_OK;
	}
	if (!r->is_pending)
		r->asleep = word;
	while (r->asleep)
		turn_give();
	return EXO_OK;
}

static void kernel_wake(const _Atomic uint32_t *word)
{
	struct role *r = test()->role;
	unsigned i = 0;

	while (i < VCPUS && r[i].asleep != word && r[i].door != word)
		i++;
	if (i == VCPUS)
		return;
	test()->spins = 0;
	r[i].is_pending |= r[i].door == word;
	r[i].asleep = r[i].door = NULL;
}

struct exo_result exo_call(enum exo_call number, uint64_t a0, uint64_t a1, uint64_t a2,
			   uint64_t a3, uint64_t a4)
{
	const _Atomic uint32_t *word = (const _Atomic uint32_t *)a0;
	struct exo_result result = { EXO_OK, 0 };

	(void)a3, (void)a4;
	turn_point();
	if (number == EXO_CALL_WAIT)
		result.value = kernel_wait(word, (uint32_t)a1, a2);
	else if (number == EXO_CALL_WAKE)
		kernel_wake(word);
	else
		turn_spin();
	return result;
}

static void vcpu_begins(void)
{
	struct test *t = test();

	fiber_begun(&t->role[t->turn].fiber, t->former);
	vcpu_main((struct exo_vcpu_page *)machine_vcpu());
}

err_t fork_start_vcpu(struct libos *os, uint64_t env, const struct exo_vcpu_start *start)
{
	struct exo_vcpu_page *page = (struct exo_vcpu_page *)start->page;
	unsigned n = (unsigned)((start->page - test_pages()) / EXO_PAGE_SIZE);

	(void)os, (void)env;
	page->vcpu = n + 1;
	test()->role[n].is_there = true;
	fiber_init(&test()->role[n].fiber, vcpu_begins, STACK_BYTES);
	return EXO_OK;
}

void machine_set_vcpu(uint64_t page)
{
	test()->has_two |= page != machine_vcpu();
}

/* ---- The rest of the library ---- */

/* What only the holder of the library lock may do. */
static void is_mine(void)
{
	test()->has_two |= test()->os.vcpus.holder != libos_vcpu_page()->vcpu;
}

/* Entries of the machine's, which are called by nobody here. */
void upcall_entry_shared(void)
{
}

void vcpu_entry(void)
{
}

void libos_panic(const char *what, const char *file, unsigned line)
{
	printf("Bail out! %s:%u: %s\n", file, line, what);
	exit(1);
}

err_t slots_path(uint64_t address, unsigned level)
{
	(void)address, (void)level;
	return EXO_OK;
}

err_t thread_make_idle(struct libos *os, uint32_t n, struct thread **made)
{
	(void)os;
	*made = &test()->idle[n];
	return EXO_OK;
}

struct thread *thread_self(void)
{
	return libos_vcpu()->current;
}

void lock_acquire(struct libos *os, enum lock_rank rank)
{
	(void)os, (void)rank;
	is_mine();
}

void lock_release(struct libos *os, enum lock_rank rank)
{
	(void)os, (void)rank;
	is_mine();
}

void sched_arm_idle(struct libos *os)
{
	(void)os;
	is_mine();
}

void sched_look_at_bell(struct libos *os)
{
	is_mine();
	test()->answered = os->sched.bell_seen = *os->sched.bell;
}

struct thread *sched_take_next_locked(struct libos *os)
{
	struct test *t = test();
	unsigned n;

	is_mine();
	if (!t->ready)
		return NULL;
	n = (unsigned)__builtin_ctz(t->ready);
	t->ready &= ~(1u << n);
	os->sched.ready_count--;
	return &t->thread[n];
}

static void events(struct libos *os)
{
	test()->role[test()->turn].is_pending = false;
	vcpu_rung(os);
	sched_look_at_bell(os);
}

void upcall_poll(struct libos *os)
{
	if (!test()->role[test()->turn].is_pending)
		return;
	vcpu_lock(os);
	events(os);
	vcpu_unlock(os);
}

/* ---- Threads: between these two the program runs ---- */

static void go_to_program(struct libos *os)
{
	while (vcpu_leave(os))
		;
	vcpu_unlock(os);
	test()->role[test()->turn].in_program = true;
}

static void come_from_program(struct libos *os)
{
	test()->role[test()->turn].in_program = false;
	vcpu_lock(os);
	vcpu_enter(os);
}

/* The program does nothing of interest; if its doorbell rings it comes by. */
static void program_spin(struct libos *os)
{
	turn_spin();
	if (!test()->role[test()->turn].is_pending)
		return;
	come_from_program(os);
	events(os);
	go_to_program(os);
}

/* Another thread, on whichever vcpu took it. */
void thread_switch(struct libos *os, struct thread *from, struct thread *to)
{
	struct test *t = test();

	libos_vcpu()->current = to;
	go_to_program(os);
	t->ran[to - t->thread]++;
	while (t->is_long)
		program_spin(os);
	come_from_program(os);
	libos_vcpu()->current = from;
}

bool thread_edge(struct thread *t, uint32_t generation, enum thread_state from,
		 enum thread_state to)
{
	(void)t, (void)generation, (void)from, (void)to;
	return false;
}

enum thread_state thread_state(const struct thread *t)
{
	(void)t;
	return THREAD_FREE;
}

/* In the library: these threads can run; the program goes on until they have. */
static void make_ready(struct libos *os, unsigned which, bool is_long)
{
	struct test *t = test();
	unsigned goal = t->ran[1] + t->ran[2] + (unsigned)__builtin_popcount(which);

	t->ready = which;
	t->is_long = is_long;
	os->sched.ready_count = (uint32_t)__builtin_popcount(which);
	go_to_program(os);
	while (t->ran[1] + t->ran[2] != goal)
		program_spin(os);
	t->spins = 0;
	come_from_program(os);
}

/* As family_ring; from another process. */
static void ring(void)
{
	struct test *t = test();

	fiber_begun(&t->role[RINGER].fiber, t->former);
	for (;;) {
		while (t->answered == t->rings)
			turn_spin();
		atomic_fetch_add(&t->self.bell, 1);
		turn_point();
		if (atomic_load(&t->self.is_waiting) && atomic_exchange(&t->self.is_waiting, 0))
			exo_call(EXO_CALL_WAKE, (uint64_t)&t->self.bell, 1, EXO_WAIT_SHARED, 0, 0);
		t->role[RINGER].asleep = &t->self.bell; /* until it is to ring again */
		turn_give();
	}
}

static void first_thread(void)
{
	struct test *t = test();
	struct libos *os = &t->os;
	unsigned seen;

	fiber_begun(&t->role[0].fiber, t->former);
	vcpu_begin(os);
	make_ready(os, FIRST | SECOND, false);
	make_ready(os, FIRST, false);
	make_ready(os, SECOND, false);
	go_to_program(os);
	seen = t->answered;
	t->rings = seen + 1;
	t->role[RINGER].asleep = NULL;
	while (t->answered == seen)
		program_spin(os);
	come_from_program(os);
	make_ready(os, FIRST | SECOND, true); /* it runs on until it is called in */
	vcpu_halt_others(os);
	t->has_strangers = t->role[1].in_program || t->role[2].in_program;
	t->is_long = false;
	vcpu_go_on(os);
	make_ready(os, FIRST | SECOND, false);
	t->is_over = true;
	turn_to(MAIN);
}

/* One run, in which `held` stops before its call number `at`. False: it does not make so many. */
static bool run(unsigned held, unsigned at)
{
	struct test *t = test();
	struct fiber kept[ROLES];
	unsigned i;

	for (i = 0; i < ROLES; i++)
		kept[i] = t->role[i].fiber;
	memset(t, 0, sizeof(*t));
	for (i = 0; i < ROLES; i++)
		t->role[i].fiber = kept[i];
	t->info.cpus = VCPUS;
	t->os.family.self = &t->self;
	t->os.sched.bell = &t->self.bell;
	t->held = held;
	t->hold_at = at;
	((struct exo_vcpu_page *)t->pages[0])->vcpu = 1;
	libos_vcpu()->current = &t->thread[0];
	t->role[0].is_there = t->role[RINGER].is_there = true;
	t->role[RINGER].asleep = &t->self.bell;
	fiber_init(&t->role[0].fiber, first_thread, STACK_BYTES);
	fiber_init(&t->role[RINGER].fiber, ring, STACK_BYTES);
	t->turn = MAIN;
	turn_to(0);
	return t->was_held;
}

int main(void)
{
	static const char *const who[] = { "the first vcpu", "the second", "the third",
		"who rings" };
	unsigned held, at, lost, two, strangers;

	for (held = 0; held <= RINGER; held++) {
		lost = two = strangers = 0;
		for (at = 0; run(held, at); at++) {
			lost += !test()->is_over;
			two += test()->has_two;
			strangers += test()->has_strangers;
		}
		tap_ok(at > (held == RINGER ? 0 : 3), "%s stops before each of %u calls",
		       who[held], at);
		tap_eq(lost, 0, "nobody sleeps who is called");
		tap_eq(two, 0, "one at a time runs library code");
		tap_eq(strangers, 0, "and nobody the program while one alone goes on");
	}
	return tap_done("tests/host/library_lock_loses_no_wake.tap");
}
