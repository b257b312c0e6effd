/* SPDX-License-Identifier: ISC */
/*
 * The target `memory`: libos/vm and libos/fork on the simulated machine. memory.c has the machine,
 * the input and the model, memory_library.c the library's state of each process; kernel and library
 * do not meet in one file. One thread.
 */
#ifndef FUZZ_MEMORY_H
#define FUZZ_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEMORY_PROCESSES 6u

/* A mapping, as vm_map has it. */
struct memory_mapping {
	uint64_t address, bytes;
	unsigned protection;
	bool is_shared, is_stack, is_filled; /* its pages are made present at once */
	bool is_file;                        /* of the boot archive, from file_offset on */
	bool is_strict;                      /* pages wholly beyond the file fault */
	uint64_t file_offset, file_bytes;
};

/* memory_library.c, all of process p. Errors are the library's. The first one, with nothing
 * mapped: */
void memory_begin(unsigned p);
int32_t memory_map(unsigned p, const struct memory_mapping *mapping);
int32_t memory_unmap(unsigned p, uint64_t address, uint64_t bytes);
int32_t memory_protect(unsigned p, uint64_t address, uint64_t bytes, unsigned protection);
int32_t memory_discard(unsigned p, uint64_t address, uint64_t bytes);
/* A new program: nothing is mapped any more. */
int32_t memory_exec(unsigned p);
/* Fill the env of a child, whose program's stack and thread pointers are these. */
int32_t memory_fork(unsigned p, unsigned child, uint64_t env, uint64_t sp, uint64_t thread);
/* A page fault. True: resolved; the access is made again. */
bool memory_fault(unsigned p, uint64_t address, uint64_t code);

/* memory.c: zero memory of the running process. */
void memory_zero(uint64_t address, size_t bytes);

/* Say what is wrong, and abort. */
_Noreturn void fuzz_fail(const char *what);

#endif
