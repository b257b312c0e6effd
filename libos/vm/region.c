/* SPDX-License-Identifier: ISC */
/* The sorted array of regions. Touches struct vm; spt is held. */
#include "libos/vm/region.h"

#include "libos/state.h"
#include "libos/vm/slots.h"

unsigned region_after(const struct vm *vm, uint64_t address)
{
	unsigned low = 0, high = vm->count;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (vm->region[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct vm_region *region_find(struct vm *vm, uint64_t address)
{
	unsigned i = vm->hint;

	if (i >= vm->count || address < vm->region[i].start || address >= vm->region[i].end) {
		i = region_after(vm, address);
		if (i == vm->count || address < vm->region[i].start)
			return NULL;
		vm->hint = i;
	}
	return &vm->region[i];
}

static void region_count_use(struct libos *os, const struct vm_region *region, int change)
{
	struct vm_object *object = region->backing.object;

	if (object && object->use)
		object->use(os, object, change);
}

static err_t region_make_room(struct vm *vm, unsigned at)
{
	if (vm->count == VM_REGIONS)
		return EXO_E_FULL;
	memmove(&vm->region[at + 1], &vm->region[at], (vm->count - at) * sizeof(vm->region[0]));
	vm->count++;
	return EXO_OK;
}

static void region_clip_use(struct vm_region *region)
{
	if (region->used_start < region->start)
		region->used_start = region->start;
	if (region->used_end > region->end)
		region->used_end = region->end;
	if (region->used_start >= region->used_end)
		region->used_start = region->used_end = 0;
}

/* The part of a region from `address` on: what is behind it moves along. */
static void region_cut_start(struct vm_region *region, uint64_t address)
{
	uint64_t bytes = address - region->start;
	struct vm_backing *backing = &region->backing;

	region->start = address;
	if (backing->object || backing->bytes) {
		backing->offset += bytes;
		if (!backing->object)
			backing->bytes = backing->bytes > bytes ? backing->bytes - bytes : 0;
		/* An archive mapping that ended before is anonymous from here on, or faults. */
	}
	region_clip_use(region);
}

err_t region_split(struct libos *os, uint64_t address)
{
	struct vm *vm = &os->vm;
	struct vm_region *region = region_find(vm, address);
	unsigned at;
	err_t err;

	if (!region || region->start == address)
		return EXO_OK;
	at = (unsigned)(region - vm->region);
	err = region_make_room(vm, at + 1);
	if (err)
		return err;
	region[1] = region[0];
	region[0].end = address;
	region_clip_use(&region[0]);
	region_cut_start(&region[1], address);
	region_count_use(os, &region[1], 1);
	return EXO_OK;
}

static bool region_is_plain(const struct vm_region *r)
{
	return !r->backing.object && !r->backing.bytes && !r->backing.is_strict
		&& !(r->flags & (VM_SHARED | VM_STACK | VM_BREAK));
}

static bool region_can_join(const struct vm_region *a, const struct vm_region *b)
{
	return a->end == b->start && a->protection == b->protection && region_is_plain(a)
		&& region_is_plain(b);
}

err_t region_insert(struct libos *os, const struct vm_region *region)
{
	struct vm *vm = &os->vm;
	unsigned at = region_after(vm, region->start);
	err_t err;

	if (at > 0 && region_can_join(&vm->region[at - 1], region)) {
		vm->region[at - 1].end = region->end;
		return EXO_OK;
	}
	err = region_make_room(vm, at);
	if (err)
		return err;
	vm->region[at] = *region;
	region_count_use(os, region, 1);
	return EXO_OK;
}

void region_remove(struct libos *os, unsigned first, unsigned count)
{
	struct vm *vm = &os->vm;
	unsigned i;

	for (i = first; i < first + count; i++)
		region_count_use(os, &vm->region[i], -1);
	memmove(&vm->region[first], &vm->region[first + count],
		(vm->count - first - count) * sizeof(vm->region[0]));
	vm->count -= count;
}

void region_use(struct vm_region *region, uint64_t start, uint64_t end)
{
	if (region->used_start == region->used_end) {
		region->used_start = start;
		region->used_end = end;
		return;
	}
	if (start < region->used_start)
		region->used_start = start;
	if (end > region->used_end)
		region->used_end = end;
}

bool region_covers(const struct vm *vm, uint64_t start, uint64_t end)
{
	unsigned i = region_after(vm, start);

	for (; i < vm->count && vm->region[i].start <= start; i++) {
		start = vm->region[i].end;
		if (start >= end)
			return true;
	}
	return false;
}

uint64_t region_gap(const struct vm *vm, uint64_t from, uint64_t length)
{
	unsigned i = region_after(vm, from);

	for (; i < vm->count; i++) {
		if (vm->region[i].start >= from && vm->region[i].start - from >= length)
			return from;
		from = vm->region[i].end;
	}
	return from <= VM_TOP && VM_TOP - from >= length ? from : 0;
}

bool range_next(uint64_t *start, uint64_t end, uint64_t *stop)
{
	while (*start < end) {
		uint64_t slot;
		unsigned level = slots_level(*start, 1, &slot);
		uint64_t next = (*start | (EXO_SPAN(level == 1 ? 2 : level) - 1)) + 1;

		if (level == 1) {
			*stop = next < end ? next : end;
			return true;
		}
		*start = next;
	}
	return false;
}

/* The highest level at which one CLEAR at `start` stays within the range; 0: nothing is there,
 * *next is where to go on. */
static unsigned range_clear_level(uint64_t start, uint64_t end, uint64_t *next)
{
	unsigned level;

	for (level = EXO_LEVELS; level > 1; level--) {
		uint64_t span = EXO_SPAN(level), slot;

		*next = (start | (span - 1)) + 1;
		if (!slots_read(start, level, &slot) || !slot_is_present(slot))
			return 0;
		if (start % span == 0 && end - start >= span)
			return level;
	}
	*next = *next < end ? *next : end;
	return 1;
}

err_t range_clear(uint64_t start, uint64_t end)
{
	while (start < end) {
		uint64_t next;
		unsigned level = range_clear_level(start, end, &next), n;
		struct exo_slot_op ops[EXO_LEVELS];
		err_t err;

		if (level) {
			n = slots_unshare(ops, start, level);
			ops[n] = (struct exo_slot_op){
				.op = EXO_OP_CLEAR, .level = (uint8_t)level, .target = start,
				.count = (uint16_t)((next - start) / EXO_SPAN(level)),
			};
			err = slots_run(ops, n + 1, NULL);
			if (err)
				return err;
		}
		start = next;
	}
	return EXO_OK;
}
