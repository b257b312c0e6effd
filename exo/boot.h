/* SPDX-License-Identifier: ISC */
/*
 * Boot: the archive and the first program. The archive is a cpio file in the newc format (cpio(5))
 * whose members' data begin on page boundaries; the first program is its member "init", a static
 * ELF file (System V ABI, chapter 4) for this machine. Runs once, before any vcpu; takes env.
 */
#ifndef EXO_BOOT_H
#define EXO_BOOT_H

#include "exo/machine.h"

/* A member's data inside the archive. */
struct boot_member {
	const uint8_t *data;
	uint64_t bytes;
	struct pfn first; /* frame that data begin with, or 0: they lie across frames */
};

/* The first member, which must have that name: NULL, or what is wrong, in a few words. */
const char *boot_find(const uint8_t *archive, uint64_t bytes, const char *name,
		      struct boot_member *member) MUST_USE;

/* Check an ELF file before anything is done with it: NULL, or what is wrong, in a few words. */
const char *boot_check(const struct boot_member *file) MUST_USE;

/* Map an ELF file that passed boot_check into an env, with exact access: pages that nobody may
 * write are the file's own frames, the others fresh ones; *entry and *stack (end of its highest
 * segment) are set. EXO_E_USED: segments overlap; as frame_alloc. */
err_t boot_load(struct machine *m, unsigned env, const struct boot_member *file, uint64_t *entry,
		uint64_t *stack) MUST_USE;

/* Put a leaf (0: none) below a table of level `top`, making tables on its path, charged to
 * account 0.
 * EXO_E_USED, and as frame_alloc. */
err_t boot_map(struct machine *m, struct pfn table, unsigned top, uint64_t address, uint64_t leaf)
	MUST_USE;

#endif
