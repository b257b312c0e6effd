/* SPDX-License-Identifier: ISC */
/*
 * How a slot lies in memory on AArch64 (Arm ARM D8.3: descriptors, 4 KiB granule). The kernel
 * writes slots only through these; the library OS reads them through the recursive view.
 *
 *   both    0, 1 valid, table or page · 8, 9 inner shareable · 10 AF · 11 not global ·
 *           12..47 frame · 53 PXN · 54 UXN · 55 right W · 56 right X · 57 write access ·
 *           60, 62: inverse of 56, 57
 *   leaf    6 any access · 7 not (yet) written · 51 write access again: with 7, the CPU (or, where
 *           it does not, trap_note in panic.c) clears 7 at the first write · 2 fixed · 3 was dirty
 *           when write access went · 58, 59, 61, 63 soft 0..3. The CPU ignores 55..63 here, and
 *           MAIR says the same of all values of 2 and 3.
 *   branch  60 no execution, 62 no write: the CPU's own, for all below · 6, 7, 10, 54: what makes
 *           a branch a page to be read in the recursive view; 51 is off: nobody makes it more
 *   empty   0: payload 0; else bit 1 set (the kernel's tag) · 12..59 payload
 *
 * A slot with bit 0 set is a leaf in a level 1 table and a branch anywhere else. (Linux counts
 * levels the other way: its level 3 is our 1.)
 */
#ifndef MACHINE_SLOT_H
#define MACHINE_SLOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi/exo.h"

#define SLOT_P         (UINT64_C(1) << 0)
#define SLOT_TAG       (UINT64_C(1) << 1)  /* in a present slot: a table, or a page */
#define SLOT_FIXED     (UINT64_C(1) << 2)
#define SLOT_WAS_DIRTY (UINT64_C(1) << 3)
#define SLOT_U         (UINT64_C(1) << 6)
#define SLOT_CLEAN     (UINT64_C(1) << 7)  /* AP[2]: the CPU does not write */
#define SLOT_ACCESSED  (UINT64_C(1) << 10)
#define SLOT_DBM       (UINT64_C(1) << 51) /* but for the first write, SLOT_CLEAN */
#define SLOT_PXN       (UINT64_C(1) << 53)
#define SLOT_NX        (UINT64_C(1) << 54)
#define SLOT_RIGHT_W   (UINT64_C(1) << 55)
#define SLOT_RIGHT_X   (UINT64_C(1) << 56)
#define SLOT_W         (UINT64_C(1) << 57)
#define SLOT_BELOW_NX  (UINT64_C(1) << 60)
#define SLOT_BELOW_RO  (UINT64_C(1) << 62)
#define SLOT_FRAME     UINT64_C(0x0000fffffffff000)
/* Page or table, inner shareable, not global, never the kernel's to execute. */
#define SLOT_ALWAYS    (SLOT_P | SLOT_TAG | UINT64_C(0xb00) | SLOT_PXN)

static inline bool slot_is_present(uint64_t slot)
{
	return slot & SLOT_P;
}

/* Physical frame number of a present slot. */
static inline uint32_t slot_pfn(uint64_t slot)
{
	return (uint32_t)((slot & SLOT_FRAME) >> 12);
}

/* Rights of a present slot: EXO_READ and what else it may ever allow. */
static inline unsigned slot_rights(uint64_t slot)
{
	return EXO_READ | ((unsigned)(slot >> 54) & 6u);
}

/* Access of a leaf now: 0 (none) or EXO_READ and more. */
static inline unsigned slot_access(uint64_t slot)
{
	unsigned access = ((unsigned)(slot >> 56) & EXO_WRITE) | (slot & SLOT_NX ? 0u : EXO_EXEC);

	return slot & SLOT_U ? access | EXO_READ : 0u;
}

/* Write access of a branch: off while the table below may be shared. Also of a leaf. */
static inline bool slot_is_writable(uint64_t slot)
{
	return slot & SLOT_W;
}

static inline unsigned slot_soft(uint64_t slot)
{
	return ((unsigned)(slot >> 58) & 3u) | ((unsigned)(slot >> 59) & 4u)
		| ((unsigned)(slot >> 60) & 8u);
}

static inline bool slot_is_accessed(uint64_t slot)
{
	return slot & SLOT_ACCESSED;
}

static inline bool slot_is_dirty(uint64_t slot)
{
	return slot & SLOT_WAS_DIRTY || (slot & (SLOT_W | SLOT_CLEAN)) == SLOT_W;
}

/* Where soft bits are in a leaf. */
static inline uint64_t slot_soft_bits(unsigned soft)
{
	return (uint64_t)(soft & 3u) << 58 | (uint64_t)(soft & 4u) << 59
		| (uint64_t)(soft & 8u) << 60;
}

/* Write access, as leaves and branches have it: for the kernel, for the CPU. */
static inline uint64_t slot_write_bits(bool is_writable)
{
	return is_writable ? SLOT_W : SLOT_BELOW_RO;
}

/* A leaf on frame pfn. Access beyond rights is a caller's bug. Accessed and dirty are clear. */
static inline uint64_t slot_leaf(uint32_t pfn, unsigned rights, unsigned access, unsigned soft)
{
	return SLOT_ALWAYS | SLOT_CLEAN | (uint64_t)pfn << 12 | (uint64_t)(rights & 6u) << 54
		| slot_write_bits(access & EXO_WRITE) | (access & EXO_WRITE ? SLOT_DBM : 0)
		| (access ? SLOT_U : 0) | (access & EXO_EXEC ? 0 : SLOT_NX)
		| (rights & EXO_EXEC ? 0 : SLOT_BELOW_NX) | slot_soft_bits(soft);
}

/* A branch to the table in frame pfn. */
static inline uint64_t slot_branch(uint32_t pfn, unsigned rights, bool is_writable)
{
	return SLOT_ALWAYS | SLOT_CLEAN | SLOT_U | SLOT_NX | SLOT_ACCESSED | (uint64_t)pfn << 12
		| (uint64_t)(rights & 6u) << 54 | slot_write_bits(is_writable)
		| (rights & EXO_EXEC ? 0 : SLOT_BELOW_NX);
}

/* An empty slot with a payload of 48 bits. */
static inline uint64_t slot_empty(uint64_t payload)
{
	payload &= EXO_PAYLOAD_MASK;
	return payload ? payload << 12 | SLOT_TAG : 0;
}

/* The payload of an empty slot. */
static inline uint64_t slot_payload(uint64_t slot)
{
	return slot >> 12 & EXO_PAYLOAD_MASK;
}

/* A leaf that no slot operation may name: a vcpu page. */
static inline bool slot_is_fixed(uint64_t slot)
{
	return slot & SLOT_FIXED;
}

static inline uint64_t slot_fixed(uint64_t leaf)
{
	return leaf | SLOT_FIXED;
}

/* A leaf with the accessed and dirty bits of an older one too. */
static inline uint64_t slot_aged(uint64_t leaf, uint64_t old)
{
	return leaf | (old & SLOT_ACCESSED) | (slot_is_dirty(old) ? SLOT_WAS_DIRTY : 0);
}

/* Note in a leaf, which is `leaf`, what the CPU would have noted: a read, or a write. */
static inline void slot_mark(_Atomic uint64_t *slot, uint64_t leaf, bool is_write)
{
	uint64_t clear = is_write ? SLOT_CLEAN : 0;

	/* In a common table it may not be a leaf any more. */
	while ((!(leaf & SLOT_ACCESSED) || leaf & clear) && slot_is_present(leaf)
	       && !atomic_compare_exchange_weak_explicit(slot, &leaf,
							 (leaf | SLOT_ACCESSED) & ~clear,
							 memory_order_relaxed,
							 memory_order_relaxed))
		;
}

/* A leaf without its marks. */
static inline uint64_t slot_unmarked(uint64_t leaf)
{
	return (leaf & ~(SLOT_ACCESSED | SLOT_WAS_DIRTY)) | SLOT_CLEAN;
}

/* A present slot as slot_leaf or slot_branch made it: not marked, not fixed. */
static inline uint64_t slot_as_made(uint64_t slot, unsigned level)
{
	return level == 1 ? slot_unmarked(slot) & ~SLOT_FIXED : slot;
}

/* The same leaf or branch without write access. A leaf keeps in mind that it is dirty. (A branch
 * never looks so: it is always SLOT_CLEAN.) */
static inline uint64_t slot_without_write(uint64_t slot)
{
	slot |= slot_is_dirty(slot) ? SLOT_WAS_DIRTY : 0;
	return (slot & ~(SLOT_W | SLOT_DBM)) | SLOT_CLEAN | SLOT_BELOW_RO;
}

/* The same leaf or branch with no more rights than those, and no access beyond them. */
static inline uint64_t slot_within(uint64_t slot, unsigned rights)
{
	slot &= ~((uint64_t)(~rights & 6u) << 54);
	if (!(rights & EXO_WRITE))
		slot = slot_without_write(slot);
	return slot | (rights & EXO_EXEC ? 0 : SLOT_NX | SLOT_BELOW_NX);
}

/* A change of access and soft bits, the same for many leaves: of each stays `keep`, and `set` comes
 * in. It is within the rights of those that have all of `need`. */
struct slot_change {
	uint64_t keep, set, need;
	bool is_clean; /* the marks go */
};

/* Access becomes what is given or, if is_mask, loses what is not; the soft bits of soft_mask become
 * those of soft; accessed and dirty bits go if is_clean. Write access is off when `keep` and `set`
 * are done if neither has SLOT_W. */
static inline struct slot_change slot_change(unsigned access, bool is_mask, unsigned soft,
					     unsigned soft_mask, bool is_clean)
{
	uint64_t may = (access & EXO_WRITE ? SLOT_W : 0) | (access ? SLOT_U : 0);
	uint64_t nx = access & EXO_EXEC ? 0 : SLOT_NX;
	struct slot_change c = {
		.keep = ~(SLOT_W | SLOT_U | SLOT_NX | slot_soft_bits(soft_mask))
			| (is_mask ? may | SLOT_NX : 0),
		.set = (is_mask ? 0 : may) | nx | slot_soft_bits(soft & soft_mask),
		.need = is_mask ? 0 : (uint64_t)(access & 6u) << 54, .is_clean = is_clean,
	};

	return c;
}

/* Is the change within the leaf's rights? */
static inline bool slot_allows(uint64_t leaf, struct slot_change c)
{
	return (leaf & c.need) == c.need;
}

static inline uint64_t slot_changed(uint64_t leaf, struct slot_change c)
{
	uint64_t was = leaf;

	leaf = (leaf & c.keep) | c.set;
	if (!(leaf & SLOT_W))
		leaf = slot_without_write(leaf | (was & SLOT_W));
	else if (!(was & SLOT_W))
		leaf = (leaf & ~SLOT_BELOW_RO) | SLOT_DBM;
	return c.is_clean ? slot_unmarked(leaf) : leaf;
}

/* Take write access off a branch that has it, in one step: the CPU may read it meanwhile. */
static inline void slot_take_write(_Atomic uint64_t *branch)
{
	atomic_fetch_xor(branch, SLOT_W | SLOT_BELOW_RO);
}

#endif
