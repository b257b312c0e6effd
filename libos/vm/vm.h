/* SPDX-License-Identifier: ISC */
/*
 * Vm: what the program's addresses mean. Regions say what a range is; the page table itself is the
 * supplemental page table: what an empty slot (payload 0) holds, its region says, and a leaf's soft
 * bits what may be done with it.
 *
 *   leaf without write access, no soft bit   copy-on-write: DUP in place
 *   VM_SOFT_RO                               the program asked for no write (or no) access
 *   VM_SOFT_SHARED                           never duplicated: access is raised in place
 *   VM_SOFT_PINNED                           never evicted
 *
 * Two levels: fault0.c resolves copy-on-write from the slot alone and touches only wired memory;
 * fault.c does the rest and may fault into level 0. Lock order frame -> spt -> swap.
 */
#ifndef LIBOS_VM_VM_H
#define LIBOS_VM_VM_H

#include "libos/base.h"
#include "libos/layout.h"
#include "libos/upcall/upcall.h"

struct libos;

enum { VM_SOFT_RO = 1u, VM_SOFT_SHARED = 2u, VM_SOFT_PINNED = 4u };

/* Flags of a region and of vm_map. */
enum {
	VM_SHARED = 1u,    /* MAP_SHARED: stays shared over fork */
	VM_FIXED = 2u,     /* vm_map: exactly there, replacing what is there */
	VM_NEW = 4u,       /* vm_map: exactly there, EXO_E_USED if something is */
	VM_STACK = 8u,     /* grows down on demand to its start */
	VM_BREAK = 16u,    /* the region that vm_break moves */
	VM_POPULATE = 32u, /* vm_map: make all pages present now */
};

/* A memory object that can be mapped (a memory file). Owned by whoever made it. */
struct vm_object {
	/* The library's page that holds bytes offset .. offset + 4095 (page-aligned, in library
	 * memory, stays there while mapped); NULL: a hole, reads as zeros (private) or, with
	 * `create`, no memory. */
	void *(*page)(struct libos *os, struct vm_object *object, uint64_t offset, bool create);
	/* A region on it more (+1: mapped, split) or less (-1: unmapped). */
	void (*use)(struct libos *os, struct vm_object *object, int change);
	const uint64_t *bytes; /* pages wholly beyond them fault with UPCALL_FAULT_BEYOND */
};

/* What is behind a region. All zero: anonymous memory. */
struct vm_backing {
	struct vm_object *object; /* a memory object, or */
	uint64_t archive;         /* if object is NULL and bytes is not 0: byte offset in the boot
				   * archive of `offset` 0; a multiple of the page size */
	uint64_t offset;          /* of the region's first page; a multiple of the page size */
	uint64_t bytes;           /* archive: bytes from `offset` on that are its; then zeros */
	bool is_read_only;        /* object: a shared region is never written */
	bool is_strict;           /* archive: pages wholly beyond `bytes` fault (a file), else
				   * they are zeros (the .bss of a segment) */
};

struct vm_region {
	uint64_t start, end;    /* page-aligned */
	uint32_t protection;    /* EXO_READ | EXO_WRITE | EXO_EXEC, or 0 */
	uint32_t flags;         /* VM_SHARED, VM_STACK, VM_BREAK */
	struct vm_backing backing;
	uint64_t used_start;    /* all present pages lie in used_start .. used_end */
	uint64_t used_end;
};

#define VM_REGIONS 1024u

struct vm {
	uint32_t count;         /* of regions, by address, without overlap; spt */
	uint32_t hint;          /* index where the last lookup ended; spt */
	uint64_t map_next;      /* where vm_map looks next; spt */
	uint64_t break_start;   /* of the program's heap; spt */
	uint64_t break_end;     /* not page-aligned; spt */
	bool is_forked;         /* pages may be copy-on-write: protection is raised lazily; spt */
	uint64_t faults, faults_file, faults_zero; /* level 1, in all */
	struct vm_region *region; /* VM_REGIONS of them, in the heap; spt */
};

void vm_init(struct libos *os);

/* Map `length` bytes (rounded up to pages). hint: an address, or 0. protection: EXO_READ | WRITE |
 * EXEC, or 0. backing NULL: anonymous. *address: where. Anonymous VM_SHARED memory is made present
 * at once. EXO_E_ARGUMENT: zero length, hint not page-aligned with VM_FIXED or VM_NEW; EXO_E_RANGE:
 * outside the program's part; EXO_E_USED: VM_NEW and something is there; EXO_E_FULL: too many
 * regions or no address space; EXO_E_LIMIT: no memory (shared, populate). Takes spt. */
err_t vm_map(struct libos *os, uint64_t hint, uint64_t length, unsigned protection, unsigned flags,
	     const struct vm_backing *backing, uint64_t *address) MUST_USE;
/* Unmap what is mapped in the range; holes are fine. EXO_E_ARGUMENT, EXO_E_RANGE, EXO_E_FULL (a
 * split has no room). Takes spt. */
err_t vm_unmap(struct libos *os, uint64_t address, uint64_t length) MUST_USE;
/* Change the protection of a range that is wholly mapped. EXO_E_RANGE: it is not (what precedes
 * the hole may have been changed); EXO_E_FULL; EXO_E_RIGHTS: write access to a shared mapping of
 * the archive, or of an object that is only read. Takes spt. */
err_t vm_protect(struct libos *os, uint64_t address, uint64_t length, unsigned protection) MUST_USE;
/* Of a range that is wholly mapped: one byte a page at `pages` in the program's memory, 1 where the
 * page has been written to by this process since it came or was last cleaned; a child begins with
 * its parent's bits. Then: clean. EXO_E_ARGUMENT, EXO_E_RANGE, EXO_E_POINTER (pages), EXO_E_LIMIT
 * (clean: no memory for an unshared table). Take spt. */
err_t vm_dirty(struct libos *os, uint64_t address, uint64_t length, uint64_t pages) MUST_USE;
err_t vm_clean(struct libos *os, uint64_t address, uint64_t length) MUST_USE;
/* Drop the pages of a range: private ones read as fresh again (MADV_DONTNEED). Takes spt. */
err_t vm_discard(struct libos *os, uint64_t address, uint64_t length) MUST_USE;
/* An object has become shorter: pages of this process that lie wholly beyond its end go (those that
 * there is no memory to take away stay). Takes spt. */
void vm_cut(struct libos *os, const struct vm_object *object);
/* mremap. flags: bit 0 may move, bit 1 to exactly *address. *address: where it is now. Takes
 * spt. */
err_t vm_remap(struct libos *os, uint64_t old, uint64_t old_length, uint64_t length, unsigned flags,
	       uint64_t *address) MUST_USE;
/* The program's heap begins here (process start). Then: move its end; 0 asks. Returns the end,
 * unchanged if it cannot be moved there. Takes spt. */
void vm_break_init(struct libos *os, uint64_t start);
uint64_t vm_break(struct libos *os, uint64_t end);

/* The region that covers `address`, or NULL. Valid until the next change. Takes spt. */
const struct vm_region *vm_find(struct libos *os, uint64_t address);
/* True if every page of the range is mapped with at least this protection. Takes spt. */
bool vm_is_mapped(struct libos *os, uint64_t address, uint64_t length, unsigned protection);

/* Copy between library memory and the program's; a page that is not present is faulted in.
 * EXO_E_POINTER: some byte is not the program's or lacks the access; bytes before it may have been
 * copied. Take no lock; the caller holds none that vm takes. */
err_t vm_read(struct libos *os, void *to, uint64_t from, size_t n) MUST_USE;
err_t vm_write(struct libos *os, uint64_t to, const void *from, size_t n) MUST_USE;
err_t vm_zero(struct libos *os, uint64_t to, size_t n) MUST_USE;
/* Copy a string with its 0; *length without it (NULL allowed). EXO_E_POINTER; EXO_E_TOO_LONG: no 0
 * in the first n bytes. */
err_t vm_read_string(struct libos *os, char *to, size_t n, uint64_t from, size_t *length) MUST_USE;
/* Of a new program, whose regions are there but no page: make present what it will touch first, as
 * far as there is memory. Takes spt. */
void vm_fill(struct libos *os);
/* Make a range present (and, with is_write, writable now): for what must not fault later.
 * EXO_E_POINTER as vm_read. */
err_t vm_prefault(struct libos *os, uint64_t address, size_t n, bool is_write) MUST_USE;

/* ---- Inside the library: faults ---- */

/* Level 0: a write to a copy-on-write page, or a fault on the library's own memory, from the slot
 * alone. True: resolved. Touches the wired pages and the frame only. */
bool vm_fault0(const struct exo_frame *frame);
/* Does the slot allow by now what the program was refused? */
bool vm_is_resolved(uint64_t address, uint64_t code);
/* Level 1: demand-zero, file pages, shared pages. Takes spt. */
enum upcall_fault vm_fault(struct libos *os, uint64_t address, uint64_t code);
/* Keep LIBOS_RESERVE filled. Level 0 calls it after VM_RESERVE_AFTER faults of a new process: one
 * that ends before never pays for a reserve. */
#define VM_RESERVE_AFTER 16u
void vm_reserve_fill(void);

#endif
