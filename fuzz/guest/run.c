/* SPDX-License-Identifier: ISC */
/*
 * The target `abi` in the real kernel: fuzz/driver.c and fuzz/replay.c find it by the names that
 * the host's targets have. The kernel's counters become those of the engine that is linked: both
 * think that they are this program's own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/guest/host.h"
#include "fuzz/kinds.h"

/* libFuzzer's and AFL++'s; whoever is not linked is not there. */
void __sanitizer_cov_8bit_counters_init(uint8_t *from, uint8_t *to) __attribute__((weak));
void __sanitizer_cov_pcs_init(const uint64_t *from, const uint64_t *to) __attribute__((weak));
void __sanitizer_cov_trace_pc_guard_init(uint32_t *from, uint32_t *to) __attribute__((weak));
extern uint8_t *__afl_area_ptr __attribute__((weak));

static const struct fuzz_target target = { "abi", abi_kinds, sizeof(abi_kinds), NULL, false };

const struct fuzz_target *fuzz_target_find(const char *name)
{
	return strcmp(name, target.name) ? NULL : &target;
}

const struct fuzz_target *fuzz_target_at(unsigned number)
{
	return number ? NULL : &target;
}

/* What the engine reads: libFuzzer's counters, or the numbers of AFL++'s. */
struct engine {
	uint8_t *counters;
	uint32_t *ids;
};

static struct engine *engine(void)
{
	static struct engine e;

	return &e;
}

__attribute__((constructor)) static void engine_init(void)
{
	const struct guest_image *image = guest_image();

	if (&__afl_area_ptr) {
		engine()->ids = calloc(image->count, sizeof(uint32_t));
		__sanitizer_cov_trace_pc_guard_init(engine()->ids, engine()->ids + image->count);
	} else if (__sanitizer_cov_8bit_counters_init) {
		engine()->counters = calloc(image->count, 1);
		__sanitizer_cov_8bit_counters_init(engine()->counters,
						   engine()->counters + image->count);
		__sanitizer_cov_pcs_init(image->pcs, image->pcs + 2 * image->count);
	}
}

static void engine_take(const struct guest *g)
{
	uint32_t i;

	for (i = 0; i < g->image.count; i++) {
		if (!g->counters[i])
			continue;
		if (engine()->ids)
			__afl_area_ptr[engine()->ids[i]] = g->counters[i];
		else if (engine()->counters)
			engine()->counters[i] = g->counters[i];
	}
}

_Noreturn void fuzz_fail(const char *what)
{
	struct guest *g = guest_get();

	fflush(stdout);
	fprintf(stderr, "FINDING: %s\n", what);
	if (strchr(g->said, '\n'))
		fprintf(stderr, "the guest said: %s\n", g->said);
	guest_stop(g);
	abort();
}

static void obey(struct guest *g, unsigned order)
{
	const char *wrong = guest_order(g, order);
	char text[80];

	if (wrong) {
		guest_print_last(g);
		guest_print_cpu(g);
		fuzz_fail(wrong);
	}
	if (g->box->trouble) {
		snprintf(text, sizeof(text), "the guest's program failed at line %u",
			 g->box->trouble);
		fuzz_fail(text);
	}
}

/* A world in which nothing happens: what it is like, the model must know. */
static void first_world(struct guest *g)
{
	g->box->kinds_count = target.kinds_count;
	memcpy(g->box->kinds, target.kinds, target.kinds_count);
	guest_note_free(g);
	obey(g, GUEST_BEGIN);
	if (!g->box->has_begun)
		fuzz_fail("the guest's world does not begin");
	guest_model_init(g);
	guest_save(g);
}

void fuzz_run(const struct fuzz_target *which, const uint8_t *data, size_t size, bool is_traced)
{
	struct guest *g = guest_get();
	unsigned count = (unsigned)(size / sizeof(struct fuzz_record));

	(void)which;
	if (!g->parts_count)
		first_world(g);
	count = count < FUZZ_RECORDS_MAX ? count : FUZZ_RECORDS_MAX;
	memcpy(g->box->records, data, count * sizeof(struct fuzz_record));
	g->box->count = count;
	memset(g->counters, 0, g->image.count);
	obey(g, GUEST_RUN);
	engine_take(g);
	guest_check_steps(g, is_traced);
	guest_check_audit(g);
	guest_check_model(g);
	obey(g, GUEST_END);
	guest_check_back(g);
	if (!engine()->ids && !engine()->counters) /* a replay has the time */
		guest_check_audit(g);
	guest_put_back(g);
}
