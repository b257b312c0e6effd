/* SPDX-License-Identifier: ISC */
/*
 * What `make run` boots to: reads a line, runs the program it names in a new process, waits, and
 * says how it ended. Programs are files in /bin; a word with a slash is taken as it is.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libos/libos.h"

enum { PROMPT_WORDS = 32, PROMPT_LINE = 1024 };

static int prompt_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void prompt_list(void)
{
	char *names[256];
	size_t count = 0, i;
	struct dirent *entry;
	DIR *dir = opendir("/bin");

	while (dir != NULL && count < 256 && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			names[count++] = strdup(entry->d_name);
	if (dir != NULL)
		closedir(dir);
	qsort(names, count, sizeof(names[0]), prompt_compare);
	printf("programs:");
	for (i = 0; i < count; i++) {
		printf(" %s", names[i]);
		free(names[i]);
	}
	printf("\n");
}

static void prompt_help(void)
{
	prompt_list();
	printf("type a program's name and its arguments; also: help, exit [STATUS]\n");
	if (access("/bin/busybox", X_OK) == 0)
		printf("busybox has many more inside, for example: busybox seq 5\n");
}

/* Cut a line into words, at blanks; how many. */
static int prompt_split(char *line, char **words)
{
	int count = 0;
	char *rest = NULL, *word = strtok_r(line, " \t\n", &rest);

	while (word != NULL && count < PROMPT_WORDS - 1) {
		words[count++] = word;
		word = strtok_r(NULL, " \t\n", &rest);
	}
	words[count] = NULL;
	return count;
}

static const char *prompt_why(long error)
{
	switch (error) {
	case EXO_E_EMPTY:
		return "no such program (help lists them)";
	case EXO_E_TYPE:
	case EXO_E_RIGHTS:
		return "not a program that can run";
	case EXO_E_LIMIT:
	case EXO_E_FULL:
		return "no room for another process";
	default:
		return "it could not be started";
	}
}

static void prompt_run(char **words, char **environment)
{
	char path[PROMPT_LINE];
	int status;
	long pid;

	if (strchr(words[0], '/') != NULL)
		snprintf(path, sizeof(path), "%s", words[0]);
	else
		snprintf(path, sizeof(path), "/bin/%s", words[0]);
	signal(SIGINT, SIG_DFL);
	pid = libos_spawn(path, words, environment);
	signal(SIGINT, SIG_IGN);
	if (pid < 0) {
		printf("%s: %s\n", words[0], prompt_why(pid));
		return;
	}
	if (libos_wait(pid, &status) < 0)
		printf("%s: cannot be waited for\n", words[0]);
	else if (WIFSIGNALED(status))
		printf("[%s: killed by signal %d]\n", words[0], WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		printf("[%s: status %d]\n", words[0], WEXITSTATUS(status));
}

int main(int argc, char **argv, char **environment)
{
	char line[PROMPT_LINE], *words[PROMPT_WORDS];

	signal(SIGINT, SIG_IGN);
	(void)argc;
	(void)argv;
	printf("Chitin. ");
	prompt_help();
	for (;;) {
		int count;

		printf("> ");
		fflush(stdout);
		errno = 0;
		if (fgets(line, sizeof(line), stdin) == NULL) {
			if (feof(stdin) || errno != EINTR)
				break;
			clearerr(stdin); /* the interrupt key: a new line */
			printf("\n");
			continue;
		}
		count = prompt_split(line, words);
		if (count == 0)
			continue;
		if (strcmp(words[0], "exit") == 0)
			return count > 1 ? atoi(words[1]) : 0;
		if (strcmp(words[0], "help") == 0)
			prompt_help();
		else
			prompt_run(words, environment);
	}
	printf("\n");
	return 0;
}
