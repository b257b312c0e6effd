/* SPDX-License-Identifier: ISC */
/* The reference model's map: pages, the objects they show, regions. Touches the model alone. */
#include "fuzz/model/model.h"

#include <stddef.h>
#include <string.h>

void model_want(struct model *d, bool is_so, const char *wrong, uint64_t address)
{
	if (is_so || d->wrong)
		return;
	d->wrong = wrong;
	d->wrong_at = address;
}

void model_copy(struct model *to, const struct model *from)
{
	memcpy(to, from, offsetof(struct model, pages));
	memcpy(to->pages, from->pages, from->pages_count * sizeof(*from->pages));
	memcpy(to->regions, from->regions, from->regions_count * sizeof(*from->regions));
	memcpy(to->objects, from->objects, from->objects_count * sizeof(*from->objects));
}

static uint64_t page_of(uint64_t address)
{
	return address & ~(EXO_PAGE_SIZE - 1);
}

struct model_place model_place(struct model *d, unsigned env, uint64_t address)
{
	struct model_place place = { env, page_of(address), NULL };
	uint32_t i;

	for (i = 0; i < d->regions_count; i++) {
		const struct model_region *r = &d->regions[i];

		if (r->space != env || address - r->address >= EXO_SPAN(2))
			continue;
		place.space = r->shared;
		place.address = page_of(address) - r->address;
		place.region = r;
	}
	return place;
}

struct model_page *model_find(struct model *d, struct model_place place)
{
	uint32_t i;

	for (i = 0; i < d->pages_count; i++)
		if (d->pages[i].address == place.address && d->pages[i].space == place.space)
			return &d->pages[i];
	return NULL;
}

uint32_t model_object_add(struct model *d, const struct model_object *from)
{
	uint32_t i = 0;

	while (i < d->objects_count && d->objects[i].is_used)
		i++;
	if (i == MODEL_OBJECTS) {
		d->is_lost = true;
		return 0;
	}
	if (i == d->objects_count)
		d->objects_count++;
	if (from)
		d->objects[i] = *from;
	else
		memset(&d->objects[i], 0, sizeof(d->objects[i]));
	d->objects[i].is_used = true;
	return i;
}

struct model_page *model_page_add(struct model *d, struct model_place place, uint32_t object)
{
	struct model_page *page = &d->pages[d->pages_count];

	if (d->pages_count == MODEL_PAGES - 1)
		d->is_lost = true; /* the last is for whoever does not look */
	else
		d->pages_count++;
	*page = (struct model_page){ .space = place.space, .address = place.address,
		.object = object };
	return page;
}

static unsigned object_pages(const struct model *d, uint32_t object, bool is_certain)
{
	unsigned count = 0;
	uint32_t i;

	for (i = 0; i < d->pages_count; i++)
		count += d->pages[i].object == object && !(is_certain && d->pages[i].is_maybe);
	return count;
}

bool model_is_sole(const struct model *d, const struct model_page *page)
{
	return object_pages(d, page->object, true) <= !page->is_maybe;
}

void model_page_remove(struct model *d, struct model_page *page)
{
	uint32_t object = page->object;

	*page = d->pages[--d->pages_count];
	if (!object_pages(d, object, false))
		d->objects[object].is_used = false;
}

static void space_remove(struct model *d, uint32_t space, uint64_t from, uint64_t bytes)
{
	uint32_t i = 0;

	while (i < d->pages_count) {
		struct model_page *page = &d->pages[i];

		if (page->space == space && page->address - from < bytes)
			model_page_remove(d, page);
		else
			i++;
	}
}

/* Regions go too; the last of those who see a shared space takes its pages with it. */
void model_span_remove(struct model *d, unsigned env, uint64_t from, uint64_t bytes)
{
	uint32_t i = 0, j, shared;

	space_remove(d, env, from, bytes);
	while (i < d->regions_count) {
		if (d->regions[i].space != env || d->regions[i].address - from >= bytes) {
			i++;
			continue;
		}
		shared = d->regions[i].shared;
		d->regions[i] = d->regions[--d->regions_count];
		for (j = 0; j < d->regions_count && d->regions[j].shared != shared; j++)
			;
		if (j == d->regions_count)
			space_remove(d, shared, 0, UINT64_MAX);
	}
}

void model_add(struct model *d, unsigned env, uint64_t address, unsigned rights, unsigned access,
	       const void *bytes, bool is_fixed)
{
	struct model_place place = model_place(d, env, address);
	struct model_page *page = model_find(d, place);
	uint32_t object;

	model_want(d, !page || page->is_maybe, "a vcpu page took the place of another", address);
	if (page)
		model_page_remove(d, page);
	object = model_object_add(d, NULL);
	page = model_page_add(d, place, object);
	page->rights = (uint8_t)rights;
	page->access = (uint8_t)access;
	page->is_fixed = is_fixed;
	d->objects[object].is_loose = is_fixed;
	if (bytes)
		memcpy(d->objects[object].bytes, bytes, EXO_PAGE_SIZE);
}

void model_loosen(struct model *d, unsigned env, uint64_t address)
{
	struct model_page *page = model_find(d, model_place(d, env, address));

	if (page)
		d->objects[page->object].is_loose = true;
}

void model_doubt(struct model *d, unsigned env, uint64_t address)
{
	struct model_page *page = model_find(d, model_place(d, env, address));

	if (page)
		page->is_maybe = true;
}

void model_doubt_all(struct model *d)
{
	uint32_t i;

	for (i = 0; i < d->pages_count; i++)
		d->pages[i].is_maybe = true;
	for (i = 0; i < d->regions_count; i++)
		d->regions[i].is_maybe = true;
}

void model_forget(struct model *d, unsigned env, bool is_written)
{
	uint32_t i;

	for (i = 0; is_written && i < d->pages_count; i++)
		if (d->pages[i].space == env)
			d->objects[d->pages[i].object].is_loose = true;
	model_span_remove(d, env, 0, UINT64_MAX);
}

bool model_executes(const struct model *d)
{
	uint32_t i;

	for (i = 0; i < d->pages_count; i++)
		if (d->pages[i].access & d->pages[i].rights & EXO_EXEC)
			return true;
	return false;
}

struct model_view model_look(struct model *d, unsigned env, uint64_t address)
{
	struct model_place place = model_place(d, env, address);
	const struct model_page *page = model_find(d, place);
	struct model_view view = { NULL, 0, false };

	if (!page)
		return view;
	view.object = &d->objects[page->object];
	view.access = page->access & page->rights;
	if (place.region)
		view.access &= place.region->rights | EXO_READ;
	if (page->is_suspended || (place.region && place.region->is_suspended))
		view.access &= ~(unsigned)EXO_WRITE;
	view.is_maybe = page->is_maybe || (place.region && place.region->is_maybe);
	return view;
}

void model_store(struct model *d, unsigned env, uint64_t address, uint64_t value)
{
	struct model_page *page = model_find(d, model_place(d, env, address));

	if (page)
		memcpy(d->objects[page->object].bytes + address % EXO_PAGE_SIZE, &value,
		       sizeof(value));
}
