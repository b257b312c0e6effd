/* SPDX-License-Identifier: ISC */
/* The library's side of the target `memory`: a struct libos for each process, whose pages are the
 * host's; what of the library vm and fork call. Locks are counted, not taken. */
#include "fuzz/memory.h"

#include <stdlib.h>
#include <string.h>

#include "libos/fork/fork.h"
#include "libos/state.h"
#include "libos/vm/region.h"

struct library {
	uint64_t thread_pointer;
	struct libos *process[MEMORY_PROCESSES];
	struct libos *current;
};

static struct library *library(void)
{
	static struct library library;

	return &library;
}

static struct libos *library_of(unsigned p)
{
	struct libos **os = &library()->process[p];

	if (!*os) {
		*os = calloc(1, sizeof(**os));
		(*os)->vm.region = calloc(VM_REGIONS, sizeof(struct vm_region));
	}
	library()->current = *os;
	return *os;
}

struct libos *libos_state(void)
{
	return library()->current;
}

uint64_t machine_thread_pointer(void)
{
	return library()->thread_pointer;
}

void *heap_alloc(struct libos *os, size_t n)
{
	(void)n;
	return os->vm.region;
}

void print(const char *format, ...)
{
	fuzz_fail(format);
}

void libos_panic(const char *what, const char *file, unsigned line)
{
	(void)file, (void)line;
	fuzz_fail(what);
}

/* What is behind the last byte of a file in its page. */
void *memset(void *to, int byte, size_t n)
{
	assert(!byte);
	memory_zero((uint64_t)to, n);
	return to;
}

void memory_begin(unsigned p)
{
	struct libos *os = library_of(p);
	struct vm_region *region = os->vm.region;

	*os = (struct libos){ .vm.region = region };
	vm_init(os);
}

int32_t memory_map(unsigned p, const struct memory_mapping *mapping)
{
	const struct vm_backing file = { .archive = mapping->file_offset,
		.bytes = mapping->file_bytes, .is_strict = mapping->is_strict };
	unsigned flags = VM_FIXED | (mapping->is_shared ? VM_SHARED : 0)
		| (mapping->is_stack ? VM_STACK : 0) | (mapping->is_filled ? VM_POPULATE : 0);
	uint64_t address;

	return vm_map(library_of(p), mapping->address, mapping->bytes, mapping->protection, flags,
		      mapping->is_file ? &file : NULL, &address);
}

int32_t memory_unmap(unsigned p, uint64_t address, uint64_t bytes)
{
	return vm_unmap(library_of(p), address, bytes);
}

int32_t memory_protect(unsigned p, uint64_t address, uint64_t bytes, unsigned protection)
{
	return vm_protect(library_of(p), address, bytes, protection);
}

int32_t memory_discard(unsigned p, uint64_t address, uint64_t bytes)
{
	return vm_discard(library_of(p), address, bytes);
}

int32_t memory_exec(unsigned p)
{
	struct libos *os = library_of(p);
	err_t err = vm_unmap(os, VM_BOTTOM, VM_TOP - VM_BOTTOM);

	os->vm.is_forked = false;
	return err;
}

int32_t memory_fork(unsigned p, unsigned child, uint64_t env, uint64_t sp,
		    uint64_t thread)
{
	struct libos *to = library_of(child), *os = library_of(p);
	struct vm_region *region = to->vm.region;
	struct exo_frame frame = { .kind = EXO_UPCALL_SYSCALL };
	struct thread self = { .os = os, .frame = &frame, .stack_base = LIBOS_WIRED,
		.stack_top = LIBOS_WIRED_END, .linux_thread = (void *)LIBOS_PLAIN };
	err_t err;

	EXO_REG_SP(&frame.regs) = sp;
	library()->thread_pointer = thread;
	os->vm.is_forked = true;
	err = fork_memory(os, &self, env);
	*to = *os;
	to->vm.region = region;
	memcpy(region, os->vm.region, os->vm.count * sizeof(*region));
	to->wired.reserve_missing = LIBOS_RESERVE_ALL;
	to->wired.reserve_after = VM_RESERVE_AFTER;
	return err;
}

bool memory_fault(unsigned p, uint64_t address, uint64_t code)
{
	const struct exo_frame frame = { .kind = EXO_UPCALL_FAULT, .code = code,
		.address = address };
	struct libos *os = library_of(p);

	return vm_fault0(&frame) || vm_fault(os, address, code) == UPCALL_FAULT_NONE;
}
