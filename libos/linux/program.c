/* SPDX-License-Identifier: ISC */
/*
 * Finding the program that a path names: a file of the archive, one made in memory, or the
 * interpreter that a script's first line names. Touches the file tree (reading) and the heap; takes
 * the family's lock `file`.
 */
#include "libos/linux/linux.h"

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

/* New argv: interpreter, argument if there is one, the script's path, argv without its first. */
static err_t program_arguments(struct libos *os, const struct program_line *line,
	struct process_image *image)
{
	const char *more[3] = { line->interpreter, line->argument, image->path };
	size_t bytes = 0, count = 0, i;
	const char **list;
	char *text;

	for (i = 0; i < 3; i++)
		bytes += more[i] != NULL ? strlen(more[i]) + 1 : 0;
	for (; image->argv[count] != NULL; count++)
		bytes += strlen(image->argv[count]) + 1;
	list = heap_alloc(os, (count + 4) * sizeof(*list) + bytes);
	if (list == NULL)
		return EXO_E_LIMIT;
	text = (char *)(list + count + 4);
	for (i = 0, bytes = 0; i < count + 3; i++) {
		const char *from = i < 3 ? more[i] : i - 2 < count ? image->argv[i - 2] : NULL;

		if (from == NULL)
			continue;
		memcpy(text, from, strlen(from) + 1);
		list[bytes++] = text;
		text += strlen(from) + 1;
	}
	heap_free(os, (void *)(uintptr_t)image->argv);
	image->argv = list;
	return EXO_OK;
}

/* The interpreter takes the script's place. */
static err_t program_interpret(struct libos *os, const struct program_line *line,
	struct process_image *image)
{
	size_t bytes = strlen(line->interpreter) + 1;
	err_t error = program_arguments(os, line, image);
	char *path = heap_alloc(os, bytes);

	if (error < 0 || path == NULL) {
		heap_free(os, path);
		return error < 0 ? error : EXO_E_LIMIT;
	}
	memcpy(path, line->interpreter, bytes);
	heap_free(os, (void *)(uintptr_t)image->path);
	image->path = path;
	return EXO_OK;
}

static err_t program_take(struct libos *os, struct fs_node *node, struct process_image *image)
{
	const char *archive = data_image(node);
	char *exe = heap_alloc(os, FS_PATH_MAX);

	if (exe == NULL)
		return EXO_E_LIMIT;
	if (node_path(os->fs, node, exe, FS_PATH_MAX) < 0)
		exe[0] = '\0';
	image->exe = exe;
	image->file.bytes = node->size;
	if (archive != NULL) {
		image->file.archive = (uint64_t)archive - EXO_INFO_ARCHIVE;
	} else {
		node_ref(node);
		image->file.node = node;
	}
	return EXO_OK;
}

/* One file: EXO_OK, it is the program; EXO_E_AGAIN: its interpreter is to be looked for. */
static err_t program_look(struct libos *os, struct process_image *image)
{
	struct program_line line = { .interpreter = NULL };
	struct fs_node *node;
	err_t error = path_find(os->fs, os->linux->files->dir, image->path, 0, &node);

	if (error < 0)
		return error == FS_E_MISSING ? EXO_E_EMPTY : error;
	if (node->kind != FS_FILE || !(node->mode & 0111))
		return EXO_E_RIGHTS;
	program_read(node, line.text, sizeof(line.text) - 1);
	if (memcmp(line.text, "\177ELF", 4) == 0)
		return program_take(os, node, image);
	if (!program_parse(&line))
		return EXO_E_TYPE;
	error = program_interpret(os, &line, image);
	return error < 0 ? error : EXO_E_AGAIN;
}

err_t linux_program(struct libos *os, struct process_image *image)
{
	err_t error = EXO_E_AGAIN;
	unsigned scripts;

	family_lock(os, FAMILY_FILE);
	for (scripts = 0; error == EXO_E_AGAIN && scripts < PROGRAM_SCRIPTS; scripts++)
		error = program_look(os, image);
	family_unlock(os, FAMILY_FILE);
	return error == EXO_E_AGAIN ? (err_t)FS_E_LOOP : error;
}
