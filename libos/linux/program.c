/* SPDX-License-Identifier: ISC */
/*
 * Finding the program that a path names: a file of the archive, one made in memory, or the
 * interpreter that a script's first line names. Touches the file tree (reading) and the state that
 * is made; takes the family's lock `file`.
 */
#include "libos/linux/linux.h"

#include "libos/fork/strings.h"
#include "libos/fs/data.h"
#include "libos/fs/path.h"

enum { PROGRAM_LINE = 256, PROGRAM_SCRIPTS = 4 };

/* The first line of a script, taken apart. */
struct program_line {
	char text[PROGRAM_LINE];
	char *interpreter;
	char *argument;        /* NULL: none */
};

static size_t program_read(const struct fs_node *node, char *to, size_t count)
{
	size_t part = 0;
	const char *from;

	if (node->size == 0)
		return 0;
	from = data_read(node, 0, &part);
	part = part < count ? part : count;
	memcpy(to, from, part);
	return part;
}

static bool program_is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static char *program_skip(char *at, bool is_blank)
{
	while (*at != '\0' && program_is_blank(*at) == is_blank)
		at++;
	return at;
}

/* "#! interpreter argument": false if it is not that. */
static bool program_parse(struct program_line *line)
{
	char *at = line->text, *end;

	if (at[0] != '#' || at[1] != '!')
		return false;
	end = strchr(at, '\n');
	if (end == NULL)
		end = at + strlen(at);
	while (end > at && program_is_blank(end[-1]))
		end--;
	*end = '\0';
	line->interpreter = program_skip(at + 2, true);
	at = program_skip(line->interpreter, false);
	line->argument = program_skip(at, true);
	if (*line->argument == '\0')
		line->argument = NULL;
	*at = '\0';
	return *line->interpreter != '\0';
}

/* The interpreter and its argument come before the arguments that are there: at least the script's
 * path. They end the state. */
static err_t program_interpret(const struct program_line *line, struct process_exec_state *state)
{
	const char *more[2] = { line->interpreter, line->argument };
	size_t bytes = 0, i, old = state->bytes - state->argv;
	char *at = (char *)state + state->argv;
	err_t error;

	for (i = 0; i < 2 && more[i] != NULL; i++) {
		size_t n = strlen(more[i]) + 1;

		/* Only room: its place is in front. */
		error = strings_put(state, more[i], n, NULL);
		if (error < 0)
			return error;
		bytes += n;
		state->argc++;
	}
	memmove(at + bytes, at, old);
	for (i = 0; i < 2 && more[i] != NULL; i++) {
		memcpy(at, more[i], strlen(more[i]) + 1);
		at += strlen(more[i]) + 1;
	}
	state->path = state->argv;
	return EXO_OK;
}

/* Its path and what a script has brought, which goes on behind it. */
static err_t program_take(struct libos *os, struct fs_node *node,
	struct process_exec_state *state)
{
	size_t bytes = state->argc != 0 ? state->bytes - state->argv : 0;
	const char *brought = process_text(state, state->argv), *archive = data_image(node);
	char *exe = (char *)state + state->bytes;
	err_t error;

	if (node_path(os->fs, node, exe, FS_PATH_MAX) < 0)
		exe[0] = '\0';
	state->exe = state->bytes;
	state->bytes += strlen(exe) + 1;
	error = strings_put(state, brought, bytes, &state->argv);
	if (error < 0)
		return error;
	state->file.bytes = node->size;
	if (archive != NULL) {
		state->file.archive = (uint64_t)archive - EXO_INFO_ARCHIVE;
	} else {
		files_set_node(os->fs, &os->files->program, node);
		state->file.node = node;
	}
	return EXO_OK;
}

/* One file: EXO_OK, it is the program; EXO_E_AGAIN: its interpreter is to be looked for. */
static err_t program_look(struct libos *os, struct process_exec_state *state)
{
	const char *path = process_text(state, state->path);
	struct program_line line = { .interpreter = NULL };
	struct fs_node *node;
	err_t error = path_find(os->fs, os->files->dir, path, 0, &node);

	if (error < 0)
		return error == FS_E_MISSING ? EXO_E_EMPTY : error;
	if (node->kind != FS_FILE || !(node->mode & 0111))
		return EXO_E_RIGHTS;
	program_read(node, line.text, sizeof(line.text) - 1);
	if (memcmp(line.text, "\177ELF", 4) == 0)
		return program_take(os, node, state);
	if (!program_parse(&line))
		return EXO_E_TYPE;
	if (state->argc == 0) { /* the first script: its own path is an argument */
		state->argv = state->path;
		state->argc = 1;
	}
	error = program_interpret(&line, state);
	return error < 0 ? error : EXO_E_AGAIN;
}

err_t linux_program(struct libos *os, struct process_exec_state *state)
{
	err_t error = EXO_E_AGAIN;
	unsigned scripts;

	family_lock(os, FAMILY_FILE);
	for (scripts = 0; error == EXO_E_AGAIN && scripts < PROGRAM_SCRIPTS; scripts++)
		error = program_look(os, state);
	family_unlock(os, FAMILY_FILE);
	return error == EXO_E_AGAIN ? (err_t)FS_E_LOOP : error;
}
