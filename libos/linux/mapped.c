/* SPDX-License-Identifier: ISC */
/*
 * Files that are mapped shared: a page of the file in memory and the page that the program sees are
 * one frame, so that what is written by either way is there at once, for every process. Touches
 * struct linux_state and the file; takes the family's lock `file` (under spt, when a fault or an
 * unmapping asks: nobody who holds the lock waits for another process's spt).
 */
#include "libos/linux/mapped.h"

#include "libos/fs/data.h"

struct mapped {
	struct vm_object object;  /* first */
	struct mapped *next;
	struct fs_node *node;
	uint32_t regions;         /* of this process on it, and a call that is making one */
};

/* The call that runs may hold the lock already. True: it was taken here. */
static bool mapped_lock(struct libos *os)
{
	if (os->family.held >> FAMILY_FILE & 1)
		return false;
	family_lock(os, FAMILY_FILE);
	return true;
}

static void *mapped_page(struct libos *os, struct vm_object *object, uint64_t offset, bool create)
{
	struct mapped *mapped = (struct mapped *)object;
	bool is_locked = mapped_lock(os);
	char *page = NULL;
	size_t bytes;

	if (data_is_there(mapped->node, offset) || create)
		if (data_write(os->fs, mapped->node, offset, &page, &bytes) < 0)
			page = NULL;
	if (is_locked)
		family_unlock(os, FAMILY_FILE);
	return page;
}

static void mapped_end(struct libos *os, struct mapped *mapped)
{
	struct mapped **link = &os->linux->mapped;
	bool is_locked = mapped_lock(os);

	files_unmap(os->fs, os->files, mapped->node);
	if (is_locked)
		family_unlock(os, FAMILY_FILE);
	while (*link != mapped)
		link = &(*link)->next;
	*link = mapped->next;
	heap_free(os, mapped);
}

static void mapped_use(struct libos *os, struct vm_object *object, int change)
{
	struct mapped *mapped = (struct mapped *)object;

	mapped->regions += (uint32_t)change;
	if (mapped->regions == 0)
		mapped_end(os, mapped);
}

static struct mapped *mapped_find(struct libos *os, const struct fs_node *node)
{
	struct mapped *mapped = os->linux->mapped;

	while (mapped != NULL && mapped->node != node)
		mapped = mapped->next;
	return mapped;
}

void mapped_cut(struct libos *os, const struct fs_node *node)
{
	struct mapped *mapped = node->maps > 0 ? mapped_find(os, node) : NULL;

	if (mapped != NULL)
		vm_cut(os, &mapped->object);
}

struct vm_object *mapped_ref(struct libos *os, struct fs_node *node)
{
	struct mapped *mapped = mapped_find(os, node);

	if (mapped != NULL) {
		mapped->regions++;
		return &mapped->object;
	}
	mapped = heap_alloc(os, sizeof(*mapped));
	if (mapped == NULL || files_map(os->fs, os->files, node) < 0) {
		heap_free(os, mapped);
		return NULL;
	}
	mapped->object.page = mapped_page;
	mapped->object.use = mapped_use;
	mapped->object.bytes = &node->size;
	mapped->node = node;
	mapped->regions = 1;
	mapped->next = os->linux->mapped;
	os->linux->mapped = mapped;
	return &mapped->object;
}

const struct fs_node *mapped_node(const struct vm_object *object)
{
	return ((const struct mapped *)object)->node;
}

void mapped_unref(struct libos *os, struct vm_object *object)
{
	mapped_use(os, object, -1);
}
