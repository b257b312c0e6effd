/* SPDX-License-Identifier: ISC */
/* Vcpus: their life, events. Touches vcpus, their pages, their env's list. The tree lock is the
 * caller's where it says so; takes env, wait, cpu, and what frame_alloc takes. */
#include "exo/machine.h"

#include "exo/revoke.h"
#include "exo/slot.h"

/* Legal edges: bit `to` of edges[from]. */
static const uint8_t edges[VCPU_STATES] = {
	[VCPU_FREE] = 1u << VCPU_INITIALIZING,
	[VCPU_INITIALIZING] = 1u << VCPU_RUNNABLE | 1u << VCPU_TERMINATED,
	[VCPU_RUNNABLE] = 1u << VCPU_RUNNING | 1u << VCPU_TERMINATED,
	[VCPU_RUNNING] = 1u << VCPU_RUNNABLE | 1u << VCPU_STOPPING | 1u << VCPU_WAITING
		| 1u << VCPU_TERMINATED,
	[VCPU_STOPPING] = 1u << VCPU_TERMINATED,
	[VCPU_WAITING] = 1u << VCPU_RUNNABLE | 1u << VCPU_TERMINATED,
	[VCPU_TERMINATED] = 1u << VCPU_FREE,
};

bool vcpu_edge(struct machine *m, unsigned vcpu, enum vcpu_state from, enum vcpu_state to)
{
	uint32_t expected = from;

	point("vcpu_edge");
	/* The context is complete before it says RUNNABLE, whoever takes it sees it whole, and only
	 * then does its CPU look who asks, or the asker who runs it. pairs with: vcpu_edge */
	if (edges[from] >> to & 1
	    && atomic_compare_exchange_strong(&m->vcpus[vcpu].state, &expected, to))
		return true;
	atomic_fetch_add_explicit(&m->refusals, 1, memory_order_relaxed);
	return false;
}

uint64_t vcpu_handle(struct machine *m, unsigned vcpu)
{
	return vcpu | m->vcpus[vcpu].generation << 16;
}

err_t vcpu_find(struct machine *m, uint64_t handle, unsigned *vcpu)
{
	unsigned at = handle & 0xffff;
	uint32_t state;

	if (at >= EXO_VCPUS || m->vcpus[at].generation != handle >> 16)
		return EXO_E_VCPU;
	/* pairs with: vcpu_edge */
	state = atomic_load_explicit(&m->vcpus[at].state, memory_order_acquire);
	if (state == VCPU_FREE || state == VCPU_INITIALIZING || state == VCPU_TERMINATED)
		return EXO_E_VCPU;
	*vcpu = at;
	return EXO_OK;
}

struct exo_vcpu_page *vcpu_page(struct machine *m, unsigned vcpu)
{
	return arch_frame_memory(m, m->vcpus[vcpu].page);
}

/* The vcpu page's frame, in an empty slot at start->page. */
static err_t vcpu_map_page(struct machine *m, unsigned env, uint64_t address, struct pfn *page)
{
	struct slot_path path;
	err_t err;

	env_lock(m, env);
	err = slot_find(m, m->envs[env].root, address, 1, &path);
	if (!err && !path.is_open)
		err = EXO_E_FROZEN;
	if (!err && frame_type(frame_meta(m, path.table)) != FRAME_TABLE)
		err = EXO_E_TYPE;
	if (!err && slot_is_present(slot_get(path.slot)))
		err = EXO_E_USED;
	if (!err)
		err = frame_alloc(m, m->envs[env].account, FRAME_VCPU, 0, 0, page);
	if (!err) {
		assert(!frame_ref(m, *page));
		slot_set(path.slot, slot_fixed(slot_leaf(page->n, EXO_READ | EXO_WRITE,
							 EXO_READ | EXO_WRITE, 0)));
		table_use(m, path.table, 1, table_groups(slot_index(address, 1), 1));
	}
	env_unlock(m, env);
	return err;
}

err_t vcpu_start(struct machine *m, unsigned env, const struct exo_vcpu_start *start,
		 unsigned *vcpu)
{
	struct exo_vcpu_page *shared;
	struct exo_regs regs;
	struct vcpu *v;
	struct pfn page;
	unsigned at = 0;
	err_t err;

	arch_regs_start(&regs, start->entry, start->stack, start->argument);
	if (start->page % EXO_PAGE_SIZE || start->masked > 1 || !arch_regs_check(&regs))
		return EXO_E_ARGUMENT;
	while (at < EXO_VCPUS && m->vcpus[at].state != VCPU_FREE)
		at++;
	if (at == EXO_VCPUS)
		return EXO_E_FULL;
	err = account_charge(m, m->envs[env].account, EXO_RESOURCE_VCPUS, 1);
	if (err)
		return err;
	err = vcpu_map_page(m, env, start->page, &page);
	if (err) {
		account_discharge(m, m->envs[env].account, EXO_RESOURCE_VCPUS, 1);
		return err;
	}
	assert(vcpu_edge(m, at, VCPU_FREE, VCPU_INITIALIZING)); /* claimed under the tree lock */
	v = &m->vcpus[at];
	v->regs = regs;
	arch_fpu_init(&v->fpu);
	v->env = env;
	v->generation++;
	v->page = page;
	v->page_address = start->page;
	v->timer = UINT64_MAX;
	v->has_progressed = true;
	v->next = m->envs[env].vcpus;
	m->envs[env].vcpus = at;
	shared = vcpu_page(m, at);
	shared->env = env_handle(m, env);
	shared->vcpu = vcpu_handle(m, at);
	__builtin_memcpy(&shared->upcall_entry, &start->upcall_entry, 3 * sizeof(uint64_t));
	shared->masked = (uint32_t)start->masked;
	vcpu_edge(m, at, VCPU_INITIALIZING, VCPU_RUNNABLE);
	*vcpu = at;
	return EXO_OK;
}

/* What a TERMINATED vcpu still holds goes back; nothing of it is left in the entry. */
static void vcpu_end(struct machine *m, struct cpu *c, unsigned vcpu) REQUIRES(tree_class)
{
	struct vcpu *v = &m->vcpus[vcpu];
	unsigned env = v->env;
	uint32_t *link = &m->envs[env].vcpus;

	while (*link != vcpu)
		link = &m->vcpus[*link].next;
	*link = v->next;
	if (v->pending & EXO_EVENT_CHILD)
		vcpu_event(m, m->envs[env].vcpus, EXO_EVENT_CHILD);
	if (v->pending & EXO_EVENT_REVOKE)
		revoke_tell(m, m->envs[env].account);
	slice_free_all(m, vcpu);
	frame_unref(m, v->page);
	account_discharge(m, m->envs[env].account, EXO_RESOURCE_VCPUS, 1);
	__builtin_memset(v, 0, offsetof(struct vcpu, generation));
	vcpu_edge(m, vcpu, VCPU_TERMINATED, VCPU_FREE);
	if (m->envs[env].vcpus == VCPU_NONE) {
		if (m->envs[env].state == ENV_ALIVE)
			env_kill(m, c, env, EXO_STATUS(EXO_DEATH_LAST_VCPU, 0));
		else
			env_finish(m, c, env);
	}
}

void vcpu_stop(struct machine *m, struct cpu *c, unsigned vcpu)
{
	enum vcpu_state state = VCPU_TERMINATED, to;

	if (c->current == vcpu)
		assert(cpu_put(m, c, VCPU_TERMINATED));
	else
		do {
			state = atomic_load(&m->vcpus[vcpu].state);
			to = state == VCPU_RUNNING ? VCPU_STOPPING : VCPU_TERMINATED;
		} while (state != VCPU_STOPPING && !vcpu_edge(m, vcpu, state, to));
	if (state == VCPU_RUNNING || state == VCPU_STOPPING) {
		vcpu_kick(m, vcpu); /* that CPU ends it on its way to user mode */
		return;
	}
	wait_end(m, vcpu, true); /* some may be about to wake it */
	vcpu_end(m, c, vcpu);
}

/* Of several CPUs. */
static NOINLINE void vcpu_kick_others(struct machine *m, unsigned vcpu)
{
	uint32_t homes = atomic_load_explicit(&m->vcpus[vcpu].homes, memory_order_relaxed), i;

	for (i = 0; i < m->cpu_count; i++) {
		uint32_t current = atomic_load(&m->cpus[i].current);

		if (i != arch_cpu_index()
		    && (current == vcpu || (current == VCPU_NONE && homes >> i & 1)))
			arch_cpu_interrupt(m, i);
	}
}

void vcpu_kick(struct machine *m, unsigned vcpu)
{
	if (m->cpu_count > 1)
		vcpu_kick_others(m, vcpu);
}

void vcpu_pend(struct machine *m, unsigned vcpu, uint32_t events)
{
	/* What the event is about is visible to whoever takes it. pairs with: upcall_events */
	events |= atomic_fetch_or(&m->vcpus[vcpu].pending, events);
	/* Relaxed: too early or too late it says "some" in vain, never "none". */
	atomic_store_explicit((_Atomic uint32_t *)&vcpu_page(m, vcpu)->pending, events,
			      memory_order_relaxed);
	point("event_pended");
}

void vcpu_event(struct machine *m, unsigned vcpu, uint32_t events)
{
	if (vcpu == VCPU_NONE)
		return;
	vcpu_pend(m, vcpu, events);
	wait_end(m, vcpu, false);
	vcpu_kick(m, vcpu);
}
