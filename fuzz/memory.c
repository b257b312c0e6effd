/* SPDX-License-Identifier: ISC */
/*
 * The target `memory`: a tree of processes maps, writes, forks, protects, discards, unmaps,
 * executes and ends; libos/vm and libos/fork do it on the simulated machine. A model beside it
 * knows for each page of each process what may be done with it and four of its words: every access
 * must end as it says. An input is records of 16 bytes; one whose kind has no meaning yet does
 * nothing: so there are kinds left for eviction and swap, after which a page must read as before,
 * wherever its bytes have been. Holds the one machine, takes the kernel's locks.
 */
#include "fuzz/memory.h"

#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/library_machine.h"
#include "fuzz/memory_model.h"
#include "libos/layout.h"

#include <machine/call.h>

enum { STEP_FRAMES = 200, LOOK_FRAMES = 32 }; /* more than a step needs; than to look at a page */

struct memory_world {
	struct library_machine machine;
	struct machine *m; /* the same */
	uint64_t env[MEMORY_PROCESSES], vcpu[MEMORY_PROCESSES]; /* handles; env 0: no process */
	struct memory_model model;
	bool is_traced;
};

static struct memory_world *world(void)
{
	static struct memory_world w;

	return &w;
}

/* ---- What the library's side asks for ---- */

struct exo_result exo_call(enum exo_call number, uint64_t a0, uint64_t a1, uint64_t a2,
			   uint64_t a3, uint64_t a4)
{
	const uint64_t argument[5] = { a0, a1, a2, a3, a4 };

	return library_machine_call(&world()->machine, number, argument);
}

uint64_t memory_view(uint64_t address, unsigned level)
{
	return library_machine_view(&world()->machine, address, level);
}

void memory_zero(uint64_t address, size_t bytes)
{
	library_machine_zero(&world()->machine, address, bytes);
}

/* ---- The machine ---- */

static void want(bool is_so, const char *what)
{
	if (!is_so)
		fuzz_fail(what);
}

static void world_create(struct memory_world *w)
{
	uint64_t *words, i;

	library_machine_create(&w->machine, MODEL_FILE_PAGES, MODEL_FILE_PAGES * EXO_PAGE_SIZE);
	w->m = w->machine.m;
	w->env[0] = w->machine.env;
	w->vcpu[0] = w->machine.vcpu;
	words = w->machine.archive;
	for (i = 0; i < MODEL_FILE_PAGES * EXO_PAGE_SIZE / 8; i++)
		words[i] = memory_model_file(i * 8);
	library_machine_save(&w->machine);
}

static void world_reset(struct memory_world *w)
{
	library_machine_reset(&w->machine);
	memset(w->env + 1, 0, sizeof(w->env) - sizeof(w->env[0]));
	memory_model_begin(&w->model);
	memory_begin(0);
}

/* Let a process run. */
static void world_run(struct memory_world *w, unsigned p)
{
	if (w->m->cpus[0].current != (w->vcpu[p] & 0xffff))
		exo_call(EXO_CALL_YIELD, w->vcpu[p], 0, 0, 0, 0);
	want(w->m->cpus[0].current == (w->vcpu[p] & 0xffff), "a process does not run");
}

/* ---- Steps ---- */

static void want_access(bool is_so, const char *what, unsigned p, uint64_t address)
{
	char text[120];

	if (is_so)
		return;
	snprintf(text, sizeof(text), "%s: process %u address %#llx", what, p,
		 (unsigned long long)address);
	fuzz_fail(text);
}

/* An access of the program: it is done, or faults for good, as the model says. */
static void step_access(struct memory_world *w, unsigned p, unsigned page, unsigned need,
			unsigned word, uint64_t value)
{
	const struct memory_page *model = &w->model.process[p].page[page];
	uint64_t address = memory_model_address(page) + memory_model_offset(word), got = value;
	bool is_right = model->is_mapped && !model->is_beyond && model->protection & need;
	unsigned tries = 0;
	int code;

	for (;; tries++) {
		code = need == EXO_READ ? host_load(w->m, 0, address, &got)
			: need == EXO_WRITE ? host_store(w->m, 0, address, value)
			: host_fetch(w->m, 0, address);
		if (!code || tries == 4
		    || !memory_fault(p, address, (unsigned)code & ~(unsigned)HOST_FAULT))
			break;
	}
	if (w->is_traced)
		printf(code ? " -> fault" : " -> %#llx", (unsigned long long)got);
	want_access(tries < 4, "an access faults for ever", p, address);
	want_access(!code || !is_right, "an access failed that must not", p, address);
	want_access(code || is_right, "an access succeeded that must not", p, address);
	if (!code && need == EXO_READ)
		want_access(got == *memory_model_word(&w->model, p, page, word),
			    "a load gave what was never stored", p, address);
	if (!code && need == EXO_WRITE)
		*memory_model_word(&w->model, p, page, word) = value;
}

static void step_fork(struct memory_world *w, unsigned p, struct memory_range range)
{
	struct exo_vcpu_start start = { .page = LIBOS_VCPU_PAGE, .entry = LIBOS_TEXT, .masked = 1 };
	struct exo_result r;
	unsigned child = 1;

	while (child < MEMORY_PROCESSES && w->env[child])
		child++;
	if (child == MEMORY_PROCESSES)
		return;
	r = exo_call(EXO_CALL_ENV_CREATE, 0, 0, 0, 0, 0);
	want(!r.value, "no env for a child");
	w->env[child] = r.second;
	want(!memory_fork(p, child, r.second, range.address,
			  range.address + range.bytes), "fork fails");
	r = exo_call(EXO_CALL_VCPU_START, r.second, (uint64_t)&start, 0, 0, 0);
	want(!r.value, "no vcpu for a child");
	w->vcpu[child] = r.second;
	memory_model_fork(&w->model, p, child);
	if (w->is_traced)
		printf(" -> process %u", child);
}

/* The end of a process: its parent's business, here always the first one's. */
static void step_exit(struct memory_world *w, unsigned p)
{
	int64_t err;

	if (!p)
		return;
	world_run(w, 0);
	want(!exo_call(EXO_CALL_ENV_KILL, w->env[p], 0, 0, 0, 0).value, "a process does not end");
	do {
		err = exo_call(EXO_CALL_ENV_REAP, w->env[p], 0, 0, 0, 0).value;
	} while (err == EXO_E_AGAIN);
	want(!err, "an end is not reaped");
	w->env[p] = 0;
}

static void step_map(struct memory_world *w, unsigned p, const struct fuzz_record *r,
		     struct memory_range range)
{
	struct memory_mapping mapping;
	int32_t err;

	memory_model_mapping(&mapping, range, r->byte, r->wild);
	err = memory_map(p, &mapping);
	if (w->is_traced && mapping.is_file)
		printf(" file %#llx, %#llx bytes%s", (unsigned long long)mapping.file_offset,
		       (unsigned long long)mapping.file_bytes, mapping.is_strict ? " strict" : "");
	if (w->is_traced)
		printf("%s%s%s -> %d", mapping.is_shared ? " shared" : "",
		       mapping.is_stack ? " stack" : "", mapping.is_filled ? " filled" : "", err);
	want(err == memory_model_map(&w->model, p, range, &mapping),
	     "a mapping is not answered rightly");
}

/* Kinds of steps; the more often one stands in the list, the likelier it is. */
enum memory_kind { MAP, UNMAP, PROTECT, DISCARD, STORE, LOAD, FETCH, FORK, EXIT, EXEC, NOTHING };

static const uint8_t kinds[] = { MAP, UNMAP, PROTECT, DISCARD, STORE, STORE, STORE, LOAD, FETCH,
	FORK, EXIT, EXEC, MAP, STORE, NOTHING, NOTHING };

/* Calls on a range: what the library answers, and what it must. */
static void step_range(struct memory_world *w, enum memory_kind kind, unsigned p,
		       struct memory_range range, unsigned protection)
{
	int32_t err, right;

	if (kind == UNMAP) {
		err = memory_unmap(p, range.address, range.bytes);
		right = memory_model_unmap(&w->model, p, range);
	} else if (kind == PROTECT) {
		err = memory_protect(p, range.address, range.bytes, protection);
		right = memory_model_protect(&w->model, p, range, protection);
	} else if (kind == DISCARD) {
		err = memory_discard(p, range.address, range.bytes);
		right = memory_model_discard(&w->model, p, range);
	} else {
		err = memory_exec(p);
		right = memory_model_exec(&w->model, p);
	}
	if (w->is_traced)
		printf(" -> %d", err);
	want(err == right, "a call is not answered rightly");
}

static void step(struct memory_world *w, const struct fuzz_record *r)
{
	static const char *const names[] = { "map", "unmap", "protect", "discard", "store", "load",
		"fetch", "fork", "exit", "exec", "nothing" };
	enum memory_kind kind = kinds[r->kind % ARRAY_COUNT(kinds)];
	struct memory_range range = memory_model_range(r->byte[0], r->byte[1]);
	unsigned protection = memory_model_protection(r->byte[2]), p = r->where % MEMORY_PROCESSES;

	p = w->env[p] ? p : 0;
	world_run(w, p);
	if (w->is_traced)
		printf("process %u: %s %#llx, %u pages, protection %u, bytes %#x %#llx", p,
		       names[kind], (unsigned long long)range.address, range.count, protection,
		       r->byte[3], (unsigned long long)r->wild);
	switch (kind) {
	case MAP:
		step_map(w, p, r, range);
		break;
	case STORE:
		step_access(w, p, range.first, EXO_WRITE, r->byte[2], r->wild);
		break;
	case LOAD:
		step_access(w, p, range.first, EXO_READ, r->byte[2], 0);
		break;
	case FETCH:
		step_access(w, p, range.first, EXO_EXEC, r->byte[2], 0);
		break;
	case FORK:
		step_fork(w, p, range);
		break;
	case EXIT:
		step_exit(w, p);
		break;
	case NOTHING:
		break;
	default:
		step_range(w, kind, p, range, protection);
	}
	if (w->is_traced)
		printf("\n");
}

/* What there is must suffice: no call is refused for want of memory, nor an access. */
static bool has_memory(struct machine *m, unsigned frames)
{
	return account_limit(m, 0, EXO_RESOURCE_FRAMES)
		- account_used(m, 0, EXO_RESOURCE_FRAMES) > frames;
}

/* Everything that each process can see, as far as frames go: one that was never written takes one
 * of each who looks. Then all end but the first, and the machine is sound. */
static void finish(struct memory_world *w)
{
	unsigned p, page, word;

	library_machine_check(&w->machine, true);
	for (p = 0; p < MEMORY_PROCESSES; p++) {
		if (!w->env[p])
			continue;
		world_run(w, p);
		for (page = 0; page < MODEL_PAGES_SEEN && has_memory(w->m, LOOK_FRAMES); page++)
			for (word = 0; word < MODEL_WORDS; word++)
				step_access(w, p, page, EXO_READ, word, 0);
	}
	library_machine_check(&w->machine, true);
	for (p = 1; p < MEMORY_PROCESSES; p++)
		if (w->env[p])
			step_exit(w, p);
	library_machine_check(&w->machine, true);
}

static void memory_run(const uint8_t *data, size_t size, bool is_traced)
{
	struct memory_world *w = world();
	struct fuzz_record record;
	size_t at;

	if (!w->m)
		world_create(w);
	w->is_traced = is_traced;
	world_reset(w);
	for (at = 0; at + sizeof(record) <= size && at < FUZZ_RECORDS_MAX * sizeof(record)
	     && has_memory(w->m, STEP_FRAMES); at += sizeof(record)) {
		memcpy(&record, data + at, sizeof(record));
		step(w, &record);
	}
	w->is_traced = false;
	if (has_memory(w->m, STEP_FRAMES))
		finish(w);
}

const struct fuzz_target library_target = {
	"memory", kinds, ARRAY_COUNT(kinds), memory_run, false
};
