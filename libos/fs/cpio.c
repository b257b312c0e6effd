/* SPDX-License-Identifier: ISC */
/* The newc reader (see cpio.h). Touches nothing but its arguments; no locks. */
#include "libos/fs/cpio.h"

enum { CPIO_HEADER = 110, CPIO_UNIT = 4, CPIO_MAGIC = 6, CPIO_DIGITS = 8 };

/* Which of the thirteen hexadecimal fields after the magic. */
enum { CPIO_FIELD_MODE = 1, CPIO_FIELD_MTIME = 5, CPIO_FIELD_SIZE = 6, CPIO_FIELD_NAMESIZE = 11 };

/* The number in eight hexadecimal digits, or -1. */
static int64_t cpio_field(const char *header, unsigned field)
{
	const char *at = header + CPIO_MAGIC + field * CPIO_DIGITS;
	int64_t value = 0;
	unsigned i;

	for (i = 0; i < CPIO_DIGITS; i++) {
		unsigned digit, c = (unsigned char)at[i];

		if (c - '0' < 10)
			digit = c - '0';
		else if ((c | 0x20) - 'a' < 6)
			digit = (c | 0x20) - 'a' + 10;
		else
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

static uint64_t cpio_align(uint64_t offset)
{
	return (offset + CPIO_UNIT - 1) & ~(uint64_t)(CPIO_UNIT - 1);
}

static bool cpio_is_equal(const char *name, uint64_t bytes, const char *text)
{
	return bytes == __builtin_strlen(text) && __builtin_memcmp(name, text, bytes) == 0;
}

/* Length of the name before its first NUL; a name may be padded with several. */
static uint64_t cpio_name_bytes(const char *name, uint64_t field_bytes)
{
	uint64_t n;

	for (n = 0; n < field_bytes && name[n] != '\0'; n++)
		;
	return n;
}

err_t cpio_find(const char *archive, uint64_t archive_bytes, uint64_t *offset,
	struct cpio_member *member)
{
	uint64_t at = cpio_align(*offset), data;
	int64_t mode, mtime, size, name_size;
	struct cpio_member found;

	if (at >= archive_bytes)
		return 0;
	if (archive_bytes - at < CPIO_HEADER
			|| __builtin_memcmp(archive + at, "070701", CPIO_MAGIC) != 0)
		return FS_E_FORMAT;
	mode = cpio_field(archive + at, CPIO_FIELD_MODE);
	mtime = cpio_field(archive + at, CPIO_FIELD_MTIME);
	size = cpio_field(archive + at, CPIO_FIELD_SIZE);
	name_size = cpio_field(archive + at, CPIO_FIELD_NAMESIZE);
	at += CPIO_HEADER;
	if (mode < 0 || mtime < 0 || size < 0 || name_size < 1
			|| (uint64_t)name_size > archive_bytes - at)
		return FS_E_FORMAT;
	data = cpio_align(at + (uint64_t)name_size);
	if (data > archive_bytes || (uint64_t)size > archive_bytes - data)
		return FS_E_FORMAT;
	found.name = archive + at;
	found.name_bytes = cpio_name_bytes(found.name, (uint64_t)name_size);
	if (found.name_bytes == (uint64_t)name_size)
		return FS_E_FORMAT;
	if (cpio_is_equal(found.name, found.name_bytes, "TRAILER!!!"))
		return 0;
	found.data = archive + data;
	found.data_bytes = (uint64_t)size;
	found.mode = (uint32_t)mode;
	found.mtime_s = (uint32_t)mtime;
	*member = found;
	*offset = data + (uint64_t)size;
	return 1;
}
