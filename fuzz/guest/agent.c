/* SPDX-License-Identifier: ISC */
/*
 * The agents of the guest fuzzer: whichever env below the supervisor runs takes the next record of
 * the input, makes its step as a real call, access or exception, and notes what came of it. Code,
 * mailbox and stack are the same pages in all of them, so a step is left behind at once: what it
 * comes back to, or the upcall that it ends in, begins anew. One CPU; no locks.
 */
#include <machine/call.h>

#include "fuzz/guest/guest.h"

#include <agent.h>

struct fuzz_world {
	struct guest_mailbox box;
};

void agent_call(struct guest_step *step) __attribute__((noreturn));
void agent_load(struct guest_step *step) __attribute__((noreturn));
void agent_store(struct guest_step *step) __attribute__((noreturn));
void agent_trap(struct guest_step *step) __attribute__((noreturn));
extern char agent_begin[], agent_upcalled[], agent_called[];

_Noreturn void agent_next(void);
_Noreturn void agent_return(struct guest_step *step, int64_t error, uint64_t value);
_Noreturn void agent_upcall(struct exo_frame *frame);

static struct guest_mailbox *agent_box(void)
{
	return (struct guest_mailbox *)GUEST_MAILBOX;
}

static const struct exo_table_env *agent_env(unsigned index)
{
	return (const void *)(agent_box()->envs + index * agent_box()->env_bytes);
}

/* ---- What the decoder asks: the world's envs and vcpus come after the supervisor's ---- */

const struct fuzz_facts *fuzz_ask_facts(struct fuzz_world *w)
{
	return &w->box.facts;
}

uint64_t fuzz_ask_env(struct fuzz_world *w, unsigned n)
{
	(void)w;
	return (n + 1) | agent_env(n + 1)->generation << 16;
}

uint64_t fuzz_ask_vcpu(struct fuzz_world *w, unsigned n)
{
	return w->box.vcpus[n];
}

uint64_t fuzz_ask_frame(struct fuzz_world *w, uint64_t n)
{
	return w->box.first_frame + n % 128;
}

uint64_t fuzz_ask_clock(struct fuzz_world *w)
{
	(void)w;
	return machine_clock();
}

bool fuzz_ask_parked(struct fuzz_world *w, unsigned cpu)
{
	(void)w;
	(void)cpu;
	return false;
}

const struct exo_regs *fuzz_ask_regs(struct fuzz_world *w, unsigned cpu)
{
	(void)cpu;
	return &w->box.regs;
}

uint64_t fuzz_ask_upcall(struct fuzz_world *w, unsigned cpu)
{
	(void)cpu;
	return w->box.frame;
}

/* ---- Steps ---- */

void agent_init(struct guest_mailbox *box, const struct exo_info *info)
{
	const struct exo_array *a = info->arrays;
	uint64_t tables = GUEST_TABLES - a[EXO_ARRAY_ACCOUNTS].physical;

	box->facts = (struct fuzz_facts){ .cpus = 1, .entry = agent_entry(),
		.upcall_entry = agent_upcall_entry(),
		.quantum_units = info->quantum_units, .slice_units = info->slice_units };
	box->first_frame += AGENT_RAM_FRAME;
	box->regs = agent_regs((uint64_t)agent_begin);
	box->envs = tables + a[EXO_ARRAY_ENVS].physical;
	box->env_bytes = a[EXO_ARRAY_ENVS].size;
	box->cpu = tables + a[EXO_ARRAY_CPUS].physical;
}

uint64_t agent_entry(void)
{
	return (uint64_t)agent_begin;
}

uint64_t agent_call_return(void)
{
	return (uint64_t)agent_called;
}

uint64_t agent_upcall_entry(void)
{
	return (uint64_t)agent_upcalled;
}

/* Index of the env that runs. */
static unsigned agent_self(const struct guest_mailbox *box)
{
	return ((const struct exo_table_cpu *)box->cpu)->root_env;
}

/* A new note, by the env that runs. NULL: there is no room. An event may come at each instruction,
 * and the note stays as far as it is. */
static struct guest_step *agent_note(struct guest_mailbox *box, enum guest_state state)
{
	struct guest_step *s = &box->steps[box->steps_count];
	uint32_t alive = 0;
	unsigned i;

	if (box->steps_count == GUEST_STEPS) {
		box->is_full = 1;
		return NULL;
	}
	box->steps_count++;
	s->env = agent_self(box);
	s->state = state;
	s->frame = 0;
	for (i = 0; i < GUEST_ENVS; i++)
		alive |= (uint32_t)(agent_env(i)->state == EXO_ENV_ALIVE
				    || agent_env(i)->state == EXO_ENV_ENDING) << i;
	s->alive = alive;
	return s;
}

static _Noreturn void agent_make_call(struct guest_step *s)
{
	const struct fuzz_step *step = &s->step;
	const uint64_t *from = (const uint64_t *)&step->memory;
	volatile uint64_t *to = (volatile uint64_t *)step->memory_at;
	unsigned i;

	for (i = 0; i < step->memory_bytes / 8; i++)
		to[i] = from[i];
	s->state = GUEST_PENDING;
	s->number = step->number;
	for (i = 0; i < 5; i++)
		s->argument[i] = step->argument[i];
	agent_call(s);
}

/* Time passes: as much of it as an input can afford. It is counted in instructions, and to read it,
 * or to pause, costs QEMU as much as a hundred others. */
static _Noreturn void agent_make_advance(struct guest_step *s)
{
	uint64_t until = agent_box()->facts.quantum_units * 4, begin = machine_clock();
	unsigned i;

	until = s->step.argument[0] < until ? s->step.argument[0] : until;
	while (machine_clock() - begin < until)
		for (i = 0; i < 100; i++)
			__asm__ volatile("");
	agent_return(s, 0, 0);
}

static _Noreturn void agent_make(struct guest_step *s)
{
	const struct fuzz_step *step = &s->step;

	s->argument[0] = step->argument[0] & ~UINT64_C(7);
	s->argument[1] = step->argument[1];
	s->argument[2] = step->argument[2];
	if (step->kind < (enum fuzz_kind)EXO_CALLS || step->kind == FUZZ_ANY_CALL
	    || step->kind == FUZZ_FOREIGN)
		agent_make_call(s);
	s->state = GUEST_PENDING;
	if (step->kind == FUZZ_LOAD || step->kind == FUZZ_FETCH)
		agent_load(s);
	if (step->kind == FUZZ_MEMORY)
		s->argument[0] = EXO_LIBRARY_BASE + step->argument[2] % 32 * 8;
	/* Below it frames would nest on the agents' own stack. */
	if (s->argument[0] == EXO_LIBRARY_BASE + offsetof(struct exo_vcpu_page, stack_base))
		s->argument[1] |= EXO_LIBRARY_BASE;
	if (step->kind == FUZZ_STORE || step->kind == FUZZ_MEMORY)
		agent_store(s);
	if (step->kind == FUZZ_TRAP)
		agent_trap(s);
	if (step->kind == FUZZ_ADVANCE)
		agent_make_advance(s);
	agent_return(s, 0, 0);
}

bool agent_has_more(const struct guest_mailbox *box)
{
	return box->at < box->count && box->steps_count < GUEST_STEPS && !box->is_over;
}

/* There are no more records, or not yet. Who gets the CPU all the same has an event to take: it
 * begins anew by a frame that lets events in. */
static _Noreturn void agent_rest(struct guest_mailbox *box)
{
	if (!box->count) /* the world begins; agents use no FPU, to save it costs QEMU much */
		((struct exo_vcpu_page *)EXO_LIBRARY_BASE)->fpu_dead = 1;
	exo_call(EXO_CALL_TIMER, UINT64_MAX, 0, 0, 0, 0);
	exo_call(EXO_CALL_YIELD, box->supervisor, 0, 0, 0, 0);
	if (agent_has_more(box))
		agent_next();
	box->resume.regs = box->regs;
	exo_call(EXO_CALL_RESUME, (uint64_t)&box->resume, 0, 0, 0, 0);
	for (;;)
		exo_call(EXO_CALL_YIELD, 0, 0, 0, 0, 0);
}

static bool is_mailbox(uint64_t address, uint64_t bytes)
{
	return address - GUEST_MAILBOX < GUEST_STACK_TOP - GUEST_MAILBOX
		|| GUEST_MAILBOX - address < bytes;
}

/* Would a structure there say where the upcalls' stack is? See agent_make. */
static bool is_stack_range(uint64_t address, uint64_t bytes)
{
	uint64_t at = EXO_LIBRARY_BASE + offsetof(struct exo_vcpu_page, stack_base);

	return address - at < 2 * sizeof(uint64_t) || at - address < bytes;
}

/* Mailbox and stack lie in a table common to all: who would take them from the supervisor, too, or
 * write there, names another page instead. */
static void agent_spare(struct fuzz_step *step)
{
	struct exo_slot_op *op = step->memory.ops;
	unsigned i;

	if (step->memory_bytes && (is_mailbox(step->memory_at, step->memory_bytes)
				   || is_stack_range(step->memory_at, step->memory_bytes))) {
		for (i = 0; i < 5; i++)
			if (step->argument[i] == step->memory_at)
				step->argument[i] = FUZZ_MEMORY_AT;
		step->memory_at = FUZZ_MEMORY_AT;
	}
	for (; op < step->memory.ops + step->ops_count; op++)
		if (op->level == 1 && (op->op == EXO_OP_CLEAR || op->op == EXO_OP_PROTECT)
		    && is_mailbox(op->target & -EXO_PAGE_SIZE, op->count * EXO_PAGE_SIZE))
			op->target = 0;
	if (step->is_in_registers)
		step->argument[1] = step->memory.ops[0].target;
	if (step->kind == FUZZ_STORE && is_mailbox(step->argument[0], sizeof(uint64_t)))
		step->argument[0] = 0;
}

_Noreturn void agent_next(void)
{
	struct guest_mailbox *box = agent_box();
	struct fuzz_target target = { .kinds = box->kinds, .kinds_count = box->kinds_count };
	struct guest_step *s;

	if (!box->has_begun) {
		box->has_begun = 1;
		supervisor_first();
	}
	if (!agent_has_more(box))
		agent_rest(box);
	s = agent_note(box, GUEST_WRITING);
	box->doing = box->steps_count - 1;
	fuzz_decode((struct fuzz_world *)box, &target, box->records, box->count, &box->at,
		    &s->step);
	agent_spare(&s->step);
	agent_make(s);
}

static void agent_done(struct guest_step *s, int64_t error, uint64_t value)
{
	s->error = error;
	s->value = value;
	s->state = GUEST_DONE;
	if (s->step.number == (EXO_CALL_PREFIX | EXO_CALL_VCPU_START) && !error
	    && (value & 0xffff) - 1 < 8)
		agent_box()->vcpus[(value & 0xffff) - 1] = value;
}

_Noreturn void agent_return(struct guest_step *s, int64_t error, uint64_t value)
{
	agent_done(s, error, value);
	agent_next();
}

/* Whoever resumes the frame begins anew. A call that has come back just before is done. Who lost
 * the CPU before this has no note of its step. */
_Noreturn void agent_upcall(struct exo_frame *frame)
{
	struct guest_mailbox *box = agent_box();
	struct guest_step *s = &box->steps[box->doing];
	bool is_event = frame->kind == EXO_UPCALL_EVENTS;

	if (is_event && EXO_REG_PC(&frame->regs) == (uint64_t)agent_called)
		agent_done(AGENT_STEP(&frame->regs), (int64_t)EXO_REG_RESULT(&frame->regs),
			   EXO_REG_RESULT2(&frame->regs));
	EXO_REG_PC(&frame->regs) = (uint64_t)agent_begin;
	if (is_event)
		s = agent_note(box, GUEST_EVENT);
	else if (s->env != agent_self(box))
		s = NULL;
	else if (s->state < GUEST_DONE)
		s->state = GUEST_UPCALL;
	if (s) {
		s->upcall = (uint32_t)frame->kind;
		s->code = frame->code;
		s->frame = (uint64_t)frame;
	}
	box->frame = (uint64_t)frame;
	agent_next();
}
