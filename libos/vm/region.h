/* SPDX-License-Identifier: ISC */
/* Regions as vm's own files use them: a sorted array. All require spt. */
#ifndef LIBOS_VM_REGION_H
#define LIBOS_VM_REGION_H

#include "libos/vm/vm.h"

/* Index of the first region that ends above `address`; vm->count: none. */
unsigned region_after(const struct vm *vm, uint64_t address);
/* The region that covers `address`, or NULL. */
struct vm_region *region_find(struct vm *vm, uint64_t address);
/* Make `address` a boundary between regions if one covers it. EXO_E_FULL. */
err_t region_split(struct libos *os, uint64_t address) MUST_USE;
/* Put a region where nothing is, joining it to equal anonymous neighbours. EXO_E_FULL. */
err_t region_insert(struct libos *os, const struct vm_region *region) MUST_USE;
/* Forget the regions [first, first + count). */
void region_remove(struct libos *os, unsigned first, unsigned count);
/* Pages [start, end) of a region are about to be present. */
void region_use(struct vm_region *region, uint64_t start, uint64_t end);
/* True if [start, end) lies in regions without a hole. */
bool region_covers(const struct vm *vm, uint64_t start, uint64_t end);
/* `length` free bytes at or above `from`, below VM_TOP; 0: none. */
uint64_t region_gap(const struct vm *vm, uint64_t from, uint64_t length);

/* Drop what the slots of a page-aligned range hold, whole tables at once where it covers them.
 * EXO_E_LIMIT: no frame to unshare a table with. */
err_t range_clear(uint64_t start, uint64_t end) MUST_USE;
/* The next run of level 1 slots in a table that is there: *start moves to it, *stop is its end.
 * False: no more before `end`. */
bool range_next(uint64_t *start, uint64_t end, uint64_t *stop);
/* Unmap without the lock and argument checks of vm_unmap. */
err_t vm_unmap_locked(struct libos *os, uint64_t start, uint64_t end) MUST_USE;
/* Make pages of a region present, which no slot of the run is: the run lies in one table. */
err_t vm_populate_locked(struct libos *os, struct vm_region *region, uint64_t start,
			 uint64_t end) MUST_USE;

#endif
