/* SPDX-License-Identifier: ISC */
/*
 * What a forked child's tables hold. The library's private table: wired pages duplicated, plain
 * pages copied without write access. The program's: for each table, leaves are copied if they are
 * few, else the branch is shared: at the lowest level where a handful of operations suffices, so
 * the work has a bound that does not depend on memory. A branch that is shared from an earlier
 * fork is shared again. All SHAREs go last, in one batch (two if there are more than
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
	FORK_OPS = 16,       /* gathered for one call */
	FORK_SHARES = 16,    /* in one batch */
	FORK_COPY_PAGES = 64, /* pages of a table that are copied rather than shared */
	FORK_GAP_PAGES = 16, /* empty slots that one run goes over */
	FORK_TABLES = 6,     /* tables below one that are looked into rather than shared with it */
	FORK_HOT = 3,        /* pages that both sides write at once */
};

struct fork_build {
	struct libos *os;
	uint64_t env;
	err_t error;
	unsigned count, shares, hots;
	unsigned region;     /* those before it have nothing more to give */
	struct exo_slot_op *ops;   /* FORK_OPS */
	struct exo_slot_op *share; /* FORK_SHARES */
	uint64_t hot[FORK_HOT]; /* pages that are duplicated at once */
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

/* A table, as one more of the operation before if that made the one it goes in. */
static void fork_table(struct fork_build *f, unsigned level, uint64_t address)
{
	struct exo_slot_op *last = f->count ? &f->ops[f->count - 1] : NULL;

	if (last && last->op == EXO_OP_TABLE && last->level - last->count == (int)level
	    && !((last->target ^ address) & ~(EXO_SPAN(level + 1) - 1))) {
		last->count++;
		last->target = address;
		return;
	}
	fork_op(f, EXO_OP_TABLE, level, address, 1, 0);
	f->ops[f->count - 1].flags = EXO_OP_DOWN;
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

/* More leaves of the same table: an operation costs more than a few empty slots. */
static void fork_extend(struct fork_build *f, struct fork_run *run, uint64_t start, uint64_t end,
			bool is_writable)
{
	if (run->end && start - run->end > FORK_GAP_PAGES * EXO_PAGE_SIZE)
		fork_copy(f, run);
	if (!run->end)
		run->start = start;
	run->end = end;
	run->is_writable |= is_writable;
}

/* The first hot page in start .. end, or end. */
static uint64_t fork_next_hot(const struct fork_build *f, uint64_t start, uint64_t end)
{
	unsigned i;

	for (i = 0; i < f->hots; i++)
		if (f->hot[i] >= start && f->hot[i] < end)
			end = f->hot[i];
	return end;
}

/* The same, but hot pages are cut out: two faults cost more than a copy. */
static void fork_gather(struct fork_build *f, struct fork_run *run, uint64_t start, uint64_t end,
			bool is_writable)
{
	uint64_t hot;

	for (; (hot = fork_next_hot(f, start, end)) < end; start = hot + EXO_PAGE_SIZE) {
		if (start < hot)
			fork_extend(f, run, start, hot, is_writable);
		fork_copy(f, run);
		fork_op(f, EXO_OP_DUP, 1, hot, 1, EXO_READ | EXO_WRITE);
	}
	if (start < end)
		fork_extend(f, run, start, end, is_writable);
}

/* ---- The library's part ---- */

/* The plain pages that are there. */
static void fork_plain(struct fork_build *f)
{
	uint64_t at = LIBOS_PLAIN, end = at + (f->os->heap.end[0] + 1) * EXO_PAGE_SIZE;
	const uint64_t *view = (const uint64_t *)exo_slot_address(at, 1);
	struct fork_run run = { 0 };

	while (at < end) {
		uint64_t start = at;

		for (; at < end && slot_is_present(*view); view++)
			at += EXO_PAGE_SIZE;
		if (start < at)
			fork_gather(f, &run, start, at, true);
		for (; at < end && !slot_is_present(*view); view++)
			at += EXO_PAGE_SIZE;
	}
	fork_copy(f, &run);
}

/* Library stacks whole: a fresh page costs as much as a copy, a run of both an operation more. */
static void fork_library(struct fork_build *f, struct thread *self)
{
	struct libos *os = f->os;
	uint64_t roots = (os->heap.end[1] + EXO_SPAN(3) / EXO_PAGE_SIZE - 1)
		/ (EXO_SPAN(3) / EXO_PAGE_SIZE);

	fork_op(f, EXO_OP_TABLE, 4, LIBOS_PRIVATE, 3, 0);
	f->ops[f->count - 1].flags = EXO_OP_DOWN;
	fork_op(f, EXO_OP_DUP, 1, LIBOS_WIRED, LIBOS_WIRED_PAGES, EXO_READ | EXO_WRITE);
	if (self->index) {
		fork_table(f, 3, self->stack_base);
		fork_table(f, 2, self->stack_base);
		fork_op(f, EXO_OP_DUP, 1, self->stack_base, LIBOS_STACK_BYTES / EXO_PAGE_SIZE,
			EXO_READ | EXO_WRITE);
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

/* The first address in use from `start` on that is below `end`, or `end`; *i: a region that is not
 * behind it, moved on to the one that it is in. */
static uint64_t fork_next(const struct vm *vm, unsigned *i, uint64_t start, uint64_t end)
{
	const struct vm_region *r = &vm->region[*i];

	/* (None in use: both are 0.) */
	for (; *i < vm->count && r->used_end <= start; r++)
		++*i;
	if (*i == vm->count || r->used_start >= end)
		return end;
	return r->used_start > start ? r->used_start : start;
}

/* Pages in use between start and end, or more than `most`: from the regions, without a look at the
 * slots. */
static uint64_t fork_pages(const struct vm *vm, unsigned i, uint64_t start, uint64_t end,
			   uint64_t most)
{
	uint64_t pages = 0, to;

	while ((start = fork_next(vm, &i, start, end)) < end && pages <= most) {
		to = vm->region[i].used_end < end ? vm->region[i].used_end : end;
		pages += (to - start) / EXO_PAGE_SIZE;
		start = to;
	}
	return pages;
}

/* Copy the leaves of one table, region by region. */
static void fork_leaves(struct fork_build *f, uint64_t start, uint64_t end)
{
	const struct vm *vm = &f->os->vm;
	struct fork_run run = { 0 };

	while ((start = fork_next(vm, &f->region, start, end)) < end) {
		const struct vm_region *r = &vm->region[f->region];
		uint64_t to = r->used_end < end ? r->used_end : end;

		if (r->flags & VM_SHARED) {
			fork_copy(f, &run);
			fork_op(f, EXO_OP_COPY, 1, start, (to - start) / EXO_PAGE_SIZE, EXO_RWX);
		} else {
			fork_gather(f, &run, start, to, r->protection & EXO_WRITE);
		}
		start = to;
	}
	fork_copy(f, &run);
}

/* Are more than FORK_TABLES of the slots one level lower in use, or, at level 2, more than
 * FORK_COPY_PAGES pages? */
static bool fork_is_large(const struct fork_build *f, uint64_t start, uint64_t end, unsigned level)
{
	const struct vm *vm = &f->os->vm;
	uint64_t last = vm->region[vm->count - 1].used_end;
	unsigned tables = 0, i = f->region;

	if (level == 2)
		return fork_pages(vm, i, start, end, FORK_COPY_PAGES) > FORK_COPY_PAGES;
	/* Most often all that is left lies in one. */
	if (last > start && !((last - 1) / EXO_SPAN(level - 1) - start / EXO_SPAN(level - 1)))
		return false;
	while ((start = fork_next(vm, &i, start, end)) < end && tables <= FORK_TABLES) {
		start = (start | (EXO_SPAN(level - 1) - 1)) + 1;
		tables++;
	}
	return tables > FORK_TABLES;
}

/* Everything below one slot of a level, whose path is present and writable here. */
static void fork_slot(struct fork_build *f, uint64_t at, unsigned level)
{
	uint64_t start = at & ~(EXO_SPAN(level) - 1), end = start + EXO_SPAN(level);
	uint64_t slot = slots_view(start, level);

	if (!slot_is_present(slot))
		return;
	if (!slot_is_writable(slot) || fork_is_large(f, at, end, level)) {
		fork_share(f, level, start, 1, EXO_RWX);
		return;
	}
	fork_table(f, level, start);
	if (level == 2) {
		fork_leaves(f, at, end);
		return;
	}
	while ((at = fork_next(&f->os->vm, &f->region, at, end)) < end) {
		fork_slot(f, at, level - 1);
		at = (at | (EXO_SPAN(level - 1) - 1)) + 1;
	}
}

/* A page of the program's can be duplicated before it is written if it is there and may be. */
static void fork_add_hot(struct fork_build *f, uint64_t page)
{
	const struct vm_region *region = region_find(&f->os->vm, page);
	uint64_t slot;

	if (region && !(region->flags & VM_SHARED)
	    && region->protection == (EXO_READ | EXO_WRITE) && slots_read(page, 1, &slot)
	    && slot_is_present(slot) && !slot_soft(slot))
		f->hot[f->hots++] = page;
}

/* What both sides go on writing: the page at the program's stack pointer; and if its libc is not
 * ours, the page at its thread pointer and that of what Linux's kernel knows of the thread. */
static void fork_find_hot(struct fork_build *f, struct thread *self)
{
	/* Another vcpu may write them between this and the cut. */
	if (f->os->vcpus.count)
		return;
	fork_add_hot(f, PAGE_DOWN(EXO_REG_SP(&self->frame->regs)));
	if (f->os->process.is_native)
		return;
	fork_add_hot(f, PAGE_DOWN(machine_thread_pointer()));
	f->hot[f->hots++] = PAGE_DOWN((uint64_t)self->linux_thread);
}

err_t fork_memory(struct libos *os, struct thread *self, uint64_t env)
{
	struct exo_slot_op ops[FORK_OPS], share[FORK_SHARES];
	struct fork_build f = { .os = os, .env = env, .ops = ops, .share = share };
	uint64_t at = 0;

	fork_find_hot(&f, self);
	fork_library(&f, self);
	while ((at = fork_next(&os->vm, &f.region, at, VM_TOP)) < VM_TOP && !f.error) {
		fork_slot(&f, at, EXO_LEVELS);
		at = (at | (EXO_ROOT_SPAN - 1)) + 1;
	}
	if (f.count + f.shares <= FORK_OPS) {
		memcpy(&ops[f.count], share, f.shares * sizeof(*share));
		f.count += f.shares;
		f.shares = 0;
	}
	fork_flush(&f);
	fork_flush_shares(&f);
	return f.error;
}
