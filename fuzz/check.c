/* SPDX-License-Identifier: ISC */
/* The oracles: what a refused call may change, invariants, translation caches, the model. Reads all
 * of a quiet machine; writes the shadow and the model. Takes no locks. */
#include <stdlib.h>
#include <string.h>

#include "exo/slot.h"
#include "fuzz/follow.h"
#include "fuzz/fuzz.h"

#include <machine/slot.h>

_Noreturn void fuzz_fail(const char *what)
{
	fflush(stdout);
	fprintf(stderr, "FINDING: %s\n", what);
	abort();
}

static bool is_free(const struct machine *m, uint32_t frame)
{
	return frame_type(m->frames[frame].meta) == FRAME_FREE;
}

/* What CPUs have cached, and their registers, are nobody's business. */
enum {
	CACHES_FROM = offsetof(struct machine, arch.cpus),
	CACHES_TO = CACHES_FROM + sizeof(((struct machine *)0)->arch.cpus),
};

/* The next frames in a row that a call may use: from *from to before *end, which is where the ones
 * before ended. Those that are free keep what they are filled with, which is asked at the end. */
static bool next_in_use(const struct machine *m, uint32_t *from, uint32_t *end)
{
	for (*from = *end; *from < m->frame_count && is_free(m, *from); ++*from)
		;
	for (*end = *from; *end < m->frame_count && !is_free(m, *end); ++*end)
		;
	return *from < *end;
}

static size_t frame_at(const struct machine *m, uint32_t frame)
{
	return m->arch.memory + frame * EXO_PAGE_SIZE;
}

void fuzz_remember(struct fuzz_world *w)
{
	uint32_t from, end = 1;

	if (!w->is_shadow_old)
		return;
	w->is_shadow_old = false;
	host_copy(w->shadow, w->m, w->m->arch.memory);
	while (next_in_use(w->m, &from, &end))
		host_copy((uint8_t *)w->shadow + frame_at(w->m, from),
			  (uint8_t *)w->m + frame_at(w->m, from), (end - from) * EXO_PAGE_SIZE);
}

void fuzz_remember_page(struct fuzz_world *w, unsigned cpu, uint64_t address)
{
	const struct cpu *c = &w->m->cpus[cpu];
	struct host_walk walk;
	struct pfn pfn;
	unsigned access;

	w->is_shadow_old |= c->shoot != 0; /* it may have been another page */
	if (w->is_shadow_old || address / EXO_ROOT_SPAN >= EXO_ROOT_USER)
		return;
	walk = host_walk(w->m, c->root_env, address);
	pfn = host_walk_leaf(w->m, &walk, address, &access);
	if (access & EXO_WRITE)
		host_copy(arch_frame_memory(w->shadow, pfn), arch_frame_memory(w->m, pfn),
			  EXO_PAGE_SIZE);
}

/* Nor are results, clocks, hints and counts of refusals. */
static UNCHECKED void unchanged_forget(struct machine *m, struct machine *shadow)
{
	unsigned i;

	shadow->refusals = m->refusals;
	for (i = 0; i < m->cpu_count; i++) {
		shadow->cpus[i].deadline = m->cpus[i].deadline;
		shadow->cpus[i].armed = m->cpus[i].armed;
		shadow->cpus[i].not_before = m->cpus[i].not_before;
		shadow->cpus[i].in_kernel = m->cpus[i].in_kernel;
		memcpy(shadow->cpus[i].flush.drops, m->cpus[i].flush.drops,
		       sizeof(m->cpus[i].flush.drops));
		memcpy(shadow->cpus[i].flush.pages, m->cpus[i].flush.pages,
		       sizeof(m->cpus[i].flush.pages));
	}
	for (i = 0; i < EXO_ENVS; i++) {
		shadow->envs[i].window = m->envs[i].window;
		shadow->envs[i].window_frame = m->envs[i].window_frame;
	}
	for (i = 0; i < EXO_VCPUS; i++) {
		shadow->vcpus[i].has_progressed = m->vcpus[i].has_progressed;
		if (m->vcpus[i].state == VCPU_RUNNING)
			shadow->vcpus[i].regs = m->vcpus[i].regs;
	}
}

/* The kernel reads and writes user memory as a program does: accessed and dirty bits may be set in
 * a table. */
static bool unchanged_word(struct machine *m, const struct machine *shadow, size_t word)
{
	const uint64_t *live = (const uint64_t *)m, *old = (const uint64_t *)shadow;
	enum frame_type type;
	struct pfn pfn;

	if (word * 8 < m->arch.memory || (live[word] ^ old[word]) & ~(SLOT_ACCESSED | SLOT_DIRTY))
		return false;
	pfn.n = (uint32_t)((word * 8 - m->arch.memory) / EXO_PAGE_SIZE);
	type = frame_type(frame_meta(m, pfn));
	return type == FRAME_TABLE || type == FRAME_COMMON;
}

/* Of the machine's bytes from one on to another. */
static void unchanged_bytes(struct fuzz_world *w, size_t from, size_t to)
{
	const uint64_t *live = (const uint64_t *)w->m, *old = (const uint64_t *)w->shadow;
	char text[160];
	size_t i;

	if (host_is_same(&live[from / 8], &old[from / 8], to - from))
		return;
	w->is_shadow_old = true;
	for (i = from / 8; i < to / 8; i++) {
		if (live[i] == old[i] || unchanged_word(w->m, w->shadow, i))
			continue;
		snprintf(text, sizeof(text), "a failing call changed the word at %#llx (memory is"
			 " at %#llx) from %llx to %llx", (unsigned long long)i * 8,
			 (unsigned long long)w->m->arch.memory, (unsigned long long)old[i],
			 (unsigned long long)live[i]);
		fuzz_fail(text);
	}
}

void fuzz_check_unchanged(struct fuzz_world *w)
{
	uint32_t from, end = 1;

	unchanged_forget(w->m, w->shadow);
	unchanged_bytes(w, 0, CACHES_FROM);
	unchanged_bytes(w, CACHES_TO, w->m->arch.memory);
	while (next_in_use(w->m, &from, &end))
		unchanged_bytes(w, frame_at(w->m, from), frame_at(w->m, end));
}

static void check_report(bool is_sound, const struct audit_report *r)
{
	char text[200];

	if (is_sound)
		return;
	snprintf(text, sizeof(text), "I-%u: %s: at %llx slot %lld: got %llx, want %llx",
		 r->invariant, r->what, (unsigned long long)r->where, (long long)r->slot,
		 (unsigned long long)r->got, (unsigned long long)r->want);
	fuzz_fail(text);
}

/* Whatever is free and not said to be zero, which the audit asks, is as it was filled. */
static void check_free(struct fuzz_world *w)
{
	uint8_t filled[EXO_PAGE_SIZE];
	struct pfn pfn = { 1 };

	__builtin_memset(filled, HOST_FREE_BYTE, sizeof(filled));
	for (; pfn.n < w->m->frame_count; pfn.n++)
		if ((frame_meta(w->m, pfn) & (FRAME_ZERO | 7u)) == FRAME_FREE
		    && !host_is_same(arch_frame_memory(w->m, pfn), filled, sizeof(filled)))
			fuzz_fail("a free frame was written");
}

void fuzz_check_audit(struct fuzz_world *w)
{
	struct audit_report report;

	check_free(w);
	check_report(audit(w->m, w->lab->scratch, &report), &report);
}

void fuzz_check_tlb(struct fuzz_world *w)
{
	struct audit_report report;

	check_report(host_audit_tlb(w->m, &report), &report);
}

/* What an env's tables give. */
struct look {
	struct machine *m;
	struct host_walk walk; /* where the last look went */
};

static struct look look_at(struct fuzz_world *w, unsigned env)
{
	return (struct look){ .m = w->m, .walk = host_walk(w->m, env, 0) };
}

static const void *look(void *context, uint64_t address, unsigned need)
{
	struct look *l = context;
	struct pfn pfn;
	unsigned access;

	if (address - l->walk.prefix >= EXO_SPAN(2)) {
		if (address / EXO_ROOT_SPAN >= EXO_ROOT_USER)
			return NULL;
		l->walk = host_walk(l->m, l->walk.env, address);
	}
	if (l->walk.table == FRAME_NONE)
		return NULL;
	pfn = host_walk_leaf(l->m, &l->walk, address, &access);
	return access & need ? arch_frame_memory(l->m, pfn) : NULL;
}

static void check_model_fail(const char *what, unsigned env, uint64_t address)
{
	char text[200];

	snprintf(text, sizeof(text), "the model: %s: env %u address %#llx", what, env,
		 (unsigned long long)address);
	fuzz_fail(text);
}

void fuzz_check_model(struct fuzz_world *w)
{
	struct look at;
	const char *wrong;
	uint64_t where;
	unsigned env;

	if (w->model.is_lost)
		return;
	if (w->model.wrong)
		check_model_fail(w->model.wrong, 0, w->model.wrong_at);
	for (env = 0; env < EXO_ENVS; env++) {
		if (w->m->envs[env].state != ENV_ALIVE)
			continue;
		at = look_at(w, env);
		wrong = model_compare(&w->model, env, look, &at, &where);
		if (wrong)
			check_model_fail(wrong, env, where);
	}
}

/* All that each env can read now. What the library's slot and the kernel's hold is written by the
 * kernel too. */
void fuzz_model_init(struct fuzz_world *w)
{
	struct look at;
	uint64_t address;
	unsigned env;
	const void *bytes;

	memset(&w->model_start, 0, sizeof(w->model_start));
	for (env = 0; env < EXO_ENVS; env++) {
		if (w->m->envs[env].state != ENV_ALIVE)
			continue;
		at = look_at(w, env);
		for (address = 0; address < EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN;
		     address += EXO_PAGE_SIZE) {
			bytes = look(&at, address, EXO_READ);
			if (!bytes)
				continue;
			model_add(&w->model_start, env, address,
				  address < EXO_INFO_BASE ? EXO_RWX
				  : address < EXO_LIBRARY_BASE ? EXO_READ | EXO_EXEC : EXO_RWX,
				  (look(&at, address, EXO_WRITE) ? EXO_READ | EXO_WRITE : EXO_READ)
				  | (look(&at, address, EXO_EXEC) ? EXO_EXEC : 0),
				  bytes, address == LAB_VCPU);
			if (address >= EXO_INFO_BASE)
				model_loosen(&w->model_start, env, address);
		}
	}
}
