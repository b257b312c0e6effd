/* SPDX-License-Identifier: ISC */
/*
 * What a forked child's tables hold. The library's private table: wired pages duplicated, plain
 * pages copied without write access. The program's: for each table, leaves are copied if they are
 * few, else the branch is shared: at the lowest level where a handful of operations suffices, so
 * the work has a bound that does not depend on memory. A branch that is shared from an earlier
 * fork is shared again. All SHAREs go in one batch at the end (two if there are more than
 * FORK_SHARES).
 *
 * Touches struct libos, the slots of both. All locks are held.
 */
#include <machine/call.h>

#include "libos/fork/fork.h"
#include "libos/state.h"
#include "libos/vm/region.h"
#include "libos/vm/slots.h"

enum {
	FORK_OPS = 12,       /* gathered for one call */
	FORK_SHARES = 16,    /* in one batch */
	FORK_COPY_PAGES = 64, /* pages of a table that are copied rather than shared */
	FORK_GAP_PAGES = 16, /* empty slots that one run goes over */
	FORK_TABLES = 6,     /* tables below one that are looked into rather than shared with it */
};

struct fork_build {
	struct libos *os;
	uint64_t env;
	err_t error;
	unsigned count, shares;
	uint64_t stack;      /* the page of the program's stack in use: duplicated at once */
	struct exo_slot_op ops[FORK_OPS];
	struct exo_slot_op *share; /* FORK_SHARES */
};

static void fork_flush(struct fork_build *f)
{
	err_t err = f->error ? EXO_OK : slots_run(f->ops, f->count, NULL);

	if (err)
		f->error = err;
	f->count = 0;
}

static void fork_flush_shares(struct fork_build *f)
{
	err_t err = f->error ? EXO_OK : slots_run(f->share, f->shares, NULL);

	if (err)
		f->error = err;
	f->shares = 0;
}

static void fork_add(struct fork_build *f, const struct exo_slot_op *op)
{
	if (f->count == FORK_OPS)
		fork_flush(f);
	f->ops[f->count++] = *op;
}

/* An operation whose target is the child's slot of the same address. */
static void fork_op(struct fork_build *f, uint8_t kind, unsigned level, uint64_t address,
		    uint64_t count, unsigned access)
{
	bool has_source = kind == EXO_OP_DUP || kind == EXO_OP_COPY;
	struct exo_slot_op op = {
		.op = kind, .level = (uint8_t)level, .count = (uint16_t)count,
		.target_env = f->env, .target = address, .source = has_source ? address : 0,
		.access = (uint8_t)access, .rights = kind == EXO_OP_COPY ? EXO_RWX : 0,
	};

	fork_add(f, &op);
}

static void fork_share(struct fork_build *f, unsigned level, uint64_t address, uint64_t count,
		       unsigned rights)
{
	if (f->shares == FORK_SHARES)
		fork_flush_shares(f);
	f->share[f->shares++] = (struct exo_slot_op){
		.op = EXO_OP_SHARE, .level = (uint8_t)level, .count = (uint16_t)count,
		.target_env = f->env, .target = address, .source = address,
		.rights = (uint8_t)rights,
	};
}

/* Private leaves that lie close together in one table, gathered into one run. */
struct fork_run {
	uint64_t start, end;
	bool is_writable;
};

/* Leaves to the child without write access, and write access off here too. */
static void fork_copy(struct fork_build *f, struct fork_run *run)
{
	uint64_t pages = (run->end - run->start) / EXO_PAGE_SIZE;
	struct exo_slot_op copy = {
		.op = EXO_OP_COPY, .level = 1, .count = (uint16_t)pages, .target_env = f->env,
		.target = run->start, .source = run->start, .rights = EXO_RWX,
		.access = EXO_READ | EXO_EXEC, .flags = run->is_writable ? EXO_OP_MASK : 0,
	};

	if (pages)
		fork_add(f, &copy);
	*run = (struct fork_run){ 0 };
}

/* More leaves of the same table: an operation costs more than a few empty slots. The page of the
 * stack that both sides go on writing is cut out: two faults cost more than its copy. */
static void fork_gather(struct fork_build *f, struct fork_run *run, uint64_t start, uint64_t end,
			bool is_writable)
{
	if (f->stack >= start && f->stack < end) {
		uint64_t stack = f->stack;

		f->stack = 0;
		if (start < stack)
			fork_gather(f, run, start, stack, is_writable);
		fork_copy(f, run);
		fork_op(f, EXO_OP_DUP, 1, stack, 1, EXO_READ | EXO_WRITE);
		start = stack + EXO_PAGE_SIZE;
		if (start == end)
			return;
	}
	if (run->end && start - run->end > FORK_GAP_PAGES * EXO_PAGE_SIZE)
		fork_copy(f, run);
	if (!run->end)
		run->start = start;
	run->end = end;
	run->is_writable |= is_writable;
}

/* ---- The library's part ---- */

/* A library stack, from the running frame up; below it fresh pages will do. */
static void fork_stack(struct fork_build *f, uint64_t base, uint64_t used, uint64_t top)
{
	if (base < used)
		fork_op(f, EXO_OP_ALLOC, 1, base, (used - base) / EXO_PAGE_SIZE,
			EXO_READ | EXO_WRITE);
	fork_op(f, EXO_OP_DUP, 1, used, (top - used) / EXO_PAGE_SIZE, EXO_READ | EXO_WRITE);
}

/* The plain pages that are there. */
static void fork_plain(struct fork_build *f)
{
	uint64_t at = LIBOS_PLAIN, end = at + (f->os->heap.end[0] + 1) * EXO_PAGE_SIZE;
	const uint64_t *view = (const uint64_t *)exo_slot_address(at, 1);
	struct fork_run run = { 0 };

	for (; at < end; at += EXO_PAGE_SIZE, view++)
		if (slot_is_present(*view))
			fork_gather(f, &run, at, at + EXO_PAGE_SIZE, true);
	fork_copy(f, &run);
}

/* used: the page of the library stack that the child goes on in. */
static void fork_library(struct fork_build *f, struct thread *self, uint64_t used)
{
	struct libos *os = f->os;
	uint64_t roots = (os->heap.end[1] + EXO_SPAN(3) / EXO_PAGE_SIZE - 1)
		/ (EXO_SPAN(3) / EXO_PAGE_SIZE);

	fork_op(f, EXO_OP_TABLE, 4, EXO_LIBRARY_BASE, 1, 0);
	fork_op(f, EXO_OP_TABLE, 3, EXO_LIBRARY_BASE, 1, 0);
	fork_op(f, EXO_OP_TABLE, 2, LIBOS_PRIVATE, 1, 0);
	fork_op(f, EXO_OP_DUP, 1, LIBOS_WIRED, 1, EXO_READ | EXO_WRITE);
	if (self->index == 0) {
		fork_stack(f, LIBOS_WIRED + EXO_PAGE_SIZE,
			   used > LIBOS_WIRED ? used : LIBOS_WIRED + EXO_PAGE_SIZE,
			   LIBOS_WIRED_END);
	} else {
		fork_op(f, EXO_OP_ALLOC, 1, LIBOS_WIRED + EXO_PAGE_SIZE, LIBOS_WIRED_PAGES - 1,
			EXO_READ | EXO_WRITE);
		fork_op(f, EXO_OP_TABLE, 3, self->stack_base, 1, 0);
		fork_op(f, EXO_OP_TABLE, 2, self->stack_base, 1, 0);
		fork_stack(f, self->stack_base, used, self->stack_top);
	}
	fork_plain(f);
	fork_share(f, 2, LIBOS_TEXT, 1, EXO_READ | EXO_EXEC);
	fork_share(f, 2, LIBOS_FAMILY, LIBOS_FAMILY_TABLES, EXO_RWX);
	fork_share(f, 4, EXO_INFO_BASE, 1, EXO_READ | EXO_EXEC);
	if (roots) {
		fork_share(f, 3, LIBOS_HEAP, roots, EXO_RWX);
		fork_share(f, 3, LIBOS_HEAP_MAP, 1, EXO_RWX);
	}
}

/* ---- The program's part ---- */

/* Pages in use between start and end, or more than `most`: from the regions, without a look at the
 * slots. */
static uint64_t fork_pages(const struct vm *vm, uint64_t start, uint64_t end, uint64_t most)
{
	unsigned i = region_after(vm, start);
	uint64_t pages = 0;

	for (; i < vm->count && vm->region[i].start < end && pages <= most; i++) {
		const struct vm_region *r = &vm->region[i];
		uint64_t from = r->used_start > start ? r->used_start : start;
		uint64_t to = r->used_end < end ? r->used_end : end;

		if (from < to)
			pages += (to - from) / EXO_PAGE_SIZE;
	}
	return pages;
}

/* The first address in use in start .. end, or end. */
static uint64_t fork_next(const struct vm *vm, uint64_t start, uint64_t end)
{
	unsigned i = region_after(vm, start);

	for (; i < vm->count && vm->region[i].start < end; i++) {
		const struct vm_region *r = &vm->region[i];

		if (r->used_end > start && r->used_start < end)
			return r->used_start > start ? r->used_start : start;
	}
	return end;
}

/* Copy the leaves of one table, region by region. */
static void fork_leaves(struct fork_build *f, uint64_t start, uint64_t end)
{
	const struct vm *vm = &f->os->vm;
	unsigned i = region_after(vm, start);
	struct fork_run run = { 0 };

	for (; i < vm->count && vm->region[i].start < end; i++) {
		const struct vm_region *r = &vm->region[i];
		uint64_t from = r->used_start > start ? r->used_start : start;
		uint64_t to = r->used_end < end ? r->used_end : end;

		if (from >= to)
			continue;
		if (r->flags & VM_SHARED) {
			fork_copy(f, &run);
			fork_op(f, EXO_OP_COPY, 1, from, (to - from) / EXO_PAGE_SIZE, EXO_RWX);
		} else {
			fork_gather(f, &run, from, to, r->protection & EXO_WRITE);
		}
	}
	fork_copy(f, &run);
}

/* Are more than FORK_TABLES of the slots one level lower in use, or, at level 2, more than
 * FORK_COPY_PAGES pages? */
static bool fork_is_large(const struct vm *vm, uint64_t start, uint64_t end, unsigned level)
{
	uint64_t span = EXO_SPAN(level - 1), at;
	unsigned tables = 0;

	if (level == 2)
		return fork_pages(vm, start, end, FORK_COPY_PAGES) > FORK_COPY_PAGES;
	for (at = fork_next(vm, start, end); at < end && tables <= FORK_TABLES;
	     at = fork_next(vm, (at | (span - 1)) + 1, end))
		tables++;
	return tables > FORK_TABLES;
}

/* Everything below one slot of a level, whose path is present and writable here. */
static void fork_slot(struct fork_build *f, uint64_t address, unsigned level)
{
	uint64_t start = address & ~(EXO_SPAN(level) - 1), end = start + EXO_SPAN(level), slot, at;
	const struct vm *vm = &f->os->vm;

	slot = *(const volatile uint64_t *)exo_slot_address(start, level);
	if (!slot_is_present(slot))
		return;
	if (!slot_is_writable(slot) || fork_is_large(vm, start, end, level)) {
		fork_share(f, level, start, 1, EXO_RWX);
		return;
	}
	fork_op(f, EXO_OP_TABLE, level, start, 1, 0);
	if (level == 2) {
		fork_leaves(f, start, end);
		return;
	}
	for (at = fork_next(vm, start, end); at < end;
	     at = fork_next(vm, (at | (EXO_SPAN(level - 1) - 1)) + 1, end))
		fork_slot(f, at, level - 1);
}

/* The page at the program's stack pointer if it is there, in a stack; else 0. */
static uint64_t fork_stack_page(struct vm *vm, uint64_t page)
{
	const struct vm_region *region = region_find(vm, page);
	uint64_t slot;

	if (!region || !(region->flags & VM_STACK) || !slots_read(page, 1, &slot)
	    || !slot_is_present(slot))
		return 0;
	return page;
}

err_t fork_memory(struct libos *os, struct thread *self, uint64_t sp, uint64_t env)
{
	struct exo_slot_op share[FORK_SHARES];
	struct fork_build f = { .os = os, .env = env, .share = share };
	uint64_t at;

	f.stack = fork_stack_page(&os->vm, PAGE_DOWN(EXO_REG_SP(&self->frame->regs)));
	fork_library(&f, self, PAGE_DOWN(sp));
	for (at = fork_next(&os->vm, 0, VM_TOP); at < VM_TOP && !f.error;
	     at = fork_next(&os->vm, (at | (EXO_ROOT_SPAN - 1)) + 1, VM_TOP))
		fork_slot(&f, at, EXO_LEVELS);
	fork_flush(&f);
	fork_flush_shares(&f);
	return f.error;
}
