/* SPDX-License-Identifier: ISC */
/* The oracles over the guest's memory while the guest waits: the model follows what the guest noted
 * and is compared with what envs reach; the audit recounts. Takes no locks. */
#include "fuzz/guest/host.h"

#include <stdio.h>
#include <string.h>

#include "exo/audit.h"
#include "fuzz/follow.h"
#include "fuzz/fuzz.h"

/* Anything printed about a step is about this. */
static void check_print(const struct guest_step *s)
{
	static const char *const upcalls[] = { "fault", "exception", "foreign call", "events" };

	printf("env %u: ", s->env);
	if (s->state != GUEST_EVENT)
		fuzz_print_call(&s->step);
	if (s->state == GUEST_DONE)
		fuzz_print_result(s->error, s->value);
	else if (s->state < GUEST_DONE)
		printf(" -> no answer\n");
	else
		printf(" -> upcall: %s %#llx\n", upcalls[s->upcall % 4],
		       (unsigned long long)s->code);
}

/* A guest that is out of hand may have written anything. */
static bool is_note(const struct guest_step *s)
{
	return s->step.kind < FUZZ_KINDS && s->step.ops_count <= FUZZ_BATCH
		&& s->step.memory_bytes <= sizeof(s->step.memory);
}

void guest_print_last(const struct guest *g)
{
	uint32_t count = g->box->steps_count, i;

	for (i = count > 8 ? count - 8 : 0; i < count && i < GUEST_STEPS; i++) {
		if (is_note(&g->box->steps[i]))
			check_print(&g->box->steps[i]);
		else
			printf("this note is overwritten\n");
	}
}

/* Envs that have ended see nothing. */
static void check_ends(struct guest *g, uint32_t before, uint32_t now)
{
	unsigned env;

	for (env = 1; env < GUEST_ENVS; env++)
		if (before >> env & 1 && !(now >> env & 1))
			model_forget(&g->model, env, true);
}

/* Do slots from `address` on lie in the root slot of the agents' own pages? */
static bool is_agents(const struct exo_slot_op *op, uint64_t address)
{
	uint64_t span = op->level - 1u < EXO_LEVELS ? EXO_SPAN(op->level) : EXO_ROOT_SPAN;
	uint64_t from = address & ~(span - 1), root = GUEST_BASE & ~(EXO_ROOT_SPAN - 1);

	return root - from < op->count * span || from - root < EXO_ROOT_SPAN;
}

/* Of the agents' own pages the model knows nothing. */
static bool touches_agents(const struct fuzz_step *step)
{
	unsigned i;

	for (i = 0; i < step->ops_count; i++)
		if (is_agents(&step->memory.ops[i], step->memory.ops[i].target)
		    || is_agents(&step->memory.ops[i], step->memory.ops[i].source))
			return true;
	return false;
}

static void check_call(struct guest *g, const struct guest_step *s)
{
	const struct fuzz_step *step = &s->step;
	uint64_t call = step->number ^ EXO_CALL_PREFIX;
	bool is_slots = call == EXO_CALL_SLOTS || call == EXO_CALL_SLOT;

	if (step->memory_bytes) {
		model_loosen(&g->model, s->env, step->memory_at);
		model_loosen(&g->model, s->env, step->memory_at + step->memory_bytes - 1);
	}
	if (s->state == GUEST_PENDING)
		model_unanswered(&g->model, step, s->env, call);
	if (s->state != GUEST_DONE)
		return;
	if (is_slots && step->kind == FUZZ_ANY_CALL)
		g->model.is_lost |= s->value != 0; /* operations that nobody decoded */
	else if (is_slots && touches_agents(step))
		g->model.is_lost = true;
	else if (is_slots)
		model_slots(&g->model, step->memory.ops, step->ops_count, s->env, s->error,
			    s->value);
	else if (step->kind != FUZZ_ANY_CALL || call != EXO_CALL_VCPU_START)
		model_call(&g->model, step, s->env, s->error, call, step->memory.start.page);
	else
		g->model.is_lost |= !s->error;
}

/* The model knows the programs' pages, and the library's first ones. */
static bool is_known(uint64_t address)
{
	return address < 4 * EXO_ROOT_SPAN
		|| address - EXO_LIBRARY_BASE < 6 * EXO_PAGE_SIZE;
}

static void check_access(struct guest *g, const struct guest_step *s, unsigned need)
{
	uint64_t address = s->argument[0];
	struct model_view view = model_look(&g->model, s->env, address);

	if (g->model.is_lost)
		return;
	if (s->state == GUEST_DONE && need == EXO_WRITE) /* perhaps by a copy that lies elsewhere */
		model_store(&g->model, s->env, address, s->argument[1]);
	if (s->state == GUEST_PENDING && need == EXO_WRITE) /* an event came before or after */
		model_loosen(&g->model, s->env, address);
	if (!is_known(address))
		return;
	if (s->state == GUEST_DONE && !(view.object && view.access & need))
		fuzz_fail("the model: an access succeeded that must not");
	if (need != EXO_READ)
		return;
	if (s->state == GUEST_UPCALL && s->upcall == EXO_UPCALL_FAULT && view.access & EXO_READ
	    && !view.is_maybe)
		fuzz_fail("the model: an access failed that must not");
	if (s->state == GUEST_DONE && !view.object->is_loose
	    && memcmp(&s->error, view.object->bytes + address % EXO_PAGE_SIZE, 8) != 0)
		fuzz_fail("the model: a load gave what was never stored");
}

static void check_step(struct guest *g, const struct guest_step *s)
{
	enum fuzz_kind kind = s->step.kind;

	if (s->frame) {
		model_loosen(&g->model, s->env, s->frame);
		model_loosen(&g->model, s->env, s->frame + sizeof(struct exo_frame) - 1);
	}
	if (s->state == GUEST_EVENT)
		return;
	if (kind < (enum fuzz_kind)EXO_CALLS || kind == FUZZ_ANY_CALL || kind == FUZZ_FOREIGN)
		check_call(g, s);
	else if (kind == FUZZ_LOAD || kind == FUZZ_FETCH)
		check_access(g, s, EXO_READ);
	else if (kind == FUZZ_STORE)
		check_access(g, s, EXO_WRITE);
}

/* May a program begin elsewhere than agents do, from this step on? */
static bool may_stray(const struct guest *g, const struct guest_step *s)
{
	const struct fuzz_step *step = &s->step;
	uint64_t call = step->number ^ EXO_CALL_PREFIX;

	if (step->memory_bytes && step->memory_at != FUZZ_MEMORY_AT)
		return true; /* over a word that says where */
	if (step->kind == FUZZ_STORE || step->kind == FUZZ_MEMORY)
		return s->argument[0] % EXO_PAGE_SIZE
			== offsetof(struct exo_vcpu_page, upcall_entry);
	if (call == EXO_CALL_RESUME)
		return s->state != GUEST_DONE && !step->memory_bytes;
	return call == EXO_CALL_VCPU_START
		&& step->memory.start.entry != g->box->facts.entry;
}

/* Who lost the CPU when an upcall had just been pushed has no note of its frame. */
static void loosen_stacks(struct guest *g)
{
	unsigned i, n;

	for (i = 0; i < EXO_VCPUS; i++) {
		const struct vcpu *v = &g->m->vcpus[i];
		const struct exo_vcpu_page *page = arch_frame_memory(g->m, v->page);

		for (n = 0; v->state != VCPU_FREE && n < 8; n++)
			if (page->stack_base + n * EXO_PAGE_SIZE < page->stack_top)
				model_loosen(&g->model, v->env,
					     page->stack_base + n * EXO_PAGE_SIZE);
	}
}

static uint32_t envs_alive(struct guest *g)
{
	uint32_t alive = 0;
	unsigned i;

	for (i = 0; i < GUEST_ENVS; i++)
		alive |= (uint32_t)(g->m->envs[i].state == ENV_ALIVE
				    || g->m->envs[i].state == ENV_ENDING) << i;
	return alive;
}

void guest_check_steps(struct guest *g, bool is_traced)
{
	bool is_astray = false; /* what runs elsewhere changes memory without a note */
	uint32_t alive = 0, i;

	model_copy(&g->model, &g->model_start);
	g->model.is_lost = g->box->is_full;
	for (i = 0; i < g->box->steps_count; i++) {
		struct guest_step *s = &g->box->steps[i];

		if (s->alive) {
			check_ends(g, alive, s->alive);
			alive = s->alive;
		}
		if (is_traced)
			check_print(s);
		check_step(g, s);
		is_astray |= may_stray(g, s);
		g->model.is_lost |= is_astray && model_executes(&g->model);
		memset(s, 0, sizeof(*s)); /* for the next input */
	}
	check_ends(g, alive, envs_alive(g));
	loosen_stacks(g);
}

void guest_check_audit(struct guest *g)
{
	struct audit_report r;
	char text[200];

	if (audit(g->m, g->scratch, &r))
		return;
	snprintf(text, sizeof(text), "I-%u: %s: at %llx slot %lld: got %llx, want %llx",
		 r.invariant, r.what, (unsigned long long)r.where, (long long)r.slot,
		 (unsigned long long)r.got, (unsigned long long)r.want);
	fuzz_fail(text);
}

struct reach {
	struct guest *g;
	unsigned env;
};

static const void *reach(void *context, uint64_t address, unsigned need)
{
	const struct reach *r = context;

	return guest_look(r->g, r->env, address, need);
}

void guest_check_model(struct guest *g)
{
	struct reach r = { g, 0 };
	const char *wrong = g->model.wrong;
	uint64_t where = g->model.wrong_at;
	char text[200];

	if (g->model.is_lost)
		return;
	while (!wrong && ++r.env < GUEST_ENVS)
		if (g->m->envs[r.env].state == ENV_ALIVE)
			wrong = model_compare(&g->model, r.env, reach, &r, &where);
	if (!wrong)
		return;
	snprintf(text, sizeof(text), "the model: %s: env %u address %#llx", wrong, r.env,
		 (unsigned long long)where);
	fuzz_fail(text);
}

void guest_check_back(struct guest *g)
{
	if (g->box->left)
		fuzz_fail("not every frame, env, vcpu and slice is back when all envs have ended");
}
