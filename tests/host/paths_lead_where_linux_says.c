/* SPDX-License-Identifier: ISC */
/* Paths: directories, dots, slashes, links, loops; making, moving and removing of names. */
#include "libos/fs/path.h"
#include "tests/host/fs_host.h"

static struct fs_archive archive;
static struct fs fs;
static struct fs_shared shared;

static void make(void)
{
	archive.count = 0;
	fs_archive_add(&archive, "bin/cat", 0100755, "CAT");
	fs_archive_add(&archive, "bin/ls", 0120777, "cat");
	fs_archive_add(&archive, "usr/bin", 0120777, "../bin");
	fs_archive_add(&archive, "usr/abs", 0120777, "/bin");
	fs_archive_add(&archive, "usr/loop", 0120777, "loop");
	fs_archive_add(&archive, "usr/gone", 0120777, "nowhere");
	fs_archive_add(&archive, "usr/root", 0120777, "/");
	fs_archive_add(&archive, "bin/cat/below", 0100644, "no");
	fs_archive_add(&archive, "a/../b", 0100644, "no");
	fs_archive_add(&archive, "/lead//ing", 0100644, "yes");
	fs_archive_add(&archive, "TRAILER!!!", 0, "");
	tap_eq(fs_create(&fs, &fs_host_outside, &shared, archive.bytes, archive.count), 0,
		"a tree is made");
}

/* What a path leads to, as an absolute path, or the error. */
static const char *leads_from(struct fs_node *from, const char *path, unsigned flags)
{
	static char text[FS_PATH_MAX];
	struct fs_node *node;
	err_t error = path_find(&fs, from, path, flags, &node);

	if (error == 0)
		error = node_path(&fs, node, text, sizeof(text));
	if (error < 0)
		snprintf(text, sizeof(text), "%d", error);
	return text;
}

static void check_leads(const char *path, const char *want)
{
	const char *got = leads_from(fs.root, path, 0);

	if (!tap_ok(strcmp(got, want) == 0, "\"%.60s\" leads to %s", path, want))
		printf("# got %s\n", got);
}

static void check_paths(void)
{
	char text[FS_PATH_MAX + 2];

	check_leads("/", "/");
	check_leads("//./..", "/");
	check_leads("/bin/cat", "/bin/cat");
	check_leads("bin/../bin/./cat", "/bin/cat");
	check_leads("/bin/ls", "/bin/cat");
	check_leads("/usr/bin/ls", "/bin/cat");
	check_leads("/usr/abs/cat", "/bin/cat");
	check_leads("/usr/bin/..", "/");
	check_leads("/usr/root", "/");
	check_leads("/usr/root/usr/root//bin/", "/bin");
	check_leads("/lead/ing", "/lead/ing");
	check_leads("/dev/null", "/dev/null");
	check_leads("", "-101");
	check_leads("/nowhere", "-101");
	check_leads("/nowhere/x", "-101");
	check_leads("/usr/gone", "-101");
	check_leads("/a/b", "-101");
	check_leads("/b", "-101");
	check_leads("/bin/cat/", "-103");
	check_leads("/bin/cat/below", "-103");
	check_leads("/bin/ls/", "-103");
	check_leads("/usr/loop", "-106");
	check_leads("/usr/loop/x", "-106");
	tap_ok(strcmp(leads_from(fs.root, "/bin/ls", PATH_LINK), "/bin/ls") == 0,
		"the last link can be meant itself");
	memset(text, 'x', sizeof(text));
	text[FS_NAME_MAX + 1] = '\0';
	check_leads(text, "-107");
	memset(text, '/', sizeof(text));
	text[FS_PATH_MAX] = '\0';
	check_leads(text, "-107");
	text[FS_PATH_MAX - 1] = '\0';
	check_leads(text, "/");
}

static struct fs_node *dir_of(const char *path)
{
	struct fs_node *node = NULL;

	tap_eq(path_find(&fs, fs.root, path, 0, &node), 0, "%s is there", path);
	return node;
}

static void check_names(void)
{
	struct fs_node *tmp = dir_of("/tmp"), *bin = dir_of("/bin"), *a, *b, *c;

	tap_eq(node_create(&fs, tmp, "a", 1, FS_DIR, 0755, &a), 0, "make a directory");
	tap_eq(node_create(&fs, tmp, "a", 1, FS_DIR, 0755, &b), FS_E_EXISTS, "once");
	tap_eq(node_create(&fs, tmp, "..", 2, FS_FILE, 0755, &b), FS_E_ARGUMENT, "no dots");
	tap_eq(node_create(&fs, tmp, "", 0, FS_FILE, 0755, &b), FS_E_ARGUMENT, "no empty name");
	tap_eq(node_create(&fs, a, "b", 1, FS_DIR, 0755, &b), 0, "one below it");
	tap_eq(node_create(&fs, b, "c", 1, FS_FILE, 0644, &c), 0, "a file below that");
	tap_eq(node_create(&fs, c, "d", 1, FS_FILE, 0644, &c), FS_E_NOT_DIR, "none below a file");
	tap_eq(node_move(&fs, a, b, "x", 1), FS_E_ARGUMENT, "not into itself");
	tap_eq(node_move(&fs, a, bin, "cat", 3), FS_E_NOT_DIR, "not over a file");
	tap_eq(node_move(&fs, c, tmp, "a", 1), FS_E_IS_DIR, "a file not over a directory");
	tap_eq(node_move(&fs, b, bin, "moved", 5), 0, "moved elsewhere");
	check_leads("/bin/moved/c", "/bin/moved/c");
	check_leads("/tmp/a/b", "-101");
	tap_eq(node_move(&fs, c, bin, "cat", 3), 0, "a file over a file");
	check_leads("/bin/ls", "/bin/cat");
	tap_eq(node_remove(&fs, bin), FS_E_NOT_EMPTY, "a full directory stays");
	tap_eq(node_remove(&fs, fs.root), FS_E_BUSY, "the root stays");
	node_ref(a);
	tap_eq(node_remove(&fs, a), 0, "an empty one goes");
	tap_eq(node_create(&fs, a, "z", 1, FS_FILE, 0644, &c), FS_E_MISSING, "and takes none in");
	tap_ok(strcmp(leads_from(a, "x", 0), "-101") == 0, "and leads nowhere");
	node_unref(&fs, a);
}

static void check_memory(void)
{
	long n, before = fs_host.allocations;
	struct fs_shared other_shared;
	struct fs other;
	unsigned bad = 0;
	err_t error = FS_E_MEMORY;

	for (n = 0; error != 0 && n < 1000; n++) {
		fs_host.fail_after = n;
		memset(&other_shared, 0, sizeof(other_shared));
		error = fs_create(&other, &fs_host_outside, &other_shared, archive.bytes,
			archive.count);
		bad += error != 0 && error != FS_E_MEMORY;
	}
	fs_host.fail_after = -1;
	tap_ok(bad == 0 && n > 10, "%ld allocations fail in turn, each is an error", n - 1);
	tap_ok(fs_host.allocations > before, "until there is a tree");
}

int main(void)
{
	make();
	check_paths();
	check_names();
	check_memory();
	return tap_done("tests/host/paths_lead_where_linux_says.tap");
}
