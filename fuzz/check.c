/* SPDX-License-Identifier: ISC */
/* The oracles: what a refused call may change, invariants, translation caches, the model. Reads all
 * of a quiet machine; writes the shadow, the model and the probe CPU's caches. Takes no locks. */
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

/* The first word that differs, or the number of words. */
UNSANITIZED static size_t differs_at(const void *a, const void *b, size_t words, size_t i)
{
	const uint64_t *x = a, *y = b;
	uint64_t difference = 0;
	size_t end;

	for (; i + 8 <= words; i += 8) {
		for (end = i + 8; i < end; i++)
			difference |= x[i] ^ y[i];
		i -= 8;
		if (difference)
			break;
	}
	while (i < words && x[i] == y[i])
		i++;
	return i;
}

void fuzz_remember(struct fuzz_world *w)
{
	if (w->is_shadow_old)
		fuzz_copy(w->shadow, w->m, w->m->arch.bytes);
	w->is_shadow_old = false;
}

/* Results, caches, clocks, hints and counts of refusals are nobody's business. */
static UNCHECKED void unchanged_forget(struct machine *m, struct machine *shadow)
{
	unsigned i;

	shadow->refusals = m->refusals;
	for (i = 0; i < m->cpu_count; i++) {
		shadow->arch.cpus[i] = m->arch.cpus[i];
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

void fuzz_check_unchanged(struct fuzz_world *w)
{
	size_t words = w->m->arch.bytes / 8, i;
	char text[160];

	unchanged_forget(w->m, w->shadow);
	for (i = 0;; i++) {
		i = differs_at(w->m, w->shadow, words, i);
		if (i == words)
			return;
		w->is_shadow_old = true;
		if (!unchanged_word(w->m, w->shadow, i))
			break;
	}
	snprintf(text, sizeof(text), "a failing call changed the word at %#llx (memory is at %#llx)"
		 " from %llx to %llx", (unsigned long long)i * 8,
		 (unsigned long long)w->m->arch.memory,
		 (unsigned long long)((uint64_t *)w->shadow)[i],
		 (unsigned long long)((uint64_t *)w->m)[i]);
	fuzz_fail(text);
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

/* What the tables of the env whose root the probe has give, without a trace in the CPUs' caches. */
static const void *look(void *context, uint64_t address, unsigned need)
{
	struct fuzz_world *w = context;
	struct pfn pfn;

	return host_translate(w->m, FUZZ_PROBE, address, need, &pfn) ? NULL
		: arch_frame_memory(w->m, pfn);
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
		arch_root_load(w->m, &w->m->cpus[FUZZ_PROBE], env);
		wrong = model_compare(&w->model, env, look, w, &where);
		if (wrong)
			check_model_fail(wrong, env, where);
	}
}

/* All that each env can read now. What the library's slot and the kernel's hold is written by the
 * kernel too. */
void fuzz_model_init(struct fuzz_world *w)
{
	uint64_t address;
	unsigned env;
	const void *bytes;

	memset(&w->model_start, 0, sizeof(w->model_start));
	for (env = 0; env < EXO_ENVS; env++) {
		if (w->m->envs[env].state != ENV_ALIVE)
			continue;
		arch_root_load(w->m, &w->m->cpus[FUZZ_PROBE], env);
		for (address = 0; address < EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN;
		     address += EXO_PAGE_SIZE) {
			bytes = look(w, address, EXO_READ);
			if (!bytes)
				continue;
			model_add(&w->model_start, env, address,
				  address < EXO_INFO_BASE ? EXO_RWX
				  : address < EXO_LIBRARY_BASE ? EXO_READ | EXO_EXEC : EXO_RWX,
				  (look(w, address, EXO_WRITE) ? EXO_READ | EXO_WRITE : EXO_READ)
				  | (look(w, address, EXO_EXEC) ? EXO_EXEC : 0),
				  bytes, address == LAB_VCPU);
			if (address >= EXO_INFO_BASE)
				model_loosen(&w->model_start, env, address);
		}
	}
}
