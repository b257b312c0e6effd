/* SPDX-License-Identifier: ISC */
/*
 * The states seen. All are remembered by a 64-bit hash, with the call that led there; those not yet
 * looked at also by their content, as the words in which they differ from the first state. The one
 * instance is this file's own root. One thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/explore.h"

#define SET_SLOTS  (UINT64_C(1) << 24) /* of the hash table */
#define SET_MOST   (SET_SLOTS / 8 * 7)
#define CHUNK      (UINT64_C(1) << 22) /* bytes of content allocated at a time */

struct chunk {
	struct chunk *next;
	uint64_t used;
	uint8_t bytes[CHUNK];
};

static struct {
	uint64_t *hashes;       /* 0: free */
	uint64_t most;          /* states */
	bool is_full;
	uint64_t *base;         /* the first state */
	uint64_t words;
	uint64_t count;         /* states */
	uint64_t got;           /* of which were looked at */
	struct chunk *first, *last;
	uint64_t offset;        /* of the next one to look at, in the first chunk */
	struct { uint32_t parent, call; } *from; /* of each state */
} set;

static void set_create(struct explore *x)
{
	set.words = x->m->arch.bytes / sizeof(uint64_t);
	set.most = x->is_long || !explore_states_most ? SET_MOST : explore_states_most;
	set.hashes = calloc(SET_SLOTS, sizeof(*set.hashes));
	set.from = malloc(SET_MOST * sizeof(*set.from));
	set.base = malloc(set.words * sizeof(uint64_t));
	set.first = set.last = malloc(sizeof(*set.first));
	if (!set.hashes || !set.from || !set.base || !set.first || set.words > UINT16_MAX) {
		printf("Bail out! no memory for the states\n");
		exit(99);
	}
	set.first->next = NULL;
	set.first->used = 0;
	memcpy(set.base, x->m, x->m->arch.bytes);
}

static uint64_t set_mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9fb21c651e98df25);
	return hash ^ hash >> 32;
}

/* Content: a count of words, then their places, then their values. Returns its length. */
static uint64_t set_encode(struct explore *x, uint8_t *to, uint64_t *hash)
{
	const uint64_t *words = (const uint64_t *)x->m;
	uint16_t places[4096];
	uint64_t values[4096];
	uint16_t i, count = 0;

	*hash = 1;
	for (i = 0; i < set.words; i++) {
		if (words[i] == set.base[i])
			continue;
		if (count == 4096) {
			printf("Bail out! a state differs in too many words\n");
			exit(99);
		}
		places[count] = i;
		values[count++] = words[i];
		*hash = set_mix(set_mix(*hash, i), words[i]);
	}
	*hash = *hash ? *hash : 1;
	memcpy(to, &count, 2);
	memcpy(to + 2, places, count * 2u);
	memcpy(to + 2 + count * 2u, values, count * 8u);
	return 2 + count * UINT64_C(10);
}

static bool set_is_known(uint64_t hash)
{
	uint64_t i = hash & (SET_SLOTS - 1);

	for (; set.hashes[i]; i = (i + 1) & (SET_SLOTS - 1))
		if (set.hashes[i] == hash)
			return true;
	set.is_full = set.count == set.most;
	if (!set.is_full)
		set.hashes[i] = hash;
	return set.is_full;
}

bool explore_set_add(struct explore *x, uint64_t parent, unsigned call)
{
	uint8_t content[2 + 10 * 4096];
	uint64_t hash, length;

	if (!set.base)
		set_create(x);
	length = set_encode(x, content, &hash);
	if (set_is_known(hash))
		return false;
	if (set.last->used + length > CHUNK) {
		set.last->next = malloc(sizeof(*set.last));
		set.last = set.last->next;
		set.last->next = NULL;
		set.last->used = 0;
	}
	memcpy(set.last->bytes + set.last->used, content, length);
	set.last->used += length;
	set.from[set.count].parent = (uint32_t)parent;
	set.from[set.count++].call = call;
	return true;
}

bool explore_set_is_full(void)
{
	return set.is_full;
}

uint64_t explore_set_count(void)
{
	return set.count;
}

bool explore_set_next(struct explore *x)
{
	uint64_t *words = (uint64_t *)x->m;
	struct chunk *empty;
	uint16_t count, i, place;
	const uint8_t *from;

	if (set.got == set.count)
		return false;
	set.got++;
	if (set.offset == set.first->used) {
		empty = set.first;
		set.first = empty->next;
		set.offset = 0;
		free(empty);
	}
	memcpy(words, set.base, set.words * sizeof(uint64_t));
	from = set.first->bytes + set.offset;
	memcpy(&count, from, 2);
	for (i = 0; i < count; i++) {
		memcpy(&place, from + 2 + i * 2u, 2);
		memcpy(&words[place], from + 2 + count * 2u + i * 8u, 8);
	}
	set.offset += 2 + count * UINT64_C(10);
	return true;
}

void explore_set_path(struct explore *x, uint64_t number)
{
	if (number == 0)
		return;
	explore_set_path(x, set.from[number].parent);
	explore_print(&x->calls[set.from[number].call]);
}
