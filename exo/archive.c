/* SPDX-License-Identifier: ISC */
/* The boot archive: finds a member. Reads the archive only; takes no locks. */
#include "exo/boot.h"

/* A header is 110 bytes of ASCII: a magic number, then 13 fields of 8 hexadecimal digits. */
enum { HEADER_BYTES = 110, FIELD_SIZE = 6, FIELD_NAME_SIZE = 11, ALIGNMENT = 4 };

static bool header_field(const uint8_t *header, unsigned field, uint64_t *value)
{
	const uint8_t *digit = header + 6 + 8 * field;
	unsigned i;

	*value = 0;
	for (i = 0; i < 8; i++) {
		unsigned d = digit[i];

		if (d >= '0' && d <= '9')
			d -= '0';
		else if ((d | 0x20) >= 'a' && (d | 0x20) <= 'f')
			d = (d | 0x20) - 'a' + 10;
		else
			return false;
		*value = *value << 4 | d;
	}
	return true;
}

const char *boot_find(const uint8_t *archive, uint64_t bytes, const char *name,
		      struct boot_member *member)
{
	size_t length = __builtin_strlen(name) + 1;
	uint64_t name_size, data;

	if (bytes < HEADER_BYTES || __builtin_memcmp(archive, "070701", 6) != 0
	    || !header_field(archive, FIELD_SIZE, &member->bytes)
	    || !header_field(archive, FIELD_NAME_SIZE, &name_size))
		return "the boot archive is not a newc cpio archive";
	data = (HEADER_BYTES + name_size + ALIGNMENT - 1) & -(uint64_t)ALIGNMENT;
	if (data > bytes || member->bytes > bytes - data)
		return "the boot archive is truncated";
	if (name_size < length || __builtin_memcmp(archive + HEADER_BYTES, name, length) != 0)
		return "the boot archive does not begin with it";
	member->data = archive + data;
	return NULL;
}
