/* SPDX-License-Identifier: ISC */
/*
 * Included before all else in the library's sources that the target `memory` is built from: names
 * that the kernel has too, and what would touch the memory of a program: the recursive view is read
 * as the simulated CPU translates it.
 */
#ifndef FUZZ_MEMORY_NAMES_H
#define FUZZ_MEMORY_NAMES_H

#include "abi/exo.h"

uint64_t memory_view(uint64_t address, unsigned level);

#define exo_slot_address memory_view
#define lock_acquire     library_lock
#define lock_release     library_unlock
#define memset           memory_set
#define slots_run        memory_slots_run

#endif
