/* SPDX-License-Identifier: ISC */
/*
 * The reader of ELF files takes any bytes: each field wrong in turn is refused with its reason,
 * each cut and each random change ends in a refusal or in segments that lie where they may, in
 * order, on pages of their own, inside the file.
 */
#include <string.h>

#include "libos/fork/image.h"
#include "tests/tap.h"

enum { FILE_BYTES = 3 * 4096 + 100, PHOFF = 64, PHSIZE = 56 };

static const struct image_limits limits = {
	.machine = 62, .bottom = 0x10000, .top = 0x3f000000,
	.library = 0x7f0000000000, .library_end = 0x7f00003e3000, .bias = 0x400000,
};

static uint8_t file[FILE_BYTES];

static void put(unsigned at, unsigned bytes, uint64_t value)
{
	memcpy(file + at, &value, bytes);
}

static void segment(unsigned n, uint32_t type, uint32_t flags, uint64_t offset, uint64_t address,
		    uint64_t in_file, uint64_t in_memory)
{
	unsigned at = PHOFF + n * PHSIZE;

	put(at, 4, type);
	put(at + 4, 4, flags);
	put(at + 8, 8, offset);
	put(at + 16, 8, address);
	put(at + 32, 8, in_file);
	put(at + 40, 8, in_memory);
}

/* A sound file: text, data with .bss, an executable stack's mark. */
static void make(void)
{
	memset(file, 0, sizeof(file));
	memcpy(file, "\177ELF\2\1\1", 7);
	put(16, 2, 2);
	put(18, 2, 62);
	put(20, 4, 1);
	put(24, 8, 0x401010);
	put(32, 8, PHOFF);
	put(52, 2, 64);
	put(54, 2, PHSIZE);
	put(56, 2, 3);
	segment(0, 1, 5, 0, 0x400000, 0x1800, 0x1800);
	segment(1, 1, 6, 0x2000, 0x403000, 0x1064, 0x5000);
	segment(2, 0x6474e551, 6, 0, 0, 0, 0);
}

static const char *parse(uint64_t bytes)
{
	static struct image image;
	/* A copy of the exact size, so that a sanitizer sees each read beyond it. */
	uint8_t *copy = malloc(bytes ? bytes : 1);
	const char *why;

	memcpy(copy, file, bytes);
	why = image_parse(copy, bytes, &limits, &image);
	free(copy);
	return why;
}

static void refused(const char *name, const char *want)
{
	const char *why = parse(sizeof(file));

	tap_ok(why != NULL && strstr(why, want) != NULL, "%s: refused as \"%s\"", name, want);
	if (why == NULL || strstr(why, want) == NULL)
		printf("# said: %s\n", why ? why : "nothing");
	make();
}

static void check_sound(void)
{
	struct image image;

	make();
	tap_ok(image_parse(file, sizeof(file), &limits, &image) == NULL, "a sound file");
	tap_eq(image.count, 2, "two segments");
	tap_eq(image.entry, 0x401010, "entry");
	tap_eq(image.headers, 0x400040, "headers");
	tap_eq(image.segment[1].bytes, 0x5000, "size in memory");
	tap_ok(!image.is_native && !image.is_stack_executable, "foreign, stack not executable");
	put(16, 2, 3);
	tap_ok(image_parse(file, sizeof(file), &limits, &image) == NULL
	       && image.entry == 0x801010, "position-independent: moved");
	make();
}

static void check_fields(void)
{
	put(0, 1, 0);
	refused("magic", "not an ELF");
	put(4, 1, 1);
	refused("32 bits", "64-bit");
	put(18, 2, 183);
	refused("AArch64", "another kind of CPU");
	put(16, 2, 1);
	refused("an object file", "not an executable");
	put(24, 8, 0);
	refused("entry 0", "no entry");
	put(24, 8, 0x403010);
	refused("entry in data", "entry point is not executable");
	put(24, 8, 0x500000);
	refused("entry nowhere", "entry point is not executable");
	put(56, 2, 0);
	refused("no headers", "no program headers");
	put(56, 2, 65535);
	refused("many headers", "too many");
	put(32, 8, UINT64_MAX - 7);
	refused("headers far away", "truncated");
	put(54, 2, 55);
	refused("header size", "no program headers");
	segment(2, 3, 4, 0, 0, 10, 10);
	refused("an interpreter", "dynamically");
}

static void check_segments(void)
{
	segment(1, 1, 6, 0x2000, 0x403000, 0x1065, 0x5000);
	refused("a byte too few", "truncated");
	segment(1, 1, 6, UINT64_MAX, 0x403fff, 2, 0x5000);
	refused("offset wraps", "truncated");
	segment(1, 1, 6, 0x2000, 0x403000, 0x1000, 0xfff);
	refused("larger in the file", "larger in the file");
	segment(1, 1, 6, 0x2001, 0x403000, 0x1000, 0x1000);
	refused("unaligned", "not aligned");
	segment(1, 1, 6, 0x2000, 0x401000, 0x1000, 0x1000);
	refused("same page", "overlap");
	segment(1, 1, 6, 0x2000, 0x300000, 0x1000, 0x1000);
	refused("not in order", "overlap or are not in order");
	segment(1, 1, 6, 0x2000, 0x400000, 0x1000, 0x1000);
	refused("one on the other", "overlap");
	segment(1, 1, 6, 0x2000, 0xffffffff80000000, 0x1000, 0x1000);
	refused("in the kernel", "reach");
	segment(1, 1, 6, 0x2000, UINT64_MAX - 0xfff, 0x1000, 0x1000);
	refused("at the end", "reach");
	segment(1, 1, 6, 0x2000, 0x403000, 0x1000, UINT64_MAX - 0x403000);
	refused("size wraps", "reach");
	segment(1, 1, 6, 0x2000, 0x7f0000200000, 0x1000, 0x1000);
	refused("in the library's part", "reach");
	segment(1, 1, 6, 0x2000, 0x3effe000, 0x1000, 0x3000);
	refused("into the stack", "reach");
	segment(0, 1, 5, 0, 0, 0x1800, 0x1800);
	refused("at address 0", "reach");
}

/* Whatever was accepted is sound. */
static bool is_sound(const struct image *image, uint64_t bytes)
{
	uint64_t last = 0;
	unsigned i;

	for (i = 0; i < image->count; i++) {
		const struct image_segment *s = &image->segment[i];
		uint64_t start = s->address & ~4095ul;
		uint64_t end = (s->address + s->bytes + 4095) & ~4095ul;
		bool is_low = start >= limits.bottom && end <= limits.top;
		bool is_high = start >= limits.library && end <= limits.library_end;

		if (start < last || end <= start || !(is_low || is_high)
		    || (is_high && !image->is_native)
		    || s->file_offset > bytes || s->file_bytes > bytes - s->file_offset
		    || s->file_bytes > s->bytes || (s->file_offset ^ s->address) % 4096)
			return false;
		last = end;
	}
	return true;
}

static void check_random(void)
{
	unsigned long rounds = tap_iterations(2000000), i, accepted = 0, bad = 0;
	unsigned long seed = tap_seed(1);
	struct image image;
	unsigned cut, j;

	for (cut = 0; cut < sizeof(file); cut += cut < 400 ? 1 : 97)
		bad += parse(cut) == NULL;
	tap_eq(bad, 0, "every cut is refused");
	srandom((unsigned)seed);
	for (i = 0; i < rounds; i++) {
		make();
		for (j = 0; j < 1 + (unsigned)random() % 4; j++)
			file[random() % (PHOFF + 3 * PHSIZE)] = (uint8_t)(random() % 3 ? random() :
				random() % 2 ? 0xff : 0);
		if (image_parse(file, sizeof(file), &limits, &image))
			continue;
		accepted++;
		bad += !is_sound(&image, sizeof(file));
	}
	tap_eq(bad, 0, "of %lu random changes, %lu accepted ones are sound", rounds, accepted);
}

int main(void)
{
	check_sound();
	check_fields();
	check_segments();
	check_random();
	return tap_done("tests/host/bad_images_are_refused.tap");
}
