/* SPDX-License-Identifier: ISC */
/* The record-aware mutator: whole calls are inserted, removed, moved, spliced and retargeted. Knows
 * the size of a record and where its fields are, nothing of the kernel. */
#include "fuzz/mutate.h"

#include <string.h>

/* struct fuzz_record: kind, where, six bytes, a wild word. */
enum { BYTES = 16, KIND = 0, WHERE = 1, TARGET = 4, ENVS = 6, WILD = 8 };

static uint64_t mutate_random(uint64_t *random, uint64_t below)
{
	*random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (*random >> 33) % below;
}

/* A record that makes sense more often than not. */
static void record_make(uint8_t *record, uint64_t *random)
{
	unsigned i;

	for (i = 0; i < BYTES; i++)
		record[i] = (uint8_t)mutate_random(random, 256);
	record[WHERE] &= mutate_random(random, 8) ? 0x37 : 0xff;
	if (mutate_random(random, 2))
		record[WHERE] &= ~0x10;
	if (mutate_random(random, 2))
		record[ENVS] &= 0x1b; /* the caller and the first children */
	if (mutate_random(random, 2))
		record[TARGET] &= 0x6f;
	if (mutate_random(random, 4))
		memset(record + WILD, 0, BYTES - WILD - mutate_random(random, 2));
}

/* One field of one record. */
static void record_change(uint8_t *record, uint64_t *random)
{
	static const uint64_t wild[] = { 0, 1, UINT64_MAX, UINT64_C(1) << 63, UINT32_MAX,
		UINT64_C(1) << 32, UINT64_C(1) << 47, 63, 64, 65, 4096 };
	uint64_t value;
	unsigned at;

	switch (mutate_random(random, 5)) {
	case 0: /* a hostile number, or another near the one that is there */
		memcpy(&value, record + WILD, sizeof(value));
		value = mutate_random(random, 2) ? wild[mutate_random(random, 11)]
			: value + mutate_random(random, 7) - 3;
		memcpy(record + WILD, &value, sizeof(value));
		break;
	case 1: /* another place near by */
		at = TARGET + (unsigned)mutate_random(random, 2);
		record[at] ^= 1u << mutate_random(random, 8);
		break;
	case 2:
		record[WHERE] ^= 1u << mutate_random(random, 6);
		break;
	case 3:
		record[KIND] = (uint8_t)mutate_random(random, 256);
		break;
	default:
		at = 2 + (unsigned)mutate_random(random, 6);
		record[at] = (uint8_t)mutate_random(random, 256);
		break;
	}
}

/* Make room for n records before record `at`. */
static size_t records_open(uint8_t *data, size_t count, size_t at, size_t n)
{
	memmove(data + (at + n) * BYTES, data + at * BYTES, (count - at) * BYTES);
	return count + n;
}

/* One change; the new number of records. */
static size_t mutate_once(uint8_t *data, size_t count, size_t most, const uint8_t *other,
			  size_t others, uint64_t *random)
{
	size_t at = mutate_random(random, count + 1), n = 1 + mutate_random(random, 4), from;
	size_t room = most - count, left = count - at;
	uint8_t record[BYTES];

	switch (mutate_random(random, 8)) {
	case 0: /* a fresh one */
		if (!room)
			return count;
		count = records_open(data, count, at, 1);
		record_make(data + at * BYTES, random);
		return count;
	case 1: /* fewer */
		n = n < left ? n : left;
		memmove(data + at * BYTES, data + (at + n) * BYTES, (left - n) * BYTES);
		return count - n;
	case 2: /* some of another input */
		if (!others || !room)
			return count;
		n = n < room ? n : room;
		from = mutate_random(random, others);
		n = n < others - from ? n : others - from;
		count = records_open(data, count, at, n);
		memcpy(data + at * BYTES, other + from * BYTES, n * BYTES);
		return count;
	case 3: /* one twice, the second time changed */
		if (!left || !room)
			return count;
		count = records_open(data, count, at, 1);
		record_change(data + at * BYTES, random);
		return count;
	case 4: /* two change places */
		if (count < 2)
			return count;
		at = mutate_random(random, count);
		from = mutate_random(random, count);
		memcpy(record, data + at * BYTES, BYTES);
		memmove(data + at * BYTES, data + from * BYTES, BYTES);
		memcpy(data + from * BYTES, record, BYTES);
		return count;
	default:
		if (count)
			record_change(data + mutate_random(random, count) * BYTES, random);
		return count;
	}
}

size_t mutate_records(uint8_t *data, size_t size, size_t most, const uint8_t *other,
		      size_t other_size, uint64_t *random)
{
	uint64_t changes = 1 + mutate_random(random, 3);
	size_t count = size / BYTES;

	if (most < BYTES)
		return size;
	if (!count) {
		record_make(data, random);
		count = 1;
	}
	while (changes-- > 0)
		count = mutate_once(data, count, most / BYTES, other, other_size / BYTES, random);
	return count * BYTES;
}
