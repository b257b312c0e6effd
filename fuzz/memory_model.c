/* SPDX-License-Identifier: ISC */
/* What processes see; see memory_model.h. Touches the model alone. */
#include "fuzz/memory_model.h"

#include <string.h>

#include "libos/layout.h"

/* The first GiB ends in the midst of these pages. */
#define DENSE  (EXO_SPAN(3) - MODEL_DENSE / 2 * EXO_PAGE_SIZE)
#define SPARSE (2 * EXO_SPAN(3))

struct memory_range memory_model_range(uint8_t first, uint8_t count)
{
	static const uint8_t counts[] = { 1, 1, 1, 2, 3, 8, 33, 80 };
	struct memory_range range = { .first = first, .count = counts[count % 8] };
	unsigned end = MODEL_DENSE;
	uint64_t step = EXO_PAGE_SIZE;

	if (range.first >= MODEL_PAGES_SEEN) /* forks share what has many tables */
		range.first = MODEL_DENSE + MODEL_FAR + range.first % MODEL_SPARSE;
	if (range.first >= MODEL_DENSE)
		end += MODEL_FAR;
	if (range.first >= end) {
		end += MODEL_SPARSE;
		step = EXO_SPAN(2);
	}
	if (range.count > end - range.first)
		range.count = end - range.first;
	range.address = memory_model_address(range.first);
	range.bytes = range.count * step;
	return range;
}

unsigned memory_model_protection(uint8_t byte)
{
	static const uint8_t protections[] = { EXO_READ | EXO_WRITE, EXO_READ | EXO_WRITE, EXO_READ,
		EXO_READ | EXO_EXEC, EXO_RWX, 0, EXO_READ | EXO_WRITE, EXO_READ };

	return protections[byte % 8];
}

void memory_model_mapping(struct memory_mapping *mapping, struct memory_range range,
			  const uint8_t *byte, uint64_t wild)
{
	*mapping = (struct memory_mapping){ .address = range.address, .bytes = range.bytes,
		.protection = memory_model_protection(byte[2]), .is_file = byte[3] % 8 == 1 };
	/* All of a shared mapping is made present: not too much. */
	mapping->is_shared = byte[3] & 0x10 && range.bytes < EXO_SPAN(2);
	mapping->is_filled = byte[3] & 0x20 && range.bytes < EXO_SPAN(2) && !mapping->is_file;
	mapping->is_stack = byte[3] & 0x40 && !mapping->is_shared;
	if (mapping->is_file) {
		mapping->file_offset = byte[4] % MODEL_FILE_PAGES * EXO_PAGE_SIZE;
		mapping->file_bytes = 8 + wild % (MODEL_FILE_PAGES * EXO_PAGE_SIZE
						  - mapping->file_offset - 7);
		mapping->file_bytes &= ~UINT64_C(7);
		mapping->is_strict = mapping->is_shared || byte[3] & 8;
	}
}

uint64_t memory_model_address(unsigned page)
{
	if (page < MODEL_DENSE)
		return DENSE + page * EXO_PAGE_SIZE;
	page -= MODEL_DENSE;
	if (page < MODEL_FAR)
		return VM_MAP_BASE + page * EXO_PAGE_SIZE;
	return SPARSE + (page - MODEL_FAR) * EXO_SPAN(2);
}

uint64_t memory_model_offset(unsigned word)
{
	static const uint64_t offsets[MODEL_WORDS] = { 0, 8, 2040, EXO_PAGE_SIZE - 8 };

	return offsets[word % MODEL_WORDS];
}

uint64_t memory_model_file(uint64_t offset)
{
	return (offset + 8) * UINT64_C(0x9e3779b97f4a7c15);
}

void memory_model_begin(struct memory_model *d)
{
	memset(d->process, 0, sizeof(d->process));
	d->shared_count = 0;
}

uint64_t *memory_model_word(struct memory_model *d, unsigned p, unsigned page, unsigned word)
{
	struct memory_page *at = &d->process[p].page[page];

	return at->is_shared && !at->is_file ? &d->shared[at->shared][word % MODEL_WORDS]
		: &at->words[word % MODEL_WORDS];
}

/* What a page of a new mapping has in it. */
static void page_fill(struct memory_model *d, struct memory_page *page, uint64_t into,
		      const struct memory_mapping *mapping)
{
	uint64_t at;
	unsigned i;

	*page = (struct memory_page){ .is_mapped = true, .is_shared = mapping->is_shared,
		.is_file = mapping->is_file, .protection = (uint8_t)mapping->protection,
		.is_beyond = mapping->is_strict && into >= mapping->file_bytes };
	for (i = 0; i < MODEL_WORDS && mapping->is_file; i++) {
		at = into + memory_model_offset(i);
		if (at < mapping->file_bytes)
			page->fresh[i] = memory_model_file(mapping->file_offset + at);
	}
	memcpy(page->words, page->fresh, sizeof(page->words));
	if (!mapping->is_shared || mapping->is_file)
		return;
	page->shared = (uint16_t)d->shared_count++;
	memset(d->shared[page->shared], 0, sizeof(d->shared[0]));
}

/* Nobody writes through a shared mapping of the archive. */
static bool is_refused(bool is_shared, bool is_file, unsigned protection)
{
	return is_shared && is_file && protection & EXO_WRITE;
}

int32_t memory_model_map(struct memory_model *d, unsigned p, struct memory_range range,
			 const struct memory_mapping *mapping)
{
	unsigned i;

	if (is_refused(mapping->is_shared, mapping->is_file, mapping->protection))
		return EXO_E_RIGHTS;
	for (i = range.first; i < range.first + range.count; i++)
		page_fill(d, &d->process[p].page[i], memory_model_address(i) - range.address,
			  mapping);
	return EXO_OK;
}

int32_t memory_model_unmap(struct memory_model *d, unsigned p, struct memory_range range)
{
	memset(&d->process[p].page[range.first], 0, range.count * sizeof(struct memory_page));
	return EXO_OK;
}

static bool is_covered(const struct memory_model *d, unsigned p, struct memory_range range)
{
	unsigned i;

	for (i = range.first; i < range.first + range.count; i++)
		if (!d->process[p].page[i].is_mapped)
			return false;
	return true;
}

int32_t memory_model_protect(struct memory_model *d, unsigned p, struct memory_range range,
			     unsigned protection)
{
	struct memory_page *page = &d->process[p].page[range.first];
	unsigned i;

	if (!is_covered(d, p, range))
		return EXO_E_RANGE;
	for (i = 0; i < range.count; i++) {
		if (is_refused(page[i].is_shared, page[i].is_file, protection))
			return EXO_E_RIGHTS;
		page[i].protection = (uint8_t)protection;
	}
	return EXO_OK;
}

int32_t memory_model_discard(struct memory_model *d, unsigned p, struct memory_range range)
{
	struct memory_page *page = &d->process[p].page[range.first];
	unsigned i;

	if (!is_covered(d, p, range))
		return EXO_E_RANGE;
	for (i = 0; i < range.count; i++)
		memcpy(page[i].words, page[i].fresh, sizeof(page[i].words));
	return EXO_OK;
}

int32_t memory_model_exec(struct memory_model *d, unsigned p)
{
	memset(&d->process[p], 0, sizeof(d->process[p]));
	return EXO_OK;
}

void memory_model_fork(struct memory_model *d, unsigned p, unsigned child)
{
	d->process[child] = d->process[p];
}
