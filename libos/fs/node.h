/* SPDX-License-Identifier: ISC */
/*
 * A node of the file tree: directory, file, device, symbolic link or pipe; or a pipe outside the
 * tree. Each further name of a node is a node of its own that only leads to the first (`same`).
 *
 *     node_create: linked, refs = 1 -- node_ref/node_unref by open descriptions --
 *     node_remove: unlinked, the tree's reference dropped -- at 0 references freed
 *
 * What is linked is complete; how often a node is named (refs, links, maps) is counted anew when
 * one has died who may have been changing it (libos/fs/recount.h).
 *
 * A directory's children are in the order of their making, with ascending cookies, so that a
 * listing goes on rightly while names come and go.
 */
#ifndef LIBOS_FS_NODE_H
#define LIBOS_FS_NODE_H

#include "libos/fs/fs.h"

enum fs_kind { FS_DIR, FS_FILE, FS_DEVICE, FS_LINK, FS_PIPE };

struct fs_pipe;  /* libos/fs/pipe.h */
struct fs_locks; /* libos/fs/locks.h */

struct fs_node {
	struct fs_node *parent;    /* NULL: removed; the root's is the root */
	struct fs_node *sibling;   /* next child of the parent */
	struct fs_node *child;     /* first; directories */
	uint64_t cookie;           /* place among the siblings, never 0 */
	uint64_t ino;
	uint64_t mtime_ns;
	uint64_t size;             /* bytes; of a link: of its target */
	struct fs_node *same;      /* this is another name of that node: a reference */
	uint32_t links;            /* names; a directory's: 1 */
	enum fs_kind kind;
	uint32_t mode;             /* permission bits */
	uint32_t device;           /* enum device_number */
	uint32_t refs;
	uint32_t proc;             /* enum proc_kind (libos/fs/proc.h), 0: outside /proc */
	uint32_t pid;              /* of /proc: of whom */
	struct fs_pipe *pipe;
	struct fs_locks *locks;    /* NULL: none was ever set */
	uint32_t maps;             /* how often it is mapped: its pages stay where they are */
	/* Contents: page i is pages[i] if that is there, else image's, else zeros. */
	const char *image;         /* bytes of the archive, or a link's target */
	bool has_image;            /* the image is the node's own memory */
	uint64_t image_bytes;      /* of them still valid */
	char **pages;
	uint64_t page_count;
	char *name;                /* terminated */
	uint64_t name_bytes;       /* without the NUL */
};

/*
 * Make a node of that kind for a directory, with one reference; when it is complete node_attach
 * puts it there, and the reference is the tree's. Errors: FS_E_NOT_DIR, FS_E_EXISTS,
 * FS_E_NAME_LONG, FS_E_ARGUMENT (empty, "." or ".." or a slash in the name), FS_E_MISSING (dir was
 * removed), FS_E_MEMORY.
 */
err_t node_make(struct fs *fs, struct fs_node *dir, const char *name, size_t name_bytes,
	enum fs_kind kind, uint32_t mode, struct fs_node **node) MUST_USE;

/* Put a node at the end of its new directory. */
void node_attach(struct fs *fs, struct fs_node *dir, struct fs_node *node);

/* Both, of a kind that is complete as it is. */
err_t node_create(struct fs *fs, struct fs_node *dir, const char *name, size_t name_bytes,
	enum fs_kind kind, uint32_t mode, struct fs_node **node) MUST_USE;

/* Make one outside the tree, without a name; the reference is the caller's. Errors: FS_E_MEMORY. */
err_t node_create_nameless(struct fs *fs, enum fs_kind kind, uint32_t mode, struct fs_node **node)
	MUST_USE;

/* The child of that name, "." and ".." too, or NULL. */
struct fs_node *node_find(struct fs_node *dir, const char *name, size_t name_bytes);

/* What bears that name in the directory, not "." and "..": perhaps only another name of a node.
 * NULL: nothing does. */
struct fs_node *node_entry(struct fs_node *dir, const char *name, size_t name_bytes);

/* Give a node another name. Errors: FS_E_DENIED (it is a directory), FS_E_MISSING (it has none any
 * more), and those of node_create. */
err_t node_link(struct fs *fs, struct fs_node *node, struct fs_node *dir, const char *name,
	size_t name_bytes) MUST_USE;

/* The first child whose cookie is greater, or NULL. */
struct fs_node *node_next(struct fs_node *dir, uint64_t cookie);

/* Take an entry's name away. Errors: FS_E_BUSY (the root), FS_E_DENIED (of /proc),
 * FS_E_NOT_EMPTY. */
err_t node_remove(struct fs *fs, struct fs_node *node) MUST_USE;

/*
 * Give an entry another place, taking the place of what has that name there; if that is another
 * name of the same node, both stay. Errors: as
 * node_create and node_remove; FS_E_ARGUMENT (into itself), FS_E_NOT_DIR and FS_E_IS_DIR (one of
 * the two is a directory, the other not).
 */
err_t node_move(struct fs *fs, struct fs_node *node, struct fs_node *dir, const char *name,
	size_t name_bytes) MUST_USE;

/* Do what is left to do of the move in fs->shared->move, if there is one: whoever began it may have
 * died at any step. */
void node_move_on(struct fs *fs);

/* Say where a link leads. Errors: FS_E_MEMORY. */
err_t node_set_target(struct fs *fs, struct fs_node *link, const char *target) MUST_USE;

/* Where a link leads; it is not terminated. No bytes: nowhere. */
const char *node_target(struct fs *fs, const struct fs_node *link, size_t *bytes);

void node_ref(struct fs_node *node);
void node_unref(struct fs *fs, struct fs_node *node);

/* A node that nobody names goes. Whoever began that may have died at any step. */
void node_destroy(struct fs *fs, struct fs_node *node);

/* A node may be about to lose its last reference, and does so no more: between the two whoever
 * comes after a death finds it, and all that it has in memory. */
static inline void node_end_begin(struct fs *fs, struct fs_node *node)
{
	fs->shared->ending = node;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void node_end(struct fs *fs)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	fs->shared->ending = NULL;
}

/* Absolute path of a node, terminated. Errors: FS_E_NAME_LONG, FS_E_MISSING (it was removed). */
err_t node_path(struct fs *fs, const struct fs_node *node, char *path, size_t path_bytes) MUST_USE;

#endif
