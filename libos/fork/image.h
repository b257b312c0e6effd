/* SPDX-License-Identifier: ISC */
/*
 * Image: an ELF file taken apart and checked. Portable, no state: the host's tests run it as it is.
 * The file is hostile input.
 */
#ifndef LIBOS_FORK_IMAGE_H
#define LIBOS_FORK_IMAGE_H

#include "libos/base.h"

#define IMAGE_SEGMENTS 16u

struct image_segment {
	uint64_t address;
	uint64_t file_offset;
	uint64_t file_bytes;
	uint64_t bytes;
	unsigned access;     /* EXO_READ, EXO_WRITE, EXO_EXEC */
};

struct image {
	uint64_t entry;
	uint64_t headers;       /* address of the program headers, 0: in no segment */
	uint64_t header_bytes, header_count;
	bool is_native;         /* brings its own library: has a library part and enters there */
	bool is_stack_executable;
	unsigned count;         /* of segments, by address, no two on one page */
	struct image_segment segment[IMAGE_SEGMENTS];
};

/* Where segments may lie: the program's part, and the library's text and data. */
struct image_limits {
	uint16_t machine;                      /* ELF's number of the CPU */
	uint64_t bottom, top;                  /* program */
	uint64_t library, library_end;         /* all of the library's part */
	uint64_t bias;                         /* added to a position-independent image */
};

/* Where an ELF file's headers end, which image_parse reads; 0: not even the first is whole. */
uint64_t image_headers_end(const uint8_t *file, uint64_t bytes);

/* Take `bytes` bytes of an ELF file apart. NULL if it can run, else why not, in a few words. */
const char *image_parse(const uint8_t *file, uint64_t bytes, const struct image_limits *limits,
			struct image *image);

#endif
