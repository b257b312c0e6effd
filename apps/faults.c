/* SPDX-License-Identifier: ISC */
/*
 * A program that manages its own page faults, as a collector or a snapshotting server does: it
 * takes write access from all its pages, runs, and its handler notes each page at its first
 * write. No signal, no system call for a fault that is only noted.
 */
#include <stdio.h>
#include <string.h>

#include "libos/libos.h"

enum { FAULTS_PAGES = 256, FAULTS_PAGE = 4096 };

struct pages {
	char *base;
	unsigned written;
	unsigned char is_written[FAULTS_PAGES];
};

/* In library context: note the page, let the write happen. */
static bool faults_note(struct exo_frame *frame, void *argument)
{
	struct pages *pages = argument;
	uint64_t index = (frame->address - (uint64_t)pages->base) / FAULTS_PAGE;

	if (!(frame->code & EXO_FAULT_WRITE) || pages->is_written[index])
		return false;
	pages->is_written[index] = 1;
	pages->written++;
	return libos_handler_protect(pages->base + index * FAULTS_PAGE, FAULTS_PAGE,
		EXO_READ | EXO_WRITE) == 0;
}

int main(void)
{
	static struct pages pages;
	void *memory = NULL;
	size_t length = (size_t)FAULTS_PAGES * FAULTS_PAGE;
	uint64_t start, units;
	unsigned i;

	if (libos_map(&memory, length, EXO_READ | EXO_WRITE, false) < 0)
		return 1;
	pages.base = memory;
	memset(pages.base, 1, length);
	if (libos_set_fault_handler(faults_note, &pages, pages.base, pages.base + length) < 0
			|| libos_protect(pages.base, length, EXO_READ) < 0)
		return 1;
	start = libos_clock();
	for (i = 0; i < FAULTS_PAGES; i += 3)
		pages.base[(size_t)i * FAULTS_PAGE + i] = 2;
	units = libos_clock() - start;
	printf("%u of %u pages were written since the snapshot: ", pages.written, FAULTS_PAGES);
	for (i = 0; i < 16; i++)
		printf("%c", pages.is_written[i] ? 'w' : '.');
	printf("...\n%.0f ns a fault, from the write to behind it\n",
		(double)units * 1e9 / (double)libos_clock_hz() / pages.written);
	return pages.written == (FAULTS_PAGES + 2) / 3 ? 0 : 1;
}
