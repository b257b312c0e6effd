/* SPDX-License-Identifier: ISC */
/* The record-aware mutator, which every fuzzer's interface leads to. Holds nothing but its own
 * random numbers. */
#ifndef FUZZ_MUTATE_H
#define FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* Change an input of `size` bytes in place, to at most `most`: records are inserted, removed,
 * doubled, moved, pointed elsewhere, or changed in one field. other: an input to take records from,
 * or NULL. Returns the new size. */
size_t mutate_records(uint8_t *data, size_t size, size_t most, const uint8_t *other,
		      size_t other_size, uint64_t *random);

#endif
