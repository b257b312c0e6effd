/* SPDX-License-Identifier: ISC */
/*
 * /proc: a part of the tree that is what the machine and its processes are just now. Its nodes
 * come when somebody walks there and go when one finds that what they stand for has gone; a text
 * is written anew for each that opens it. What there is to say comes through struct fs_proc.
 */
#ifndef LIBOS_FS_PROC_H
#define LIBOS_FS_PROC_H

#include "libos/fs/open.h"

/* What a node of /proc is: struct fs_node.proc. */
enum proc_kind {
	PROC_NONE,     /* a node of another part of the tree */
	PROC_ROOT,     /* /proc */
	PROC_SELF,     /* link to the reader's own directory */
	PROC_PROCESS,  /* directory of the process that .pid names */
	PROC_EXE,      /* link to its program */
	PROC_FDS,      /* directory of its descriptors */
	PROC_FD,       /* link: who follows it is at what the descriptor names */
	/* Texts. */
#define PROC_FILE(NAME, name, function) PROC_##NAME,
#define PROC_OWN(NAME, name, function) PROC_##NAME,
#include "libos/fs/proc.def"
#undef PROC_FILE
#undef PROC_OWN
};

/* Make /proc, and in /dev the links fd, stdin, stdout, stderr into it. Errors: as node_create. */
err_t proc_create(struct fs *fs) MUST_USE;

/* As node_find, for a directory of /proc: makes the node if what it stands for is there. */
struct fs_node *proc_find(struct fs *fs, struct fs_node *dir, const char *name,
	size_t name_bytes);

/* A directory of /proc is about to be listed: make it have all that it should. */
void proc_list(struct fs *fs, struct fs_node *dir);

/* As open_node, for a node of /proc: a text is written for this description alone.
 * Errors: FS_E_ACCESS (to write), FS_E_MISSING (the process has ended), FS_E_MEMORY. */
err_t proc_open(struct fs *fs, struct fs_node *node, uint32_t flags, struct fs_open **open)
	MUST_USE;

/* What a PROC_FD link leads to, or NULL: it was closed. */
struct fs_node *proc_target(struct fs *fs, const struct fs_node *link);

/* The target of a PROC_SELF or PROC_EXE link as text, empty if it is not known; in *fs or
 * elsewhere, where it stays until the next such call. */
const char *proc_text(struct fs *fs, const struct fs_node *link);

#endif
