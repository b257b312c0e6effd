/* SPDX-License-Identifier: ISC */
/* Targets whose inputs are files; see files.c. Kernel and library do
 * not meet in one file. */
#ifndef FUZZ_FILES_H
#define FUZZ_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Read the bytes as a program; as a boot archive. What is wrong aborts. is_traced: print. */
void files_elf(const uint8_t *data, size_t size, bool is_traced);
void files_archive(const uint8_t *data, size_t size, bool is_traced);

/* files_library.c: the library's part of both. machine: ELF's number of the CPU. */
void files_image(const uint8_t *data, size_t size, unsigned machine);
void files_members(const uint8_t *data, size_t size, bool is_traced);

/* Say what is wrong, and abort. */
_Noreturn void fuzz_fail(const char *what);

#endif
