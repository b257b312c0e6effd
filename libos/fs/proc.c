/* SPDX-License-Identifier: ISC */
/* The nodes of /proc (see proc.h). Touches the tree; the family's lock `file` is held. */
#include "libos/fs/proc.h"

static const struct proc_text {
	const char *name;
	uint32_t kind;
	bool is_own; /* of each process */
} proc_texts[] = {
#define PROC_FILE(NAME, name, function) { name, PROC_##NAME, false },
#define PROC_OWN(NAME, name, function) { name, PROC_##NAME, true },
#include "libos/fs/proc.def"
#undef PROC_FILE
#undef PROC_OWN
};

enum { PROC_DIGITS = 12, PROC_TEXTS = sizeof(proc_texts) / sizeof(proc_texts[0]) };

static size_t proc_digits(char *to, uint32_t number)
{
	char reversed[PROC_DIGITS];
	size_t count = 0, i;

	do {
		reversed[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	for (i = 0; i < count; i++)
		to[i] = reversed[count - 1 - i];
	to[count] = '\0';
	return count;
}

/* A number as it is written there: without a sign or zeros before it. */
static bool proc_number(const char *name, size_t name_bytes, uint32_t *number)
{
	char text[PROC_DIGITS];
	size_t i;

	*number = 0;
	if (name_bytes == 0 || name_bytes > 9)
		return false;
	for (i = 0; i < name_bytes; i++) {
		if (name[i] < '0' || name[i] > '9')
			return false;
		*number = *number * 10 + (uint32_t)(name[i] - '0');
	}
	return proc_digits(text, *number) == name_bytes;
}

static err_t proc_make(struct fs *fs, struct fs_node *dir, const char *name, enum fs_kind kind,
	uint32_t proc, uint32_t pid)
{
	uint32_t mode = kind == FS_DIR ? 0555 : kind == FS_LINK ? 0777 : 0444;
	struct fs_node *node;
	err_t error = node_make(fs, dir, name, __builtin_strlen(name), kind, mode, &node);

	if (error >= 0) {
		node->proc = proc;
		node->pid = pid;
		node_attach(fs, dir, node);
	}
	return error;
}

/* What is always in /proc, or in a process's directory; goes on where memory ended, or a process
 * died. */
static void proc_fill(struct fs *fs, struct fs_node *dir)
{
	bool is_own = dir->proc == PROC_PROCESS;
	const char *last = is_own ? "exe" : "self";
	err_t error = FS_OK;
	unsigned i;

	if (node_entry(dir, last, __builtin_strlen(last)) != NULL)
		return;
	for (i = 0; (error >= 0 || error == FS_E_EXISTS) && i < PROC_TEXTS; i++)
		if (proc_texts[i].is_own == is_own)
			error = proc_make(fs, dir, proc_texts[i].name, FS_FILE, proc_texts[i].kind,
				dir->pid);
	if ((error >= 0 || error == FS_E_EXISTS) && is_own)
		error = proc_make(fs, dir, "fd", FS_DIR, PROC_FDS, dir->pid);
	if (error >= 0 || error == FS_E_EXISTS)
		(void)proc_make(fs, dir, last, FS_LINK, is_own ? PROC_EXE : PROC_SELF, dir->pid);
}

static void proc_remove(struct fs *fs, struct fs_node *node)
{
	while (node->child != NULL)
		proc_remove(fs, node->child);
	node->proc = PROC_NONE;
	(void)node_remove(fs, node);
}

static struct fs_node *proc_fd_node(struct fs *fs, uint32_t pid, uint32_t fd)
{
	const struct fs_files *files = fs->outside->proc->files(pid);
	const struct fs_open *open = files != NULL ? files_find(files, fd) : NULL;

	return open != NULL ? open->node : NULL;
}

/* Where a descriptor's link says that it leads: its path, or what it is. */
static err_t proc_fd_text(struct fs *fs, struct fs_node *link, const struct fs_node *node)
{
	static const char gone[] = " (deleted)";
	char text[FS_NAME_MAX + sizeof(gone) + 2] = "pipe:[", *path;
	size_t bytes = 6;
	err_t error;

	if (node->name != NULL && node->parent != NULL) {
		path = fs->outside->alloc(FS_PATH_MAX);
		if (path == NULL)
			return FS_E_MEMORY;
		error = node_path(fs, node, path, FS_PATH_MAX);
		if (error >= 0)
			error = node_set_target(fs, link, path);
		fs->outside->free(path);
		return error;
	}
	if (node->name != NULL) {
		text[0] = '/';
		__builtin_memcpy(text + 1, node->name, node->name_bytes);
		__builtin_memcpy(text + 1 + node->name_bytes, gone, sizeof(gone));
		return node_set_target(fs, link, text);
	}
	if (node == fs->root)
		return node_set_target(fs, link, "/");
	bytes += proc_digits(text + bytes, (uint32_t)node->ino);
	text[bytes] = ']';
	text[bytes + 1] = '\0';
	return node_set_target(fs, link, text);
}

/* A process in /proc, or a descriptor in its directory, has a node if and only if it is there. */
static void proc_update(struct fs *fs, struct fs_node *dir, uint32_t number)
{
	bool is_fd = dir->proc == PROC_FDS;
	struct fs_node *node, *file = is_fd ? proc_fd_node(fs, dir->pid, number) : NULL;
	bool is_there = is_fd ? file != NULL : fs->outside->proc->is_process(number);
	char name[PROC_DIGITS];
	size_t bytes = proc_digits(name, number);

	node = node_entry(dir, name, bytes);
	if (node != NULL && !is_there)
		proc_remove(fs, node);
	if (!is_there || (node == NULL && proc_make(fs, dir, name, is_fd ? FS_LINK : FS_DIR,
			is_fd ? PROC_FD : PROC_PROCESS, is_fd ? dir->pid : number) < 0))
		return;
	node = node_entry(dir, name, bytes);
	if (is_fd && proc_fd_text(fs, node, file) < 0)
		proc_remove(fs, node);
}

/* Those that have ended leave /proc: else each that ever looked at itself there stayed. */
static void proc_forget(struct fs *fs, struct fs_node *root)
{
	struct fs_node *node, *next;

	for (node = root->child; node != NULL; node = next) {
		next = node->sibling;
		if (node->proc == PROC_PROCESS && !fs->outside->proc->is_process(node->pid))
			proc_remove(fs, node);
	}
}

struct fs_node *proc_find(struct fs *fs, struct fs_node *dir, const char *name,
	size_t name_bytes)
{
	uint32_t number;

	if (dir->proc != PROC_FDS)
		proc_fill(fs, dir);
	if (dir->proc != PROC_PROCESS && proc_number(name, name_bytes, &number)) {
		if (dir->proc == PROC_ROOT && node_entry(dir, name, name_bytes) == NULL)
			proc_forget(fs, dir);
		proc_update(fs, dir, number);
	}
	return node_find(dir, name, name_bytes);
}

void proc_list(struct fs *fs, struct fs_node *dir)
{
	const struct fs_files *files = NULL;
	uint32_t number, place = 0;
	struct fs_node *node, *next;

	if (dir->proc != PROC_FDS)
		proc_fill(fs, dir);
	for (node = dir->child; node != NULL; node = next) {
		next = node->sibling;
		if (proc_number(node->name, node->name_bytes, &number))
			proc_update(fs, dir, number);
	}
	if (dir->proc == PROC_FDS)
		files = fs->outside->proc->files(dir->pid);
	for (number = 0; files != NULL && number < files->top; number++)
		proc_update(fs, dir, number);
	while (dir->proc == PROC_ROOT && (number = fs->outside->proc->next(&place)) != 0)
		proc_update(fs, dir, number);
}

err_t proc_open(struct fs *fs, struct fs_node *node, uint32_t flags, struct fs_open **open)
{
	struct fs_node *text;
	err_t error;

	if (flags & OPEN_WRITE)
		return FS_E_ACCESS;
	if (node->kind != FS_FILE || flags & OPEN_PATH)
		return open_node(fs, node, flags, open);
	error = node_create_nameless(fs, FS_FILE, node->mode, &text);
	if (error < 0)
		return error;
	error = fs->outside->proc->write(fs, text, node->proc, node->pid);
	if (error >= 0)
		error = open_node(fs, text, flags, open);
	node_unref(fs, text);
	return error;
}

struct fs_node *proc_target(struct fs *fs, const struct fs_node *link)
{
	uint32_t fd;

	if (!proc_number(link->name, link->name_bytes, &fd))
		return NULL;
	return proc_fd_node(fs, link->pid, fd);
}

const char *proc_text(struct fs *fs, const struct fs_node *link)
{
	if (link->proc == PROC_EXE)
		return link->pid == fs->outside->proc->self() ? fs->outside->proc->exe() : "";
	proc_digits(fs->digits, fs->outside->proc->self());
	return fs->digits;
}

err_t proc_create(struct fs *fs)
{
	static const char *const links[][2] = {
		{ "fd", "/proc/self/fd" }, { "stdin", "/proc/self/fd/0" },
		{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
	};
	err_t error = proc_make(fs, fs->root, "proc", FS_DIR, PROC_ROOT, 0);
	struct fs_node *dev = node_find(fs->root, "dev", 3), *node;
	unsigned i;

	for (i = 0; error >= 0 && i < sizeof(links) / sizeof(links[0]); i++) {
		error = node_create(fs, dev, links[i][0], __builtin_strlen(links[i][0]), FS_LINK,
			0777, &node);
		if (error >= 0)
			error = node_set_target(fs, node, links[i][1]);
	}
	return error == FS_E_MEMORY ? error : FS_OK;
}
