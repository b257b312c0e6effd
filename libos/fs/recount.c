/* SPDX-License-Identifier: ISC */
/* Counts references anew (see recount.h). Touches the tree, open descriptions, pipes and the
 * terminal; the family's lock `file` is held. */
#include "libos/fs/recount.h"

#include "libos/fs/locks.h"
#include "libos/fs/pipe.h"

struct recount {
	struct fs *fs;
	struct fs_files *(*next)(uint32_t *place);
	/* What is done for each that names an open description or a node: its place in the tree, a
	 * mapping, another way. */
	void (*open)(struct recount *r, struct fs_open *open);
	void (*node)(struct recount *r, struct fs_node *node);
	void (*map)(struct recount *r, struct fs_node *node);
	void (*entry)(struct recount *r, struct fs_node *entry);
	void (*name)(const void *memory);   /* NULL: not asked for */
};

/* ---- First all counts are 0 ---- */

static void clear_counts(struct fs_node *node)
{
	node->refs = 0;
	node->maps = 0;
	if (node->name != NULL)
		node->links = 0;
	if (node->pipe != NULL)
		node->pipe->readers = node->pipe->writers = 0;
}

/* Who took it out of its directory may not have said so in the node. */
static void clear_node(struct recount *r, struct fs_node *node)
{
	const struct fs_node *child;

	clear_counts(node);
	if (node->parent == NULL || node == r->fs->root)
		return;
	child = node->parent->child;
	while (child != NULL && child != node)
		child = child->sibling;
	if (child == NULL)
		node->parent = NULL;
}

static void clear_entry(struct recount *r, struct fs_node *entry)
{
	clear_counts(entry);
	if (entry->same != NULL)
		clear_node(r, entry->same);
}

static void clear_open(struct recount *r, struct fs_open *open)
{
	open->refs = 0;
	clear_node(r, open->node);
}

/* ---- Then one for each ---- */

static void count_node(struct recount *r, struct fs_node *node)
{
	(void)r;
	node_ref(node);
}

static void count_open(struct recount *r, struct fs_open *open)
{
	if (open->refs++ > 0)
		return;
	count_node(r, open->node);
	if (open->node->pipe != NULL)
		pipe_count_end(open->node->pipe, open->flags);
}

static void count_map(struct recount *r, struct fs_node *node)
{
	count_node(r, node);
	node->maps++;
}

static void count_entry(struct recount *r, struct fs_node *entry)
{
	count_node(r, entry);
	if (entry == r->fs->root)
		return;
	if (entry->same != NULL)
		count_node(r, entry->same);
	(entry->same != NULL ? entry->same : entry)->links++;
}

/* ---- At last what follows from the counts ---- */

/* Has somebody the node open whom that lock may belong to? */
static bool has_owner(struct recount *r, const struct fs_node *node, const void *owner)
{
	const struct fs_files *files;
	uint32_t place = 0, fd;

	while ((files = r->next(&place)) != NULL)
		for (fd = 0; fd < files->top; fd++)
			if (files->open[fd] != NULL && files->open[fd]->node == node
					&& (owner == files || owner == files->open[fd]))
				return true;
	return false;
}

static void finish_node(struct recount *r, struct fs_node *node)
{
	const struct fs_range *range, *next;
	unsigned kind;

	if (node->pipe != NULL)
		pipe_empty(node->pipe);
	for (kind = 0; node->locks != NULL && kind < LOCKS_KINDS; kind++) {
		for (range = node->locks->first[kind]; range != NULL; range = next) {
			next = range->next;
			if (has_owner(r, node, range->owner))
				continue;
			locks_drop(r->fs, node, range->owner);
			next = node->locks->first[kind];
		}
	}
}

static void finish_open(struct recount *r, struct fs_open *open)
{
	finish_node(r, open->node);
}

/* ---- Then nothing is in use but what this names ---- */

static void name_node(struct recount *r, struct fs_node *node)
{
	r->name(node->pages);
	if (node->pipe != NULL)
		r->name(node->pipe->buffer);
}

static void name_entry(struct recount *r, struct fs_node *entry)
{
	name_node(r, entry->same != NULL ? entry->same : entry);
}

static void name_open(struct recount *r, struct fs_open *open)
{
	name_node(r, open->node);
}

/* ---- All that names something ---- */

static void recount_files(struct recount *r, const struct fs_files *files)
{
	const struct fs_map *map;
	struct fs_open *held;
	uint32_t fd;

	if (r->name != NULL)
		r->name(files->open);
	r->node(r, files->dir);
	if (files->program != NULL)
		r->node(r, files->program);
	for (map = files->maps; map != NULL; map = map->next)
		r->map(r, map->node);
	for (held = files->held; held != NULL; held = held->next_held)
		r->open(r, held);
	for (fd = 0; fd < files->top; fd++)
		if (files->open[fd] != NULL)
			r->open(r, files->open[fd]);
}

static void recount_tree(struct recount *r)
{
	struct fs_node *root = r->fs->root, *at = root;

	for (;;) {
		r->entry(r, at);
		if (at->child != NULL) {
			at = at->child;
			continue;
		}
		while (at != root && at->sibling == NULL)
			at = at->parent;
		if (at == root)
			return;
		at = at->sibling;
	}
}

static void recount_all(struct recount *r)
{
	struct fs_files *files;
	uint32_t place = 0;

	recount_tree(r);
	while ((files = r->next(&place)) != NULL)
		recount_files(r, files);
}

void fs_recount(struct fs *fs, struct fs_files *(*next)(uint32_t *place),
	void (*name)(const void *memory))
{
	struct recount clear = { fs, next, clear_open, clear_node, clear_node, clear_entry, NULL };
	struct recount count = { fs, next, count_open, count_node, count_map, count_entry, NULL };
	struct recount finish = { fs, next, finish_open, finish_node, finish_node, finish_node,
		NULL };
	struct recount names = { fs, next, name_open, name_node, name_node, name_entry, name };
	struct tty *tty = &fs->shared->tty;
	struct fs_node *ending;

	node_move_on(fs);
	ending = fs->shared->ending;
	if (ending != NULL)
		clear_node(&clear, ending);
	recount_all(&clear);
	recount_all(&count);
	recount_all(&finish);
	if (ending != NULL && ending->refs == 0)
		node_destroy(fs, ending);
	node_end(fs);
	recount_all(&names);
	if (tty->ready > tty->count)
		tty->ready = tty->count;
}
