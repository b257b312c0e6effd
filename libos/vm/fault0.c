/* SPDX-License-Identifier: ISC */
/*
 * Level 0 of fault handling: copy-on-write, and the library's own memory, from the slot alone.
 * Touches the frame, the recursive view, struct libos (wired) and the stack it runs on; takes no
 * lock. When frames are gone it lives from the reserve.
 */
#include <machine/call.h>
#include <machine/slot.h>

#include "libos/state.h"
#include "libos/vm/slots.h"

enum { FAULT0_OPS = 2 * EXO_LEVELS };

static _Noreturn void fault0_no_memory(struct libos *os, uint64_t address)
{
	print("%s: out of memory at 0x%lx\n", os->process.name, address);
	for (;;)
		exo_call(EXO_CALL_ENV_KILL, 0,
			 os->process.pid != 1 ? 9u << 8 | 137u : 137u, 0, 0, 0);
}

/* Give the reserve's frames to the operations that want one. False: not enough of them. */
static bool fault0_use_reserve(struct libos *os, struct exo_slot_op *ops, unsigned n)
{
	unsigned i, page = 0;

	for (i = 0; i < n; i++) {
		if (ops[i].op != EXO_OP_UNSHARE && ops[i].op != EXO_OP_DUP
		    && ops[i].op != EXO_OP_TABLE)
			continue;
		while (page < LIBOS_RESERVE_PAGES && os->wired.reserve_missing >> page & 1)
			page++;
		if (page == LIBOS_RESERVE_PAGES)
			return false;
		ops[i].reserve = LIBOS_RESERVE + page * EXO_PAGE_SIZE;
		os->wired.reserve_missing |= 1u << page++;
	}
	return true;
}

/* Which reserve pages are still there: an operation that needed no frame has left its page. */
static void fault0_count_reserve(struct libos *os)
{
	unsigned page;

	os->wired.reserve_missing = 0;
	for (page = 0; page < LIBOS_RESERVE_PAGES; page++) {
		uint64_t slot;

		if (!slots_read(LIBOS_RESERVE + page * EXO_PAGE_SIZE, 1, &slot)
		    || !slot_is_present(slot))
			os->wired.reserve_missing |= 1u << page;
	}
}

static void fault0_run(struct libos *os, struct exo_slot_op *ops, unsigned n, uint64_t address)
{
	unsigned done;
	err_t err = slots_run(ops, n, &done);

	if (err == EXO_E_LIMIT) {
		if (!fault0_use_reserve(os, ops + done, n - done))
			fault0_no_memory(os, address);
		err = slots_run(ops + done, n - done, &done);
		fault0_count_reserve(os);
		if (err == EXO_E_LIMIT)
			fault0_no_memory(os, address);
	}
	/* Another process may have been first with a page of the family. */
	assert(err == EXO_OK || (err == EXO_E_USED && address >= LIBOS_FAMILY
				 && address < LIBOS_FAMILY + LIBOS_FAMILY_BYTES));
	os->wired.faults0++;
}

void vm_reserve_fill(void)
{
	struct libos *os = libos_state();
	unsigned page;

	for (page = 0; page < LIBOS_RESERVE_PAGES; page++) {
		struct exo_slot_op op = {
			.op = EXO_OP_ALLOC, .level = 1, .count = 1, .access = EXO_READ,
			.target = LIBOS_RESERVE + page * EXO_PAGE_SIZE,
		};

		if (os->wired.reserve_missing >> page & 1 && slots_run(&op, 1, NULL) == EXO_OK)
			os->wired.reserve_missing &= ~(1u << page);
	}
}

/* The same when something is missing: a table is shared, or memory has run out. */
static NOINLINE void fault0_write_path(struct libos *os, uint64_t page, uint64_t leaf,
				       unsigned access)
{
	struct exo_slot_op ops[FAULT0_OPS];
	unsigned n = slots_unshare(ops, page, 1);

	os->wired.faults0_copied += n != 0;
	ops[n] = (struct exo_slot_op){
		.op = slot_soft(leaf) & VM_SOFT_SHARED ? EXO_OP_PROTECT : EXO_OP_DUP,
		.level = 1, .count = 1, .target = page, .access = (uint8_t)access,
	};
	if (ops[n].op == EXO_OP_DUP)
		ops[n].source = page;
	fault0_run(os, ops, n + 1, page);
}

/* A write to a present page that lacks the access: copy-on-write, unless the slot says
 * otherwise. */
static bool fault0_write(struct libos *os, uint64_t address)
{
	uint64_t leaf = slots_view(address, 1), page = PAGE_DOWN(address);
	unsigned access = slot_access(leaf) | EXO_READ | EXO_WRITE;

	if (!slot_is_present(leaf) || slot_soft(leaf) & VM_SOFT_RO)
		return false;
	if (!(slot_soft(leaf) & VM_SOFT_SHARED) && slots_is_open(page)
	    && slots_at_once(exo_slot_word(EXO_OP_DUP, 1, 1, 0, 0, access), page, page))
		os->wired.faults0++;
	else
		fault0_write_path(os, page, leaf, access);
	if (os->wired.reserve_missing && os->wired.reserve_after && !--os->wired.reserve_after)
		vm_reserve_fill();
	return true;
}

static bool fault0_is_library(uint64_t address)
{
	return (address >= LIBOS_PLAIN && address < LIBOS_WIRED)
		|| (address >= LIBOS_FAMILY && address < LIBOS_FAMILY + LIBOS_FAMILY_BYTES)
		|| (address >= LIBOS_HEAP
		    && address < LIBOS_HEAP + LIBOS_HEAP_PAGES * EXO_PAGE_SIZE)
		|| (address >= LIBOS_HEAP_MAP && address < LIBOS_HEAP_MAP + LIBOS_HEAP_PAGES * 4)
		|| (address >= LIBOS_CONTEXTS
		    && address < LIBOS_VCPU_PAGES);
}

/* A page of the library's own that is not there yet. */
static NOINLINE bool fault0_library(uint64_t address)
{
	struct exo_slot_op ops[FAULT0_OPS + 1];
	unsigned n;

	if (!fault0_is_library(address))
		return false;
	n = slots_path_ops(ops, address, 1);
	ops[n++] = (struct exo_slot_op){
		.op = EXO_OP_ALLOC, .level = 1, .count = 1, .target = PAGE_DOWN(address),
		.access = EXO_READ | EXO_WRITE,
	};
	fault0_run(libos_state(), ops, n, address);
	return true;
}

bool vm_fault0(const struct exo_frame *frame)
{
	uint64_t address = frame->address, code = frame->code;

	if (code & EXO_FAULT_PRESENT)
		return code & EXO_FAULT_WRITE
			&& (address < VM_TOP
			    || (address >= LIBOS_PRIVATE
				&& address < EXO_LIBRARY_BASE + EXO_ROOT_SPAN))
			&& fault0_write(libos_state(), address);
	return address >= EXO_LIBRARY_BASE && fault0_library(address);
}
