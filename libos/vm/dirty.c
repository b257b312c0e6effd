/* SPDX-License-Identifier: ISC */
/* Which pages have been written to: the dirty bits of the slots, which the hardware sets. Touches
 * slots and the caller's memory; takes spt. */
#include "libos/state.h"
#include "libos/vm/region.h"
#include "libos/vm/slots.h"

/* Pages that are looked at under the lock at once. */
enum { DIRTY_CHUNK = 128 };

static bool dirty_is_range(uint64_t address, uint64_t length)
{
	return address % EXO_PAGE_SIZE == 0 && length <= VM_TOP && address <= VM_TOP;
}

/* One byte a page. */
static err_t dirty_look(struct libos *os, uint64_t start, uint64_t end, unsigned char *pages)
{
	uint64_t first = start, stop;
	err_t err = EXO_OK;

	memset(pages, 0, (end - start) / EXO_PAGE_SIZE);
	lock_acquire(os, RANK_SPT);
	if (!region_covers(&os->vm, start, end))
		err = EXO_E_RANGE;
	for (; !err && range_next(&start, end, &stop); start = stop) {
		const volatile uint64_t *slot =
			(const volatile uint64_t *)exo_slot_address(start, 1);
		unsigned char *page = pages + (start - first) / EXO_PAGE_SIZE;
		uint64_t i;

		for (i = 0; i < (stop - start) / EXO_PAGE_SIZE; i++)
			page[i] = slot_is_present(slot[i]) && slot_is_dirty(slot[i]);
	}
	lock_release(os, RANK_SPT);
	return err;
}

err_t vm_dirty(struct libos *os, uint64_t address, uint64_t length, uint64_t pages)
{
	unsigned char page[DIRTY_CHUNK];
	uint64_t end = address + PAGE_UP(length), stop;
	err_t err = EXO_OK;

	if (!dirty_is_range(address, length))
		return EXO_E_ARGUMENT;
	for (; !err && address < end; address = stop) {
		uint64_t count = (end - address) / EXO_PAGE_SIZE;

		count = count < DIRTY_CHUNK ? count : DIRTY_CHUNK;
		stop = address + count * EXO_PAGE_SIZE;
		err = dirty_look(os, address, stop, page);
		if (!err)
			err = vm_write(os, pages, page, count);
		pages += count;
	}
	return err;
}

err_t vm_clean(struct libos *os, uint64_t address, uint64_t length)
{
	uint64_t end = address + PAGE_UP(length), stop;
	err_t err = EXO_OK;

	if (!dirty_is_range(address, length))
		return EXO_E_ARGUMENT;
	lock_acquire(os, RANK_SPT);
	if (!region_covers(&os->vm, address, end))
		err = EXO_E_RANGE;
	for (; !err && range_next(&address, end, &stop); address = stop) {
		struct exo_slot_op ops[EXO_LEVELS];
		unsigned n = slots_unshare(ops, address, 1);

		ops[n] = (struct exo_slot_op){
			.op = EXO_OP_PROTECT, .level = 1, .target = address,
			.count = (uint16_t)((stop - address) / EXO_PAGE_SIZE),
			.flags = EXO_OP_MASK | EXO_OP_CLEAN, .access = EXO_RWX,
		};
		err = slots_run(ops, n + 1, NULL);
	}
	lock_release(os, RANK_SPT);
	return err;
}
