/* SPDX-License-Identifier: ISC */
/* Collects and names backtrace addresses (see symbolize.h). Runs helper programs, no locks. */
#include "tools/symbolize.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Addresses with the top bit are the kernel's, all others the program's. */
#define SYMBOLIZE_KERNEL (1ull << 63)

static void symbolize_take_line(struct symbolize *symbolize)
{
	struct symbolize_frame *frame = &symbolize->frame[symbolize->count];
	const char *line = symbolize->line;

	symbolize->line[symbolize->length] = '\0';
	symbolize->length = 0;
	line += strspn(line, " \t");
	if (symbolize->count == SYMBOLIZE_FRAMES)
		return;
	frame->object[0] = '\0';
	if (sscanf(line, "#%u 0x%" SCNx64 " %255[^\r\n]", &frame->number, &frame->address,
		   frame->object) >= 2)
		symbolize->count++;
}

void symbolize_scan(struct symbolize *symbolize, const char *bytes, size_t size_bytes)
{
	size_t i;

	for (i = 0; i < size_bytes; i++) {
		if (bytes[i] == '\n')
			symbolize_take_line(symbolize);
		else if (symbolize->length < SYMBOLIZE_LINE - 1)
			symbolize->line[symbolize->length++] = bytes[i];
	}
}

/* Run one tool on one address, its output on our standard error. True if it could be run. */
static bool symbolize_run(const char *const *argument)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return false;
	if (pid == 0) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execvp(argument[0], (char *const *)argument);
		_exit(127);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) != 127;
}

static bool symbolize_place(const char *object, uint64_t address)
{
	char hex[32];
	const char *const llvm[] = {
		"llvm-symbolizer-16", "--pretty-print", "-e", object, hex, NULL };
	const char *const binutils[] = { "addr2line", "-fpie", object, hex, NULL };

	snprintf(hex, sizeof(hex), "0x%" PRIx64, address);
	return symbolize_run(llvm) || symbolize_run(binutils);
}

/* The file on the host that an address is of. */
static const char *symbolize_find(const struct symbolize_frame *frame,
	const struct run_options *options)
{
	const char *object = frame->object + strspn(frame->object, "/");
	const char *slash = strrchr(options->program, '/');
	unsigned int i;

	if (frame->address & SYMBOLIZE_KERNEL)
		return options->kernel;
	if (strcmp(object, "libos") == 0)
		return options->libos;
	if (strncmp(object, "bin/", 4) == 0 &&
	    strcmp(object + 4, slash != NULL ? slash + 1 : options->program) == 0)
		return options->program;
	for (i = 0; i < options->add_count; i++)
		if (strcmp(object, options->add[i].path) == 0)
			return options->add[i].file;
	return object[0] == '\0' ? options->program : NULL;
}

void symbolize_print(const struct symbolize *symbolize, const struct run_options *options)
{
	unsigned int i;

	if (symbolize->count == 0)
		return;
	fprintf(stderr, "chitin-run: the addresses above are\n");
	for (i = 0; i < symbolize->count; i++) {
		const struct symbolize_frame *frame = &symbolize->frame[i];
		const char *file = symbolize_find(frame, options);

		fprintf(stderr, "#%-2u 0x%" PRIx64 " ", frame->number, frame->address);
		fflush(stderr);
		/* A return address may already belong to the next line: look one byte before. */
		if (file == NULL)
			fprintf(stderr, "in %s\n", frame->object);
		else if (!symbolize_place(file, frame->address - (frame->number != 0)))
			fprintf(stderr, "(no llvm-symbolizer or addr2line)\n");
	}
}
