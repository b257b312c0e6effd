/* SPDX-License-Identifier: ISC */
/* The boot archive: finds a member. Reads the archive only; takes no locks. */
#include "exo/boot.h"

/* A header is 110 bytes of ASCII: a magic number, then 13 fields of 8 hexadecimal digits. */
enum { HEADER_BYTES = 110, FIELD_SIZE = 6, FIELD_NAME_SIZE = 11, ALIGNMENT = 4 };

/* A field's value; what is no digit gives some value, and each is checked against the archive's
 * length. */
static uint64_t header_field(const uint8_t *header, unsigned field)
{
	const uint8_t *digit = header + 6 + 8 * field, *end = digit + 8;
	uint64_t value = 0;

	for (; digit < end; digit++)
		value = value << 4 | ((*digit & 15u) + (*digit > '9' ? 9u : 0u)) % 16u;
	return value;
}

const char *boot_find(const uint8_t *archive, uint64_t bytes, const char *name,
		      struct boot_member *member)
{
	size_t length = __builtin_strlen(name) + 1;
	uint64_t name_size, data;

	if (bytes < HEADER_BYTES || __builtin_memcmp(archive, "070701", 6) != 0)
		return "the boot archive is not a newc cpio archive";
	member->bytes = header_field(archive, FIELD_SIZE);
	name_size = header_field(archive, FIELD_NAME_SIZE);
	data = (HEADER_BYTES + name_size + ALIGNMENT - 1) & -(uint64_t)ALIGNMENT;
	if (data > bytes || member->bytes > bytes - data)
		return "the boot archive is truncated";
	if (name_size < length || __builtin_memcmp(archive + HEADER_BYTES, name, length) != 0)
		return "the boot archive does not begin with it";
	member->data = archive + data;
	return NULL;
}
