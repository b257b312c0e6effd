/* SPDX-License-Identifier: ISC */
/* Mapping and unmapping. Touches struct vm and the program's slots; takes spt. */
#include "libos/state.h"
#include "libos/vm/region.h"
#include "libos/vm/slots.h"

void vm_init(struct libos *os)
{
	os->vm.map_next = VM_MAP_BASE;
	os->vm.region = heap_alloc(os, VM_REGIONS * sizeof(struct vm_region));
	assert(os->vm.region);
	os->wired.reserve_missing = LIBOS_RESERVE_ALL;
	os->wired.reserve_after = VM_RESERVE_AFTER;
}

static bool vm_is_range(uint64_t address, uint64_t length)
{
	return address >= VM_BOTTOM && address <= VM_TOP && length <= VM_TOP - address;
}

err_t vm_unmap_locked(struct libos *os, uint64_t start, uint64_t end)
{
	struct vm *vm = &os->vm;
	unsigned first, last, i;
	err_t err = region_split(os, start);

	if (!err)
		err = region_split(os, end);
	first = region_after(vm, start);
	for (last = first; !err && last < vm->count && vm->region[last].start < end; last++)
		;
	for (i = first; !err && i < last; i++)
		err = range_clear(vm->region[i].used_start, vm->region[i].used_end);
	if (err)
		return err;
	region_remove(os, first, last - first);
	return EXO_OK;
}

/* Where a mapping goes. 0: nowhere. */
static uint64_t map_place(struct vm *vm, uint64_t hint, uint64_t length)
{
	uint64_t at = 0;

	hint = PAGE_DOWN(hint);
	if (hint && vm_is_range(hint, length) && region_gap(vm, hint, length) == hint)
		return hint;
	at = region_gap(vm, vm->map_next, length);
	if (!at)
		at = region_gap(vm, VM_MAP_BASE, length);
	if (at)
		vm->map_next = at + length;
	return at;
}

/* Make a part of a region present, table by table. */
static err_t map_populate(struct libos *os, struct vm_region *region, uint64_t at, uint64_t end)
{
	while (at < end) {
		uint64_t stop = (at | (EXO_SPAN(2) - 1)) + 1;
		err_t err;

		if (stop > end)
			stop = end;
		err = vm_populate_locked(os, region, at, stop);
		if (err)
			return err;
		at = stop;
	}
	return EXO_OK;
}

static err_t map_locked(struct libos *os, uint64_t hint, uint64_t length, unsigned flags,
			struct vm_region *region)
{
	struct vm *vm = &os->vm;
	bool is_fixed = flags & (VM_FIXED | VM_NEW);
	uint64_t start = is_fixed ? hint : map_place(vm, hint, length);
	err_t err = EXO_OK;

	if (!start)
		return EXO_E_FULL;
	if (flags & VM_NEW && region_gap(vm, start, length) != start)
		return EXO_E_USED;
	if (flags & VM_FIXED)
		err = vm_unmap_locked(os, start, start + length);
	if (err)
		return err;
	region->start = start;
	region->end = start + length;
	err = region_insert(os, region);
	if (!err && (flags & VM_POPULATE
		     || (flags & VM_SHARED && !region->backing.object && !region->backing.bytes))) {
		/* It may have become part of a region that was there before. */
		err = map_populate(os, region_find(vm, start), start, start + length);
		if (err && vm_unmap_locked(os, start, start + length))
			return EXO_E_LIMIT;
	}
	return err;
}

err_t vm_map(struct libos *os, uint64_t hint, uint64_t length, unsigned protection, unsigned flags,
	     const struct vm_backing *backing, uint64_t *address)
{
	struct vm_region region = {
		.protection = protection, .flags = flags & (VM_SHARED | VM_STACK | VM_BREAK),
	};
	err_t err;

	if (length == 0 || length > VM_TOP || protection > EXO_RWX
	    || (flags & (VM_FIXED | VM_NEW) && hint % EXO_PAGE_SIZE))
		return EXO_E_ARGUMENT;
	length = PAGE_UP(length);
	if (flags & (VM_FIXED | VM_NEW) && !vm_is_range(hint, length))
		return EXO_E_RANGE;
	if (backing) {
		if ((backing->offset | (backing->object ? 0 : backing->archive)) % EXO_PAGE_SIZE)
			return EXO_E_ARGUMENT;
		region.backing = *backing;
	}
	if (flags & VM_SHARED && protection & EXO_WRITE && !region.backing.object
	    && region.backing.bytes)
		return EXO_E_RIGHTS;
	lock_acquire(os, RANK_SPT);
	err = map_locked(os, hint, length, flags, &region);
	lock_release(os, RANK_SPT);
	*address = region.start;
	return err;
}

err_t vm_unmap(struct libos *os, uint64_t address, uint64_t length)
{
	err_t err;

	if (address % EXO_PAGE_SIZE || length == 0 || length > VM_TOP)
		return EXO_E_ARGUMENT;
	length = PAGE_UP(length);
	if (address > VM_TOP || length > VM_TOP - address)
		return EXO_E_RANGE;
	lock_acquire(os, RANK_SPT);
	err = vm_unmap_locked(os, address, address + length);
	if (!err && address < os->vm.map_next && address >= VM_MAP_BASE)
		os->vm.map_next = address;
	lock_release(os, RANK_SPT);
	return err;
}

void vm_break_init(struct libos *os, uint64_t start)
{
	os->vm.break_start = os->vm.break_end = PAGE_UP(start);
}

uint64_t vm_break(struct libos *os, uint64_t end)
{
	struct vm *vm = &os->vm;
	uint64_t now = PAGE_UP(vm->break_end), want = PAGE_UP(end);
	struct vm_region region = {
		.start = now, .end = want, .protection = EXO_READ | EXO_WRITE, .flags = VM_BREAK,
	};
	struct vm_region *last;
	err_t err = EXO_OK;

	if (end < vm->break_start || end > VM_BREAK_END)
		return vm->break_end;
	lock_acquire(os, RANK_SPT);
	last = region_find(vm, now - 1);
	if (want < now)
		err = vm_unmap_locked(os, want, now);
	else if (want > now && region_gap(vm, now, want - now) != now)
		err = EXO_E_USED;
	else if (want > now && last && last->flags & VM_BREAK && last->end == now
		 && last->protection == region.protection)
		last->end = want;
	else if (want > now)
		err = region_insert(os, &region);
	if (!err)
		vm->break_end = end;
	lock_release(os, RANK_SPT);
	return vm->break_end;
}

const struct vm_region *vm_find(struct libos *os, uint64_t address)
{
	const struct vm_region *region;

	lock_acquire(os, RANK_SPT);
	region = region_find(&os->vm, address);
	lock_release(os, RANK_SPT);
	return region;
}

bool vm_is_mapped(struct libos *os, uint64_t address, uint64_t length, unsigned protection)
{
	uint64_t end = address + length;
	bool is_mapped = true;

	if (!vm_is_range(address, length))
		return false;
	lock_acquire(os, RANK_SPT);
	while (is_mapped && address < end) {
		const struct vm_region *region = region_find(&os->vm, address);

		is_mapped = region && !(protection & ~region->protection);
		if (is_mapped)
			address = region->end;
	}
	lock_release(os, RANK_SPT);
	return is_mapped;
}
