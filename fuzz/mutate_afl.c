/* SPDX-License-Identifier: ISC */
/* AFL++'s interface to the mutator: a shared library for AFL_CUSTOM_MUTATOR_LIBRARY (see
 * custom_mutators.md of AFL++). State is the fuzzer's, one for each. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/mutate.h"

struct mutator {
	uint64_t random;
	uint8_t *data;
	size_t bytes;
};

void *afl_custom_init(void *afl, unsigned seed);
size_t afl_custom_fuzz(struct mutator *m, uint8_t *data, size_t size, uint8_t **out,
		       uint8_t *other, size_t other_size, size_t most);
void afl_custom_deinit(struct mutator *m);

void *afl_custom_init(void *afl, unsigned seed)
{
	struct mutator *m = calloc(1, sizeof(*m));

	(void)afl;
	m->random = seed;
	return m;
}

size_t afl_custom_fuzz(struct mutator *m, uint8_t *data, size_t size, uint8_t **out,
		       uint8_t *other, size_t other_size, size_t most)
{
	if (m->bytes < most) {
		m->data = realloc(m->data, most);
		m->bytes = most;
	}
	size = size < most ? size : most;
	memcpy(m->data, data, size);
	*out = m->data;
	return mutate_records(m->data, size, most, other, other_size, &m->random);
}

void afl_custom_deinit(struct mutator *m)
{
	free(m->data);
	free(m);
}
