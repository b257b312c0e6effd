/* SPDX-License-Identifier: ISC */
/*
 * The model of the target `memory`: what each process sees at some hundred pages, and what the
 * calls of libos/vm answer. Pages lie where tables of two levels meet, where vm_map would look, and
 * 2 MiB apart. It knows no slots and no frames. Touches itself alone.
 */
#ifndef FUZZ_MEMORY_MODEL_H
#define FUZZ_MEMORY_MODEL_H

#include "abi/exo.h"
#include "fuzz/memory.h"

#define MODEL_DENSE      128u /* pages that follow each other */
#define MODEL_FAR        64u  /* the same, elsewhere */
#define MODEL_SPARSE     16u  /* each in a table of its own */
#define MODEL_PAGES_SEEN (MODEL_DENSE + MODEL_FAR + MODEL_SPARSE)
#define MODEL_WORDS      4u   /* of a page are looked at */
#define MODEL_SHARED_PAGES     (64u * 128u) /* as many as an input can map */
#define MODEL_FILE_PAGES 4u   /* of the boot archive */

struct memory_page {
	bool is_mapped, is_shared, is_file;
	bool is_beyond;               /* the end of the file */
	uint8_t protection;
	uint16_t shared;              /* which shared page */
	uint64_t words[MODEL_WORDS];  /* of a private one, */
	uint64_t fresh[MODEL_WORDS];  /* and before it is ever written */
};

struct memory_model {
	struct {
		struct memory_page page[MODEL_PAGES_SEEN];
	} process[MEMORY_PROCESSES];
	uint32_t shared_count;
	uint64_t shared[MODEL_SHARED_PAGES][MODEL_WORDS];
};

/* Pages of the model, and what one call names to have them all. */
struct memory_range {
	unsigned first, count;
	uint64_t address, bytes;
};

/* From bytes of an input: pages; a protection that CPUs have. */
struct memory_range memory_model_range(uint8_t first, uint8_t count);
unsigned memory_model_protection(uint8_t byte);
/* What to map there. */
void memory_model_mapping(struct memory_mapping *mapping, struct memory_range range,
			  const uint8_t *byte, uint64_t wild);
/* Where a page is; where one of its words is in it; what the archive has at an offset. */
uint64_t memory_model_address(unsigned page);
uint64_t memory_model_offset(unsigned word);
uint64_t memory_model_file(uint64_t offset);

void memory_model_begin(struct memory_model *d);
uint64_t *memory_model_word(struct memory_model *d, unsigned p, unsigned page, unsigned word);
/* Calls of a process, and what they must answer. */
int32_t memory_model_map(struct memory_model *d, unsigned p, struct memory_range range,
			 const struct memory_mapping *mapping);
int32_t memory_model_unmap(struct memory_model *d, unsigned p, struct memory_range range);
int32_t memory_model_protect(struct memory_model *d, unsigned p, struct memory_range range,
			     unsigned protection);
int32_t memory_model_discard(struct memory_model *d, unsigned p, struct memory_range range);
int32_t memory_model_exec(struct memory_model *d, unsigned p);
void memory_model_fork(struct memory_model *d, unsigned p, unsigned child);

#endif
