/* SPDX-License-Identifier: ISC */
/*
 * Runs inputs once, without a fuzzer. usage: replay [-q] [-t TARGET] FILE... The calls are printed
 * with their results (-q: only how many inputs there were); the target is the one named, else the
 * one that a part of the file's path names, else the first. Targets of another replay program,
 * which has its name behind ours (replay-memory), are left to that. A finding aborts, after saying
 * what it is.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

#define INPUT_MAX (1u << 20)

/* The file whose input runs. */
static const char **replay_path(void)
{
	static const char *path;

	return &path;
}

/* A finding: of many inputs, which was it? */
static void replay_stopped(int number)
{
	const char *path = *replay_path();

	if (write(STDERR_FILENO, "stopped by: ", 12) < 0
	    || write(STDERR_FILENO, path, strlen(path)) < 0
	    || write(STDERR_FILENO, "\n", 1) < 0)
		_exit(1);
	signal(number, SIG_DFL);
	raise(number);
}

/* If there is a program for the target whose name begins the text, it goes on in our place. */
static void replay_elsewhere(char **arguments, const char *text)
{
	char program[4096], *name = arguments[0];

	snprintf(program, sizeof(program), "%s-%.*s", name, (int)strcspn(text, "/-"), text);
	arguments[0] = program; /* where that looks, in turn */
	execv(program, arguments);
	arguments[0] = name;
}

/* The target whose name is a folder of the path, or begins its last part. */
static const struct fuzz_target *target_of(const char *path)
{
	const struct fuzz_target *target, *found = fuzz_target_at(0);
	const char *part;
	size_t length;
	unsigned i;

	for (i = 0; (target = fuzz_target_at(i)); i++) {
		length = strlen(target->name);
		for (part = path; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL)
			if (!strncmp(part, target->name, length)
			    && (part[length] == '/' || part[length] == '-'))
				found = target;
	}
	return found;
}

static void replay(const char *path, const struct fuzz_target *target, bool is_traced)
{
	static uint8_t buffer[INPUT_MAX];
	FILE *file = fopen(path, "rb");
	uint8_t *exact;
	size_t bytes;

	if (!file) {
		perror(path);
		exit(1);
	}
	bytes = fread(buffer, 1, sizeof(buffer), file);
	if (ferror(file)) {
		perror(path);
		exit(1);
	}
	fclose(file);
	if (is_traced)
		printf("%s: %zu bytes for %s\n", path, bytes, target->name);
	exact = malloc(bytes ? bytes : 1); /* so that a sanitizer sees each read beyond it */
	memcpy(exact, buffer, bytes);
	*replay_path() = path;
	alarm(30); /* an input that does not end is a finding */
	fuzz_run(target, exact, bytes, is_traced);
	free(exact);
}

static int replay_usage(void)
{
	fprintf(stderr, "usage: replay [-q] [-t TARGET] FILE...\n");
	return 2;
}

int main(int count, char **arguments)
{
	const struct fuzz_target *target = NULL;
	bool is_traced = true;
	const char *part;
	int option, i;

	while ((option = getopt(count, arguments, "qt:")) != -1) {
		if (option == 'q')
			is_traced = false;
		else if (option == 't')
			target = fuzz_target_find(optarg);
		if (option == 't' && !target)
			replay_elsewhere(arguments, optarg);
		if (option == '?' || (option == 't' && !target))
			return replay_usage();
	}
	if (optind == count)
		return replay_usage();
	for (part = target ? NULL : arguments[optind]; part;
	     part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL)
		replay_elsewhere(arguments, part);
	signal(SIGABRT, replay_stopped);
	signal(SIGALRM, replay_stopped);
	for (i = optind; i < count; i++)
		replay(arguments[i], target ? target : target_of(arguments[i]), is_traced);
	printf("%d inputs, no finding\n", count - optind);
	return 0;
}
