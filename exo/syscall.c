/* SPDX-License-Identifier: ISC */
/* System calls: one entry, one handler a call, from abi/call.def. A handler reads its arguments
 * from the vcpu's registers, and returns 0 or an error and a value. Takes the locks that what it
 * calls says. */
#include "exo/machine.h"

#include "exo/console.h"
#include "exo/revoke.h"
#include "exo/slot.h"
#include "exo/upcall.h"
#include "exo/user.h"

/* Handlers have one form, whether or not each needs all of it. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* The handler has set the registers of whoever runs next itself. */
enum { NO_RESULT = 1 };

/* A handler that runs with the tree lock held. */
#define UNDER_TREE(name)								\
	static ALWAYS_INLINE err_t name##_locked(struct machine *, struct cpu *, struct vcpu *,	\
						 uint64_t *) REQUIRES(tree_class);	\
	static err_t call_##name(struct machine *m, struct cpu *c, struct vcpu *v,	\
				 uint64_t *value)				\
	{										\
		err_t err;								\
		tree_lock(m);								\
		err = name##_locked(m, c, v, value);					\
		tree_unlock(m);								\
		return err;								\
	}										\
	static err_t name##_locked(struct machine *m, struct cpu *c, struct vcpu *v,	\
				   uint64_t *value)

static err_t call_self(struct machine *m, struct cpu *c, struct vcpu *v, uint64_t *value)
{
	*value = env_handle(m, v->env);
	return EXO_OK;
}

static err_t call_slots(struct machine *m, struct cpu *c, struct vcpu *v, uint64_t *value)
{
	return slots_run(m, c, EXO_REG_ARG0(&v->regs), EXO_REG_ARG1(&v->regs), value);
}

static err_t call_slot(struct machine *m, struct cpu *c, struct vcpu *v, uint64_t *value)
{
	return slots_run_one(m, c, &v->regs, value);
}

UNDER_TREE(env_create)
{
	uint64_t from = EXO_REG_ARG0(&v->regs);
	struct exo_limits limits;
	unsigned env;
	err_t err;

	if (from && user_copy(m, v->env, from, &limits, sizeof(limits), false))
		return EXO_E_POINTER;
	err = env_create(m, v->env, from ? &limits : NULL, &env);
	if (!err)
		*value = env_handle(m, env);
	return err;
}

UNDER_TREE(env_kill)
{
	unsigned env;
	err_t err;

	if (EXO_REG_ARG1(&v->regs) > UINT32_MAX)
		return EXO_E_ARGUMENT;
	err = env_find(m, v->env, EXO_REG_ARG0(&v->regs), false, &env);
	if (!err)
		env_kill(m, c, env, EXO_STATUS(EXO_DEATH_EXIT, EXO_REG_ARG1(&v->regs)));
	return err;
}

UNDER_TREE(env_reap)
{
	uint64_t handle = EXO_REG_ARG0(&v->regs);
	unsigned env;
	err_t err;

	err = handle ? env_find(m, v->env, handle, true, &env) : env_find_dead(m, v->env, &env);
	if (!err && m->envs[env].state != ENV_DEAD)
		err = EXO_E_STATE;
	if (!err && !handle)
		*value = env_handle(m, env);
	else if (!err && frame_drain(m, m->envs[env].account, EXO_TABLE_SLOTS))
		err = EXO_E_AGAIN;
	else if (!err) {
		*value = m->envs[env].status;
		env_destroy(m, env);
	}
	return err;
}

UNDER_TREE(vcpu_start)
{
	struct exo_vcpu_start start;
	unsigned env, vcpu;
	err_t err;

	if (user_copy(m, v->env, EXO_REG_ARG1(&v->regs), &start, sizeof(start), false))
		return EXO_E_POINTER;
	err = env_find(m, v->env, EXO_REG_ARG0(&v->regs), false, &env);
	if (!err)
		err = vcpu_start(m, env, &start, &vcpu);
	if (!err)
		*value = vcpu_handle(m, vcpu);
	return err;
}

/* The vcpu that a handle (0: the caller's own) names, if its env is the caller's or below it. */
static err_t find_vcpu_below(struct machine *m, struct cpu *c, struct vcpu *v, uint64_t handle,
			     unsigned *vcpu) REQUIRES(tree_class)
{
	unsigned env;

	*vcpu = c->current;
	if (handle && (vcpu_find(m, handle, vcpu)
		       || env_find(m, v->env, env_handle(m, m->vcpus[*vcpu].env), false, &env)))
		return EXO_E_VCPU;
	return EXO_OK;
}

UNDER_TREE(vcpu_stop)
{
	unsigned vcpu;
	err_t err = find_vcpu_below(m, c, v, EXO_REG_ARG0(&v->regs), &vcpu);

	if (!err)
		vcpu_stop(m, c, vcpu);
	return err;
}

static err_t call_resume(struct machine *m, struct cpu *c, struct vcpu *v, uint64_t *value)
{
	err_t err = upcall_resume(m, c, EXO_REG_ARG0(&v->regs));

	return err ? err : NO_RESULT;
}

static err_t call_yield(struct machine *m, struct cpu *c, struct vcpu *v, uint64_t *value)
{
	uint64_t handle = EXO_REG_ARG0(&v->regs);
	unsigned vcpu;

	if (handle && vcpu_find(m, handle, &vcpu))
		return EXO_E_VCPU;
	/* The result must stand before another CPU can pick this vcpu up. */
	EXO_REG_RESULT(&v->regs) = EXO_OK;
	EXO_REG_RESULT2(&v->regs) = 0;
	if (!handle)
		cpu_put(m, c, VCPU_RUNNABLE);
	else if (cpu_yield_to(m, c, vcpu))
		return EXO_E_STATE;
	return NO_RESULT;
}

static err_t call_timer(struct machine *m, struct cpu *c, struct vcpu *v, uint64_t *value)
{
	v->timer = EXO_REG_ARG0(&v->regs) ? EXO_REG_ARG0(&v->regs) : UINT64_MAX;
	cpu_set_deadline(m, c, cpu_first_timer(m, c));
	return EXO_OK;
}

UNDER_TREE(slice_alloc)
{
	unsigned vcpu;
	err_t err = find_vcpu_below(m, c, v, EXO_REG_ARG0(&v->regs), &vcpu);

	if (!err)
		err = slice_alloc(m, vcpu, EXO_REG_ARG1(&v->regs), EXO_REG_ARG2(&v->regs),
				  m->envs[v->env].account, value);
	return err;
}

UNDER_TREE(slice_free)
{
	return slice_free(m, v->env, EXO_REG_ARG0(&v->regs), EXO_REG_ARG1(&v->regs));
}

static err_t call_wait(struct machine *m, struct cpu *c, struct vcpu *v, uint64_t *value)
{
	uint64_t word = EXO_REG_ARG0(&v->regs), flags = EXO_REG_ARG2(&v->regs);
	uint32_t expected = (uint32_t)EXO_REG_ARG1(&v->regs);

	/* The results must stand before this vcpu can be woken. */
	EXO_REG_RESULT(&v->regs) = EXO_OK;
	EXO_REG_RESULT2(&v->regs) = 0;
	return wait_start(m, c, word, expected, flags);
}

static err_t call_wake(struct machine *m, struct cpu *c, struct vcpu *v, uint64_t *value)
{
	return wait_wake(m, c, EXO_REG_ARG0(&v->regs), EXO_REG_ARG1(&v->regs),
			 EXO_REG_ARG2(&v->regs), value);
}

/* The operations of the account call, on account `a` of `env`. */
static err_t account_operate(struct machine *m, struct cpu *c, struct vcpu *v, unsigned a,
			     uint64_t *value) REQUIRES(tree_class)
{
	uint64_t operation = EXO_REG_ARG0(&v->regs), amount = EXO_REG_ARG3(&v->regs);
	enum exo_resource resource = (enum exo_resource)EXO_REG_ARG2(&v->regs);
	unsigned parent = m->accounts[a].parent, own = m->envs[v->env].account;

	if (operation == EXO_ACCOUNT_LIMIT || operation == EXO_ACCOUNT_USED) {
		*value = operation == EXO_ACCOUNT_LIMIT ? account_limit(m, a, resource)
			: account_used(m, a, resource);
		return EXO_OK;
	}
	if (parent == ACCOUNT_NONE)
		return EXO_E_STATE;
	if (operation == EXO_ACCOUNT_RETURN) {
		if (!account_move(m, a, parent, resource, (uint32_t)amount))
			return EXO_E_LIMIT;
		if (resource == EXO_RESOURCE_FRAMES)
			m->accounts[a].revoke_frames -= amount < m->accounts[a].revoke_frames
				? (uint32_t)amount : m->accounts[a].revoke_frames;
		return EXO_OK;
	}
	/* The rest is for who stands above the account. */
	if (a == own)
		return EXO_E_STATE;
	if (operation == EXO_ACCOUNT_GRANT)
		return account_move(m, parent, a, resource, (uint32_t)amount) ?
			EXO_OK : EXO_E_LIMIT;
	if (resource != EXO_RESOURCE_FRAMES)
		return EXO_E_ARGUMENT;
	if (operation == EXO_ACCOUNT_REPOSSESS)
		return revoke_take(m, c, a);
	if (amount + m->accounts[a].revoke_frames > account_limit(m, a, resource)
	    || !EXO_REG_ARG4(&v->regs))
		return EXO_E_ARGUMENT;
	revoke_ask(m, a, (uint32_t)amount, EXO_REG_ARG4(&v->regs));
	return EXO_OK;
}

UNDER_TREE(account)
{
	unsigned env;
	err_t err;

	if (EXO_REG_ARG0(&v->regs) > EXO_ACCOUNT_REPOSSESS
	    || EXO_REG_ARG2(&v->regs) >= EXO_RESOURCES || EXO_REG_ARG3(&v->regs) > UINT32_MAX)
		return EXO_E_ARGUMENT;
	err = env_find(m, v->env, EXO_REG_ARG1(&v->regs), false, &env);
	if (!err)
		err = account_operate(m, c, v, m->envs[env].account, value);
	return err;
}

static err_t call_console_write(struct machine *m, struct cpu *c, struct vcpu *v, uint64_t *value)
{
	err_t err = console_write(m, v->env, EXO_REG_ARG0(&v->regs), EXO_REG_ARG1(&v->regs));

	*value = err ? 0 : EXO_REG_ARG1(&v->regs);
	return err;
}

static err_t call_console_read(struct machine *m, struct cpu *c, struct vcpu *v, uint64_t *value)
{
	return console_read(m, v->env, EXO_REG_ARG0(&v->regs), EXO_REG_ARG1(&v->regs), value);
}

static err_t (*const handlers[])(struct machine *m, struct cpu *c, struct vcpu *v,
				 uint64_t *value) = {
#define CALL(number, NAME, handler, text) [number] = call_##handler,
#include "abi/call.def"
#undef CALL
};

static inline void cpu_enter(struct cpu *c)
{
	/* pairs with: flush_finish */
	atomic_store_explicit(&c->in_kernel, 1, memory_order_release);
}

struct vcpu *kernel_syscall(struct machine *m, struct cpu *c)
{
	unsigned current = c->current;
	struct vcpu *v = &m->vcpus[current];
	uint64_t call = EXO_REG_NUMBER(&v->regs) ^ EXO_CALL_PREFIX, value = 0;
	err_t err = EXO_E_CALL;

	if (call >> 32)
		return kernel_trap(m, c, EXO_UPCALL_SYSCALL, 0, 0);
	cpu_enter(c);
	if (call < EXO_CALLS)
		err = handlers[call](m, c, v, &value);
	if (err != NO_RESULT && c->current == current) {
		EXO_REG_RESULT(&v->regs) = (uint64_t)(int64_t)err;
		EXO_REG_RESULT2(&v->regs) = value;
	}
	return cpu_leave(m, c);
}

NOINLINE struct vcpu *kernel_trap(struct machine *m, struct cpu *c, unsigned kind, uint64_t code,
				  uint64_t address)
{
	struct vcpu *v = &m->vcpus[c->current];

	/* Straight on, as if the CPU itself had pushed the frame: to masked code comes nothing
	 * that an interrupt does not bring, and the clock stays armed as it was. */
	if (__builtin_expect(upcall_push(m, c, v, (enum exo_upcall)kind, code, address), true))
		return v;
	cpu_enter(c);
	upcall_end(m, c, v);
	return cpu_leave(m, c);
}

struct vcpu *kernel_interrupt(struct machine *m, struct cpu *c)
{
	cpu_enter(c);
	c->armed = 0;
	if (arch_clock(m) < c->not_before)
		m->vcpus[c->current].has_progressed = false;
	else
		cpu_tick(m, c);
	return cpu_leave(m, c);
}

void kernel_interrupt_idle(struct machine *m, struct cpu *c)
{
	c->armed = 0;
	cpu_tick(m, c);
}
