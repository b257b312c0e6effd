/* SPDX-License-Identifier: ISC */
/* ELF files (System V ABI, chapters 4 and 5). Touches what it is given; no locks. */
#include "libos/fork/image.h"

enum {
	ELF_EXEC = 2, ELF_DYN = 3,
	ELF_LOAD = 1, ELF_INTERP = 3, ELF_STACK = 0x6474e551,
	ELF_X = 1, ELF_W = 2, ELF_R = 4,
	ELF_HEADERS_MAX = 64,
};

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

_Static_assert(sizeof(struct elf_header) == 64 && sizeof(struct elf_segment) == 56, "ELF64");

static const char *image_check_header(const struct elf_header *h, uint64_t bytes,
				      const struct image_limits *limits)
{
	static const uint8_t ident[7] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };

	if (bytes < sizeof(*h))
		return "not an ELF file (too short)";
	if (__builtin_memcmp(h->ident, ident, 4))
		return "not an ELF file";
	if (__builtin_memcmp(h->ident, ident, sizeof(ident)) || h->version != 1)
		return "not a 64-bit little-endian ELF file";
	if (h->machine != limits->machine)
		return "for another kind of CPU";
	if (h->type != ELF_EXEC && h->type != ELF_DYN)
		return "not an executable file";
	if (h->phentsize != sizeof(struct elf_segment) || h->phnum == 0)
		return "no program headers";
	if (h->phnum > ELF_HEADERS_MAX)
		return "too many program headers";
	if (h->phoff % 8 || h->phoff > bytes
	    || bytes - h->phoff < h->phnum * sizeof(struct elf_segment))
		return "truncated (program headers)";
	if (!h->entry)
		return "no entry point";
	return NULL;
}

static bool image_is_in(uint64_t start, uint64_t end, uint64_t from, uint64_t to)
{
	return start >= from && end <= to;
}

/* One loadable segment, appended if it is sound. */
static const char *image_add(const struct elf_segment *e, uint64_t bytes, uint64_t bias,
			     const struct image_limits *limits, struct image *image)
{
	struct image_segment *last = image->count ? &image->segment[image->count - 1] : NULL;
	uint64_t start = e->vaddr + bias, end;

	if (e->memsz == 0)
		return NULL;
	if (e->filesz > e->memsz)
		return "a segment is larger in the file than in memory";
	if (e->offset > bytes || e->filesz > bytes - e->offset)
		return "truncated (a segment)";
	if ((e->vaddr ^ e->offset) % EXO_PAGE_SIZE)
		return "a segment is not aligned as in memory";
	if (start < e->vaddr || start > limits->library_end
	    || e->memsz > limits->library_end - start)
		return "a segment is out of the program's reach";
	end = PAGE_UP(start + e->memsz);
	start = PAGE_DOWN(start);
	if (!image_is_in(start, end, limits->bottom, limits->top)
	    && !image_is_in(start, end, limits->library, limits->library_end))
		return "a segment is out of the program's reach";
	if (last && start < PAGE_UP(last->address + last->bytes))
		return "segments overlap or are not in order";
	if (image->count == IMAGE_SEGMENTS)
		return "too many segments";
	image->segment[image->count++] = (struct image_segment){
		.address = e->vaddr + bias, .file_offset = e->offset, .file_bytes = e->filesz,
		.bytes = e->memsz,
		.access = EXO_READ | (e->flags & ELF_W ? EXO_WRITE : 0u)
			| (e->flags & ELF_X ? EXO_EXEC : 0u),
	};
	return NULL;
}

/* The segment that covers `bytes` bytes at `address`, or NULL. */
static const struct image_segment *image_find(const struct image *image, uint64_t address,
					      uint64_t bytes)
{
	unsigned i;

	for (i = 0; i < image->count; i++) {
		const struct image_segment *s = &image->segment[i];

		if (address >= s->address && address - s->address < s->bytes
		    && bytes <= s->bytes - (address - s->address))
			return s;
	}
	return NULL;
}

/* Where the program headers lie in memory, for libc. */
static void image_find_headers(const struct elf_header *h, struct image *image)
{
	unsigned i;

	image->header_bytes = h->phentsize;
	image->header_count = h->phnum;
	for (i = 0; i < image->count; i++) {
		const struct image_segment *s = &image->segment[i];

		if (h->phoff >= s->file_offset && h->phoff - s->file_offset < s->file_bytes)
			image->headers = s->address + (h->phoff - s->file_offset);
	}
}

/* What must be true of all of it. */
static const char *image_check_whole(const struct image_limits *limits, struct image *image)
{
	const struct image_segment *s = image_find(image, image->entry, 1);
	unsigned i;

	if (!s || !(s->access & EXO_EXEC))
		return "its entry point is not executable";
	image->is_native = image->entry >= limits->library;
	for (i = 0; i < image->count; i++)
		if (image->segment[i].address >= limits->library && !image->is_native)
			return "a segment is out of the program's reach";
	return NULL;
}

uint64_t image_headers_end(const uint8_t *file, uint64_t bytes)
{
	const struct elf_header *h = (const struct elf_header *)file;
	uint64_t end;

	if (bytes < sizeof(*h)
	    || __builtin_add_overflow(h->phoff, h->phnum * sizeof(struct elf_segment), &end))
		return 0;
	return end < sizeof(*h) ? sizeof(*h) : end;
}

const char *image_parse(const uint8_t *file, uint64_t bytes, const struct image_limits *limits,
			struct image *image)
{
	const struct elf_header *h = (const struct elf_header *)file;
	const char *why = image_check_header(h, bytes, limits);
	const struct elf_segment *e;
	uint64_t bias;
	unsigned i;

	*image = (struct image){ 0 };
	if (why)
		return why;
	bias = h->type == ELF_DYN ? limits->bias : 0;
	e = (const struct elf_segment *)(file + h->phoff);
	for (i = 0; i < h->phnum && !why; i++) {
		if (e[i].type == ELF_INTERP)
			why = "it is linked dynamically: only static programs can run";
		else if (e[i].type == ELF_STACK)
			image->is_stack_executable = e[i].flags & ELF_X;
		else if (e[i].type == ELF_LOAD)
			why = image_add(&e[i], bytes, bias, limits, image);
	}
	if (why)
		return why;
	image->entry = h->entry + bias;
	image_find_headers(h, image);
	return image_check_whole(limits, image);
}
