/* SPDX-License-Identifier: ISC */
/* Checks an ELF file's headers (see program.h). Reads the file, changes nothing. */
#include "tools/program.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/run.h"

static const char *program_machine_name(unsigned int machine)
{
	switch (machine) {
	case EM_X86_64:
		return "x86-64";
	case EM_386:
		return "i386";
	case EM_AARCH64:
		return "AArch64";
	case EM_RISCV:
		return "RISC-V";
	case EM_ARM:
		return "ARM";
	default:
		return "another machine";
	}
}

static void program_check_segments(const char *file, FILE *stream, const Elf64_Ehdr *header)
{
	Elf64_Phdr segment;
	unsigned int i;

	if (fseek(stream, (long)header->e_phoff, SEEK_SET) != 0)
		run_end(RUN_USAGE, "%s: truncated ELF file", file);
	for (i = 0; i < header->e_phnum; i++) {
		if (fread(&segment, sizeof(segment), 1, stream) != 1)
			run_end(RUN_USAGE, "%s: truncated ELF file", file);
		if (segment.p_type == PT_INTERP)
			run_end(RUN_USAGE, "%s: dynamically linked; Chitin runs static programs",
				file);
	}
}

void program_check(const char *file, const struct run_arch *arch)
{
	FILE *stream = fopen(file, "re");
	Elf64_Ehdr header;
	struct stat info;

	if (stream == NULL || fstat(fileno(stream), &info) != 0) {
		if (errno == ENOENT)
			run_end(RUN_USAGE, "%s: no such program", file);
		run_end(RUN_USAGE, "%s: %s", file, strerror(errno));
	}
	if (!S_ISREG(info.st_mode))
		run_end(RUN_USAGE, "%s: not a regular file", file);
	memset(&header, 0, sizeof(header));
	if (fread(&header, 1, sizeof(header), stream) < SELFMAG ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
		run_end(RUN_USAGE, "%s: not an ELF file", file);
	if (header.e_machine != arch->elf)
		run_end(RUN_USAGE, "%s: wrong architecture: for %s, not %s", file,
			program_machine_name(header.e_machine), arch->human);
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr))
		run_end(RUN_USAGE, "%s: not a 64-bit program", file);
	if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
		run_end(RUN_USAGE, "%s: an ELF file, but not a program", file);
	program_check_segments(file, stream, &header);
	fclose(stream);
}

uint64_t program_loaded_bytes(const char *file)
{
	FILE *stream = fopen(file, "re");
	Elf64_Phdr segment;
	Elf64_Ehdr header;
	uint64_t end;
	unsigned int i;

	if (stream == NULL || fread(&header, sizeof(header), 1, stream) != 1
	    || fseek(stream, (long)header.e_phoff, SEEK_SET) != 0)
		run_end(RUN_USAGE, "%s: truncated ELF file", file);
	end = header.e_phoff + header.e_phnum * sizeof(segment);
	for (i = 0; i < header.e_phnum; i++) {
		if (fread(&segment, sizeof(segment), 1, stream) != 1)
			run_end(RUN_USAGE, "%s: truncated ELF file", file);
		if (segment.p_type == PT_LOAD && end < segment.p_offset + segment.p_filesz)
			end = segment.p_offset + segment.p_filesz;
	}
	fclose(stream);
	return end;
}
