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
	const char *line = symbolize->line;
	unsigned int frame;
	uint64_t address;

	symbolize->line[symbolize->length] = '\0';
	symbolize->length = 0;
	line += strspn(line, " \t");
	if (sscanf(line, "#%u 0x%" SCNx64, &frame, &address) == 2 &&
	    symbolize->count < SYMBOLIZE_FRAMES)
		symbolize->address[symbolize->count++] = address;
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
	const char *const llvm_16[] = {
		"llvm-symbolizer-16", "--pretty-print", "-e", object, hex, NULL };
	const char *const llvm_14[] = {
		"llvm-symbolizer-14", "--pretty-print", "-e", object, hex, NULL };
	const char *const binutils[] = { "addr2line", "-fpie", object, hex, NULL };

	snprintf(hex, sizeof(hex), "0x%" PRIx64, address);
	return symbolize_run(llvm_16) || symbolize_run(llvm_14) || symbolize_run(binutils);
}

void symbolize_print(const struct symbolize *symbolize, const struct run_options *options)
{
	unsigned int i;

	if (symbolize->count == 0)
		return;
	fprintf(stderr, "chitin-run: the addresses above are\n");
	for (i = 0; i < symbolize->count; i++) {
		uint64_t address = symbolize->address[i];
		bool kernel = address & SYMBOLIZE_KERNEL;

		fprintf(stderr, "#%-2u 0x%" PRIx64 " ", i, address);
		fflush(stderr);
		/* A return address may already belong to the next line: look one byte before. */
		if (!symbolize_place(kernel ? options->kernel : options->program,
				     i == 0 ? address : address - 1))
			fprintf(stderr, "(no llvm-symbolizer or addr2line)\n");
	}
}
