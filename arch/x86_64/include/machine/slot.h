/* SPDX-License-Identifier: ISC */
/*
 * How a slot lies in memory on x86-64 (Intel SDM 3A 4.5, table 4-20). The kernel writes slots only
 * through these; the library OS reads them through the recursive view.
 *
 *   leaf    bit 0 P = 1 · 1 W access · 2 U any access · 5 A · 6 D · 9..11, 52 soft 0..3
 *           12..51 frame · 53 right W · 54 right X · 55 fixed · 63 NX (no execute access)
 *   branch  bit 0 P = 1 · 1 write access · 2 U = 1 · 12..51 frame · 53, 54 rights · 63 no right X
 *   empty   0: payload 0; else bit 0 P = 0 · 1 set (the kernel's tag) · 12..59 payload, inverted:
 *           so the address bits of a small payload are ones, beyond memory (L1TF)
 *
 * A slot with P = 1 is a leaf in a level 1 table and a branch anywhere else.
 */
#ifndef MACHINE_SLOT_H
#define MACHINE_SLOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi/exo.h"

#define SLOT_P        (UINT64_C(1) << 0)
#define SLOT_W        (UINT64_C(1) << 1)
#define SLOT_U        (UINT64_C(1) << 2)
#define SLOT_ACCESSED (UINT64_C(1) << 5)
#define SLOT_DIRTY    (UINT64_C(1) << 6)
#define SLOT_RIGHT_W  (UINT64_C(1) << 53)
#define SLOT_RIGHT_X  (UINT64_C(1) << 54)
#define SLOT_FIXED    (UINT64_C(1) << 55)
#define SLOT_NX       (UINT64_C(1) << 63)
#define SLOT_FRAME    UINT64_C(0x000ffffffffff000)

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
	return EXO_READ | ((unsigned)(slot >> 52) & 6u);
}

/* Access of a leaf now: 0 (none) or EXO_READ and more. */
static inline unsigned slot_access(uint64_t slot)
{
	unsigned access = (unsigned)(slot & SLOT_W) | (slot & SLOT_NX ? 0u : EXO_EXEC);

	return slot & SLOT_U ? access | EXO_READ : 0u;
}

/* Write access of a branch: off while the table below may be shared. */
static inline bool slot_is_writable(uint64_t slot)
{
	return slot & SLOT_W;
}

static inline unsigned slot_soft(uint64_t slot)
{
	return ((unsigned)(slot >> 9) & 7u) | ((unsigned)(slot >> 49) & 8u);
}

static inline bool slot_is_accessed(uint64_t slot)
{
	return slot & SLOT_ACCESSED;
}

static inline bool slot_is_dirty(uint64_t slot)
{
	return slot & SLOT_DIRTY;
}

/* Where soft bits are in a leaf. */
static inline uint64_t slot_soft_bits(unsigned soft)
{
	return (uint64_t)(soft & 7u) << 9 | (uint64_t)(soft & 8u) << 49;
}

/* A leaf on frame pfn. Access beyond rights is a caller's bug. Accessed and dirty are clear. */
static inline uint64_t slot_leaf(uint32_t pfn, unsigned rights, unsigned access, unsigned soft)
{
	return SLOT_P | (uint64_t)pfn << 12 | (uint64_t)(rights & 6u) << 52
		| (access & EXO_WRITE) | (access ? SLOT_U : 0)
		| (access & EXO_EXEC ? 0 : SLOT_NX) | slot_soft_bits(soft);
}

/* A branch to the table in frame pfn. */
static inline uint64_t slot_branch(uint32_t pfn, unsigned rights, bool is_writable)
{
	return SLOT_P | SLOT_U | (uint64_t)pfn << 12 | (uint64_t)(rights & 6u) << 52
		| (is_writable ? SLOT_W : 0) | (rights & EXO_EXEC ? 0 : SLOT_NX);
}

/* An empty slot with a payload of 48 bits. */
static inline uint64_t slot_empty(uint64_t payload)
{
	payload &= EXO_PAYLOAD_MASK;
	return payload ? (~payload & EXO_PAYLOAD_MASK) << 12 | SLOT_W : 0;
}

/* The payload of an empty slot. */
static inline uint64_t slot_payload(uint64_t slot)
{
	return slot ? ~(slot >> 12) & EXO_PAYLOAD_MASK : 0;
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
	return leaf | (old & (SLOT_ACCESSED | SLOT_DIRTY));
}

/* Note in a leaf, which was `leaf`, what the CPU would have noted: a read, or a write. In a common
 * table it may not be a leaf any more. */
static inline void slot_mark(_Atomic uint64_t *slot, uint64_t leaf, bool is_write)
{
	uint64_t mark = SLOT_ACCESSED | (is_write ? SLOT_DIRTY : 0);

	while ((leaf & mark) != mark && slot_is_present(leaf)
	       && !atomic_compare_exchange_weak_explicit(slot, &leaf, leaf | mark,
							 memory_order_relaxed,
							 memory_order_relaxed))
		;
}

/* A present slot as slot_leaf or slot_branch made it: not marked, not fixed. */
static inline uint64_t slot_as_made(uint64_t slot, unsigned level)
{
	return slot & ~(SLOT_ACCESSED | SLOT_DIRTY | (level == 1 ? SLOT_FIXED : 0));
}

/* The same leaf or branch with no more rights than those, and no access beyond them. */
static inline uint64_t slot_within(uint64_t slot, unsigned rights)
{
	slot &= ~((uint64_t)(~rights & 6u) << 52 | (rights & EXO_WRITE ? 0 : SLOT_W));
	return slot | (rights & EXO_EXEC ? 0 : SLOT_NX);
}

/* A change of access and soft bits, the same for many leaves: of each stays `keep`, and `set` comes
 * in. It is within the rights of those that have all of `need`. */
struct slot_change {
	uint64_t keep, set, need;
};

/* Access becomes what is given or, if is_mask, loses what is not; the soft bits of soft_mask become
 * those of soft; accessed and dirty bits go if is_clean. */
static inline struct slot_change slot_change(unsigned access, bool is_mask, unsigned soft,
					     unsigned soft_mask, bool is_clean)
{
	uint64_t now = slot_leaf(0, EXO_READ, access, 0), may = is_mask ? SLOT_W | SLOT_U : 0;
	struct slot_change c = {
		.keep = ~(SLOT_W | SLOT_U | SLOT_NX) | (now & may) | (may ? SLOT_NX : 0),
		.set = now & ~may, .need = may ? 0 : (uint64_t)(access & 6u) << 52,
	};

	c.keep &= ~slot_soft_bits(soft_mask);
	c.set |= slot_soft_bits(soft & soft_mask);
	if (is_clean)
		c.keep &= ~(SLOT_ACCESSED | SLOT_DIRTY);
	return c;
}

/* Is the change within the leaf's rights? */
static inline bool slot_allows(uint64_t leaf, struct slot_change c)
{
	return (leaf & c.need) == c.need;
}

static inline uint64_t slot_changed(uint64_t leaf, struct slot_change c)
{
	return (leaf & c.keep) | c.set;
}

/* The same leaf or branch without write access. */
static inline uint64_t slot_without_write(uint64_t slot)
{
	return slot & ~SLOT_W;
}

/* Take write access off a branch that has it, in one step: the CPU may mark it meanwhile. */
static inline void slot_take_write(_Atomic uint64_t *branch)
{
	atomic_fetch_and(branch, ~SLOT_W);
}

#endif
