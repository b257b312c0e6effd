/* SPDX-License-Identifier: ISC */
/* Starting the machine again: chitin-run executes itself, and counts in its own environment. */
#include "tools/again.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/run.h"

#define AGAIN_COUNT "CHITIN_RUN_RESTARTS"

unsigned long again_count(void)
{
	const char *text = getenv(AGAIN_COUNT);

	return text != NULL ? strtoul(text, NULL, 10) : 0;
}

_Noreturn void again_start(char **argv)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu", again_count() + 1);
	setenv(AGAIN_COUNT, text, 1);
	/* What belonged to the machine that has ended. */
	close_range(STDERR_FILENO + 1, UINT_MAX, 0);
	execv("/proc/self/exe", argv);
	run_end(RUN_QEMU, "cannot start the machine again: %s", strerror(errno));
}
