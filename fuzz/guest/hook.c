/* SPDX-License-Identifier: ISC */
/* What the fuzzers' kernel has and others have not. One CPU; no locks. */
#include "exo/console.h"
#include "exo/machine.h"

void __wrap_arch_console_put(struct machine *m, uint8_t byte);
err_t __real_console_read(struct machine *m, unsigned env, uint64_t buffer, uint64_t bytes,
			  uint64_t *taken);
err_t __wrap_console_read(struct machine *m, unsigned env, uint64_t buffer, uint64_t bytes,
			  uint64_t *taken);
void __real_arch_clock_arm(struct machine *m, uint64_t deadline);
void __wrap_arch_clock_arm(struct machine *m, uint64_t deadline);
struct vcpu *__real_kernel_interrupt(struct machine *m, struct cpu *c);
struct vcpu *__wrap_kernel_interrupt(struct machine *m, struct cpu *c);
void __real_machine_give_frames(struct machine *m, struct pfn pfn, struct pfn end);
void __wrap_machine_give_frames(struct machine *m, struct pfn pfn, struct pfn end);

void __sanitizer_cov_8bit_counters_init(uint8_t *from, uint8_t *to);
void __sanitizer_cov_pcs_init(const uint64_t *from, const uint64_t *to);

/* What the compiler's coverage wants of the kernel: nothing, the host reads the counters where they
 * are. */
void __sanitizer_cov_8bit_counters_init(uint8_t *from, uint8_t *to)
{
	(void)from;
	(void)to;
}

void __sanitizer_cov_pcs_init(const uint64_t *from, const uint64_t *to)
{
	(void)from;
	(void)to;
}

/* What programs print does not leave the machine: QEMU and the host would wake up for each byte. */
void __wrap_arch_console_put(struct machine *m, uint8_t byte)
{
	(void)m;
	(void)byte;
}

/* Frames that programs get: for the supervisor, a world, and a few more (guest_hoard). */
#define HOOK_FRAMES 256u

struct hook {
	bool is_given;         /* they have them */
	uint64_t alarm;        /* when the clock's comes; 0: none is set. Who sleeps has none */
	uint64_t agent_begin;  /* where agents begin ... */
	uint64_t agent_called; /* ... and where their calls come back */
	uint64_t agent_rests;  /* where they are when there are no records */
};

_Static_assert(EXO_SLICES == 64, "hook_can_run");

static struct hook *hook(void)
{
	static struct hook h;

	return &h;
}

/* The other frames stay the kernel's: a program that held them would have a slot for each, and the
 * host's audit would look at all of those after every input. */
void __wrap_machine_give_frames(struct machine *m, struct pfn pfn, struct pfn end)
{
	if (hook()->is_given || end.n - pfn.n < HOOK_FRAMES)
		return;
	hook()->is_given = true;
	__real_machine_give_frames(m, (struct pfn){ end.n - HOOK_FRAMES }, end);
}

/* An alarm that is set and comes before the new one stays: the kernel takes one that comes early
 * for what it is, and sets the next. QEMU's main thread wakes up each time that the clock is set,
 * and each switch to another env sets it. */
void __wrap_arch_clock_arm(struct machine *m, uint64_t deadline)
{
	uint64_t *alarm = &hook()->alarm;

	if (*alarm > arch_clock(m) && *alarm <= deadline && deadline != UINT64_MAX)
		return;
	*alarm = deadline == UINT64_MAX ? 0 : deadline;
	__real_arch_clock_arm(m, deadline);
}

/* An agent has lost the CPU amid what it did; others have its stack and the mailbox now. It begins
 * anew, unless a call has just come back: as after an event (agent_upcall). */
static void hook_left(struct vcpu *v)
{
	if (v->env && EXO_REG_PC(&v->regs) != hook()->agent_called)
		EXO_REG_PC(&v->regs) = hook()->agent_begin;
}

/* It may have been the alarm, a little before its time: it is not set any more. */
struct vcpu *__wrap_kernel_interrupt(struct machine *m, struct cpu *c)
{
	unsigned before = c->current;
	struct vcpu *next;

	hook()->alarm = 0;
	next = __real_kernel_interrupt(m, c);
	if (before != VCPU_NONE && before != c->current)
		hook_left(&m->vcpus[before]);
	return next;
}

/* ---- The hand-off: when the supervisor, of env 0, reads the console it is the host's turn ---- */

/* Before the first instruction of it QEMU waits for the host (handoff.c), which changes memory. */
static NOINLINE void hook_wait(void)
{
	__asm__ volatile("" : : : "memory");
}

/* The host finds it here. */
__attribute__((section("handoff"), used))
static void (*const hook_wait_at)(void) = hook_wait;

/* Has anybody who can run something to do? An agent that rests has, if there is a record or an
 * event. */
static UNCHECKED bool hook_can_run(const struct machine *m, const struct cpu *c, bool is_more)
{
	uint64_t left = c->slices_used[0];

	for (; left; left &= left - 1) {
		const struct vcpu *v = &m->vcpus[c->slices[__builtin_ctzll(left)]];

		if (v->state == VCPU_RUNNABLE
		    && (is_more || v->pending || EXO_REG_PC(&v->regs) != hook()->agent_rests))
			return true;
	}
	return false;
}

/* The supervisor says where agents begin and calls come back; if nothing, it asks for others. When
 * it has made the world all agents rest. No clock interrupts the host's turn, and the order begins
 * with a slice, whatever was before. */
err_t __wrap_console_read(struct machine *m, unsigned env, uint64_t buffer, uint64_t bytes,
			  uint64_t *taken)
{
	struct cpu *c = &m->cpus[0];

	if (env)
		return __real_console_read(m, env, buffer, bytes, taken);
	*taken = !buffer && hook_can_run(m, c, bytes);
	if (!buffer)
		return EXO_OK;
	if (!hook()->agent_rests && m->vcpus[1].state == VCPU_RUNNABLE)
		hook()->agent_rests = EXO_REG_PC(&m->vcpus[1].regs);
	__wrap_arch_clock_arm(m, UINT64_MAX);
	hook()->agent_begin = buffer;
	hook()->agent_called = bytes;
	hook_wait();
	c->armed = 0;
	c->is_over = false;
	c->since = arch_clock(m);
	c->slice_end = c->since + m->slice_units;
	vcpu_page(m, c->current)->slice_end = c->slice_end;
	cpu_set_deadline(m, c, UINT64_MAX);
	return EXO_OK;
}
