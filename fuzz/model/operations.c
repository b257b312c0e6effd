/* SPDX-License-Identifier: ISC */
/* What each slot operation means to the reference model. Touches the model alone. */
#include "fuzz/model/model.h"

#include <stddef.h>

/* An operation under way. */
struct operation {
	const struct exo_slot_op *op;
	unsigned target, source; /* envs */
	uint64_t to, from;       /* addresses of this slot */
};

/* Two places that are one address. */
static bool is_in_place(const struct operation *o)
{
	return o->target == o->source && o->to == o->from;
}

static void grant(struct model_page *page, unsigned rights, unsigned access)
{
	page->rights = (uint8_t)rights;
	page->access = (uint8_t)access;
	page->is_suspended = page->is_maybe = false;
}

static void remove_maybe(struct model *d, struct model_place place)
{
	struct model_page *page = model_find(d, place);

	if (page)
		model_page_remove(d, page);
}

/* No operation names a vcpu page. */
static void want_free(struct model *d, const struct model_page *page, uint64_t address)
{
	model_want(d, !page || !page->is_fixed || page->is_maybe, "a vcpu page was named", address);
}

static void want_empty(struct model *d, struct model_place place, uint64_t address)
{
	struct model_page *page = model_find(d, place);

	model_want(d, !page || page->is_maybe || (place.region && place.region->is_maybe),
		   "a fresh page took the place of another", address);
	remove_maybe(d, place);
}

/* A branch takes an empty slot's place: below it there is nothing, whatever was there before. */
static void want_nothing(struct model *d, const struct operation *o)
{
	uint64_t bytes = EXO_SPAN(o->op->level);
	uint32_t i;

	for (i = 0; i < d->pages_count; i++)
		model_want(d, d->pages[i].space != o->target || d->pages[i].is_maybe
			   || d->pages[i].address - o->to >= bytes,
			   "a branch took the place of a page", d->pages[i].address);
	for (i = 0; i < d->regions_count; i++)
		model_want(d, d->regions[i].space != o->target || d->regions[i].is_maybe
			   || d->regions[i].address - o->to >= bytes,
			   "a branch took the place of a region", d->regions[i].address);
	model_span_remove(d, o->target, o->to, bytes);
}

static void alloc_slot(struct model *d, const struct operation *o)
{
	struct model_place place = model_place(d, o->target, o->to);

	want_empty(d, place, o->to);
	grant(model_page_add(d, place, model_object_add(d, NULL)), EXO_RWX, o->op->access);
}

static void dup_slot(struct model *d, const struct operation *o)
{
	struct model_place to = model_place(d, o->target, o->to);
	struct model_page *from = model_find(d, model_place(d, o->source, o->from));
	uint32_t object;

	model_want(d, from, "a page was filled from nothing", o->from);
	want_free(d, from, o->from);
	if (!from)
		return;
	/* In place, too, even if it is raised and not copied: nobody else has the old one then. */
	object = model_object_add(d, &d->objects[from->object]);
	if (is_in_place(o))
		remove_maybe(d, to);
	else
		want_empty(d, to, o->to);
	grant(model_page_add(d, to, object), EXO_RWX, o->op->access);
}

static void copy_slot(struct model *d, const struct operation *o)
{
	struct model_place to = model_place(d, o->target, o->to);
	struct model_place from = model_place(d, o->source, o->from);
	struct model_page *page = model_find(d, from);
	unsigned rights, access;
	bool is_maybe;

	if (!page) { /* an empty slot's payload */
		want_empty(d, to, o->to);
		return;
	}
	want_free(d, page, o->from);
	rights = page->rights & (o->op->rights | EXO_READ);
	if (from.region)
		rights &= from.region->rights | EXO_READ;
	access = page->access & o->op->access & rights;
	is_maybe = page->is_maybe || (from.region && from.region->is_maybe);
	want_empty(d, to, o->to);
	page = model_find(d, from);
	if (!page) /* onto itself: it was not there */
		return;
	if (o->op->flags & EXO_OP_MASK && !from.region && !page->is_suspended)
		page->access &= (uint8_t)~EXO_WRITE;
	grant(model_page_add(d, to, page->object), rights, access);
	d->pages[d->pages_count - 1].is_maybe = is_maybe;
}

static void protect_slot(struct model *d, const struct operation *o)
{
	struct model_place place = model_place(d, o->target, o->to);
	struct model_page *page = model_find(d, place);

	if (!page)
		return;
	want_free(d, page, o->to);
	if (o->op->flags & EXO_OP_MASK) {
		page->access &= o->op->access;
		return;
	}
	if (model_is_sole(d, page))
		page->rights = EXO_RWX;
	model_want(d, page->is_maybe || !(o->op->access & ~page->rights),
		   "a right was raised on a page that others hold", o->to);
	page->access = o->op->access;
}

static void clear_slot(struct model *d, const struct operation *o)
{
	struct model_place place = model_place(d, o->target, o->to);

	if (o->op->level == 1) {
		want_free(d, model_find(d, place), o->to);
		remove_maybe(d, place);
	} else {
		model_span_remove(d, o->target, o->to, EXO_SPAN(o->op->level));
	}
}

/* The charge is for who may write. */
static void claim_slot(struct model *d, const struct operation *o)
{
	const struct model_page *page = model_find(d, model_place(d, o->target, o->to));

	model_want(d, o->op->level > 1 || !page || page->is_maybe || page->rights & EXO_WRITE,
		   "a page was claimed by who may never write it", o->to);
}

static void region_add(struct model *d, struct model_region region)
{
	if (d->regions_count == MODEL_REGIONS)
		d->is_lost = true;
	else
		d->regions[d->regions_count++] = region;
}

static void table_slot(struct model *d, const struct operation *o)
{
	/* Of a run that goes down the first slot was empty, and the others lie below it. */
	if (!(o->op->flags & EXO_OP_DOWN) || o->op->target - o->to < EXO_SPAN(o->op->level))
		want_nothing(d, o);
	if (o->op->flags & EXO_OP_COMMON)
		region_add(d, (struct model_region){ .space = o->target, .address = o->to,
			.shared = MODEL_SHARED + d->next_shared++, .rights = EXO_RWX });
}

/* What is seen below the source is seen below the target, and neither can write it now. Regions
 * whose own slots those are stay as they are. */
static void share_slot(struct model *d, const struct operation *o)
{
	uint64_t bytes = EXO_SPAN(o->op->level);
	unsigned mask = o->op->rights | EXO_READ;
	struct model_page *page, copy;
	struct model_region region;
	uint32_t i, pages, regions;

	want_nothing(d, o);
	pages = d->pages_count;
	regions = d->regions_count;
	for (i = 0; i < pages && !d->is_lost; i++) {
		page = &d->pages[i];
		if (page->space != o->source || page->address - o->from >= bytes)
			continue;
		page->is_suspended = true;
		copy = *page;
		copy.space = o->target;
		copy.address = copy.address - o->from + o->to;
		copy.rights &= mask;
		*model_page_add(d, (struct model_place){ copy.space, copy.address, NULL },
				copy.object) = copy;
	}
	for (i = 0; i < regions; i++) {
		if (d->regions[i].space != o->source || d->regions[i].address - o->from >= bytes)
			continue;
		if (o->op->level > 2)
			d->regions[i].is_suspended = true;
		region = d->regions[i];
		region.is_suspended = o->op->level > 2; /* its own path can write */
		region.space = o->target;
		region.address = region.address - o->from + o->to;
		region.rights &= mask;
		region_add(d, region);
	}
}

/* Only what nobody else holds can be written again without being asked for. */
static void unshare_slot(struct model *d, const struct operation *o)
{
	uint64_t bytes = EXO_SPAN(o->op->level);
	struct model_page *page;
	uint32_t i;

	for (i = 0; o->op->level == 2 && i < d->pages_count; i++) {
		page = &d->pages[i];
		if (page->space != o->target || page->address - o->to >= bytes
		    || !page->is_suspended)
			continue;
		if (!model_is_sole(d, page))
			page->access &= (uint8_t)~EXO_WRITE;
		page->is_suspended = false;
		page->is_maybe |= page->is_fixed;
	}
	for (i = 0; o->op->level == 3 && i < d->regions_count; i++)
		if (d->regions[i].space == o->target && d->regions[i].address - o->to < bytes)
			d->regions[i].is_suspended = false;
}

static void move_slot(struct model *d, const struct operation *o)
{
	uint64_t bytes = EXO_SPAN(o->op->level);
	uint32_t i;

	want_nothing(d, o);
	for (i = 0; i < d->pages_count; i++)
		if (d->pages[i].space == o->source && d->pages[i].address - o->from < bytes) {
			d->pages[i].space = o->target;
			d->pages[i].address += o->to - o->from;
		}
	for (i = 0; i < d->regions_count; i++)
		if (d->regions[i].space == o->source && d->regions[i].address - o->from < bytes) {
			d->regions[i].space = o->target;
			d->regions[i].address += o->to - o->from;
		}
}

static void operate(struct model *d, const struct operation *o)
{
	switch (o->op->op) {
	case EXO_OP_ALLOC:
		alloc_slot(d, o);
		break;
	case EXO_OP_DUP:
		dup_slot(d, o);
		break;
	case EXO_OP_TABLE:
		table_slot(d, o);
		break;
	case EXO_OP_COPY:
		copy_slot(d, o);
		break;
	case EXO_OP_SHARE:
		share_slot(d, o);
		break;
	case EXO_OP_UNSHARE:
		unshare_slot(d, o);
		break;
	case EXO_OP_MOVE:
		move_slot(d, o);
		break;
	case EXO_OP_PROTECT:
		protect_slot(d, o);
		break;
	case EXO_OP_CLEAR:
		clear_slot(d, o);
		break;
	case EXO_OP_CLAIM:
		claim_slot(d, o);
		break;
	default:
		break;
	}
}

/* A table takes its reserve; DUP and UNSHARE do unless they change what is there. */
static void reserve_use(struct model *d, unsigned caller, const struct exo_slot_op *op)
{
	if (op->op == EXO_OP_TABLE)
		remove_maybe(d, model_place(d, caller, op->reserve));
	else
		model_doubt(d, caller, op->reserve);
}

/* Was there reason to refuse this slot? */
static void refuse(struct model *d, const struct operation *o, int64_t error)
{
	struct model_page *page = model_find(d, model_place(d, o->target, o->to));

	if (o->op->level != 1)
		return;
	if (error == EXO_E_USED)
		model_want(d, page, "an empty slot was called used", o->to);
	if (error == EXO_E_EMPTY && o->op->op == EXO_OP_DUP) {
		page = model_find(d, model_place(d, o->source, o->from));
		model_want(d, !page || page->is_maybe, "a page was called empty", o->from);
	}
}

void model_operation(struct model *d, const struct exo_slot_op *op, unsigned caller,
		     unsigned target, unsigned source, unsigned slots, int64_t error)
{
	uint64_t span = op->level ? EXO_SPAN(op->level) : 1;
	struct operation o = { .op = op, .target = target, .source = source,
		.to = op->target & ~(span - 1), .from = op->source & ~(span - 1) };
	unsigned i;

	for (i = 0; i < slots && !d->is_lost; i++, o.to += span, o.from += span)
		operate(d, &o);
	if (op->reserve && slots)
		reserve_use(d, caller, op);
	if (error && !d->is_lost)
		refuse(d, &o, error);
}
