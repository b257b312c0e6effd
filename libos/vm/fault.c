/* SPDX-License-Identifier: ISC */
/*
 * Level 1 of fault handling: what a region says belongs where the slot is empty. Touches struct vm,
 * the program's slots, pages of memory objects. Takes spt; may fault into level 0.
 */
#include "libos/state.h"
#include "libos/vm/region.h"
#include "libos/vm/slots.h"

enum { FAULT_AROUND = 16 }; /* most pages of a file mapped by one fault */

static uint8_t fault_soft(const struct vm_region *r)
{
	return (uint8_t)((r->protection & EXO_WRITE ? 0 : VM_SOFT_RO)
			 | (r->flags & VM_SHARED ? VM_SOFT_SHARED : 0));
}

/* A leaf operation on [start, end) with what the region allows. */
static struct exo_slot_op fault_op(const struct vm_region *r, uint8_t kind, uint64_t start,
				   uint64_t end, unsigned access)
{
	return (struct exo_slot_op){
		.op = kind, .level = 1, .count = (uint16_t)((end - start) / EXO_PAGE_SIZE),
		.target = start, .access = (uint8_t)access, .soft = fault_soft(r),
		.soft_mask = EXO_SOFT_MASK, .rights = kind == EXO_OP_COPY ? EXO_RWX : 0,
	};
}

/* Run an operation after making its path. */
static err_t fault_run(struct vm_region *r, const struct exo_slot_op *op)
{
	struct exo_slot_op ops[2 * EXO_LEVELS + 1];
	unsigned n = slots_path_ops(ops, op->target, 1);

	ops[n++] = *op;
	region_use(r, op->target, op->target + op->count * EXO_PAGE_SIZE);
	return slots_run(ops, n, NULL);
}

err_t vm_populate_locked(struct libos *os, struct vm_region *region, uint64_t start, uint64_t end)
{
	struct exo_slot_op op = fault_op(region, EXO_OP_ALLOC, start, end, region->protection);

	os->vm.faults_zero++;
	return fault_run(region, &op);
}

/* How far a run from `page` may go: empty slots of one table, of one region, with whole pages
 * behind them, `most` at most. */
static uint64_t fault_run_end(const struct vm_region *r, uint64_t page, uint64_t file_bytes,
			      uint64_t source)
{
	uint64_t end = page + FAULT_AROUND * EXO_PAGE_SIZE, slot;
	uint64_t limit = (page | (EXO_SPAN(2) - 1)) + 1, at;

	end = end < limit ? end : limit;
	end = end < r->end ? end : r->end;
	limit = page + PAGE_DOWN(file_bytes);
	end = end < limit ? end : limit;
	limit = page + ((source | (EXO_SPAN(2) - 1)) + 1 - source);
	end = end < limit ? end : limit;
	if (!slots_read(page, 1, &slot))
		return end;
	for (at = page + EXO_PAGE_SIZE; at < end; at += EXO_PAGE_SIZE) {
		slots_read(at, 1, &slot);
		if (slot)
			break;
	}
	return at < end ? at : end;
}

/* The last page of a file, or any that is written at once: a frame of its own, zero after
 * `bytes`. */
static err_t fault_own_page(struct vm_region *r, uint64_t page, uint64_t source, uint64_t bytes)
{
	bool is_whole = bytes >= EXO_PAGE_SIZE;
	struct exo_slot_op op = fault_op(r, EXO_OP_DUP, page, page + EXO_PAGE_SIZE,
					 is_whole ? r->protection : EXO_READ | EXO_WRITE);
	err_t err;

	op.source = source;
	err = fault_run(r, &op);
	if (err || is_whole)
		return err;
	memset((void *)(page + bytes), 0, EXO_PAGE_SIZE - bytes);
	op = fault_op(r, EXO_OP_PROTECT, page, page + EXO_PAGE_SIZE, r->protection);
	return slots_run(&op, 1, NULL);
}

/* A page of the boot archive. */
static err_t fault_archive(struct libos *os, struct vm_region *r, uint64_t page, bool is_write)
{
	const struct vm_backing *b = &r->backing;
	uint64_t into = page - r->start, source = EXO_INFO_ARCHIVE + b->archive + b->offset + into;
	struct exo_slot_op op;

	os->vm.faults_file++;
	if (is_write || b->bytes - into < EXO_PAGE_SIZE)
		return fault_own_page(r, page, source, b->bytes - into);
	op = fault_op(r, EXO_OP_COPY, page, fault_run_end(r, page, b->bytes - into, source),
		      r->protection & ~(unsigned)EXO_WRITE);
	op.source = source;
	return fault_run(r, &op);
}

/* A page of a memory object. EXO_E_EMPTY: a hole of a private mapping. */
static err_t fault_object(struct libos *os, struct vm_region *r, uint64_t page, bool is_write)
{
	struct vm_object *object = r->backing.object;
	bool is_shared = r->flags & VM_SHARED;
	uint64_t source = (uint64_t)object->page(os, object, r->backing.offset + page - r->start,
						 is_shared);
	struct exo_slot_op op;

	if (!source)
		return is_shared ? EXO_E_LIMIT : EXO_E_EMPTY;
	os->vm.faults_file++;
	*(volatile uint8_t *)source; /* present before it is copied */
	if (!is_shared && is_write)
		return fault_own_page(r, page, source, EXO_PAGE_SIZE);
	op = fault_op(r, EXO_OP_COPY, page, page + EXO_PAGE_SIZE,
		      r->protection & ~(is_shared ? 0u : (unsigned)EXO_WRITE));
	op.source = source;
	return fault_run(r, &op);
}

static enum upcall_fault fault_fill(struct libos *os, struct vm_region *r, uint64_t page,
				    bool is_write)
{
	uint64_t into = page - r->start;
	err_t err = EXO_E_EMPTY;

	if (r->backing.object) {
		if (r->backing.offset + into >= PAGE_UP(*r->backing.object->bytes))
			return UPCALL_FAULT_BEYOND;
		err = fault_object(os, r, page, is_write);
	} else if (into < r->backing.bytes) {
		err = fault_archive(os, r, page, is_write);
	} else if (r->backing.is_strict) {
		return UPCALL_FAULT_BEYOND;
	}
	if (err == EXO_E_EMPTY)
		err = vm_populate_locked(os, r, page, page + EXO_PAGE_SIZE);
	assert(err == EXO_OK || err == EXO_E_LIMIT);
	return err ? UPCALL_FAULT_MEMORY : UPCALL_FAULT_NONE;
}

/* A present leaf that gives less than the region: as much as can be had in place, without write
 * access, which comes by level 0. */
static enum upcall_fault fault_raise(struct vm_region *r, uint64_t page)
{
	struct exo_slot_op op = fault_op(r, EXO_OP_PROTECT, page, page + EXO_PAGE_SIZE,
					 r->protection & ~(r->flags & VM_SHARED
							   ? 0u : (unsigned)EXO_WRITE));
	err_t err = fault_run(r, &op);

	if (err == EXO_E_RIGHTS) {
		op = fault_op(r, EXO_OP_DUP, page, page + EXO_PAGE_SIZE, r->protection);
		op.source = page;
		err = fault_run(r, &op);
	}
	assert(err == EXO_OK || err == EXO_E_LIMIT);
	return err ? UPCALL_FAULT_MEMORY : UPCALL_FAULT_NONE;
}

/* A page of zeros, where nothing but it is missing. */
static bool fault_zero(struct libos *os, struct vm_region *r, uint64_t page)
{
	const struct vm_backing *b = &r->backing;

	if (b->object || b->is_strict || page - r->start < b->bytes || !slots_is_open(page)
	    || slots_view(page, 1)
	    || !slots_at_once(exo_slot_word(EXO_OP_ALLOC, 1, 1, 0, 0, r->protection)
			      | exo_slot_word_soft(fault_soft(r), EXO_SOFT_MASK), page, 0))
		return false;
	region_use(r, page, page + EXO_PAGE_SIZE);
	os->vm.faults_zero++;
	return true;
}

static unsigned fault_need(uint64_t code)
{
	return code & EXO_FAULT_WRITE ? EXO_WRITE : code & EXO_FAULT_EXEC ? EXO_EXEC : EXO_READ;
}

bool vm_is_resolved(uint64_t address, uint64_t code)
{
	unsigned need = fault_need(code);
	uint64_t slot;

	return address < VM_TOP && slots_read(address, 1, &slot) && slot_is_present(slot)
		&& slot_access(slot) & need && (need != EXO_WRITE || slots_is_open(address));
}

enum upcall_fault vm_fault(struct libos *os, uint64_t address, uint64_t code)
{
	unsigned need = fault_need(code);
	enum upcall_fault why;
	struct vm_region *r;
	uint64_t slot;

	lock_acquire(os, RANK_SPT);
	r = region_find(&os->vm, address);
	if (!r) {
		why = UPCALL_FAULT_UNMAPPED;
	} else if (!(r->protection & need)) {
		why = UPCALL_FAULT_ACCESS;
	} else {
		os->vm.faults++;
		if (fault_zero(os, r, PAGE_DOWN(address)))
			why = UPCALL_FAULT_NONE;
		else if (slots_read(address, 1, &slot) && slot_is_present(slot))
			why = fault_raise(r, PAGE_DOWN(address));
		else
			why = fault_fill(os, r, PAGE_DOWN(address), need == EXO_WRITE);
	}
	lock_release(os, RANK_SPT);
	return why;
}
