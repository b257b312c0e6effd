/* SPDX-License-Identifier: ISC */
/* The fuzzer's machine: how it starts, how a step is made on it. One thread; the kernel takes its
 * locks. */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "exo/slot.h"
#include "fuzz/answer.h"
#include "fuzz/answer_cpu.h"
#include "fuzz/follow.h"

#include <machine/slot.h>

static uint64_t world_child(struct lab *l, uint64_t frames)
{
	struct exo_limits limits = { { frames, 4, 3, 3, 0 } };
	int64_t err = frames ? lab_call_with(l, EXO_CALL_ENV_CREATE, &limits, sizeof(limits), 0, 0,
					     0)
		: lab_call(l, EXO_CALL_ENV_CREATE, 0, 0, 0, 0, 0);

	if (err)
		fuzz_fail("the world's envs cannot be made");
	return l->value;
}

/* The first env with two children: one on an account of its own and on CPU 0, one on the parent's
 * account and on CPU 1. Each has tables and some pages. */
static struct fuzz_world *world_create(void)
{
	struct fuzz_world *w = calloc(1, sizeof(*w));
	struct lab *l = lab_create(FUZZ_FRAMES, 2);
	uint64_t one = world_child(l, 24), two = world_child(l, 0);

	w->lab = l;
	w->m = l->m;
	lab_vcpu(l, one, LAB_VCPU, 0);
	lab_vcpu(l, two, LAB_VCPU, 1);
	lab_map(l, 0, 0, 3);
	lab_map(l, 0, EXO_SPAN(2), 1);
	lab_map(l, one, 0, 2);
	lab_map(l, two, EXO_ROOT_SPAN, 1);
	host_self.index = 1;
	cpu_leave(w->m, &w->m->cpus[1]);
	host_self.index = 0;
	fuzz_model_init(w);
	w->facts = (struct fuzz_facts){ .cpus = w->m->cpu_count, .entry = LAB_ENTRY,
		.upcall_entry = LAB_ENTRY, .quantum_units = w->m->quantum_units,
		.slice_units = w->m->slice_units };
	w->start = host_snapshot(w->m);
	w->shadow = host_snapshot(w->m);
	return w;
}

struct fuzz_world *fuzz_world(void)
{
	static struct fuzz_world *world;

	if (!world)
		world = world_create();
	return world;
}

void fuzz_reset(struct fuzz_world *w)
{
	uint32_t i;

	for (i = 1; i < w->m->frame_count; i++) {
		bool is_free = frame_type(w->m->frames[i].meta) == FRAME_FREE;
		bool was_free = frame_type(w->start->frames[i].meta) == FRAME_FREE;

		/* After a run that was cut off, a CPU may have been freeing it. */
		if (w->is_over || is_free != was_free)
			host_poison(arch_frame_memory(w->m, (struct pfn){ i }), EXO_PAGE_SIZE,
				    was_free);
	}
	host_copy(w->m, w->start, w->m->arch.bytes);
	model_copy(&w->model, &w->model_start);
	w->is_shadow_old = true;
	w->is_over = false;
	w->marks = 0;
	memset(w->is_parked, 0, sizeof(w->is_parked));
	host_self.index = 0;
}

/* Why the kernel did not come back to user mode. */
static void step_stopped(struct fuzz_world *w, unsigned cpu, enum host_stop stop)
{
	if (stop == HOST_PANIC)
		fuzz_fail(host_self.what);
	w->is_parked[cpu] = stop == HOST_DEADLOCK;
	if (stop == HOST_OFF)
		w->is_over = true;
}

_Static_assert(FUZZ_MEMORY_AT == LAB_BATCH, "the batch page");

const struct fuzz_facts *fuzz_ask_facts(struct fuzz_world *w)
{
	return &w->facts;
}

uint64_t fuzz_ask_env(struct fuzz_world *w, unsigned n)
{
	return env_handle(w->m, n);
}

uint64_t fuzz_ask_vcpu(struct fuzz_world *w, unsigned n)
{
	return vcpu_handle(w->m, n);
}

uint64_t fuzz_ask_frame(struct fuzz_world *w, uint64_t n)
{
	(void)w;
	return n % FUZZ_FRAMES;
}

uint64_t fuzz_ask_clock(struct fuzz_world *w)
{
	return arch_clock(w->m);
}

bool fuzz_ask_parked(struct fuzz_world *w, unsigned cpu)
{
	return w->is_parked[cpu];
}

const struct exo_regs *fuzz_ask_regs(struct fuzz_world *w, unsigned cpu)
{
	return &w->m->vcpus[w->m->cpus[cpu].current].regs;
}

uint64_t fuzz_ask_upcall(struct fuzz_world *w, unsigned cpu)
{
	return fuzz_ask_regs(w, cpu)->arg[1];
}

static unsigned step_env(const struct fuzz_world *w, unsigned cpu)
{
	return w->m->vcpus[w->m->cpus[cpu].current].env;
}

/* The structure that the call wants, as the program writes it. What is there after that counts:
 * perhaps it may not write there. */
static unsigned step_put_memory(struct fuzz_world *w, const struct fuzz_step *step,
				struct exo_slot_op *ops, struct answer_cpu *answer_cpu)
{
	unsigned env = step_env(w, step->cpu), i;

	if (!step->memory_bytes)
		return 0;
	host_write(w->m, step->cpu, step->memory_at, &step->memory, step->memory_bytes);
	if (!w->is_concurrent) /* perhaps over a vcpu page */
		answer_cpu_before(answer_cpu, w->m);
	model_loosen(&w->model, env, step->memory_at);
	model_loosen(&w->model, env, step->memory_at + EXO_PAGE_SIZE);
	model_loosen(&w->model, env, step->memory_at + step->memory_bytes - 1);
	for (i = 0; i < step->memory_bytes; i += EXO_PAGE_SIZE)
		fuzz_remember_page(w, step->cpu, step->memory_at + i);
	fuzz_remember_page(w, step->cpu, step->memory_at + step->memory_bytes - 1);
	for (i = 0; i < step->ops_count; i++)
		if (host_read(w->m, step->cpu, step->memory_at + i * sizeof(*ops), &ops[i],
			      sizeof(*ops)))
			break;
	return i;
}

/* Programs have read what they are about to change, so that CPUs know it: what is not flushed is
 * seen. */
static void step_touch(struct fuzz_world *w, const struct exo_slot_op *op)
{
	uint64_t value, at;
	unsigned cpu;

	for (cpu = 0; op->level == 1 && cpu < w->m->cpu_count; cpu++)
		for (at = 0; at < op->count * EXO_PAGE_SIZE && at < 8 * EXO_PAGE_SIZE
		     && !w->is_parked[cpu]; at += EXO_PAGE_SIZE) {
			if (op->source)
				host_load(w->m, cpu, (op->source & -EXO_PAGE_SIZE) + at, &value);
			host_load(w->m, cpu, (op->target & -EXO_PAGE_SIZE) + at, &value);
		}
}

/* Envs that have ended see nothing; who has got an upcall has a frame on its stack. One that ended
 * for want of a stack may have got half a frame. */
static UNCHECKED void model_follow(struct fuzz_world *w)
{
	unsigned i;

	for (i = 0; i < EXO_ENVS; i++) {
		const struct env *e = &w->m->envs[i];

		if (e->state == ENV_ALIVE || e->state == ENV_ENDING || !e->generation)
			continue;
		model_forget(&w->model, i,
			     EXO_STATUS_DEATH(e->status) == EXO_DEATH_UPCALL_STACK);
	}
	for (i = 0; i < EXO_VCPUS; i++) {
		const struct vcpu *v = &w->m->vcpus[i];

		if (v->state == VCPU_FREE || v->regs.sp != v->regs.arg[1]
		    || v->regs.arg[0] != v->page_address)
			continue;
		model_loosen(&w->model, v->env, v->regs.sp);
		model_loosen(&w->model, v->env, v->regs.sp + sizeof(struct exo_frame) - 1);
	}
}

/* Work left over from before, which a call may do on its way to an error. */
static UNCHECKED bool step_is_busy(const struct machine *m, unsigned cpu)
{
	const struct vcpu *v = &m->vcpus[m->cpus[cpu].current];
	unsigned i;

	for (i = 0; i < EXO_ACCOUNTS; i++)
		if (m->accounts[i].dying != FRAME_NONE || m->accounts[i].state == ACCOUNT_MERGING)
			return true;
	return v->pending || v->state == VCPU_STOPPING || m->cpus[cpu].shoot
		|| m->arch.clock >= m->cpus[cpu].deadline;
}

/* With a mark that a RESUME, which returns nothing, replaces if it succeeds. */
static void step_regs(struct exo_regs *regs, const struct fuzz_step *step, uint64_t mark)
{
	unsigned i;

	regs->number = step->number;
	regs->general[0] = mark;
	for (i = 0; i < 5; i++)
		regs->arg[i] = step->argument[i];
}

/* Must it have changed nothing? AGAIN may have done some of its work; PENDING may have waited;
 * CONSOLE_READ may have copied some bytes. */
static bool step_is_atomic(uint64_t call, int64_t error)
{
	return error < EXO_OK && error >= EXO_E_RESERVE && error != EXO_E_AGAIN
		&& error != EXO_E_PENDING && call != EXO_CALL_CONSOLE_READ;
}

/* What RESUME has come to, of a frame as the program could read it, `events` upcalls after. */
static UNCHECKED const char *resume_after(struct fuzz_world *w, unsigned cpu,
					  const struct exo_frame *frame, uint64_t events)
{
	unsigned vcpu = w->m->cpus[cpu].current;
	bool has_resumed = w->m->vcpus[vcpu].regs.general[0] != w->marks;

	if (has_resumed && frame->masked > 1)
		return "a frame was resumed that must be refused";
	if (has_resumed && !events && vcpu_page(w->m, vcpu)->masked != frame->masked)
		return "what was resumed has another mask than its frame";
	return NULL;
}

/* The model hears what the call of those operations, or of a vcpu whose page is there, came to. */
static void step_answered(struct fuzz_world *w, const struct fuzz_step *step,
			  const struct exo_slot_op *ops, unsigned count, unsigned env,
			  const struct exo_regs *regs, uint64_t page)
{
	uint64_t call = step->number ^ EXO_CALL_PREFIX;
	int64_t error = (int64_t)regs->number;

	if (call != EXO_CALL_SLOTS && call != EXO_CALL_SLOT)
		model_call(&w->model, step, env, error, call, page);
	else if (step->kind == FUZZ_ANY_CALL) /* operations that nobody decoded */
		w->model.is_lost |= regs->result2 != 0;
	else
		model_slots(&w->model, ops, count, env, error, regs->result2);
}

static void step_call(struct fuzz_world *w, const struct fuzz_step *step,
		      struct answer_cpu *answer_cpu)
{
	struct cpu *c = &w->m->cpus[step->cpu];
	unsigned vcpu = c->current, env = step_env(w, step->cpu), count;
	struct vcpu *v = &w->m->vcpus[vcpu];
	struct exo_slot_op ops[FUZZ_BATCH];
	uint64_t call = step->number ^ EXO_CALL_PREFIX, generation = v->generation, value;
	uint64_t page = 0, events = c->upcalls[EXO_UPCALL_EVENTS];
	bool is_resume = call == EXO_CALL_RESUME && !w->is_concurrent;
	struct exo_frame frame;
	bool is_busy = step_is_busy(w->m, step->cpu);
	struct fuzz_answer answer;
	unsigned i;
	const char *wrong;
	int64_t error;

	count = step_put_memory(w, step, ops, answer_cpu);
	if (call == EXO_CALL_VCPU_START) /* the program may not have been able to write it */
		host_read(w->m, step->cpu, step->argument[1], &page, sizeof(page));
	if (is_resume)
		is_resume = !host_read(w->m, step->cpu, step->argument[0], &frame, sizeof(frame));
	if (step->is_in_registers)
		ops[count++] = step->memory.ops[0];
	if (!w->is_concurrent) {
		for (i = 0; i < count; i++)
			step_touch(w, &ops[i]);
		fuzz_remember(w);
		fuzz_answer_before(&answer, w->m, env, step, ops, count);
	}
	step_regs(&v->regs, step, ++w->marks);
	step_stopped(w, step->cpu, HOST_TRY(kernel_syscall(w->m, c)));
	error = (int64_t)v->regs.number;
	value = v->regs.result2;
	if (w->is_traced && w->is_concurrent)
		printf(" cpu %u", step->cpu);
	if (w->is_traced)
		fuzz_print_result(error, value);
	wrong = w->is_concurrent || w->is_over || c->current != vcpu
		|| v->regs.general[0] != w->marks || v->generation != generation ? NULL
		: fuzz_answer_after(&answer, w->m, error, value);
	if (!wrong && is_resume && !w->is_over && c->current == vcpu
	    && v->generation == generation)
		wrong = resume_after(w, step->cpu, &frame,
				     c->upcalls[EXO_UPCALL_EVENTS] - events);
	if (wrong)
		fuzz_fail(wrong);
	if (v->generation != generation || v->state == VCPU_FREE)
		model_unanswered(&w->model, step, env, call);
	else
		step_answered(w, step, ops, count, env, &v->regs, page);
	if (!w->is_concurrent && !is_busy && c->current == vcpu && v->regs.general[0] == w->marks
	    && !value && call < EXO_CALLS && step_is_atomic(call, error))
		fuzz_check_unchanged(w);
	else
		w->is_shadow_old = true;
}

/* The program touches memory: as the model says, or a page fault. */
static void step_access(struct fuzz_world *w, const struct fuzz_step *step, unsigned need)
{
	unsigned env = step_env(w, step->cpu);
	uint64_t address = step->argument[0] & ~UINT64_C(7), value = step->argument[1];
	bool is_view = address / EXO_ROOT_SPAN >= EXO_ROOT_RECURSIVE;
	struct model_view view = model_look(&w->model, env, address);
	int code = need == EXO_READ ? host_load(w->m, step->cpu, address, &value)
		: need == EXO_WRITE ? host_store(w->m, step->cpu, address, value)
		: host_fetch(w->m, step->cpu, address);

	if (w->is_traced)
		printf(" -> %s %#llx\n", code ? "fault" : "ok", (unsigned long long)value);
	fuzz_remember_page(w, step->cpu, address);
	if (!code && is_view && need != EXO_READ)
		fuzz_fail("a table was written or executed");
	if (!code && !is_view && !w->model.is_lost && !(view.object && view.access & need))
		fuzz_fail("the model: an access succeeded that must not");
	if (!code && need == EXO_WRITE)
		model_store(&w->model, env, address, value);
	if (code && need == EXO_READ && view.access & need && !view.is_maybe && !w->model.is_lost)
		fuzz_fail("the model: an access failed that must not");
	if (!code && need == EXO_READ && !is_view && !w->model.is_lost && !view.object->is_loose
	    && memcmp(&value, view.object->bytes + address % EXO_PAGE_SIZE, sizeof(value)) != 0)
		fuzz_fail("the model: a load gave what was never stored");
	if (!(code && step->argument[2] & 1))
		return;
	step_stopped(w, step->cpu,
		     HOST_TRY(kernel_trap(w->m, &w->m->cpus[step->cpu], EXO_UPCALL_FAULT,
					  (unsigned)code & ~HOST_FAULT, address)));
	w->is_shadow_old = true;
}

/* The program changes its vcpu page, which the kernel takes for hostile; if it has moved another
 * page there, that one. */
static void step_vcpu_page(struct fuzz_world *w, const struct fuzz_step *step)
{
	const struct vcpu *v = &w->m->vcpus[w->m->cpus[step->cpu].current];
	uint64_t address = v->page_address + step->argument[2] % 32 * 8;

	if (!host_store(w->m, step->cpu, address, step->argument[1]))
		model_store(&w->model, v->env, address, step->argument[1]);
}

/* What is neither call nor access. */
static void step_event(struct fuzz_world *w, const struct fuzz_step *step)
{
	struct cpu *c = &w->m->cpus[step->cpu];
	enum host_stop stop = HOST_RUNS;
	char key[2] = { (char)(step->argument[2] | 1), 0 };

	if (step->kind == FUZZ_ADVANCE)
		host_advance(w->m, step->argument[0] & 0xffffffffff);
	if (step->kind == FUZZ_TYPE)
		host_type(w->m, key);
	if (w->is_parked[step->cpu])
		stop = HOST_TRY({
			kernel_interrupt_idle(w->m, c);
			cpu_leave(w->m, c);
		});
	else if (step->kind == FUZZ_TRAP)
		stop = HOST_TRY(kernel_trap(w->m, c, EXO_UPCALL_EXCEPTION, step->argument[2], 0));
	else if (step->kind == FUZZ_MEMORY)
		step_vcpu_page(w, step);
	else
		stop = HOST_TRY(kernel_interrupt(w->m, c));
	step_stopped(w, step->cpu, stop);
	w->is_shadow_old = true;
	if (w->is_traced)
		printf("\n");
}

void fuzz_step(struct fuzz_world *w, const struct fuzz_step *step)
{
	struct answer_cpu answer;
	const char *wrong;

	host_self.index = step->cpu;
	if (!w->is_concurrent)
		answer_cpu_before(&answer, w->m);
	if (w->is_traced)
		fuzz_print_step(w, step);
	if (w->is_parked[step->cpu])
		step_event(w, step);
	else if (step->kind < (enum fuzz_kind)EXO_CALLS || step->kind == FUZZ_ANY_CALL
		 || step->kind == FUZZ_FOREIGN)
		step_call(w, step, &answer);
	else if (step->kind <= FUZZ_FETCH)
		step_access(w, step, 1u << (step->kind - FUZZ_LOAD));
	else
		step_event(w, step);
	if (w->is_over || w->is_concurrent)
		return;
	wrong = answer_cpu_after(&answer, w->m, step->cpu, step->number ^ EXO_CALL_PREFIX);
	if (wrong)
		fuzz_fail(wrong);
	model_follow(w);
	fuzz_check_tlb(w);
	if (w->model.wrong && !w->model.is_lost)
		fuzz_check_model(w);
}

/* End every env but the first, as it would itself, and reap them. */
static UNCHECKED void finish_envs(struct fuzz_world *w)
{
	struct machine *m = w->m;
	unsigned env, cpu;

	for (env = 1; env < EXO_ENVS; env++) {
		if (m->envs[env].state != ENV_ALIVE)
			continue;
		env_kill(m, &m->cpus[0], env, 0);
		if (m->cpus[0].current == VCPU_NONE)
			cpu_load_root(m, &m->cpus[0], ENV_NONE);
	}
	for (cpu = 0; cpu < m->cpu_count; cpu++) {
		host_self.index = cpu;
		if (m->cpus[cpu].current != VCPU_NONE)
			step_stopped(w, cpu, HOST_TRY(kernel_interrupt(m, &m->cpus[cpu])));
		if (w->is_over)
			return;
	}
	host_self.index = 0;
	for (env = 1; env < EXO_ENVS; env++)
		if (m->envs[env].state == ENV_DEAD)
			env_destroy(m, env);
	for (cpu = 0; cpu < EXO_ACCOUNTS; cpu++)
		frame_drain(m, cpu, INT32_MAX);
	account_settle(m);
}

void fuzz_finish(struct fuzz_world *w)
{
	enum host_stop stop;
	unsigned i;

	if (w->is_over)
		return;
	fuzz_check_audit(w);
	fuzz_check_model(w);
	host_self.index = 0;
	w->m->cpus[0].in_kernel = 1;
	stop = HOST_TRY(finish_envs(w));
	if (stop == HOST_PANIC)
		fuzz_fail(host_self.what);
	if (w->is_over)
		return;
	fuzz_check_audit(w);
	for (i = 1; i < EXO_ENVS; i++)
		if (w->m->envs[i].state != ENV_FREE)
			fuzz_fail("an env does not end");
	for (i = 1; i < EXO_ACCOUNTS; i++)
		if (account_limit(w->m, i, EXO_RESOURCE_ENVS))
			fuzz_fail("an account outlives its envs");
}
