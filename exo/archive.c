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

/* Both are ended by a NUL; the archive's name lies within `bytes`. */
static bool name_is(const uint8_t *name, uint64_t bytes, const char *wanted)
{
	uint64_t i;

	for (i = 0; i < bytes; i++) {
		if (name[i] != (uint8_t)wanted[i])
			return false;
		if (!name[i])
			return true;
	}
	return false;
}

const char *boot_find(const uint8_t *archive, uint64_t bytes, const char *name,
		      struct boot_member *member)
{
	uint64_t at = 0, size, name_size, data;

	while (bytes - at >= HEADER_BYTES) {
		const uint8_t *header = archive + at;

		if (__builtin_memcmp(header, "070701", 6) != 0
		    || !header_field(header, FIELD_SIZE, &size)
		    || !header_field(header, FIELD_NAME_SIZE, &name_size))
			return "the boot archive is not a newc cpio archive";
		if (name_size > bytes - at - HEADER_BYTES)
			break;
		data = (at + HEADER_BYTES + name_size + ALIGNMENT - 1) & -(uint64_t)ALIGNMENT;
		if (data > bytes || size > bytes - data)
			break;
		if (name_is(header + HEADER_BYTES, name_size, "TRAILER!!!"))
			return "the boot archive has no such member";
		if (name_is(header + HEADER_BYTES, name_size, name)) {
			member->data = archive + data;
			member->bytes = size;
			return NULL;
		}
		at = (data + size + ALIGNMENT - 1) & -(uint64_t)ALIGNMENT;
		if (at > bytes)
			break;
	}
	return "the boot archive is truncated";
}
