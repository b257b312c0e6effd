/* SPDX-License-Identifier: ISC */
/* What the rows of bench/exo.c work on and with: two root slots of address space, batches, the
 * arguments. One program includes it, once; no locks. */
#ifndef BENCH_EXO_H
#define BENCH_EXO_H

#include "bench/bench.h"
#include "tests/guest/raw.h"

#define AREA   (UINT64_C(2) << 39) /* a root slot of our own; level 1 tables at its start */
#define TABLES 4u                  /* of 512 pages each */
#define BESIDE (UINT64_C(3) << 39) /* another, for tables shared and moved */
#define PAGE   EXO_PAGE_SIZE

enum handler { HANDLER_SKIP, HANDLER_PROTECT, HANDLER_NONE };

struct world {
	struct bench bench;
	struct exo_slot_op op[EXO_BATCH_MAX];
	unsigned ops;
	struct exo_result last;
	enum handler handler;
	unsigned events;
	uint64_t env, vcpu, position; /* of the child */
	uint64_t number, argument;    /* of the call measured */
};

static struct world w;

static void bench_text(const char *text)
{
	raw_text(text);
}

static void must(int64_t error, const char *what)
{
	if (error == EXO_OK)
		return;
	raw_text("bench: ");
	raw_text(what);
	raw_text(" failed: error -");
	bench_number((uint64_t)-error);
	raw_text("\n");
	raw_exit(1);
}

static struct exo_slot_op op_make(unsigned op, unsigned level, uint64_t target, unsigned count)
{
	struct exo_slot_op made = { 0 };

	made.op = (uint8_t)op;
	made.level = (uint8_t)level;
	made.target = target;
	made.count = (uint16_t)count;
	return made;
}

/* Go on with a batch that a tick has interrupted, from where it stopped. */
__attribute__((noinline))
static struct exo_result resume_batch(struct exo_slot_op *op, unsigned ops, uint64_t done)
{
	struct exo_slot_op rest = op[EXO_DONE_OPS(done)];
	struct exo_result r;

	op += EXO_DONE_OPS(done) + 1;
	ops -= EXO_DONE_OPS(done) + 1;
	rest.target += EXO_DONE_SLOTS(done) * EXO_SPAN(rest.level);
	rest.source += rest.source ? EXO_DONE_SLOTS(done) * EXO_SPAN(rest.level) : 0;
	rest.count -= (uint16_t)EXO_DONE_SLOTS(done);
	r = exo_call(EXO_CALL_SLOTS, (uint64_t)&rest, 1, 0, 0, 0);
	if (r.value == EXO_E_AGAIN)
		return resume_batch(&rest, 1, r.second);
	if (r.value == EXO_OK && ops)
		r = exo_call(EXO_CALL_SLOTS, (uint64_t)op, ops, 0, 0, 0);
	return r.value == EXO_E_AGAIN ? resume_batch(op, ops, r.second) : r;
}

static inline struct exo_result run_batch(struct exo_slot_op *op, unsigned ops)
{
	struct exo_result r = exo_call(EXO_CALL_SLOTS, (uint64_t)op, ops, 0, 0, 0);

	return r.value == EXO_E_AGAIN ? resume_batch(op, ops, r.second) : r;
}

/* Run one operation, not measured. */
static void do_op(struct exo_slot_op op, const char *what)
{
	must(run_batch(&op, 1).value, what);
}

static void do_alloc(uint64_t target, unsigned count)
{
	struct exo_slot_op op = op_make(EXO_OP_ALLOC, 1, target, count);

	op.access = EXO_READ | EXO_WRITE;
	do_op(op, "ALLOC");
}

static inline void do_clear(uint64_t target, unsigned level, unsigned count)
{
	do_op(op_make(EXO_OP_CLEAR, level, target, count), "CLEAR");
}

static void do_protect(uint64_t target, unsigned count, unsigned access)
{
	struct exo_slot_op op = op_make(EXO_OP_PROTECT, 1, target, count);

	op.access = (uint8_t)access;
	do_op(op, "PROTECT");
}

static inline void do_copy(uint64_t target, uint64_t source, unsigned count)
{
	struct exo_slot_op op = op_make(EXO_OP_COPY, 1, target, count);

	op.source = source;
	op.rights = EXO_RWX;
	op.access = EXO_READ;
	do_op(op, "COPY");
}

/* ---- Arguments, from the archive's second member ---- */

static uint64_t header_field(const char *header, unsigned field)
{
	const char *digit = header + 6 + 8 * field;
	uint64_t value = 0;
	unsigned i;

	for (i = 0; i < 8; i++) {
		unsigned d = (unsigned)digit[i];

		value = value << 4 | (d <= '9' ? d - '0' : (d | 0x20) - 'a' + 10);
	}
	return value;
}

static const char *member_data(const char *header)
{
	return (const char *)(((uint64_t)header + 110 + header_field(header, 11) + 3) & ~3ull);
}

static void read_arguments(void)
{
	const char *init = (const char *)EXO_INFO_ARCHIVE;
	const char *at = (const char *)(((uint64_t)member_data(init) + header_field(init, 6) + 3)
					& ~3ull);

	for (at = member_data(at); *at && w.bench.wanted_count < 16; ) {
		while (*at++)
			;
		if (*at)
			w.bench.wanted[w.bench.wanted_count++] = at;
	}
}

#endif
