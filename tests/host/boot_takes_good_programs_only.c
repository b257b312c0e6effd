/* SPDX-License-Identifier: ISC */
/* machine_start: a good archive with a good program starts; anything else is said in one line, with
 * a status, and never a crash: every mistake by name, then every truncation and random damage. */
#include <string.h>

#include "tests/host/lab.h"

#define FRAMES 400u
#define KEPT   8u
#define DATA   EXO_PAGE_SIZE /* where the program lies in the archive */
#define BASE   UINT64_C(0x400000)

struct program {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, segments_offset, sections_offset;
	uint32_t flags;
	uint16_t header_bytes, segment_bytes, segments, section_bytes, sections, names;
	struct {
		uint32_t type, flags;
		uint64_t offset, address, physical, file_bytes, memory_bytes, alignment;
	} segment[2];
	uint8_t text[64];
};

_Static_assert(sizeof(struct program) == 64 + 2 * 56 + 64, "an ELF file without gaps");

static uint8_t archive[KEPT * EXO_PAGE_SIZE];
static uint64_t length;
static unsigned wrong_ends;

/* A newc archive with one member, whose data begin on a page: the name is padded for that. */
static struct program *make(void)
{
	struct program *p = (struct program *)(archive + DATA);
	char header[111];

	memset(archive, 0, sizeof(archive));
	snprintf(header, sizeof(header),
		 "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1, 0, 0, 0, 1, 0,
		 (unsigned)(2 * EXO_PAGE_SIZE), 0, 0, 0, 0, (unsigned)(DATA - 110), 0);
	memcpy(archive, header, 110);
	memcpy(archive + 110, "init", 5);
	memcpy(p->ident, "\177ELF\2\1\1", 7);
	p->type = 2;
	p->machine = MACHINE_ELF;
	p->entry = BASE + 0xb0;
	p->segments_offset = 64;
	p->segment_bytes = 56;
	p->segments = 2;
	p->segment[0].type = p->segment[1].type = 1;
	p->segment[0].flags = 5;
	p->segment[0].address = BASE;
	p->segment[0].file_bytes = p->segment[0].memory_bytes = sizeof(*p);
	p->segment[1].flags = 6;
	p->segment[1].offset = EXO_PAGE_SIZE;
	p->segment[1].address = EXO_LIBRARY_BASE;
	p->segment[1].file_bytes = 16;
	p->segment[1].memory_bytes = 9 * EXO_PAGE_SIZE;
	memset(p->text, 0xcc, sizeof(p->text));
	memcpy(archive + DATA + EXO_PAGE_SIZE, "0123456789abcdef", 16);
	length = DATA + 2 * EXO_PAGE_SIZE;
	return p;
}

/* Start what is in `archive`. The machine, with the reason why it stopped. */
static struct machine *start(enum host_stop *stop)
{
	struct machine *m = host_create_keeping(FRAMES, 1, KEPT);
	struct pfn pfn = { FRAMES - KEPT };

	memcpy(arch_frame_memory(m, pfn), archive, sizeof(archive));
	*stop = HOST_TRY(machine_start(m, &m->cpus[0], pfn, length));
	return m;
}

static void check_good(void)
{
	uint32_t scratch[FRAMES];
	struct audit_report report;
	enum host_stop stop;
	struct machine *m;
	uint64_t word = 0;

	make();
	m = start(&stop);
	tap_eq(stop, HOST_RUNS, "a good program starts");
	tap_eq(m->vcpus[0].regs.pc, BASE + 0xb0, "at its entry");
	tap_ok(audit(m, scratch, &report), "on a sound machine");
	tap_ok(!host_load(m, 0, BASE + 0xb0, &word) && word == UINT64_C(0xcccccccccccccccc),
	       "its text is there");
	tap_eq(host_fetch(m, 0, BASE + 0xb0), 0, "executable");
	tap_ok(host_store(m, 0, BASE, 1), "and not writable");
	tap_ok(!host_load(m, 0, EXO_LIBRARY_BASE + 8, &word) && !memcmp(&word, "89abcdef", 8),
	       "its data are");
	tap_ok(!host_load(m, 0, EXO_LIBRARY_BASE + 16, &word) && word == 0, "the rest is zero");
	tap_eq(host_store(m, 0, EXO_LIBRARY_BASE + 8 * EXO_PAGE_SIZE, 1), 0,
	       "to the end of memory_bytes");
	tap_ok(!host_load(m, 0, EXO_INFO_ARCHIVE, &word) && !memcmp(&word, archive, 8),
	       "the archive can be read");
	tap_ok(host_store(m, 0, EXO_INFO_ARCHIVE, 1), "and not written");
	host_destroy(m);
}

/* Text costs no memory beside the file: whole pages are the archive's own. */
static void check_text(void)
{
	struct program *p = make();
	uint32_t scratch[FRAMES];
	struct audit_report report;
	enum host_stop stop;
	struct machine *m;
	uint64_t word = 0;

	p->segment[0].file_bytes = EXO_PAGE_SIZE + 16;
	p->segment[0].memory_bytes = EXO_PAGE_SIZE + 32;
	memset(archive + DATA + EXO_PAGE_SIZE + 16, 0xee, 16);
	m = start(&stop);
	tap_eq(stop, HOST_RUNS, "a program with two pages of text starts");
	tap_ok(audit(m, scratch, &report), "on a sound machine");
	memset((uint8_t *)arch_frame_memory(m, (struct pfn){ FRAMES - KEPT + 1 }) + 0xb0, 0xdd, 8);
	tap_ok(!host_load(m, 0, BASE + 0xb0, &word) && word == UINT64_C(0xdddddddddddddddd),
	       "its first page is the file's");
	tap_ok(host_store(m, 0, BASE, 1), "which it cannot write");
	tap_ok(!host_load(m, 0, BASE + EXO_PAGE_SIZE + 16, &word) && word == 0,
	       "what the file has behind the second is not there");
	host_destroy(m);
}

/* What has just been made wrong ends the machine with one line that says so. */
static void refuses(const char *says)
{
	enum host_stop stop;
	struct machine *m = start(&stop);
	char line[HOST_CONSOLE_BYTES + 1] = { 0 };

	memcpy(line, m->arch.console_out, m->arch.console_out_count % HOST_CONSOLE_BYTES);
	tap_ok(stop == HOST_OFF && m->arch.power_status == 126 && strstr(line, says)
	       && strchr(line, '\n') == line + strlen(line) - 1, "%s", says);
	host_destroy(m);
}

static void check_archive(void)
{
	make();
	length = 0;
	refuses("not a newc cpio archive");
	make();
	archive[5] = '2';
	refuses("not a newc cpio archive");
	make();
	length = 200;
	refuses("archive is truncated");
	make();
	memset(archive + 6 + 8 * 6, 'f', 8);
	refuses("archive is truncated");
	make();
	memset(archive + 6 + 8 * 11, 'f', 8);
	refuses("archive is truncated");
	make();
	archive[110] = 'x';
	refuses("does not begin with it");
}

static void check_header(void)
{
	make()->ident[0] = 0;
	refuses("not a 64-bit little-endian ELF file");
	make()->ident[4] = 1;
	refuses("not a 64-bit little-endian ELF file");
	make()->type = 3;
	refuses("not a static executable");
	make()->machine = 183;
	refuses("for another architecture");
	make()->entry = 0;
	refuses("its entry point is missing");
	make()->entry = EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN;
	refuses("its entry point is missing");
	make()->segments = 0;
	refuses("segment table is missing");
	make()->segments = 17;
	refuses("segment table is missing");
	make()->segment_bytes = 57;
	refuses("segment table is missing");
	make()->segments_offset = 2 * EXO_PAGE_SIZE - 100;
	refuses("segment table is missing");
	make()->segments_offset = UINT64_MAX - 7;
	refuses("segment table is missing");
}

static void check_segments(void)
{
	struct program *p;

	make()->segment[0].file_bytes = UINT64_MAX;
	refuses("beyond the end of the file");
	p = make();
	p->segment[0].offset = UINT64_MAX & ~(EXO_PAGE_SIZE - 1);
	refuses("beyond the end of the file");
	make()->segment[0].memory_bytes = 1;
	refuses("longer in the file than in memory");
	make()->segment[0].address = EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN;
	refuses("outside the program's addresses");
	make()->segment[0].memory_bytes = UINT64_MAX;
	refuses("outside the program's addresses");
	make()->segment[0].address = UINT64_MAX & ~(EXO_PAGE_SIZE - 1);
	refuses("outside the program's addresses");
	make()->segment[0].address = EXO_INFO_PAGE;
	refuses("in the kernel's information slot");
	p = make();
	p->segment[0].address = EXO_INFO_BASE - EXO_PAGE_SIZE;
	p->segment[0].memory_bytes = 2 * EXO_PAGE_SIZE;
	refuses("in the kernel's information slot");
	make()->segment[0].address = BASE + 8;
	refuses("not aligned to pages");
	make()->segment[1].address = BASE;
	refuses("its segments overlap");
	make()->segment[1].memory_bytes = FRAMES * EXO_PAGE_SIZE;
	refuses("out of memory");
	p = make();
	p->segment[1].memory_bytes = 0x400 * EXO_PAGE_SIZE;
	p->segment[1].address = EXO_LIBRARY_BASE + 0x3ff000;
	p->segment[1].memory_bytes = EXO_PAGE_SIZE;
	refuses("its stack is missing");
}

/* Whatever it is, the machine starts or says a line; it never panics. */
static void survives(void)
{
	enum host_stop stop;
	struct machine *m = start(&stop);

	wrong_ends += stop != HOST_RUNS && (stop != HOST_OFF || m->arch.power_status != 126);
	host_destroy(m);
}

static void check_damage(void)
{
	uint64_t random = tap_seed(3), cut;
	unsigned long i, n = tap_iterations(4000);
	unsigned j;

	for (cut = 0; cut < DATA + 400; cut += cut < 120 || cut > DATA - 8 ? 1 : 97) {
		make();
		length = cut;
		survives();
	}
	tap_eq(wrong_ends, 0, "every truncation");
	for (i = 0; i < n; i++) {
		make();
		for (j = 0; j < 1 + i % 5; j++) {
			random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
			archive[(random >> 60 & 3 ? DATA : 0) + (random >> 33) % 240] =
				(uint8_t)(random >> 20);
		}
		survives();
	}
	tap_eq(wrong_ends, 0, "%lu times random damage", n);
}

int main(void)
{
	check_good();
	check_text();
	check_archive();
	check_header();
	check_segments();
	check_damage();
	return tap_done("tests/host/boot_takes_good_programs_only.tap");
}
