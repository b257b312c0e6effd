/* SPDX-License-Identifier: ISC */
/*
 * The simulated machine under targets that run parts of the library: as large as the real one, with
 * what the first process has before its program begins. One thread; takes the kernel's locks.
 */
#ifndef FUZZ_LIBRARY_MACHINE_H
#define FUZZ_LIBRARY_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/exo.h"

#include <machine/call.h>

enum { LIBRARY_FRAMES = 1024 };

struct library_machine {
	struct machine *m, *start;
	uint32_t *scratch;  /* of the audit */
	uint64_t env, vcpu; /* handles of the first process's */
	void *archive;      /* the pages of the boot archive */
};

struct fuzz_target;

/* The one target of such a program; what the others have is in targets.c. */
extern const struct fuzz_target library_target;

/* Made once; `archive_pages` of the frames are the boot archive, whose length in bytes is told to
 * programs. Then: this is how every input finds it; put it back so. */
void library_machine_create(struct library_machine *l, unsigned archive_pages,
			    uint64_t archive_bytes);
void library_machine_save(struct library_machine *l);
void library_machine_reset(struct library_machine *l);
/* A call of the process that runs. Structures go through the library's own memory, as they do in a
 * process. Every translation that a CPU has must be right afterwards. */
struct exo_result library_machine_call(struct library_machine *l, enum exo_call number,
				       const uint64_t argument[5]);
/* Where the slot at `level` that covers an address is, for reading: as the CPU translates it. */
uint64_t library_machine_view(struct library_machine *l, uint64_t address, unsigned level);
/* Zero memory of the running process, which must be there. */
void library_machine_zero(struct library_machine *l, uint64_t address, size_t bytes);
/* Translations, and (is_all) every invariant. */
void library_machine_check(struct library_machine *l, bool is_all);

#endif
