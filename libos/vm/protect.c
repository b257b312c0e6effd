/* SPDX-License-Identifier: ISC */
/* Protection, discarding, moving of mapped ranges. Touches struct vm and slots; takes spt. */
#include "libos/state.h"
#include "libos/vm/region.h"
#include "libos/vm/slots.h"

/* The access that present leaves get at once: write access to a private page only where no page of
 * the process can be copy-on-write; elsewhere it comes by level 0. */
static unsigned protect_access(const struct vm *vm, const struct vm_region *r)
{
	bool is_file = r->backing.object || r->backing.bytes;

	if (r->flags & VM_SHARED || (!vm->is_forked && !is_file))
		return r->protection;
	return r->protection & ~(unsigned)EXO_WRITE;
}

static NOINLINE err_t protect_tables(uint64_t start, uint64_t end, unsigned access, unsigned soft)
{
	uint64_t stop;

	for (; range_next(&start, end, &stop); start = stop) {
		struct exo_slot_op ops[EXO_LEVELS];
		unsigned n = slots_unshare(ops, start, 1);
		err_t err;

		ops[n] = (struct exo_slot_op){
			.op = EXO_OP_PROTECT, .level = 1, .target = start,
			.count = (uint16_t)((stop - start) / EXO_PAGE_SIZE),
			.access = (uint8_t)access, .soft_mask = VM_SOFT_RO,
			.soft = (uint8_t)soft,
		};
		err = slots_run(ops, n + 1, NULL);
		if (err)
			return err;
	}
	return EXO_OK;
}

/* What one operation may do, the kernel is asked for at once: it refuses what needs more. */
static inline err_t protect_range(const struct vm *vm, const struct vm_region *r, uint64_t start,
				  uint64_t end)
{
	unsigned access = protect_access(vm, r);
	unsigned soft = r->protection & EXO_WRITE ? 0 : VM_SOFT_RO;

	if (start < end && start / EXO_SPAN(2) == (end - 1) / EXO_SPAN(2)
	    && slots_at_once(exo_slot_word(EXO_OP_PROTECT, 1,
					   (unsigned)((end - start) / EXO_PAGE_SIZE), 0, 0, access)
			     | exo_slot_word_soft(soft, VM_SOFT_RO), start, 0))
		return EXO_OK;
	return protect_tables(start, end, access, soft);
}

static inline err_t protect_region(struct vm *vm, struct vm_region *r, unsigned protection)
{
	if (r->protection == protection)
		return EXO_OK;
	if (protection & EXO_WRITE && r->flags & VM_SHARED
	    && (r->backing.object ? r->backing.is_read_only
		: r->backing.bytes || r->backing.is_strict)) /* perhaps beyond the file's end */
		return EXO_E_RIGHTS;
	r->protection = protection;
	return protect_range(vm, r, r->used_start, r->used_end);
}

static NOINLINE err_t protect_regions(struct libos *os, uint64_t start, uint64_t end,
				      unsigned protection)
{
	struct vm *vm = &os->vm;
	unsigned i;
	err_t err;

	if (!region_covers(vm, start, end))
		return EXO_E_RANGE;
	err = region_split(os, start);
	if (!err)
		err = region_split(os, end);
	for (i = region_after(vm, start); !err && i < vm->count && vm->region[i].start < end; i++)
		err = protect_region(vm, &vm->region[i], protection);
	return err;
}

err_t vm_protect(struct libos *os, uint64_t address, uint64_t length, unsigned protection)
{
	uint64_t end = address + PAGE_UP(length);
	struct vm_region *r;
	err_t err;

	if (address % EXO_PAGE_SIZE || length > VM_TOP || address > VM_TOP
	    || protection > EXO_RWX)
		return EXO_E_ARGUMENT;
	if (length == 0)
		return EXO_OK;
	lock_acquire(os, RANK_SPT);
	r = region_find(&os->vm, address);
	if (r && r->start == address && r->end == end) /* as often as not, the same range again */
		err = protect_region(&os->vm, r, protection);
	else
		err = protect_regions(os, address, end, protection);
	lock_release(os, RANK_SPT);
	return err;
}

err_t vm_discard(struct libos *os, uint64_t address, uint64_t length)
{
	struct vm *vm = &os->vm;
	uint64_t end = address + PAGE_UP(length);
	err_t err = EXO_OK;
	unsigned i;

	if (address % EXO_PAGE_SIZE || length > VM_TOP || address > VM_TOP)
		return EXO_E_ARGUMENT;
	lock_acquire(os, RANK_SPT);
	if (!region_covers(vm, address, end))
		err = EXO_E_RANGE;
	for (i = region_after(vm, address); !err && i < vm->count; i++) {
		struct vm_region *r = &vm->region[i];
		uint64_t from = r->used_start > address ? r->used_start : address;
		uint64_t to = r->used_end < end ? r->used_end : end;

		if (r->start >= end)
			break;
		if (from < to && !(r->flags & VM_SHARED))
			err = range_clear(from, to);
	}
	lock_release(os, RANK_SPT);
	return err;
}

void vm_cut(struct libos *os, const struct vm_object *object)
{
	uint64_t bytes = PAGE_UP(*object->bytes);
	unsigned i;

	lock_acquire(os, RANK_SPT);
	for (i = 0; i < os->vm.count; i++) {
		struct vm_region *r = &os->vm.region[i];
		uint64_t from = r->start;

		if (r->backing.object != object)
			continue;
		if (bytes > r->backing.offset)
			from += bytes - r->backing.offset;
		from = from > r->used_start ? from : r->used_start;
		if (from < r->used_end && range_clear(from, r->used_end))
			break;
	}
	lock_release(os, RANK_SPT);
}

/* Move the pages of [old, old_end) to `to`: copies of the leaves, then the old ones go. */
static err_t remap_pages(uint64_t old, uint64_t old_end, uint64_t to)
{
	uint64_t start = old, stop;

	for (; range_next(&start, old_end, &stop); start = stop) {
		uint64_t target = to + (start - old);
		uint64_t limit = start + ((target | (EXO_SPAN(2) - 1)) + 1 - target);
		struct exo_slot_op ops[2 * EXO_LEVELS + 1];
		unsigned n = slots_path_ops(ops, target, 1);
		err_t err;

		if (stop > limit)
			stop = limit;
		ops[n++] = (struct exo_slot_op){
			.op = EXO_OP_COPY, .level = 1, .target = target, .source = start,
			.count = (uint16_t)((stop - start) / EXO_PAGE_SIZE),
			.rights = EXO_RWX, .access = EXO_RWX,
		};
		err = slots_run(ops, n, NULL);
		if (err)
			return err;
	}
	return EXO_OK;
}

static err_t remap_move(struct libos *os, uint64_t old, uint64_t old_end, uint64_t length,
			unsigned flags, uint64_t *address)
{
	struct vm *vm = &os->vm;
	struct vm_region region = *region_find(vm, old);
	uint64_t to = flags & 2u ? *address : region_gap(vm, vm->map_next, length);
	uint64_t from = region.used_start, used_end = region.used_end;
	err_t err;

	if (!to)
		return EXO_E_FULL;
	if (flags & 2u) {
		err = vm_unmap_locked(os, to, to + length);
		if (err)
			return err;
	}
	if (from < used_end) {
		region.used_start += to - old;
		region.used_end += to - old;
	}
	region.start = to;
	region.end = to + length;
	region.flags &= ~(uint32_t)(VM_BREAK | VM_STACK);
	if (from < used_end)
		err = remap_pages(from, used_end, region.used_start);
	else
		err = EXO_OK;
	if (!err)
		err = region_insert(os, &region);
	if (!err && from < used_end) /* it may have been joined to a neighbour */
		region_use(region_find(vm, to), region.used_start, region.used_end);
	if (err) {
		err_t clear = range_clear(to, to + length);

		return clear ? clear : err;
	}
	*address = to;
	return vm_unmap_locked(os, old, old_end);
}

static err_t remap_locked(struct libos *os, uint64_t old, uint64_t old_end, uint64_t length,
			  unsigned flags, uint64_t *address)
{
	struct vm *vm = &os->vm;
	struct vm_region *r = region_find(vm, old);
	err_t err;

	if (!r || !region_covers(vm, old, old_end) || r->end < old_end)
		return EXO_E_RANGE;
	if (length < old_end - old) {
		err = vm_unmap_locked(os, old + length, old_end);
		if (err)
			return err;
		old_end = old + length;
	}
	if (!(flags & 2u)) {
		*address = old;
		if (length == old_end - old)
			return EXO_OK;
		r = region_find(vm, old);
		if (r->end == old_end && !(r->flags & VM_SHARED)
		    && region_gap(vm, old_end, old + length - old_end) == old_end) {
			r->end = old + length;
			return EXO_OK;
		}
		if (!(flags & 1u))
			return EXO_E_FULL;
	}
	err = region_split(os, old);
	if (!err)
		err = region_split(os, old_end);
	return err ? err : remap_move(os, old, old_end, length, flags, address);
}

err_t vm_remap(struct libos *os, uint64_t old, uint64_t old_length, uint64_t length, unsigned flags,
	       uint64_t *address)
{
	uint64_t to = flags & 2u ? *address : 0;
	err_t err;

	old_length = PAGE_UP(old_length);
	length = PAGE_UP(length);
	if (old % EXO_PAGE_SIZE || to % EXO_PAGE_SIZE || !length || !old_length || length > VM_TOP
	    || old > VM_TOP || old_length > VM_TOP - old || to > VM_TOP - length)
		return EXO_E_ARGUMENT;
	if (flags & 2u && (to < VM_BOTTOM || (to < old + old_length && old < to + length)))
		return EXO_E_ARGUMENT;
	lock_acquire(os, RANK_SPT);
	err = remap_locked(os, old, old + old_length, length, flags, address);
	lock_release(os, RANK_SPT);
	return err;
}
