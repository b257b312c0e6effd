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

/* No interceptor, no check of poison, and no call of memcpy in the loop's place. */
#define UNSANITIZED __attribute__((no_sanitize("address"), no_builtin("memcpy"), noinline))

UNSANITIZED void fuzz_copy(void *to, const void *from, size_t bytes)
{
	uint64_t *t = to;
	const uint64_t *f = from;
	size_t i;

	for (i = 0; i < bytes / 8; i++)
		t[i] = f[i];
}

enum { FRAME_WORDS = EXO_PAGE_SIZE / 8 };

/* Of a frame's size, which the compiler knows: fuzz_copy; do they differ? */
UNSANITIZED static void frame_copy(uint64_t *to, const uint64_t *from)
{
	size_t i;

	for (i = 0; i < FRAME_WORDS; i++)
		to[i] = from[i];
}

UNSANITIZED static bool frame_differs(const uint64_t *a, const uint64_t *b)
{
	uint64_t difference = 0;
	size_t i;

	for (i = 0; i < FRAME_WORDS; i++)
		difference |= a[i] ^ b[i];
	return difference;
}

/* The first word that differs, or the number of words. */
UNSANITIZED static size_t differs_at(const uint64_t *a, const uint64_t *b, size_t words, size_t i)
{
	while (i + FRAME_WORDS <= words && !frame_differs(&a[i], &b[i]))
		i += FRAME_WORDS;
	while (i < words && a[i] == b[i])
		i++;
	return i;
}

/* A frame that a call may use. Nobody asks for the bytes of one that is free: the address sanitizer
 * sees who touches it, the audit whether it is zero if it is said to be. */
static bool is_in_use(const struct machine *m, uint32_t frame)
{
	return frame_type(m->frames[frame].meta) != FRAME_FREE;
}

/* What CPUs have cached, and their registers, are nobody's business. */
enum {
	CACHES_FROM = offsetof(struct machine, arch.cpus),
	CACHES_TO = CACHES_FROM + sizeof(((struct machine *)0)->arch.cpus),
};

static void remember_frame(struct fuzz_world *w, uint32_t frame)
{
	struct pfn pfn = { frame };

	frame_copy(arch_frame_memory(w->shadow, pfn), arch_frame_memory(w->m, pfn));
}

void fuzz_remember(struct fuzz_world *w)
{
	uint32_t i;

	if (!w->is_shadow_old)
		return;
	w->is_shadow_old = false;
	fuzz_copy(w->shadow, w->m, CACHES_FROM);
	fuzz_copy((uint8_t *)w->shadow + CACHES_TO, (const uint8_t *)w->m + CACHES_TO,
		  w->m->arch.memory - CACHES_TO);
	for (i = 1; i < w->m->frame_count; i++)
		if (is_in_use(w->m, i))
			remember_frame(w, i);
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
		remember_frame(w, pfn.n);
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

/* Of the machine's words from one on to another. */
static void unchanged_words(struct fuzz_world *w, size_t from, size_t to)
{
	const uint64_t *live = (const uint64_t *)w->m, *old = (const uint64_t *)w->shadow;
	char text[160];
	size_t i;

	for (i = from; (i = differs_at(live, old, to, i)) < to; i++) {
		w->is_shadow_old = true;
		if (!unchanged_word(w->m, w->shadow, i))
			break;
	}
	if (i == to)
		return;
	snprintf(text, sizeof(text), "a failing call changed the word at %#llx (memory is at %#llx)"
		 " from %llx to %llx", (unsigned long long)i * 8,
		 (unsigned long long)w->m->arch.memory, (unsigned long long)old[i],
		 (unsigned long long)live[i]);
	fuzz_fail(text);
}

void fuzz_check_unchanged(struct fuzz_world *w)
{
	struct machine *m = w->m;
	size_t memory = m->arch.memory / 8, at;
	struct pfn pfn = { 1 };

	unchanged_forget(m, w->shadow);
	unchanged_words(w, 0, CACHES_FROM / 8);
	unchanged_words(w, CACHES_TO / 8, memory);
	for (; pfn.n < m->frame_count; pfn.n++) {
		at = memory + pfn.n * FRAME_WORDS;
		if (is_in_use(m, pfn.n) && frame_differs(arch_frame_memory(m, pfn),
							 arch_frame_memory(w->shadow, pfn)))
			unchanged_words(w, at, at + FRAME_WORDS);
	}
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

void fuzz_check_audit(struct fuzz_world *w)
{
	struct audit_report report;

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
