/* SPDX-License-Identifier: ISC */
/*
 * What the kernel has with faults planted on purpose (faults.h), and others have not: requests are
 * refused where the kernel itself would refuse them, and a CPU is held at a named point while
 * another ends its env. Takes tree for that; reads envs and vcpus as they are.
 */
#include "exo/machine.h"

#include "tests/faults/faults.h"

/* What is not atomic is written by who asks, while those below it wait for its word (a life's gate)
 * or have ended; what is, is seq_cst: one CPU waits for what another writes. */
struct faults {
	struct machine *m;       /* NULL: nobody has asked yet */
	uint32_t env;            /* who asks: those below it are meant */
	_Atomic uint32_t request, refuse_at, requests;
	uint32_t point, pass_at; /* at that point the n-th is held; n is 0: nobody */
	_Atomic uint32_t passes;
	_Atomic uint32_t held;   /* env that is held there, plus 1; 0: none */
	_Atomic uint32_t go;     /* or was */
};

struct vcpu *__real_kernel_syscall(struct machine *m, struct cpu *c);
struct vcpu *__wrap_kernel_syscall(struct machine *m, struct cpu *c);
err_t __real_frame_alloc(struct machine *m, unsigned account, enum frame_type type,
			 unsigned level, uint64_t want, struct pfn *pfn);
err_t __wrap_frame_alloc(struct machine *m, unsigned account, enum frame_type type,
			 unsigned level, uint64_t want, struct pfn *pfn);
err_t __real_frame_alloc_raw(struct machine *m, unsigned account, struct pfn *pfn);
err_t __wrap_frame_alloc_raw(struct machine *m, unsigned account, struct pfn *pfn);
err_t __real_frame_ref(struct machine *m, struct pfn pfn);
err_t __wrap_frame_ref(struct machine *m, struct pfn pfn);
err_t __real_account_charge(struct machine *m, unsigned account, enum exo_resource resource,
			    uint32_t n);
err_t __wrap_account_charge(struct machine *m, unsigned account, enum exo_resource resource,
			    uint32_t n);
err_t __real_env_create(struct machine *m, unsigned parent, const struct exo_limits *limits,
			unsigned *env);
err_t __wrap_env_create(struct machine *m, unsigned parent, const struct exo_limits *limits,
			unsigned *env);
err_t __real_vcpu_start(struct machine *m, unsigned env, const struct exo_vcpu_start *start,
			unsigned *vcpu);
err_t __wrap_vcpu_start(struct machine *m, unsigned env, const struct exo_vcpu_start *start,
			unsigned *vcpu);
err_t __real_slice_alloc(struct machine *m, unsigned vcpu, uint64_t cpu, uint64_t want,
			 unsigned account, uint64_t *position);
err_t __wrap_slice_alloc(struct machine *m, unsigned vcpu, uint64_t cpu, uint64_t want,
			 unsigned account, uint64_t *position);
bool __real_frame_drain(struct machine *m, unsigned account, int slots);
bool __wrap_frame_drain(struct machine *m, unsigned account, int slots);
err_t __real_wait_start(struct machine *m, struct cpu *c, uint64_t word, uint32_t expected,
			uint64_t flags);
err_t __wrap_wait_start(struct machine *m, struct cpu *c, uint64_t word, uint32_t expected,
			uint64_t flags);

static struct faults *faults(void)
{
	static struct faults f;

	return &f;
}

/* The env whose vcpu this CPU runs, if it is below who asks; else ENV_NONE. Parents are read as
 * they are: who loses one gets another that is below, too, or is who asks. */
static UNCHECKED unsigned faults_env(const struct faults *f)
{
	const struct machine *m = f->m;
	unsigned current = m ? m->cpus[arch_cpu_index()].current : VCPU_NONE, env, i;
	unsigned self = current == VCPU_NONE ? ENV_NONE : m->vcpus[current].env;

	for (env = self, i = 0; env != ENV_NONE && env != f->env && i < EXO_ENVS; i++)
		env = m->envs[env].parent;
	return env == f->env && self != f->env ? self : ENV_NONE;
}

/* ---- Requests that are refused ---- */

static bool faults_refuse(enum faults_request request)
{
	struct faults *f = faults();

	return f->request == request && faults_env(f) != ENV_NONE
		&& atomic_fetch_add(&f->requests, 1) + 1 == f->refuse_at;
}

err_t __wrap_frame_alloc(struct machine *m, unsigned account, enum frame_type type,
			 unsigned level, uint64_t want, struct pfn *pfn)
{
	if (faults_refuse(FAULTS_FRAME))
		return EXO_E_LIMIT;
	return faults_refuse(FAULTS_DRAINED) ? EXO_E_AGAIN
		: __real_frame_alloc(m, account, type, level, want, pfn);
}

err_t __wrap_frame_alloc_raw(struct machine *m, unsigned account, struct pfn *pfn)
{
	if (faults_refuse(FAULTS_FRAME))
		return EXO_E_LIMIT;
	return faults_refuse(FAULTS_DRAINED) ? EXO_E_AGAIN
		: __real_frame_alloc_raw(m, account, pfn);
}

/* A fresh vcpu page's second reference is not refused by any kernel. */
err_t __wrap_frame_ref(struct machine *m, struct pfn pfn)
{
	unsigned current = m->cpus[arch_cpu_index()].current;

	if (current != VCPU_NONE && EXO_REG_NUMBER(&m->vcpus[current].regs)
	    != (EXO_CALL_PREFIX | EXO_CALL_VCPU_START) && faults_refuse(FAULTS_COUNT))
		return EXO_E_COUNT;
	return __real_frame_ref(m, pfn);
}

err_t __wrap_account_charge(struct machine *m, unsigned account, enum exo_resource resource,
			    uint32_t n)
{
	static const uint8_t request[EXO_RESOURCES] = {
		[EXO_RESOURCE_ENVS] = FAULTS_ENV, [EXO_RESOURCE_VCPUS] = FAULTS_VCPU,
		[EXO_RESOURCE_SLICES] = FAULTS_SLICE,
	};

	if (request[resource] && faults_refuse(request[resource]))
		return EXO_E_LIMIT;
	return __real_account_charge(m, account, resource, n);
}

err_t __wrap_env_create(struct machine *m, unsigned parent, const struct exo_limits *limits,
			unsigned *env)
{
	return faults_refuse(FAULTS_ENV_FULL) ? EXO_E_FULL
		: __real_env_create(m, parent, limits, env);
}

err_t __wrap_vcpu_start(struct machine *m, unsigned env, const struct exo_vcpu_start *start,
			unsigned *vcpu)
{
	return faults_refuse(FAULTS_VCPU_FULL) ? EXO_E_FULL
		: __real_vcpu_start(m, env, start, vcpu);
}

err_t __wrap_slice_alloc(struct machine *m, unsigned vcpu, uint64_t cpu, uint64_t want,
			 unsigned account, uint64_t *position)
{
	return faults_refuse(FAULTS_SLICE_FULL) ? EXO_E_FULL
		: __real_slice_alloc(m, vcpu, cpu, want, account, position);
}

/* Something is left to be taken apart. */
bool __wrap_frame_drain(struct machine *m, unsigned account, int slots)
{
	bool is_left = __real_frame_drain(m, account, slots);

	return faults_refuse(FAULTS_REAPED) || is_left;
}

err_t __wrap_wait_start(struct machine *m, struct cpu *c, uint64_t word, uint32_t expected,
			uint64_t flags)
{
	return faults_refuse(FAULTS_SLEEP) ? EXO_OK
		: __real_wait_start(m, c, word, expected, flags);
}

/* ---- Points ---- */

static bool faults_is(const char *name, const char *other)
{
	while (*name && *name == *other)
		name++, other++;
	return *name == *other;
}

static unsigned faults_point(const char *name)
{
#define POINT_NAME(name) #name,
	static const char *const names[] = { FAULTS_POINTS_ALL(POINT_NAME) };
	unsigned i;

	for (i = 0; i < FAULTS_POINT_COUNT && !faults_is(name, names[i]); i++)
		;
	assert(i < FAULTS_POINT_COUNT);
	return i;
}

/* This CPU waits for another, perhaps for the one that is held. */
static bool faults_is_spin(unsigned point)
{
	return point == FAULTS_AT_lock_spin || point == FAULTS_AT_root_spin
		|| point == FAULTS_AT_flush_remote_spin || point == FAULTS_AT_free_list_empty;
}

/* Held till its env has been ended, or somebody waits for it; not for ever, since who is to end it
 * may have no other CPU. */
static void faults_hold(struct faults *f, unsigned env)
{
	uint64_t until = arch_clock(f->m) + f->m->slice_units;

	f->held = env + 1;
	while (!f->go && arch_clock(f->m) < until)
		arch_relax();
	f->held = 0;
	f->go = 1;
}

void arch_point(const char *name)
{
	struct faults *f = faults();
	unsigned point, env;

	if (!f->pass_at && f->request != FAULTS_TIME)
		return;
	point = faults_point(name);
	if (point == FAULTS_AT_batch_preempt && faults_refuse(FAULTS_TIME))
		f->m->cpus[arch_cpu_index()].deadline = 1; /* an event is due, and was long ago */
	if (f->held && faults_is_spin(point))
		f->go = 1;
	if (!f->pass_at || f->go || point != f->point)
		return;
	env = faults_env(f);
	if (env != ENV_NONE && atomic_fetch_add(&f->passes, 1) + 1 == f->pass_at)
		faults_hold(f, env);
}

/* Wait until somebody is held, and end it, as ENV_KILL does. Shoot-downs are answered as by who
 * spins for a lock. */
static struct vcpu *faults_end(struct machine *m, struct cpu *c, struct exo_regs *regs)
{
	struct faults *f = faults();
	uint64_t until = arch_clock(m) + EXO_REG_ARG1(regs);
	uint64_t status = EXO_STATUS(EXO_DEATH_EXIT, EXO_REG_ARG2(regs));
	uint32_t held;

	atomic_store(&c->in_kernel, 1); /* pairs with: flush_finish */
	while (!(held = f->held) && arch_clock(m) < until) {
		flush_answer(m, c);
		arch_relax();
	}
	if (held) {
		tree_lock(m);
		env_kill(m, c, held - 1, status);
		tree_unlock(m);
		f->go = 1;
	}
	EXO_REG_RESULT(regs) = EXO_OK;
	EXO_REG_RESULT2(regs) = held;
	return cpu_leave(m, c);
}

struct vcpu *__wrap_kernel_syscall(struct machine *m, struct cpu *c)
{
	struct vcpu *v = &m->vcpus[c->current];
	struct exo_regs *regs = &v->regs;
	struct faults *f = faults();
	uint64_t value = 0;

	if (EXO_REG_NUMBER(regs) != (EXO_CALL_PREFIX | FAULTS_CALL))
		return __real_kernel_syscall(m, c);
	switch (EXO_REG_ARG0(regs)) {
	case FAULTS_REFUSE:
		f->m = m;
		f->env = v->env;
		f->refuse_at = (uint32_t)EXO_REG_ARG2(regs);
		f->requests = 0;
		f->request = (uint32_t)EXO_REG_ARG1(regs);
		break;
	case FAULTS_REQUESTS:
		value = f->requests;
		break;
	case FAULTS_AIM:
		f->m = m;
		f->env = v->env;
		f->point = (uint32_t)EXO_REG_ARG1(regs);
		f->pass_at = (uint32_t)EXO_REG_ARG2(regs);
		f->passes = f->held = f->go = 0;
		break;
	case FAULTS_END:
		return faults_end(m, c, regs);
	default:
		value = f->passes;
	}
	EXO_REG_RESULT(regs) = EXO_OK;
	EXO_REG_RESULT2(regs) = value;
	return v;
}
