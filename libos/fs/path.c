/* SPDX-License-Identifier: ISC */
/* Path walking (see path.h). Reads the tree, changes nothing outside /proc, keeps at most 40 links
 * open; no locks. */
#include "libos/fs/path.h"

#include "libos/fs/proc.h"

/* Texts still to be walked: the path, and what is left of it behind links. */
struct path_texts {
	const char *at[FS_LINKS_MAX + 1];
	const char *end[FS_LINKS_MAX + 1];
	unsigned depth;
	unsigned links; /* followed in all */
};

/* Skip slashes and finished texts; true if a part is left. */
static bool path_has_more(struct path_texts *texts, bool *is_dir)
{
	for (;;) {
		while (texts->at[texts->depth] < texts->end[texts->depth]
				&& *texts->at[texts->depth] == '/') {
			texts->at[texts->depth]++;
			*is_dir = true;
		}
		if (texts->at[texts->depth] < texts->end[texts->depth])
			return true;
		if (texts->depth == 0)
			return false;
		texts->depth--;
	}
}

/* The next part; path_has_more() said that there is one. */
static const char *path_part(struct path_texts *texts, size_t *bytes)
{
	const char *start = texts->at[texts->depth], *end = texts->end[texts->depth], *at = start;

	while (at < end && *at != '/')
		at++;
	texts->at[texts->depth] = at;
	*bytes = (size_t)(at - start);
	return start;
}

/* Go on in a link's target, or at what a descriptor names. */
static err_t path_enter(struct fs *fs, struct path_texts *texts, struct fs_walk *walk)
{
	size_t bytes;
	const char *target;

	if (walk->node->proc == PROC_FD) {
		walk->node = proc_target(fs, walk->node);
		return walk->node != NULL ? FS_OK : FS_E_MISSING;
	}
	target = node_target(fs, walk->node, &bytes);
	if (++texts->links > FS_LINKS_MAX)
		return FS_E_LOOP;
	if (bytes == 0)
		return FS_E_MISSING;
	texts->depth++;
	texts->at[texts->depth] = target;
	texts->end[texts->depth] = target + bytes;
	walk->node = target[0] == '/' ? fs->root : walk->dir;
	return FS_OK;
}

/* One part of the path, from the directory that walk->node is. */
static err_t path_step(struct fs *fs, struct path_texts *texts, struct fs_walk *walk)
{
	if (walk->node == NULL)
		return FS_E_MISSING;
	if (walk->node->kind != FS_DIR)
		return FS_E_NOT_DIR;
	walk->dir = walk->node;
	walk->name = path_part(texts, &walk->name_bytes);
	if (walk->name_bytes > FS_NAME_MAX)
		return FS_E_NAME_LONG;
	if (walk->dir->proc != PROC_NONE)
		walk->node = proc_find(fs, walk->dir, walk->name, walk->name_bytes);
	else
		walk->node = node_find(walk->dir, walk->name, walk->name_bytes);
	/* Where nothing can be made. */
	if (walk->node == NULL && (walk->dir->parent == NULL || walk->dir->proc != PROC_NONE))
		return FS_E_MISSING;
	walk->is_dir = false;
	return FS_OK;
}

static bool path_is_form(const struct fs_walk *walk)
{
	return walk->name_bytes > 0 && walk->name_bytes <= 2 && walk->name[0] == '.'
		&& walk->name[walk->name_bytes - 1] == '.';
}

err_t path_walk(struct fs *fs, struct fs_node *from, const char *path, unsigned flags,
	struct fs_walk *walk)
{
	struct path_texts texts = { .depth = 0 };
	size_t bytes = __builtin_strlen(path);
	bool has_more;
	err_t error;

	if (bytes == 0)
		return FS_E_MISSING;
	if (bytes >= FS_PATH_MAX)
		return FS_E_NAME_LONG;
	texts.at[0] = path;
	texts.end[0] = path + bytes;
	*walk = (struct fs_walk){ .node = path[0] == '/' ? fs->root : from };
	walk->dir = walk->node;
	has_more = path_has_more(&texts, &walk->is_dir);
	while (has_more) {
		error = path_step(fs, &texts, walk);
		if (error < 0)
			return error;
		has_more = path_has_more(&texts, &walk->is_dir);
		if (walk->node != NULL && walk->node->kind == FS_LINK
				&& (has_more || walk->is_dir || !(flags & PATH_LINK))) {
			error = path_enter(fs, &texts, walk);
			if (error < 0)
				return error;
			has_more = path_has_more(&texts, &walk->is_dir);
		}
	}
	if (path_is_form(walk))
		walk->name_bytes = 0;
	if (path[bytes - 1] == '/') /* a link there was followed with less behind it */
		walk->is_dir = true;
	if (walk->node != NULL && walk->is_dir && walk->node->kind != FS_DIR)
		return FS_E_NOT_DIR;
	return FS_OK;
}

err_t path_find(struct fs *fs, struct fs_node *from, const char *path, unsigned flags,
	struct fs_node **node)
{
	struct fs_walk walk;
	err_t error = path_walk(fs, from, path, flags, &walk);

	if (error < 0)
		return error;
	*node = walk.node;
	return walk.node != NULL ? FS_OK : FS_E_MISSING;
}
