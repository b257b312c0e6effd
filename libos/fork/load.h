/* SPDX-License-Identifier: ISC */
/* Load: checking a new program, and its library's text in a child env or in the staging slot. */
#ifndef LIBOS_FORK_LOAD_H
#define LIBOS_FORK_LOAD_H

#include "libos/fork/image.h"
#include "libos/fork/process.h"

/* A new program, checked. */
struct load {
	struct process_file file;    /* with the library: its own, or the archive's `init` */
	bool is_same;                /* as this process's own: no need to look into it; */
	struct image image;          /* else what is in it */
	uint64_t entry;              /* of that library */
};

/* Check the ELF file of the program that `state` describes, and take it apart. One line on the
 * console says what is wrong with it: EXO_E_TYPE. */
err_t load_prepare(struct libos *os, struct process_exec_state *state, struct load *load) MUST_USE;
/* Parse an ELF file; NULL if it can run, else why not. One that was made in memory has its headers
 * in its first page. */
const char *load_parse(const struct process_file *file, struct image *image);
/* The page at a page-aligned offset of a file: its address, also page-aligned; 0: zeros. */
uint64_t load_page(const struct process_file *file, uint64_t offset);
/* Put the library's text into env (0: this one), where its table is and empty: its slot begins at
 * `base`. EXO_E_LIMIT. */
err_t load_text(const struct load *load, uint64_t env, uint64_t base) MUST_USE;

#endif
