/* SPDX-License-Identifier: ISC */
/*
 * Open descriptions (a node, a position, how it was opened) and the descriptors that name them.
 *
 *     open_create: refs = 1 -- one more for each further descriptor -- open_unref: at 0 freed
 */
#ifndef LIBOS_FS_OPEN_H
#define LIBOS_FS_OPEN_H

#include "libos/fs/node.h"

enum {
	OPEN_READ = 1,
	OPEN_WRITE = 2,
	OPEN_APPEND = 4,
	OPEN_NONBLOCK = 8,
	OPEN_CREATE = 16,
	OPEN_EXCLUSIVE = 32,
	OPEN_TRUNCATE = 64,
	OPEN_DIRECTORY = 128,
	OPEN_NOFOLLOW = 256,
	OPEN_PATH = 512,      /* for naming only: neither read nor written */
};

enum open_whence { OPEN_SET, OPEN_CURRENT, OPEN_END };

enum {
	OPEN_FILES = 1024,     /* most descriptors of a process */
	OPEN_FILES_FIRST = 12, /* of these in the structure itself */
};

/* What can be done without waiting. */
enum {
	OPEN_CAN_READ = 1,
	OPEN_CAN_WRITE = 2,
	OPEN_HUNG_UP = 4,      /* a pipe that nobody writes any more */
	OPEN_BROKEN = 8,       /* a pipe that nobody reads any more */
};

struct fs_open {
	struct fs_node *node;
	uint64_t offset;   /* bytes; of a directory: cookie of the last listed child */
	uint32_t flags;
	uint32_t refs;
	struct fs_open *next_held; /* in struct fs_files.held */
};

struct fs_map {
	struct fs_map *next;
	struct fs_node *node;                   /* a reference */
};

/* The descriptors of a process, its directory and mask. */
struct fs_files {
	struct fs_open **open;                  /* `room` of them; NULL: free */
	struct fs_node *dir;                    /* where relative paths begin; a reference */
	uint32_t umask;
	uint32_t room;
	uint32_t top;                           /* no descriptor from here on is open */
	uint32_t most;                          /* none may be opened from here on */
	struct fs_map *maps;                    /* nodes that are mapped shared, each once */
	struct fs_open *held;                   /* by calls that sleep: a reference each */
	struct fs_node *program;                /* that is being executed: a reference; or NULL */
	uint64_t close_on_exec[OPEN_FILES / 64];
	struct fs_open *first[OPEN_FILES_FIRST];
};

/*
 * Open what a path names; with OPEN_CREATE make a file with those permission bits. Errors: of
 * path_walk and node_create; FS_E_IS_DIR (to write), FS_E_NOT_DIR, FS_E_EXISTS, FS_E_LOOP
 * (OPEN_NOFOLLOW and it is a link), FS_E_MEMORY.
 */
err_t open_create(struct fs *fs, struct fs_node *from, const char *path, uint32_t flags,
	uint32_t mode, struct fs_open **open) MUST_USE;

/* Open a node that is known. Errors: FS_E_MEMORY. */
err_t open_node(struct fs *fs, struct fs_node *node, uint32_t flags, struct fs_open **open)
	MUST_USE;

void open_unref(struct fs *fs, struct fs_open *open);

/* What can be done with it now: OPEN_CAN_... */
unsigned open_poll(struct fs *fs, const struct fs_open *open);

/* Let this process be told when that changes. */
void open_wait(struct fs *fs, const struct fs_open *open);

/*
 * Read up to count bytes into the program's memory, from *position and moving it (NULL: from the
 * description's own). Result: how many; 0 at the end. A fault after the first bytes shortens the
 * read. Never sleeps: FS_E_AGAIN, nothing there yet. Errors: FS_E_BAD_FILE (not open for
 * reading), FS_E_IS_DIR, FS_E_POINTER, and those of device_read and pipe_read; FS_E_PIPE (a
 * position given and it has none).
 */
err_t open_read(struct fs *fs, struct fs_open *open, uint64_t to, size_t count,
	uint64_t *position) MUST_USE;

/* Write likewise, perhaps a part; with OPEN_APPEND at the end. Errors: also FS_E_MEMORY,
 * FS_E_TOO_BIG, those of pipe_write. */
err_t open_write(struct fs *fs, struct fs_open *open, uint64_t from, size_t count,
	uint64_t *position) MUST_USE;

/* Move the position; it is left in *result. Errors: FS_E_PIPE, FS_E_ARGUMENT (negative). */
err_t open_seek(struct fs_open *open, int64_t offset, enum open_whence whence, uint64_t *result)
	MUST_USE;

/* All files closed, directory the root, mask 022. NULL: no memory. */
struct fs_files *files_create(struct fs *fs) MUST_USE;

/* The same files, directory and mask for another process (is_exec: without those that close on
 * exec, and nothing mapped, but with what is being executed). NULL: no memory. */
struct fs_files *files_copy(struct fs *fs, const struct fs_files *files, bool is_exec) MUST_USE;

/* Let one of its nodes, `dir` or `program`, be another, or none. */
void files_set_node(struct fs *fs, struct fs_node **which, struct fs_node *node);

/* A call has an open description that no descriptor names yet, and sleeps; the reference is in
 * `held` till it goes on. */
void files_hold(struct fs_files *files, struct fs_open *open);
void files_let_go(struct fs_files *files, struct fs_open *open);

/* Note that the process maps a node, which stays as long, and that it no longer does. Errors:
 * FS_E_MEMORY. */
err_t files_map(struct fs *fs, struct fs_files *files, struct fs_node *node) MUST_USE;
void files_unmap(struct fs *fs, struct fs_files *files, struct fs_node *node);

/* Close those that close on exec; nothing is mapped or held any more. */
void files_exec(struct fs *fs, struct fs_files *files);

/* Close all, for good; *files becomes NULL when nothing is open any more, so that another can go on
 * for who dies in the middle. */
void files_destroy(struct fs *fs, struct fs_files **files);

/* What a descriptor names, or NULL. */
struct fs_open *files_find(const struct fs_files *files, uint64_t fd);

/*
 * Give an open description the lowest free descriptor from `least` on; takes over the caller's
 * reference (and drops it on failure). Result: the descriptor. Errors: FS_E_TOO_MANY,
 * FS_E_ARGUMENT (least is too large).
 */
err_t files_add(struct fs *fs, struct fs_files *files, struct fs_open *open, uint64_t least,
	bool is_close_on_exec) MUST_USE;

/* The same with exactly that descriptor, closing what it was. Errors: FS_E_BAD_FILE. */
err_t files_put(struct fs *fs, struct fs_files *files, struct fs_open *open, uint64_t fd,
	bool is_close_on_exec) MUST_USE;

/* Free a descriptor. Errors: FS_E_BAD_FILE. */
err_t files_remove(struct fs *fs, struct fs_files *files, uint64_t fd) MUST_USE;

bool files_is_close_on_exec(const struct fs_files *files, uint64_t fd);
void files_set_close_on_exec(struct fs_files *files, uint64_t fd, bool is_on);

#endif
