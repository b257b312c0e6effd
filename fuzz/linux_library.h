/* SPDX-License-Identifier: ISC */
/* The library's side of the target `linux`, in two files; see linux.h. */
#ifndef FUZZ_LINUX_LIBRARY_H
#define FUZZ_LINUX_LIBRARY_H

#undef linux /* a number, says gnu11 */

#include <setjmp.h>

#include "fuzz/linux.h"
#include "libos/state.h"

struct linux_block;

struct linux_library {
	struct libos os;
	struct family *family;
	struct exo_info info;
	char vcpu[EXO_PAGE_SIZE];
	char *exec;                  /* what execve makes */
	uint64_t tables[1024];       /* the kernel's, empty */
	struct exo_frame frame;      /* of the program's last call or fault */
	uint64_t clock, thread_pointer;
	const char *typed;           /* what the console will read */
	size_t typed_count;
	unsigned idles;              /* how often a call would have waited for ever */
	struct linux_block *blocks;  /* that were allocated */
	bool is_used[LINUX_POOL_PAGES];
	jmp_buf *end;                /* where it goes on when the process has ended */
};

struct linux_library *linux_library(void);
/* Free all that the process and its family have allocated. */
void linux_free_all(void);

#endif
