/* SPDX-License-Identifier: ISC */
/* Locks on files (see locks.h). Touches the node's locks; the family's lock `file` is held. */
#include "libos/fs/locks.h"

static bool locks_meet(const struct fs_range *a, const struct fs_range *b)
{
	return a->start <= b->end && b->start <= a->end;
}

/* Do two ranges meet, or does one begin where the other ends? */
static bool locks_touch(const struct fs_range *a, const struct fs_range *b)
{
	return locks_meet(a, b) || (a->end != LOCKS_END && a->end + 1 == b->start)
		|| (b->end != LOCKS_END && b->end + 1 == a->start);
}

const struct fs_range *locks_find(const struct fs_node *node, enum locks_kind kind,
	const struct fs_range *wanted)
{
	const struct fs_range *range = node->locks != NULL ? node->locks->first[kind] : NULL;

	for (; range != NULL; range = range->next)
		if (range->owner != wanted->owner && locks_meet(range, wanted)
				&& (range->type == LOCKS_WRITE || wanted->type == LOCKS_WRITE))
			return range;
	return NULL;
}

static err_t locks_create(struct fs *fs, struct fs_node *node)
{
	if (node->locks == NULL)
		node->locks = fs->outside->alloc(sizeof(*node->locks));
	return node->locks != NULL ? FS_OK : FS_E_MEMORY;
}

static void locks_remove(struct fs *fs, struct fs_range **link)
{
	struct fs_range *range = *link;

	*link = range->next;
	fs->outside->free(range);
}

/* Make room for `fresh` among its owner's ranges: those of its type join it, others are cut.
 * *spare is used if one is cut in two. */
static void locks_carve(struct fs *fs, struct fs_range **link, struct fs_range *fresh,
	struct fs_range **spare)
{
	while (*link != NULL) {
		struct fs_range *old = *link;

		if (old->owner != fresh->owner || !(old->type == fresh->type
				? locks_touch(old, fresh) : locks_meet(old, fresh))) {
			link = &old->next;
			continue;
		}
		if (old->type == fresh->type) {
			fresh->start = old->start < fresh->start ? old->start : fresh->start;
			fresh->end = old->end > fresh->end ? old->end : fresh->end;
			locks_remove(fs, link);
			continue;
		}
		if (old->start < fresh->start && old->end > fresh->end) {
			**spare = *old;
			(*spare)->start = fresh->end + 1;
			old->next = *spare;
			*spare = NULL;
		}
		if (old->start < fresh->start)
			old->end = fresh->start - 1;
		else if (old->end > fresh->end)
			old->start = fresh->end + 1;
		else
			locks_remove(fs, link);
		if (*link == old)
			link = &old->next;
	}
}

err_t locks_set(struct fs *fs, struct fs_node *node, enum locks_kind kind,
	const struct fs_range *wanted)
{
	struct fs_range *fresh, *spare, **link;

	if (wanted->type == LOCKS_NONE && node->locks == NULL)
		return FS_OK;
	if (wanted->type != LOCKS_NONE && locks_find(node, kind, wanted) != NULL)
		return FS_E_AGAIN;
	fresh = fs->outside->alloc(sizeof(*fresh));
	spare = fs->outside->alloc(sizeof(*spare));
	if (fresh == NULL || spare == NULL || locks_create(fs, node) < 0) {
		fs->outside->free(fresh);
		fs->outside->free(spare);
		return FS_E_MEMORY;
	}
	*fresh = *wanted;
	locks_carve(fs, &node->locks->first[kind], fresh, &spare);
	if (wanted->type != LOCKS_NONE) {
		link = &node->locks->first[kind];
		while (*link != NULL && (*link)->start < fresh->start)
			link = &(*link)->next;
		fresh->next = *link;
		*link = fresh;
		fresh = NULL;
	}
	fs->outside->free(fresh);
	fs->outside->free(spare);
	fs->outside->wake(&node->locks->waiters);
	return FS_OK;
}

void locks_wait(struct fs *fs, struct fs_node *node)
{
	fs->outside->wait(&node->locks->waiters);
}

void locks_drop(struct fs *fs, struct fs_node *node, const void *owner)
{
	struct fs_range **link;
	unsigned kind;

	if (node->locks == NULL)
		return;
	for (kind = 0; kind < LOCKS_KINDS; kind++) {
		link = &node->locks->first[kind];
		while (*link != NULL) {
			if ((*link)->owner == owner)
				locks_remove(fs, link);
			else
				link = &(*link)->next;
		}
	}
	fs->outside->wake(&node->locks->waiters);
}

void locks_destroy(struct fs *fs, struct fs_node *node)
{
	struct fs_locks *locks = node->locks;

	node->locks = NULL;
	fs->outside->free(locks);
}
