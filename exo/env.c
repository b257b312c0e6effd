/* SPDX-License-Identifier: ISC */
/* Envs: births, deaths, the tree. Touches envs, accounts, their roots' frames. The tree lock is the
 * caller's; takes env, and what frame_alloc and vcpu_stop take. */
#include "exo/machine.h"

#include "exo/slot.h"

void env_lock_pair(struct machine *m, unsigned a, unsigned b) UNCHECKED
{
	lock_acquire(m, &m->envs[a < b ? a : b].lock, RANK_ENV, false);
	if (a != b)
		lock_acquire(m, &m->envs[a < b ? b : a].lock, RANK_ENV, true);
}

void env_unlock_pair(struct machine *m, unsigned a, unsigned b) UNCHECKED
{
	if (a != b)
		lock_release(m, &m->envs[b].lock, RANK_ENV);
	lock_release(m, &m->envs[a].lock, RANK_ENV);
}

uint64_t env_handle(struct machine *m, unsigned env)
{
	return env | m->envs[env].generation << 16;
}

err_t env_find(struct machine *m, unsigned caller, uint64_t handle, bool is_dead_ok, unsigned *env)
{
	unsigned at = handle ? (unsigned)(handle & 0xffff) : caller;
	unsigned above;

	if (at >= EXO_ENVS || (handle && m->envs[at].generation != handle >> 16))
		return EXO_E_ENV;
	if (m->envs[at].state != ENV_ALIVE && !(is_dead_ok && m->envs[at].state != ENV_FREE))
		return EXO_E_ENV;
	for (above = at; above != caller; above = m->envs[above].parent)
		if (above == ENV_NONE)
			return EXO_E_ENV;
	*env = at;
	return EXO_OK;
}

err_t env_find_dead(struct machine *m, unsigned parent, unsigned *env)
{
	unsigned left = m->envs[parent].children, i;

	for (i = 0; left; i++) {
		if (m->envs[i].parent != parent || m->envs[i].state == ENV_FREE)
			continue;
		if (m->envs[i].state == ENV_DEAD) {
			*env = i;
			return EXO_OK;
		}
		left--;
	}
	return EXO_E_EMPTY;
}

err_t env_create(struct machine *m, unsigned parent, const struct exo_limits *limits, unsigned *env)
{
	unsigned account = parent == ENV_NONE ? 0 : m->envs[parent].account;
	unsigned at = 0;
	struct pfn root;
	err_t err;

	while (at < EXO_ENVS && m->envs[at].state != ENV_FREE)
		at++;
	if (at == EXO_ENVS)
		return EXO_E_FULL;
	err = limits ? account_create(m, account, limits, &account) : EXO_OK;
	if (err)
		return err;
	m->accounts[account].envs++;
	err = account_charge(m, account, EXO_RESOURCE_ENVS, 1);
	if (!err) {
		err = frame_alloc(m, account, FRAME_TABLE, EXO_LEVELS, 0, &root);
		if (err)
			account_discharge(m, account, EXO_RESOURCE_ENVS, 1);
	}
	if (err) {
		account_leave(m, account);
		return err;
	}
	arch_root_init(m, root);
	env_lock(m, at);
	m->envs[at].root = root;
	m->envs[at].account = account;
	m->envs[at].parent = parent;
	m->envs[at].units = m->envs[at].window = 0;
	m->envs[at].generation++;
	m->envs[at].state = ENV_ALIVE;
	env_unlock(m, at);
	if (parent != ENV_NONE)
		m->envs[parent].children++;
	*env = at;
	return EXO_OK;
}

/* Children of an env go to its parent; of those that are dead it hears with the end of this one. */
static void env_disown(struct machine *m, unsigned env) REQUIRES(tree_class)
{
	unsigned parent = m->envs[env].parent, i;

	for (i = 0; i < EXO_ENVS && m->envs[env].children; i++) {
		if (m->envs[i].state == ENV_FREE || m->envs[i].parent != env)
			continue;
		m->envs[i].parent = parent;
		m->envs[env].children--;
		m->envs[parent].children++;
	}
}

void env_finish(struct machine *m, struct cpu *c, unsigned env)
{
	struct env *e = &m->envs[env];

	assert(e->state == ENV_ENDING && e->vcpus == VCPU_NONE);
	if (c->root_env == env)
		cpu_load_root(m, c, ENV_NONE);
	/* Who still has the root loaded runs no vcpu: it is in the kernel, on its way to another
	 * root, or spins for a lock and lets go of it there. pairs with: cpu_load_root */
	while (atomic_load(&e->cpus)) {
		spin_point("root_spin");
		flush_answer(m, c);
	}
	if (arch_tlb_is_shared(m))
		arch_tlb_flush_all(m, c, env); /* another env may get its number */
	env_disown(m, env);
	env_lock(m, env);
	e->state = ENV_DEAD;
	env_unlock(m, env);
	frame_unref(m, e->root);
	vcpu_event(m, m->envs[e->parent].vcpus, EXO_EVENT_CHILD);
}

void env_kill(struct machine *m, struct cpu *c, unsigned env, uint64_t status)
{
	struct env *e = &m->envs[env];
	unsigned cpu, vcpu, next;

	if (e->state != ENV_ALIVE)
		return;
	e->status = status;
	if (e->parent == ENV_NONE) { /* that is the end: see cpu_park */
		for (cpu = 0; cpu < m->cpu_count; cpu++) {
			atomic_fetch_or(&m->cpus[cpu].shoot, SHOOT_END);
			arch_cpu_interrupt(m, cpu);
		}
		return;
	}
	env_lock(m, env);
	e->state = ENV_ENDING;
	env_unlock(m, env);
	point("env_ending");
	if (e->vcpus == VCPU_NONE)
		env_finish(m, c, env);
	for (vcpu = e->vcpus; vcpu != VCPU_NONE; vcpu = next) {
		next = m->vcpus[vcpu].next;
		vcpu_stop(m, c, vcpu);
	}
}

void env_destroy(struct machine *m, unsigned env)
{
	struct env *e = &m->envs[env];

	account_discharge(m, e->account, EXO_RESOURCE_ENVS, 1);
	m->envs[e->parent].children--;
	env_lock(m, env);
	e->state = ENV_FREE;
	env_unlock(m, env);
	account_leave(m, e->account);
}
