/* SPDX-License-Identifier: ISC */
/* Reads registers out of the monitor's text and stacks out of RAM (see hang.h). No locks. */
#include "tools/hang.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/aarch64/exo/layout.h"

enum { HANG_DEPTH = 24 };

bool hang_take(struct hang *hang, const char *bytes, size_t size_bytes, unsigned int cpus)
{
	size_t room = HANG_BYTES - 1 - hang->length_bytes;
	const char *at;

	memcpy(hang->text + hang->length_bytes, bytes, size_bytes < room ? size_bytes : room);
	hang->length_bytes += size_bytes < room ? size_bytes : room;
	hang->text[hang->length_bytes] = '\0';
	for (at = hang->text; (at = strstr(at, "PSTATE=")) != NULL; at++)
		cpus--;
	return cpus == 0;
}

/* A register of the CPU whose text this is; 0: it is not there. */
static uint64_t hang_register(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at == NULL ? 0 : strtoull(at + strlen(name), NULL, 16);
}

/* A frame's two words, the caller's frame pointer and whereto; NULL: not in the kernel's image. */
static const uint64_t *hang_frame(const struct memory *memory, uint64_t address)
{
	if (address < LAYOUT_IMAGE || address % 8 != 0)
		return NULL;
	return memory_at(memory, address - LAYOUT_IMAGE + LAYOUT_RAM, 2 * sizeof(uint64_t));
}

static void hang_print_cpu(const char *text, unsigned int cpu, const struct memory *memory,
	struct symbolize *symbolize)
{
	uint64_t pc = hang_register(text, " PC="), frame = hang_register(text, "X29=");
	char line[64];
	unsigned int depth;

	fprintf(stderr, "CPU %u, %s:\n", cpu, pc >> 63 ? "in the kernel" : "in a program");
	for (depth = 0; depth < HANG_DEPTH && pc != 0; depth++) {
		const uint64_t *words = pc >> 63 ? hang_frame(memory, frame) : NULL;
		int length = snprintf(line, sizeof(line), "#%u 0x%016" PRIx64 "\n", depth, pc);

		fputs(line, stderr);
		symbolize_scan(symbolize, line, (size_t)length);
		pc = words != NULL ? words[1] : 0;
		frame = words != NULL && words[0] > frame ? words[0] : 0;
	}
}

void hang_print(const struct hang *hang, const struct memory *memory,
	struct symbolize *symbolize)
{
	const char *at = hang->text;
	unsigned int cpu;

	for (cpu = 0; (at = strstr(at, " PC=")) != NULL; cpu++, at++)
		hang_print_cpu(at, cpu, memory, symbolize);
}
