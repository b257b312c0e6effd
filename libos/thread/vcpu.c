/* SPDX-License-Identifier: ISC */
/*
 * Several vcpus in one process: the library lock, parking, calling, halting (see vcpu.h). Touches
 * struct vcpus, the vcpus' pages, the run queue. Takes the library lock, and sched within it.
 */
#include "libos/thread/vcpu.h"

#include <machine/call.h>

#include "libos/arch.h"
#include "libos/fork/fork.h"
#include "libos/state.h"
#include "libos/vm/slots.h"

enum { VCPU_SPINS = 64 };

static struct exo_vcpu_page *vcpu_page(uint32_t n)
{
	return (struct exo_vcpu_page *)(n ? LIBOS_VCPU_PAGES + n * EXO_PAGE_SIZE : LIBOS_VCPU_PAGE);
}

void vcpu_lock(struct libos *os)
{
	uint64_t mine = libos_vcpu_page()->vcpu, holder = 0;
	unsigned spins = 0;

	/* Acquire: sees what the last holder wrote. pairs with: vcpu_unlock */
	while (!atomic_compare_exchange_weak_explicit(&os->vcpus.holder, &holder, mine,
						      memory_order_acquire,
						      memory_order_relaxed)) {
		if (++spins % VCPU_SPINS)
			machine_relax();
		else if (holder && exo_call(EXO_CALL_YIELD, holder, 0, 0, 0, 0).value < 0)
			exo_call(EXO_CALL_YIELD, 0, 0, 0, 0, 0); /* it runs, or waits itself */
		holder = 0;
	}
}

void vcpu_unlock(struct libos *os)
{
	/* Release: pairs with: vcpu_lock */
	if (os->vcpus.count)
		atomic_store_explicit(&os->vcpus.holder, 0, memory_order_release);
}

void vcpu_yield(struct libos *os)
{
	bool is_shared = os->vcpus.count;

	vcpu_unlock(os);
	exo_call(EXO_CALL_YIELD, 0, 0, 0, 0, 0);
	if (is_shared)
		vcpu_lock(os);
}

/* ---- Waiting, and calling those who wait ---- */

/* What a vcpu waits on: the bell if no other of this process does, else its own word. */
struct vcpu_word {
	_Atomic uint32_t *word;
	uint32_t value;
	uint64_t flags;
};

static struct vcpu_word vcpu_word(struct libos *os, struct vcpu_local *v)
{
	struct vcpus *vs = &os->vcpus;

	if (!os->sched.bell || (vs->listener && vs->listener != v->number + 1))
		return (struct vcpu_word){ &v->word, v->word, 0 };
	vs->listener = v->number + 1;
	/* seq_cst: pairs with: family_ring */
	atomic_store(&os->family.self->is_waiting, 1);
	return (struct vcpu_word){ &os->family.self->bell, os->sched.bell_seen, EXO_WAIT_SHARED };
}

static int64_t vcpu_wait(const struct vcpu_word *w, uint64_t flags)
{
	return exo_call(EXO_CALL_WAIT, (uint64_t)w->word, w->value, w->flags | flags, 0, 0).value;
}

/* The wait of vcpu n ends; if it is about to begin, it will not. */
static void vcpu_tell(struct libos *os, uint32_t n)
{
	struct vcpu_local *v = vcpu_local(vcpu_page(n));
	bool is_bell = os->vcpus.listener == n + 1;
	_Atomic uint32_t *word = is_bell ? &os->family.self->bell : &v->word;

	/* seq_cst: the kernel sees the new value, or this the vcpu in its wait.
	 * pairs with: vcpu_wait */
	atomic_fetch_add(word, 1);
	exo_call(EXO_CALL_WAKE, (uint64_t)word, 1, is_bell ? EXO_WAIT_SHARED : 0, 0, 0);
}

static void vcpu_tell_others(struct libos *os)
{
	uint32_t n, me = libos_vcpu()->number;

	for (n = 0; n < os->vcpus.count; n++)
		if (n != me)
			vcpu_tell(os, n);
}

void vcpu_call(struct libos *os, const struct thread *t)
{
	uint32_t n, me = libos_vcpu()->number;

	for (n = 0; n < os->vcpus.count; n++)
		if (n != me && vcpu_local(vcpu_page(n))->current == t)
			vcpu_tell(os, n);
}

void vcpu_rung(struct libos *os)
{
	struct vcpu_local *v = libos_vcpu();

	v->is_listening = false;
	if (os->vcpus.listener == v->number + 1)
		os->vcpus.listener = 0;
}

/* The program is about to go on here: calls come as events. */
static void vcpu_listen(struct libos *os)
{
	struct vcpu_local *v = libos_vcpu();

	while (!v->is_listening) {
		struct vcpu_word w = vcpu_word(os, v);

		v->is_listening = vcpu_wait(&w, EXO_WAIT_DOORBELL) != EXO_E_VALUE;
		if (!v->is_listening)
			sched_look_at_bell(os);
	}
}

void vcpu_park(struct libos *os)
{
	struct vcpu_local *v = libos_vcpu();
	struct vcpus *vs = &os->vcpus;
	uint32_t bit = 1u << v->number;
	struct vcpu_word w;

	sched_arm_idle(os);
	w = vcpu_word(os, v);
	v->is_listening = false;
	vs->parked |= bit;
	vcpu_unlock(os);
	vcpu_wait(&w, 0);
	upcall_poll(os);
	vcpu_lock(os);
	vs->parked &= ~bit;
	vs->called &= ~bit;
	vcpu_rung(os);
	sched_look_at_bell(os);
}

/* ---- More vcpus ---- */

/* The entry of a further vcpu, on its idle thread's stack: called by vcpu_entry. */
_Noreturn void vcpu_main(struct exo_vcpu_page *page);
_Noreturn void vcpu_main(struct exo_vcpu_page *page)
{
	struct libos *os = libos_state();

	machine_set_vcpu((uint64_t)page);
	vcpu_lock(os);
	os->vcpus.called &= ~(1u << vcpu_local(page)->number);
	vcpu_idle(os);
}

/* A vcpu's record; its thread is the idle one until another is switched to. */
static void vcpu_set_up(struct libos *os, uint32_t n, struct thread *idle)
{
	struct vcpu_local *v = vcpu_local(vcpu_page(n));

	v->os = os;
	v->idle = idle;
	v->number = n;
}

static err_t vcpu_add(struct libos *os)
{
	uint32_t n = os->vcpus.count;
	struct exo_vcpu_start start = {
		.page = (uint64_t)vcpu_page(n), .entry = (uint64_t)vcpu_entry,
		.argument = (uint64_t)vcpu_page(n), .masked = 1,
		.upcall_entry = (uint64_t)upcall_entry_shared,
	};
	struct thread *idle;
	err_t err = thread_make_idle(os, n, &idle);

	if (!err)
		err = slots_path(start.page, 1);
	if (err)
		return err;
	start.stack = start.stack_top = idle->stack_top;
	start.stack_base = idle->stack_base;
	err = fork_start_vcpu(os, 0, &start);
	if (err)
		return err;
	/* It waits for the lock. */
	vcpu_set_up(os, n, idle);
	vcpu_local(vcpu_page(n))->current = idle;
	os->vcpus.count++;
	os->vcpus.called |= 1u << n;
	return EXO_OK;
}

/* Threads that can run go to vcpus that have none, or to new ones. */
static void vcpu_spread(struct libos *os)
{
	struct vcpus *vs = &os->vcpus;
	uint32_t cpus = libos_info()->cpus, most = cpus < LIBOS_VCPUS ? cpus : LIBOS_VCPUS;

	while (os->sched.ready_count > (unsigned)__builtin_popcount(vs->called)) {
		uint32_t idle = vs->parked & ~vs->called;

		if (idle) {
			vs->called |= idle & -idle;
			vcpu_tell(os, (uint32_t)__builtin_ctz(idle));
		} else if (vs->count == most || vs->is_full) {
			return;
		} else {
			vs->is_full = vcpu_add(os) != EXO_OK;
		}
	}
}

void vcpu_begin(struct libos *os)
{
	struct exo_vcpu_page *page = libos_vcpu_page();
	struct thread *idle;
	uint32_t i;

	if (os->vcpus.count || os->vcpus.is_full || libos_info()->cpus == 1)
		return;
	os->vcpus.is_full = thread_make_idle(os, 0, &idle) != EXO_OK;
	if (os->vcpus.is_full)
		return;
	vcpu_set_up(os, 0, idle);
	os->vcpus.count = 1;
	vcpu_lock(os);
	page->upcall_entry = (uint64_t)upcall_entry_shared;
	for (i = 0; i < os->threads_used; i++) {
		struct thread *t = thread_at(os, i);
		enum thread_state state = thread_state(t);

		if (state == THREAD_READY || state == THREAD_RUNNING || state == THREAD_BLOCKED)
			t->frame->masked = UPCALL_OWED;
	}
}

/* ---- One vcpu alone ---- */

/* The thread that executes a program goes on here, and the current one never again. */
static void vcpu_take_home(struct libos *os)
{
	struct thread *self = thread_self(), *home = os->vcpus.home;
	bool is_running = thread_edge(home, thread_generation(home), THREAD_READY, THREAD_RUNNING);

	assert(is_running);
	os->vcpus.home = NULL;
	thread_switch(os, self, home);
}

/* Wait while another vcpu alone may go on. */
static bool vcpu_hold(struct libos *os)
{
	struct vcpus *vs = &os->vcpus;
	bool has_waited = false;
	uint32_t me = libos_vcpu()->number;

	for (;; has_waited = true) {
		if (me == 0 && vs->home)
			vcpu_take_home(os);
		else if (!vs->halter || vs->halter == me + 1)
			return has_waited;
		else {
			vcpu_park(os);
			/* What has come may be what that one waits for. */
			if (vs->halter && vs->halter != me + 1)
				vcpu_tell(os, vs->halter - 1);
		}
	}
}

void vcpu_enter(struct libos *os)
{
	vcpu_hold(os);
}

bool vcpu_leave(struct libos *os)
{
	bool has_waited;

	if (!os->vcpus.count)
		return false;
	has_waited = vcpu_hold(os);
	vcpu_spread(os);
	vcpu_listen(os);
	return has_waited || thread_self()->is_signalled;
}

_Noreturn void vcpu_idle(struct libos *os)
{
	for (;;) {
		struct thread *next;

		vcpu_hold(os);
		lock_acquire(os, RANK_SCHED);
		next = sched_take_next_locked(os);
		lock_release(os, RANK_SCHED);
		if (next) {
			vcpu_spread(os);
			thread_switch(os, thread_self(), next);
		} else {
			vcpu_park(os);
		}
	}
}

void vcpu_halt_others(struct libos *os)
{
	struct vcpus *vs = &os->vcpus;
	uint32_t me = libos_vcpu()->number;

	if (!vs->count)
		return;
	vs->halter = me + 1;
	vcpu_tell_others(os);
	while ((vs->parked | 1u << me) + 1 != 1u << vs->count)
		vcpu_yield(os);
}

void vcpu_go_on(struct libos *os)
{
	if (!os->vcpus.count)
		return;
	os->vcpus.halter = 0;
	vcpu_tell_others(os);
}

void vcpu_go_home(struct libos *os)
{
	struct thread *self = thread_self();
	uint32_t n;
	bool is_ready;

	if (!os->vcpus.count)
		return;
	if (libos_vcpu()->number) {
		is_ready = thread_edge(self, thread_generation(self), THREAD_RUNNING, THREAD_READY);
		assert(is_ready);
		os->vcpus.home = self;
		os->vcpus.halter = 1;
		vcpu_tell(os, 0);
		thread_switch(os, self, libos_vcpu()->idle);
	}
	/* Until it is found no more it may be on its way out of another CPU, and touch memory. */
	for (n = 1; n < os->vcpus.count; n++)
		while (exo_call(EXO_CALL_VCPU_STOP, vcpu_page(n)->vcpu, 0, 0, 0, 0).value == 0)
			machine_relax();
	os->vcpus = (struct vcpus){ 0 };
}
