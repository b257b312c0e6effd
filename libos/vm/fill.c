/* SPDX-License-Identifier: ISC */
/*
 * The pages that a new program touches first, made present with few calls instead of by faults.
 * Touches struct vm and the program's slots; takes spt.
 */
#include "libos/state.h"
#include "libos/vm/region.h"
#include "libos/vm/slots.h"

enum {
	FILL_OPS = 14,
	FILL_FILE = 64,    /* most pages of a segment that is not written */
	FILL_WRITTEN = 4,  /* of one that is: if it has more, none */
	FILL_ZERO = 2,     /* pages of zeros at its end: libc's, which is linked last */
};

struct fill {
	uint64_t last;      /* an address whose tables are there by then */
	unsigned count;
	struct exo_slot_op ops[FILL_OPS];
};

/* What cannot be had now, faults will ask for again. */
static void fill_flush(struct fill *f)
{
	(void)slots_run(f->ops, f->count, NULL);
	f->count = 0;
}

static void fill_add(struct fill *f, const struct exo_slot_op *op)
{
	if (f->count == FILL_OPS)
		fill_flush(f);
	f->ops[f->count++] = *op;
}

/* Pages [start, end) of a region, the tables first: there are none yet but those of this fill,
 * which goes upwards. source 0: fresh. */
static void fill_run(struct fill *f, struct vm_region *r, uint64_t start, uint64_t end,
		     uint64_t source)
{
	bool is_copy = source && !(r->protection & EXO_WRITE);
	uint64_t limit = (start | (EXO_SPAN(2) - 1)) + 1;
	unsigned level;

	end = end < limit ? end : limit;
	limit = start + ((source | (EXO_SPAN(2) - 1)) + 1 - source);
	if (source && end > limit)
		end = limit;
	if (start >= end)
		return;
	for (level = EXO_LEVELS; level > 1; level--)
		if ((start ^ f->last) >= EXO_SPAN(level))
			fill_add(f, &(struct exo_slot_op){
				.op = EXO_OP_TABLE, .level = (uint8_t)level, .count = 1,
				.target = start,
			});
	f->last = start;
	region_use(r, start, end);
	fill_add(f, &(struct exo_slot_op){
		.op = is_copy ? EXO_OP_COPY : source ? EXO_OP_DUP : EXO_OP_ALLOC,
		.level = 1, .count = (uint16_t)((end - start) / EXO_PAGE_SIZE),
		.target = start, .source = source, .access = (uint8_t)r->protection,
		.soft = r->protection & EXO_WRITE ? 0 : VM_SOFT_RO, .soft_mask = EXO_SOFT_MASK,
		.rights = is_copy ? EXO_RWX : 0,
	});
}

static void fill_region(struct fill *f, struct vm_region *r)
{
	uint64_t file_end = r->start + PAGE_UP(r->backing.bytes), end;
	uint64_t source = EXO_INFO_ARCHIVE + r->backing.archive + r->backing.offset;
	bool is_written = r->protection & EXO_WRITE;

	if (r->backing.object || !(r->protection & EXO_READ))
		return;
	if (r->flags & VM_STACK) {
		fill_run(f, r, r->end - EXO_PAGE_SIZE, r->end, 0);
		return;
	}
	end = r->start + (is_written ? FILL_WRITTEN : FILL_FILE) * EXO_PAGE_SIZE;
	if (is_written && file_end > end)
		return;
	end = file_end < end ? file_end : end;
	if (end > r->start)
		fill_run(f, r, r->start, end, source);
	end = r->end - FILL_ZERO * EXO_PAGE_SIZE;
	if (is_written && file_end < r->end)
		fill_run(f, r, file_end > end ? file_end : end, r->end, 0);
}

/* What comes behind the file in its last page, if that is there. */
static void fill_zero_end(const struct vm_region *r)
{
	uint64_t end = r->start + r->backing.bytes, slot;

	if (end % EXO_PAGE_SIZE && r->protection & EXO_WRITE && slots_read(end, 1, &slot)
	    && slot_is_present(slot))
		memset((void *)end, 0, PAGE_UP(end) - end);
}

void vm_fill(struct libos *os)
{
	struct vm *vm = &os->vm;
	struct fill f = { .last = UINT64_MAX };
	unsigned i;

	lock_acquire(os, RANK_SPT);
	for (i = 0; i < vm->count; i++)
		fill_region(&f, &vm->region[i]);
	fill_flush(&f);
	for (i = 0; i < vm->count; i++)
		fill_zero_end(&vm->region[i]);
	lock_release(os, RANK_SPT);
}
