/* SPDX-License-Identifier: ISC */
/*
 * The reader of the boot archive takes any bytes: each length field at its limits, each cut, each
 * random change ends in a member inside the archive, the end, or FS_E_FORMAT.
 */
#include "tests/host/fs_host.h"

static struct fs_archive archive;

/* Walk to the end; -1: a member reached outside; else what ended the walk. */
static int walk(const char *bytes, size_t count, unsigned *members)
{
	struct cpio_member member;
	uint64_t offset = 0, before;
	err_t found;

	*members = 0;
	for (;;) {
		before = offset;
		found = cpio_find(bytes, count, &offset, &member);
		if (found <= 0)
			return offset == before ? found : -1;
		++*members;
		if (offset <= before || offset > count || member.name < bytes
				|| member.name + member.name_bytes > bytes + count
				|| member.data < bytes
				|| member.data_bytes > (size_t)(bytes + count - member.data))
			return -1;
	}
}

static void make(void)
{
	archive.count = 0;
	fs_archive_add(&archive, "init", 0100755, "\177ELF");
	fs_archive_add(&archive, "etc/motd", 0100644, "hello\n");
	fs_archive_add(&archive, "empty", 0100644, "");
	fs_archive_add(&archive, "TRAILER!!!", 0, "");
}

static void check_whole(void)
{
	struct cpio_member member;
	unsigned members;
	uint64_t offset = 0;

	make();
	tap_eq(walk(archive.bytes, archive.count, &members), 0, "a good archive ends well");
	tap_eq(members, 3, "with all its members");
	tap_ok(cpio_find(archive.bytes, archive.count, &offset, &member) == 1
		&& member.name_bytes == 4 && memcmp(member.name, "init", 4) == 0
		&& member.data_bytes == 4 && memcmp(member.data, "\177ELF", 4) == 0
		&& member.mode == 0100755 && member.mtime_s == 5, "a member is as it was packed");
	tap_eq(walk(archive.bytes, 0, &members), 0, "no bytes are an empty archive");
}

static void check_fields(void)
{
	static const char *values[] = { "00000000", "00000001", "0000FFFF", "7FFFFFFF", "80000000",
		"FFFFFFFF", "FFFFFF8E", "0000000g", "        ", "-0000001" };
	unsigned field, i, members, bad = 0;

	for (field = 0; field < 13; field++) {
		for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			make();
			memcpy(archive.bytes + 6 + field * 8, values[i], 8);
			bad += walk(archive.bytes, archive.count, &members) == -1;
		}
	}
	tap_eq(bad, 0, "every field at its limits");
	make();
	memset(archive.bytes + 110, 'x', 5);
	tap_eq(walk(archive.bytes, archive.count, &members), FS_E_FORMAT, "a name without end");
	make();
	archive.bytes[5] = '2';
	tap_eq(walk(archive.bytes, archive.count, &members), FS_E_FORMAT, "another magic");
}

static void check_cuts(void)
{
	unsigned members, bad = 0;
	size_t cut;

	make();
	for (cut = 0; cut < archive.count; cut++) {
		char *copy = malloc(cut + 1);

		memcpy(copy, archive.bytes, cut);
		bad += walk(copy, cut, &members) == -1;
		free(copy);
	}
	tap_eq(bad, 0, "cut at every byte");
}

static void check_changes(unsigned long count)
{
	unsigned members, bad = 0;

	srandom((unsigned)tap_seed(1));
	while (count-- > 0) {
		make();
		archive.bytes[(size_t)random() % archive.count] = (char)random();
		archive.bytes[(size_t)random() % archive.count] = "0123456789ABCDEF"[random() & 15];
		bad += walk(archive.bytes, archive.count, &members) == -1;
	}
	tap_eq(bad, 0, "random changes");
}

int main(void)
{
	check_whole();
	check_fields();
	check_cuts();
	check_changes(tap_iterations(200000));
	return tap_done("tests/host/cpio_refuses_bad_archives.tap");
}
