/* SPDX-License-Identifier: ISC */
/* What a step must leave of CPUs and vcpus; see answer_cpu.h. */
#include "fuzz/answer_cpu.h"

#include <string.h>

#include "arch/host/host.h"

/* Time that envs were charged for or will be. */
static UNCHECKED uint64_t charged(const struct machine *m)
{
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < EXO_ENVS; i++)
		sum += m->envs[i].units;
	for (i = 0; i < m->cpu_count; i++)
		if (m->cpus[i].current != VCPU_NONE)
			sum += m->arch.clock - m->cpus[i].since;
	return sum;
}

UNCHECKED void answer_cpu_before(struct answer_cpu *a, struct machine *m)
{
	unsigned i;

	a->clock = m->arch.clock;
	a->charged = charged(m);
	for (i = 0; i < m->cpu_count; i++) {
		memcpy(a->cpu[i].upcalls, m->cpus[i].upcalls, sizeof(a->cpu[i].upcalls));
		a->cpu[i].switches = m->cpus[i].switches;
		a->cpu[i].idle = m->cpus[i].idle_units;
		a->cpu[i].since = m->cpus[i].since;
		a->cpu[i].slice_end = m->cpus[i].slice_end;
		a->cpu[i].current = m->cpus[i].current;
		a->cpu[i].position = m->cpus[i].position;
		a->cpu[i].is_over = m->cpus[i].is_over;
	}
	for (i = 0; i < EXO_VCPUS; i++) {
		const struct vcpu *v = &m->vcpus[i];

		a->vcpu[i].generation = v->state == VCPU_FREE ? 0 : v->generation;
		a->vcpu[i].excess = v->excess;
		a->vcpu[i].pending = v->pending;
		a->vcpu[i].is_masked = v->state != VCPU_FREE && vcpu_page(m, i)->masked;
		a->vcpu[i].is_blocked = v->state == VCPU_WAITING;
		a->vcpu[i].is_shared = v->wait_key & WAIT_KEY_SHARED;
	}
	for (i = 0; i < EXO_ENVS; i++) {
		a->env[i].generation = m->envs[i].generation;
		a->env[i].state = m->envs[i].state;
		a->env[i].parent = m->envs[i].parent;
	}
}

static bool has_upcall(const struct answer_cpu *a, const struct machine *m, unsigned cpu,
		       enum exo_upcall kind)
{
	return a->cpu[cpu].upcalls[kind] != m->cpus[cpu].upcalls[kind];
}

/* The frame that the vcpu which runs there has got; false: it cannot be read. */
static bool read_frame(struct machine *m, unsigned cpu, struct exo_frame *frame)
{
	uint64_t at = EXO_REG_SP(&m->vcpus[m->cpus[cpu].current].regs), i, word;
	uint8_t *to = (uint8_t *)frame;
	struct host_walk walk;
	struct pfn pfn;
	unsigned access;

	for (i = 0; i < sizeof(*frame); i += sizeof(word)) {
		walk = host_walk(m, m->cpus[cpu].root_env, at + i);
		pfn = host_walk_leaf(m, &walk, at + i, &access);
		if (!access)
			return false;
		memcpy(to + i, (uint8_t *)arch_frame_memory(m, pfn) + (at + i) % EXO_PAGE_SIZE,
		       sizeof(word));
	}
	return true;
}

/* Upcalls of the vcpu that has run there all the time. */
static UNCHECKED const char *upcalls_after(const struct answer_cpu *a, struct machine *m,
					   unsigned cpu, bool is_resume)
{
	unsigned vcpu = m->cpus[cpu].current, kind;
	struct exo_frame frame;
	bool has_one = false;

	for (kind = 0; kind < EXO_UPCALLS; kind++)
		has_one |= has_upcall(a, m, cpu, kind);
	if (!has_one || vcpu == VCPU_NONE || a->cpu[cpu].switches != m->cpus[cpu].switches
	    || a->vcpu[vcpu].generation != m->vcpus[vcpu].generation)
		return NULL;
	if (!vcpu_page(m, vcpu)->masked)
		return "an upcall leaves events unmasked";
	if (!has_upcall(a, m, cpu, EXO_UPCALL_EVENTS) || !read_frame(m, cpu, &frame)
	    || frame.kind != EXO_UPCALL_EVENTS)
		return NULL;
	if (a->vcpu[vcpu].is_masked && !is_resume)
		return "events came while they were masked";
	return a->vcpu[vcpu].pending & ~frame.code ? "an event was lost" : NULL;
}

static UNCHECKED const char *vcpu_after(const struct answer_cpu *a, struct machine *m,
					unsigned vcpu, uint64_t call)
{
	const struct vcpu *v = &m->vcpus[vcpu];
	/* Before the event came; on a shared page the kernel wakes, too. */
	bool may_be_woken = a->vcpu[vcpu].is_shared || call == EXO_CALL_WAKE;
	int64_t result = (int64_t)EXO_REG_RESULT(&v->regs);
	unsigned waits = 0, i;

	if (v->state == VCPU_FREE || a->vcpu[vcpu].generation != v->generation)
		return NULL;
	if (v->state == VCPU_WAITING && v->pending)
		return "who waits was not woken by an event";
	for (i = 0; v->wait_mode != WAIT_NONE && v->wait_key & WAIT_KEY_SHARED && i < EXO_VCPUS;
	     i++)
		waits += m->vcpus[i].wait_mode != WAIT_NONE && m->vcpus[i].wait_key == v->wait_key;
	if (waits && frame_refs(m, (struct pfn){ (uint32_t)v->wait_key }) <= waits)
		return "who waits on a page that is gone was not woken";
	if (v->state == VCPU_RUNNABLE && v->pending && a->vcpu[vcpu].is_blocked
	    && result != EXO_E_PENDING && !(may_be_woken && result == EXO_OK))
		return "a wait that an event has ended has another result";
	if (v->pending & ~a->vcpu[vcpu].pending & ~vcpu_page(m, vcpu)->pending)
		return "a vcpu page does not show what is pending";
	return NULL;
}

/* A death, or an heir of the dead: the parent hears of it. */
static UNCHECKED const char *env_after(const struct answer_cpu *a, const struct machine *m,
				       unsigned env)
{
	const struct env *e = &m->envs[env];
	unsigned parent = e->parent, vcpu, cpu;

	if (e->state != ENV_DEAD || parent == ENV_NONE
	    || (a->env[env].state == ENV_DEAD && a->env[env].parent == parent)
	    || a->env[env].generation != e->generation)
		return NULL;
	vcpu = m->envs[parent].vcpus;
	for (cpu = 0; cpu < m->cpu_count; cpu++)
		if (has_upcall(a, m, cpu, EXO_UPCALL_EVENTS))
			return NULL;
	return m->envs[parent].state == ENV_ALIVE && vcpu != VCPU_NONE
		&& !(m->vcpus[vcpu].pending & EXO_EVENT_CHILD)
		? "a parent was not told of a child's death" : NULL;
}

/* The clock of a CPU that runs something. */
static UNCHECKED const char *clock_after(const struct machine *m, unsigned cpu)
{
	const struct cpu *c = &m->cpus[cpu];
	uint64_t quantum = m->arch.clock + m->quantum_units, due;

	if (c->current == VCPU_NONE || c->in_kernel)
		return NULL;
	due = c->slice_end + (c->is_over ? m->allowance_units : 0);
	if (m->vcpus[c->current].timer < due)
		due = m->vcpus[c->current].timer;
	if (c->sleepers != VCPU_NONE && m->vcpus[c->sleepers].timer < due)
		due = m->vcpus[c->sleepers].timer;
	if (c->deadline > due)
		return "a CPU's next event is later than what is due";
	return c->armed > (due < quantum ? quantum : due) ? "a CPU's clock is set too late" : NULL;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* One vcpu gave its place to another: what the first ran past its slice's end is owed, what the
 * second owes is taken off its slice, if that is a new one. */
static UNCHECKED const char *slice_after(const struct answer_cpu *a, const struct machine *m,
					 unsigned cpu)
{
	const struct cpu *c = &m->cpus[cpu];
	unsigned from = a->cpu[cpu].current, to = c->current;
	uint64_t now = m->arch.clock, end = a->cpu[cpu].slice_end, over = 0, owed;

	if (c->switches != a->cpu[cpu].switches + 1 || c->idle_units != a->cpu[cpu].idle
	    || from == VCPU_NONE || to == VCPU_NONE || from == to
	    || m->vcpus[from].generation != a->vcpu[from].generation
	    || m->vcpus[from].state == VCPU_FREE || m->vcpus[from].state == VCPU_RUNNING
	    || m->vcpus[to].generation != a->vcpu[to].generation)
		return NULL;
	if (a->cpu[cpu].is_over && now > end)
		over = least(now - end, now - a->cpu[cpu].since);
	if (a->cpu[cpu].is_over && m->vcpus[from].excess != a->vcpu[from].excess + over)
		return "time past a slice's end is not owed";
	owed = least(a->vcpu[to].excess, m->slice_units - m->quantum_units);
	if (c->position == a->cpu[cpu].position) /* perhaps by YIELD, in the rest of the slice */
		return NULL;
	return m->vcpus[to].excess == a->vcpu[to].excess - owed
		&& c->slice_end == now + m->slice_units - owed ? NULL
		: "a slice is not as long as what is owed leaves it";
}

/* A CPU that ran something before and does now was idle or charged somebody all the time. Where one
 * ran something only before, after or in between nothing is said. */
static UNCHECKED bool is_time_charged(const struct answer_cpu *a, const struct machine *m)
{
	uint64_t due = a->charged, now = charged(m);
	unsigned i;

	for (i = 0; i < m->cpu_count; i++) {
		bool was_busy = a->cpu[i].current != VCPU_NONE;

		if (was_busy != (m->cpus[i].current != VCPU_NONE)
		    || (!was_busy && m->cpus[i].switches != a->cpu[i].switches))
			return true;
		if (!was_busy)
			continue;
		due += m->arch.clock - a->clock;
		now += m->cpus[i].idle_units - a->cpu[i].idle;
	}
	return now == due;
}

UNCHECKED const char *answer_cpu_after(const struct answer_cpu *a, struct machine *m, unsigned cpu,
				       uint64_t call)
{
	const char *wrong = upcalls_after(a, m, cpu, call == EXO_CALL_RESUME);
	bool is_new = false;
	unsigned i;

	for (i = 0; !wrong && i < EXO_VCPUS; i++)
		wrong = vcpu_after(a, m, i, call);
	for (i = 0; !wrong && i < EXO_ENVS; i++) {
		wrong = env_after(a, m, i);
		is_new |= a->env[i].generation != m->envs[i].generation;
	}
	for (i = 0; !wrong && i < m->cpu_count; i++)
		wrong = clock_after(m, i);
	for (i = 0; !wrong && i < m->cpu_count; i++)
		wrong = slice_after(a, m, i);
	if (!wrong && !is_new && !is_time_charged(a, m))
		wrong = "time was charged that was not used, or not charged";
	return wrong;
}
