/* SPDX-License-Identifier: ISC */
/* CPUs: slices, dispatch, the clock. Touches struct cpu, vcpus' states and timers, roots loaded.
 * Takes the cpu lock; wait and tree through events and stops. */
#include "exo/machine.h"

#include "exo/audit.h"
#include "exo/upcall.h"

LOCK_PAIR(cpu, RANK_CPU, (struct machine *m, struct cpu *c), &c->lock)

void cpu_sleep(struct machine *m, struct cpu *c, unsigned vcpu)
{
	struct vcpu *v = &m->vcpus[vcpu];
	uint32_t *link;

	if (v->timer == UINT64_MAX)
		return;
	cpu_lock(m, c);
	link = &c->sleepers;
	while (*link != VCPU_NONE && m->vcpus[*link].timer <= v->timer)
		link = &m->vcpus[*link].sleep_next;
	v->sleep_next = *link;
	v->sleep_cpu = (uint32_t)(c - m->cpus);
	v->is_sleeping = true;
	*link = vcpu;
	cpu_unlock(m, c);
}

void cpu_unsleep(struct machine *m, unsigned vcpu)
{
	struct vcpu *v = &m->vcpus[vcpu];
	struct cpu *c = &m->cpus[v->sleep_cpu];

	cpu_lock(m, c);
	if (v->is_sleeping) {
		uint32_t *link = &c->sleepers;

		while (*link != vcpu)
			link = &m->vcpus[*link].sleep_next;
		*link = v->sleep_next;
		v->is_sleeping = false;
	}
	cpu_unlock(m, c);
}

void cpu_load_root(struct machine *m, struct cpu *c, unsigned env)
{
	uint64_t bit = UINT64_C(1) << (c - m->cpus);

	if (c->root_env == env)
		return;
	if (env != ENV_NONE) /* before it is loaded; pairs with: flush_finish */
		atomic_fetch_or(&m->envs[env].cpus, bit);
	arch_root_load(m, c, env);
	/* Only now does this CPU hold no translation of the former, or make none; pairs with:
	 * flush_finish, env_finish */
	if (c->root_env != ENV_NONE)
		atomic_fetch_and(&m->envs[c->root_env].cpus, ~bit);
	c->root_env = env;
}

/* Its env has used the CPU till now; what of that is past the slice's end is owed. */
static void cpu_charge(struct machine *m, struct cpu *c, unsigned vcpu)
{
	uint64_t now = arch_clock(m), ran = now - c->since, over = now - c->slice_end;
	struct vcpu *v = &m->vcpus[vcpu];

	atomic_fetch_add_explicit(&m->envs[v->env].units, ran, memory_order_relaxed);
	c->since = now;
	if (c->is_over && now > c->slice_end) {
		v->excess += over < ran ? over : ran;
		vcpu_page(m, vcpu)->excess += over < ran ? over : ran;
	}
}

bool cpu_put(struct machine *m, struct cpu *c, enum vcpu_state to)
{
	unsigned vcpu = c->current;
	struct vcpu *v = &m->vcpus[vcpu];

	cpu_charge(m, c, vcpu);
	if (to != VCPU_TERMINATED)
		arch_fpu_save(&v->fpu, vcpu_page(m, vcpu)->fpu_dead);
	c->current = VCPU_NONE;
	if (vcpu_edge(m, vcpu, atomic_load_explicit(&v->state, memory_order_relaxed), to))
		return true;
	c->current = vcpu;
	return false;
}

/* Another CPU asked for the end of what runs here. */
static void cpu_end_current(struct machine *m, struct cpu *c)
{
	tree_lock(m);
	vcpu_stop(m, c, c->current);
	tree_unlock(m);
}

/* Run a vcpu that has just become RUNNING here. */
static void cpu_take(struct machine *m, struct cpu *c, unsigned vcpu)
{
	struct vcpu *v = &m->vcpus[vcpu];

	c->current = vcpu; /* pairs with: vcpu_kick */
	c->switches++;
	c->armed = 0;
	cpu_load_root(m, c, v->env);
	arch_fpu_load(&v->fpu);
	vcpu_page(m, vcpu)->slice_end = c->slice_end;
	cpu_tick(m, c);
}

/* The next position, after the running slice's, whose vcpu is RUNNABLE; EXO_SLICES: none. One that
 * was handed out in this round, which ends where the vector does, after another was given back in
 * it, waits for the next: so nobody runs twice in a round by moving a slice ahead. */
static unsigned slice_find(struct machine *m, struct cpu *c) REQUIRES(cpu_class)
{
	unsigned words = c->slices_end / 64, i = (c->position + 1) / 64, at;
	uint64_t from = UINT64_MAX << (c->position + 1) % 64, found;

	for (; i < 2 * words; i++, from = UINT64_MAX) {
		found = i < words ? c->slices_used[i] & ~c->slices_late[i]
			: c->slices_used[i - words];
		for (found &= from; found; found &= found - 1) {
			at = i % words * 64 + (unsigned)__builtin_ctzll(found);
			if (atomic_load(&m->vcpus[c->slices[at]].state) == VCPU_RUNNABLE)
				return at;
		}
	}
	return EXO_SLICES;
}

/* Begin a slice: what the vcpu ran past its last one is taken off. Returns whose, now RUNNING;
 * VCPU_NONE: another CPU was first. */
static unsigned slice_begin(struct machine *m, struct cpu *c, unsigned position)
	REQUIRES(cpu_class)
{
	unsigned vcpu = c->slices[position];
	struct vcpu *v = &m->vcpus[vcpu];
	uint64_t owed = m->slice_units - m->quantum_units;

	if (!vcpu_edge(m, vcpu, VCPU_RUNNABLE, VCPU_RUNNING))
		return VCPU_NONE;
	owed = v->excess < owed ? v->excess : owed;
	v->excess -= owed;
	if (position <= c->position || c->slices_late[position / 64] >> position % 64 & 1)
		__builtin_memset(c->slices_late, 0, sizeof(c->slices_late)); /* a new round */
	c->position = position;
	c->slice_end = arch_clock(m) + m->slice_units - owed;
	c->is_over = false;
	return vcpu;
}

uint64_t cpu_first_timer(struct machine *m, struct cpu *c)
{
	uint64_t timer;

	cpu_lock(m, c);
	timer = c->sleepers == VCPU_NONE ? UINT64_MAX : m->vcpus[c->sleepers].timer;
	cpu_unlock(m, c);
	return timer;
}

/* The first sleeper's time has come. The tree lock keeps it from ending between list and event. */
static NOINLINE void cpu_wake_sleeper(struct machine *m, struct cpu *c, uint64_t now)
{
	unsigned vcpu;

	tree_lock(m);
	cpu_lock(m, c);
	vcpu = c->sleepers;
	if (vcpu == VCPU_NONE || m->vcpus[vcpu].timer > now)
		vcpu = VCPU_NONE; /* it has been woken meanwhile */
	else
		m->vcpus[vcpu].timer = UINT64_MAX; /* who wakes it takes it off the list */
	cpu_unlock(m, c);
	vcpu_event(m, vcpu, EXO_EVENT_TIMER);
	tree_unlock(m);
}

/* Nothing can run: work on dying tables, a step at a time; when none are left, sleep until an
 * interrupt. */
static void cpu_idle(struct machine *m, struct cpu *c)
{
	unsigned i, left = 0; /* to do */

	cpu_load_root(m, c, ENV_NONE);
	for (i = 0; i < EXO_ACCOUNTS; i++)
		left += frame_drain(m, i, 64);
	c->slice_end = UINT64_MAX;
	cpu_lock(m, c);
	left += slice_find(m, c) != EXO_SLICES; /* who waited on a page that was dropped */
	cpu_unlock(m, c);
	if (left) {
		cpu_tick(m, c);
		spin_point("idle_drain"); /* what is left may be in another CPU's hands */
		return;
	}
	c->armed = c->deadline = cpu_first_timer(m, c);
	arch_clock_arm(m, c->deadline);
	trace(m, c, EXO_TRACE_IDLE, 0, 0, 0);
	c->since = arch_clock(m);
	arch_idle(m, c);
	c->idle_units += arch_clock(m) - c->since;
	c->since = arch_clock(m);
}

/* One look for something to run. */
static void cpu_dispatch(struct machine *m, struct cpu *c)
{
	unsigned position, vcpu = VCPU_NONE;

	cpu_lock(m, c);
	position = slice_find(m, c);
	if (position != EXO_SLICES)
		vcpu = slice_begin(m, c, position);
	cpu_unlock(m, c);
	if (vcpu != VCPU_NONE)
		cpu_take(m, c, vcpu);
	else if (position == EXO_SLICES)
		cpu_idle(m, c);
}

err_t cpu_yield_to(struct machine *m, struct cpu *c, unsigned vcpu)
{
	if (!vcpu_edge(m, vcpu, VCPU_RUNNABLE, VCPU_RUNNING))
		return EXO_E_STATE;
	if (!cpu_put(m, c, VCPU_RUNNABLE))
		cpu_end_current(m, c);
	cpu_take(m, c, vcpu);
	return EXO_OK;
}

/* The slice has ended: go on if nobody else can run, ask, or take the CPU away. */
static void cpu_slice_over(struct machine *m, struct cpu *c, uint64_t now)
{
	struct exo_vcpu_page *page = vcpu_page(m, c->current);
	bool is_alone;

	cpu_lock(m, c);
	is_alone = slice_find(m, c) == EXO_SLICES;
	cpu_unlock(m, c);
	if (is_alone) {
		c->is_over = false;
		c->slice_end = now + m->slice_units;
		page->slice_end = c->slice_end;
	} else if (!c->is_over && page->upcall_entry) {
		c->is_over = true;
		vcpu_event(m, c->current, EXO_EVENT_SLICE_END);
	} else if (!page->upcall_entry || now - c->slice_end >= m->allowance_units) {
		page->switches++;
		cpu_put(m, c, VCPU_RUNNABLE);
	}
}

void cpu_set_deadline(struct machine *m, struct cpu *c, uint64_t sleeper)
{
	uint64_t own = m->vcpus[c->current].timer, timer = own < sleeper ? own : sleeper;

	c->deadline = c->slice_end + (c->is_over ? m->allowance_units : 0);
	if (timer < c->deadline)
		c->deadline = timer;
}

void cpu_tick(struct machine *m, struct cpu *c)
{
	uint64_t now = arch_clock(m), sleeper;

	while ((sleeper = cpu_first_timer(m, c)) <= now)
		cpu_wake_sleeper(m, c, now);
	if (c->current == VCPU_NONE)
		return;
	if (m->vcpus[c->current].timer <= now) {
		m->vcpus[c->current].timer = UINT64_MAX;
		vcpu_event(m, c->current, EXO_EVENT_TIMER);
	}
	if (now >= c->slice_end)
		cpu_slice_over(m, c, now);
	if (c->current != VCPU_NONE)
		cpu_set_deadline(m, c, sleeper);
}

/* What is armed already and near stays, or a loop of short calls would put it off for ever. */
static NOINLINE void cpu_arm_anew(struct machine *m, struct cpu *c, uint64_t deadline,
				  uint64_t least)
{
	if (c->armed && c->armed >= c->deadline && c->armed <= least)
		return;
	c->armed = deadline;
	arch_clock_arm(m, deadline);
}

/* Arm the clock, as the last act before user mode, at least a quantum ahead. */
static ALWAYS_INLINE void cpu_arm(struct machine *m, struct cpu *c)
{
	uint64_t least = arch_clock(m) + m->quantum_units;
	uint64_t deadline = c->deadline < least ? least : c->deadline;

	if (__builtin_expect(deadline != c->armed, false))
		cpu_arm_anew(m, c, deadline, least);
}

/* Something is pending or new about the vcpu, but it can go on as it is. */
static NOINLINE bool cpu_is_settled(struct machine *m, struct cpu *c, const struct vcpu *v)
{
	/* A deadline of 0: the events come with the clock, after the quantum that it was given. */
	return v->state == VCPU_RUNNING
		&& (vcpu_page(m, c->current)->masked
		    || (v->has_progressed && !(v->pending && c->deadline)));
}

/* Nothing keeps this CPU in the kernel; then it counts as out of it. */
static ALWAYS_INLINE bool cpu_may_leave(struct machine *m, struct cpu *c)
{
	unsigned vcpu = c->current;
	const struct vcpu *v;

	if (vcpu == VCPU_NONE)
		return false;
	v = &m->vcpus[vcpu];
	if (__builtin_expect(v->pending || !v->has_progressed || v->state != VCPU_RUNNING, false)
	    && !cpu_is_settled(m, c, v))
		return false;
	/* Whoever sees in_kernel set has set shoot before; pairs with: flush_others */
	atomic_store(&c->in_kernel, 0);
	if (!atomic_load(&c->shoot))
		return true;
	atomic_store(&c->in_kernel, 1);
	return false;
}

/* The first env has ended, and this CPU holds nothing: the last to come here ends the machine. */
static _Noreturn void cpu_park(struct machine *m, struct cpu *c) UNCHECKED
{
	/* All that the others have done is visible to the last; pairs with: cpu_park */
	if (atomic_fetch_add(&m->parked, 1) + 1 >= atomic_load(&m->joined)) {
		audit_at_end(m);
		arch_power_off(m, m->envs[0].status);
	}
	for (;; spin_point("parked"))
		flush_answer(m, c);
}

/* Do one of the things that keep it. */
static NOINLINE void cpu_prepare(struct machine *m, struct cpu *c)
{
	struct vcpu *v;

	if (atomic_load(&c->shoot)) {
		flush_answer(m, c);
		if (atomic_load(&c->shoot) & SHOOT_END)
			cpu_park(m, c);
		return; /* perhaps nothing else kept it */
	}
	if (c->current == VCPU_NONE) {
		cpu_dispatch(m, c);
		return;
	}
	v = &m->vcpus[c->current];
	if (v->state != VCPU_RUNNING) {
		cpu_end_current(m, c);
	} else if (c->deadline && arch_clock(m) >= c->deadline) {
		cpu_tick(m, c); /* a fresh quantum puts the clock off, but not the slice's end */
	} else if (!v->has_progressed) {
		/* Unmasked for the first time after an EVENTS upcall: a fresh quantum, so that it
		 * always executes before the next one. */
		v->has_progressed = true;
		c->armed = 0;
		c->not_before = arch_clock(m) + m->quantum_units;
		point("quantum_begun");
	} else if (arch_clock(m) < c->not_before) {
		c->deadline = 0; /* what is pending comes with the clock, at the quantum's end */
	} else {
		v->has_progressed = false;
		upcall_events(m, c);
	}
}

INLINED struct vcpu *cpu_leave(struct machine *m, struct cpu *c)
{
	while (__builtin_expect(!cpu_may_leave(m, c), false))
		cpu_prepare(m, c);
	cpu_arm(m, c);
	return &m->vcpus[c->current];
}

err_t slice_alloc(struct machine *m, unsigned vcpu, uint64_t cpu, uint64_t want, unsigned account,
		  uint64_t *position)
{
	err_t err = EXO_E_USED;
	uint64_t at = want, i;
	struct cpu *c;

	if (cpu >= m->cpu_count || (want >= EXO_SLICES && want != EXO_SLICE_ANY))
		return EXO_E_RANGE;
	if (account_charge(m, account, EXO_RESOURCE_SLICES, 1))
		return EXO_E_LIMIT;
	c = &m->cpus[cpu];
	cpu_lock(m, c);
	if (want == EXO_SLICE_ANY) {
		err = EXO_E_FULL;
		at = (c->position + 1) % EXO_SLICES;
		for (i = 1; i < EXO_SLICES && c->slices[at] != VCPU_NONE; i++)
			at = (at + 1) % EXO_SLICES;
	}
	if (c->slices[at] == VCPU_NONE) {
		c->slices_used[at / 64] |= UINT64_C(1) << at % 64;
		if (at >= c->slices_end)
			c->slices_end = (uint32_t)(at / 64 + 1) * 64;
		c->slices[at] = (uint16_t)vcpu;
		c->slice_account[at] = (uint16_t)account;
		m->vcpus[vcpu].slices++;
		atomic_fetch_or_explicit(&m->vcpus[vcpu].homes, 1u << cpu, memory_order_relaxed);
		*position = at;
		err = EXO_OK;
		vcpu_kick(m, vcpu);
	}
	cpu_unlock(m, c);
	if (err)
		account_discharge(m, account, EXO_RESOURCE_SLICES, 1);
	return err;
}

static void slice_drop(struct machine *m, struct cpu *c, unsigned position)
	REQUIRES(cpu_class, tree_class)
{
	unsigned i;

	m->vcpus[c->slices[position]].slices--;
	c->slices_used[position / 64] &= ~(UINT64_C(1) << position % 64);
	c->slices[position] = VCPU_NONE;
	for (i = 0; i < ARRAY_COUNT(c->slices_late); i++)
		c->slices_late[i] |= ~c->slices_used[i];
	account_discharge(m, c->slice_account[position], EXO_RESOURCE_SLICES, 1);
}

err_t slice_free(struct machine *m, unsigned env, uint64_t cpu, uint64_t position)
{
	unsigned holder, found;
	struct cpu *c;
	err_t err = EXO_OK;

	if (cpu >= m->cpu_count || position >= EXO_SLICES)
		return EXO_E_RANGE;
	c = &m->cpus[cpu];
	cpu_lock(m, c);
	holder = c->slices[position];
	if (holder == VCPU_NONE)
		err = EXO_E_EMPTY;
	else if (env_find(m, env, env_handle(m, m->vcpus[holder].env), false, &found))
		err = EXO_E_VCPU;
	else
		slice_drop(m, c, (unsigned)position);
	cpu_unlock(m, c);
	return err;
}

void slice_free_all(struct machine *m, unsigned vcpu)
{
	struct cpu *c;
	unsigned position;

	for (c = m->cpus; c < m->cpus + m->cpu_count; c++) {
		cpu_lock(m, c);
		for (position = 0; position < EXO_SLICES && m->vcpus[vcpu].slices; position++)
			if (c->slices[position] == vcpu)
				slice_drop(m, c, position);
		cpu_unlock(m, c);
	}
}
