/* SPDX-License-Identifier: ISC */
/*
 * The file tree of a family of processes: the boot archive, read where it lies, and over it what
 * they make in memory. What the module needs from the rest of the library comes through struct
 * fs_outside, so that the host's tests run it as it is.
 *
 * Nodes, open descriptions, descriptors and pipes lie in memory that all processes share; struct fs
 * is a process's own handle on them. Everything below libos/fs is called by one process at a time,
 * which holds the family's lock `file`; nothing sleeps: what would have to says FS_E_AGAIN, after
 * noting with outside->wait that the process wants to be told. Every change is one store after
 * another with a whole structure behind each: a process may die in between (libos/family/lock.h).
 * Counts are then counted anew (recount.h): so whatever holds a reference longer than the lock has
 * it in its struct fs_files.
 */
#ifndef LIBOS_FS_FS_H
#define LIBOS_FS_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libos/fs/tty.h"

/* Zero, or a count, or a negative error. */
typedef int32_t err_t;
#ifndef MUST_USE
#define MUST_USE __attribute__((warn_unused_result))
#endif

enum fs_error {
#define FS_ERROR(number, NAME, LINUX, text) FS_E_##NAME = number,
#include "libos/fs/error.def"
#undef FS_ERROR
	FS_OK = 0
};

enum {
	FS_PAGE = 4096,
	FS_NAME_MAX = 255,          /* bytes of a name */
	FS_PATH_MAX = 4096,         /* bytes of a path, its NUL among them */
	FS_LINKS_MAX = 40,          /* symbolic links on the way of one path */
	FS_FILE_PAGES = 1 << 18,    /* most pages of a file: 1 GiB */
	FS_WAITER_WORDS = 8,        /* 512 processes */
};

/* Processes that want to be told of a change; a bit each, by their place in the process table. */
struct fs_waiters {
	uint64_t any;                     /* bit n: word n of `place` is not zero */
	uint64_t place[FS_WAITER_WORDS];
};

struct fs;
struct fs_node;
struct fs_files;

/* What /proc says (libos/fs/proc.h). */
struct fs_proc {
	bool (*is_process)(uint32_t pid);
	/* All processes, from *place = 0 on; 0: no more. */
	uint32_t (*next)(uint32_t *place);
	uint32_t (*self)(void);
	/* Path of the program that runs (/proc/self/exe), terminated. */
	const char *(*exe)(void);
	/* The descriptors of a process; NULL: it has none any more. */
	const struct fs_files *(*files)(uint32_t pid);
	/* Write the text of that kind (enum proc_kind) into a file. FS_E_MISSING: the process has
	 * ended; FS_E_MEMORY. */
	err_t (*write)(struct fs *fs, struct fs_node *file, uint32_t kind, uint32_t pid);
};

/* What the file tree asks of its surroundings. */
struct fs_outside {
	/* Zeroed memory that all processes share, or NULL; and back. */
	void *(*alloc)(size_t bytes);
	void (*free)(void *memory);
	/* Copy from or to the program's memory; 0, or negative if it is not accessible there. */
	err_t (*copy_in)(void *to, uint64_t from, size_t bytes);
	err_t (*copy_out)(uint64_t to, const void *from, size_t bytes);
	/* Nanoseconds since 1970. */
	uint64_t (*clock_ns)(void);
	/* All bytes to the console. */
	void (*console_write)(const char *bytes, size_t count);
	/* What has come, at most count bytes; 0: nothing. */
	size_t (*console_read)(char *bytes, size_t count);
	/* Let this process be told, once; tell those who want to be. */
	void (*wait)(struct fs_waiters *waiters);
	void (*wake)(struct fs_waiters *waiters);
	/* The terminal has room again after it had none. */
	void (*tty_drained)(void);
	const struct fs_proc *proc;
	/* Bytes that are hard to guess (as far as the machine can). */
	void (*random)(void *bytes, size_t count);
};

/* An entry that gets another place, written down before the first step (node_move). */
struct fs_move {
	struct fs_node *node;        /* NULL: none */
	struct fs_node *dir;         /* its new place */
	char *name;
	uint64_t name_bytes;
};

/* In shared memory. */
struct fs_shared {
	struct fs_node *root;
	uint64_t last_ino;
	struct fs_move move;
	struct fs_node *ending;      /* perhaps without a reference soon (node_end_begin) */
	struct tty tty;              /* the line discipline of the console */
	struct fs_waiters readers;   /* of the terminal */
};

struct fs {
	const struct fs_outside *outside;
	struct fs_node *root;
	struct fs_shared *shared;
	char digits[12];             /* for proc_text */
};

/*
 * Make the tree in *shared, which is zero: every member of the archive, the directories on their
 * paths, /dev with its devices, /tmp, /proc. Names in the archive that make no sense
 * (empty, with "..") and kinds other than file, directory and link are left out. FS_E_FORMAT: the
 * archive is malformed; what came before the bad member is there. FS_E_MEMORY.
 */
err_t fs_create(struct fs *fs, const struct fs_outside *outside, struct fs_shared *shared,
	const char *archive, uint64_t archive_bytes) MUST_USE;

/* The tree that is there. */
void fs_attach(struct fs *fs, const struct fs_outside *outside, struct fs_shared *shared);

#endif
