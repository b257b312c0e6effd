/* SPDX-License-Identifier: ISC */
/*
 * The standard form of a fuzz target, for libFuzzer, AFL++ and whatever else takes it: compiled
 * once for each target, with its name in FUZZ_TARGET.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"

#define STRING(name) #name
#define NAME(name)   STRING(name)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two,
				 size_t two_size, uint8_t *out, size_t most, unsigned seed);
/* libFuzzer's own mutator. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most) __attribute__((weak));

const char *__asan_default_options(void);

/* The kernel has no heap: how long what is freed stays poisoned, and who allocated it, is little
 * help and costs memory that no cache holds. */
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=1:malloc_context_size=1";
}

static const struct fuzz_target *driver_target(void)
{
	static const struct fuzz_target *target;

	if (!target)
		target = fuzz_target_find(NAME(FUZZ_TARGET));
	return target;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_run(driver_target(), data, size, false);
	return 0;
}

/* Plain bytes, and all with FUZZ_PLAIN in the environment, are left to libFuzzer's mutator. */
static bool driver_is_plain(void)
{
	return !driver_target()->kinds || getenv("FUZZ_PLAIN");
}

/* The two kinds of mutators find different bugs: each has half of the changes. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
	uint64_t random = seed;

	if (seed & 1 || driver_is_plain())
		return LLVMFuzzerMutate(data, size, most);
	return mutate_records(data, size, most, NULL, 0, &random);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two,
				 size_t two_size, uint8_t *out, size_t most, unsigned seed)
{
	uint64_t random = seed;

	one_size = one_size < most ? one_size : most;
	memcpy(out, one, one_size);
	if (driver_is_plain()) /* it crosses inputs over, too */
		return LLVMFuzzerMutate(out, one_size, most);
	return mutate_records(out, one_size, most, two, two_size, &random);
}
