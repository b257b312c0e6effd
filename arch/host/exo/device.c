/* SPDX-License-Identifier: ISC */
/*
 * The simulated processor and its devices: registers, clock, console, interrupts between CPUs, the
 * ends of a machine. Touches host_self and m->arch; takes no locks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/host/host.h"
#include "exo/console.h"
#include "exo/machine.h"

_Thread_local struct host_self host_self;

/* Back to whoever runs the machine. Not noreturn: the sanitizer would be told in spite of all. */
static void device_stop(enum host_stop why)
{
	uint8_t *here = __builtin_frame_address(0);

	host_self.why = why;
	if (host_self.stop) {
		host_poison(here, (size_t)((uint8_t *)host_self.stop - here), false);
		host_jump(*host_self.stop);
	}
	fprintf(stderr, "machine stopped: %s\n", why == HOST_PANIC ? host_self.what
		: why == HOST_OFF ? "power off" : "deadlock");
	abort();
}

/* One thread simulates all CPUs, so the other one answers a shoot-down at once; the rest of its
 * interrupt is for whoever runs it. */
void arch_cpu_interrupt(struct machine *m, unsigned cpu)
{
	unsigned index = host_self.index;

	m->arch.cpus[cpu].is_interrupted = true;
	if (host_self.is_parallel)
		return;
	host_self.index = cpu;
	flush_answer(m, &m->cpus[cpu]);
	host_self.index = index;
}

void arch_clock_arm(struct machine *m, uint64_t deadline)
{
	m->arch.cpus[host_self.index].deadline = deadline;
}

void arch_regs_start(struct exo_regs *regs, uint64_t entry, uint64_t stack, uint64_t argument)
{
	memset(regs, 0, sizeof(*regs));
	regs->pc = entry;
	regs->sp = stack;
	regs->arg[0] = argument;
}

void arch_regs_upcall(struct exo_regs *regs, struct exo_regs *saved, uint64_t entry, uint64_t frame,
		      uint64_t vcpu_page)
{
	*saved = *regs;
	regs->pc = entry;
	regs->sp = frame;
	regs->arg[0] = vcpu_page;
	regs->arg[1] = frame;
}

bool arch_regs_check(struct exo_regs *regs)
{
	if (regs->pc / EXO_ROOT_SPAN >= EXO_ROOT_USER || regs->sp / EXO_ROOT_SPAN > EXO_ROOT_USER)
		return false;
	regs->flags &= 1u;
	return true;
}

bool arch_regs_load(struct exo_regs *to, const struct exo_regs *from)
{
	struct exo_regs copy = *from;

	if (!arch_regs_check(&copy))
		return false;
	*to = copy;
	return true;
}

void arch_fpu_init(struct arch_fpu *fpu)
{
	memset(fpu, 0, sizeof(*fpu));
}

void arch_fpu_save(struct arch_fpu *fpu, bool is_dead)
{
	if (is_dead)
		*fpu = (struct arch_fpu){ .thread = host_self.fpu.thread };
	else
		*fpu = host_self.fpu;
}

void arch_fpu_load(const struct arch_fpu *fpu)
{
	host_self.fpu = *fpu;
}

/* Instructions and data are one here. */
void arch_frame_executable(struct machine *m, struct pfn pfn)
{
	assert(frame_exists(m, pfn.n));
}

void arch_console_put(struct machine *m, uint8_t byte)
{
	m->arch.console_out[m->arch.console_out_count++ % HOST_CONSOLE_BYTES] = byte;
}

int arch_console_get(struct machine *m)
{
	if (m->arch.console_in_tail == m->arch.console_in_head)
		return -1;
	return m->arch.console_in[m->arch.console_in_tail++ % HOST_CONSOLE_BYTES];
}

/* Each CPU has a thread: others move the clock, interrupt and type. */
static void idle_parallel(struct machine *m, struct host_cpu *hc)
{
	while (!hc->is_interrupted && arch_clock(m) < hc->deadline)
		host_self.at_idle(host_self.context);
	hc->is_interrupted = false;
}

/* Time passes in idleness alone: to the deadline, if nothing comes earlier. */
void arch_idle(struct machine *m, struct cpu *c)
{
	struct host_cpu *hc = &m->arch.cpus[c - m->cpus];
	bool has_input = m->arch.console_in_tail != m->arch.console_in_head;

	assert(!c->held); /* an interrupt may come here: it finds every lock free */
	if (host_self.is_parallel) {
		idle_parallel(m, hc);
		kernel_interrupt_idle(m, c);
		return;
	}
	if (!hc->is_interrupted && !has_input) {
		if (hc->deadline >= HOST_NEVER)
			device_stop(HOST_DEADLOCK);
		if (m->arch.clock < hc->deadline)
			m->arch.clock = hc->deadline;
	}
	hc->is_interrupted = false;
	if (has_input)
		console_receive(m);
	kernel_interrupt_idle(m, c);
}

_Noreturn void arch_power_off(struct machine *m, uint64_t status)
{
	m->arch.is_off = true;
	m->arch.power_status = status;
	device_stop(HOST_OFF);
	__builtin_unreachable();
}

_Noreturn void arch_panic(const char *what, const char *file, unsigned line)
{
	snprintf(host_self.what, sizeof(host_self.what), "%s:%u: %s", file, line, what);
	device_stop(HOST_PANIC);
	__builtin_unreachable();
}

void arch_point(const char *name)
{
	if (host_self.at_point)
		host_self.at_point(host_self.context, name);
}

void host_type(struct machine *m, const char *text)
{
	for (; *text; text++)
		m->arch.console_in[m->arch.console_in_head++ % HOST_CONSOLE_BYTES] =
			(uint8_t)*text;
}

void host_advance(struct machine *m, uint64_t units)
{
	atomic_fetch_add_explicit(&m->arch.clock, units, memory_order_relaxed);
}
