/* SPDX-License-Identifier: ISC */
/* What the library's readers make of a file: a program, a boot archive. Holds nothing. */
#include "fuzz/files.h"

#include <stdio.h>

#include "libos/fork/image.h"
#include "libos/fs/cpio.h"

static bool is_inside(const void *part, uint64_t part_bytes, const void *all, uint64_t bytes)
{
	uint64_t offset = (uint64_t)((const char *)part - (const char *)all);

	return offset <= bytes && part_bytes <= bytes - offset;
}

/* What the library makes of a program: in order, each segment on pages of its own and where it may
 * be. */
void files_image(const uint8_t *data, size_t size, unsigned machine)
{
	const struct image_limits limits = { .machine = (uint16_t)machine, .bottom = 0x10000,
		.top = 0x3f000000, .library = 0x7f0000000000, .library_end = 0x7f00003e3000,
		.bias = 0x400000 };
	struct image image;
	uint64_t last = 0;
	unsigned i;

	if (image_headers_end(data, size) > size || image_parse(data, size, &limits, &image))
		return;
	for (i = 0; i < image.count; i++) {
		const struct image_segment *s = &image.segment[i];
		uint64_t start = s->address & -EXO_PAGE_SIZE;
		uint64_t end = (s->address + s->bytes + EXO_PAGE_SIZE - 1) & -EXO_PAGE_SIZE;
		bool is_low = start >= limits.bottom && end <= limits.top;
		bool is_high = start >= limits.library && end <= limits.library_end;

		if (start < last || end <= start || !(is_low || (is_high && image.is_native)))
			fuzz_fail("a segment lies where it must not");
		if (s->file_offset > size || s->file_bytes > size - s->file_offset
		    || s->file_bytes > s->bytes)
			fuzz_fail("a segment reaches out of its file");
		last = end;
	}
}

void files_members(const uint8_t *data, size_t size, bool is_traced)
{
	struct cpio_member member;
	uint64_t offset = 0, before;
	unsigned members = 0;
	err_t found;

	for (;;) {
		before = offset;
		found = cpio_find((const char *)data, size, &offset, &member);
		if (found <= 0)
			break;
		if (offset <= before || offset > size
		    || !is_inside(member.name, member.name_bytes, data, size)
		    || !is_inside(member.data, member.data_bytes, data, size))
			fuzz_fail("a member lies outside the archive");
		members++;
	}
	if (is_traced)
		printf("%u members, then %d\n", members, found);
}
