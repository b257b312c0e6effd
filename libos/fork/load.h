/* SPDX-License-Identifier: ISC */
/* Load: building the library slot of a new program, in a child env or in the staging slot. */
#ifndef LIBOS_FORK_LOAD_H
#define LIBOS_FORK_LOAD_H

#include "libos/fork/image.h"
#include "libos/fork/process.h"

/* A new program, checked. */
struct load {
	struct image image;          /* of the file whose library part is used: the program's own */
	struct process_file file;    /* or that of the member `init`; where that is */
	struct process_exec_state *state; /* in the heap, whole pages */
};

/* Check the program's ELF file and gather what it is told, which is for process `pid`. One line on
 * the console says what is wrong with the file. EXO_E_TYPE, EXO_E_TOO_LONG, EXO_E_LIMIT. */
err_t load_prepare(struct libos *os, const struct process_image *image, uint32_t pid,
		   struct load *load) MUST_USE;
void load_finish(struct libos *os, struct load *load);
/* Parse an ELF file; NULL if it can run, else why not. One that was made in memory has its headers
 * in its first page. */
const char *load_parse(const struct process_file *file, struct image *image);
/* The page at a page-aligned offset of a file: its address, also page-aligned; 0: zeros. */
uint64_t load_page(const struct process_file *file, uint64_t offset);
/* Build the library slot at root address `base` of env (0: this one; its slot is empty): tables,
 * text, wired pages, state. EXO_E_LIMIT. */
err_t load_library(const struct load *load, uint64_t env, uint64_t base) MUST_USE;

#endif
