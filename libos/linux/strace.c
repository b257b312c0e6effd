/* SPDX-License-Identifier: ISC */
/*
 * LIBOS_STRACE=1: each call as one line on the console, name(arguments) = result. Reads the
 * program's memory for strings; no locks.
 */
#include "libos/linux/linux.h"

#include <machine/linux.h>

enum { STRACE_LINE = 400, STRACE_TEXT = 32 };

/* A line being made; what does not fit is cut. */
struct strace_line {
	char text[STRACE_LINE];
	size_t used;
};

static void strace_add(struct strace_line *line, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void strace_add(struct strace_line *line, const char *format, ...)
{
	size_t left = STRACE_LINE - line->used;
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = format_text_v(line->text + line->used, left, format, arguments);
	va_end(arguments);
	line->used += (size_t)n < left ? (size_t)n : left - 1;
}

static void strace_add_byte(struct strace_line *line, char byte)
{
	if (byte == '\n')
		strace_add(line, "\\n");
	else if (byte == '"' || byte == '\\')
		strace_add(line, "\\%c", byte);
	else if (byte >= ' ' && byte < 0x7f)
		strace_add(line, "%c", byte);
	else
		strace_add(line, "\\%x", (unsigned)(unsigned char)byte);
}

/* Up to `bytes` of the program's memory in quotes; a string ends at its NUL. */
static void strace_add_memory(struct strace_line *line, struct linux_call *c, uint64_t address,
	uint64_t bytes, bool is_string)
{
	char byte = '\0';
	uint64_t i;

	strace_add(line, "\"");
	for (i = 0; i < bytes; i++) {
		if (i == STRACE_TEXT || line->used + 8 > STRACE_LINE) {
			strace_add(line, "\"...");
			return;
		}
		if (linux_in(c, &byte, address + i, 1) < 0 || (is_string && byte == '\0'))
			break;
		strace_add_byte(line, byte);
	}
	strace_add(line, "\"");
}

/* The names of what an argument's bits say; false: a letter without names. */
static bool strace_add_names(struct strace_line *line, char letter, uint32_t value)
{
	static const struct {
		char letter;
		uint32_t mask, value;
		const char *name;
	} names[] = {
#define NAME(letter, mask, value, name) { letter, mask, value, #name },
#include "libos/linux/strace.def"
#undef NAME
	};
	bool is_letter = false;
	const char *bar = "";
	uint32_t rest = value;
	unsigned i;

	for (i = 0; i < ARRAY_COUNT(names); i++) {
		if (names[i].letter != letter)
			continue;
		is_letter = true;
		if ((value & names[i].mask) != names[i].value)
			continue;
		strace_add(line, "%s%s", bar, names[i].name);
		rest &= ~names[i].mask;
		bar = "|";
	}
	if (is_letter && rest != 0)
		strace_add(line, "%s0x%x", bar, rest);
	else if (is_letter && *bar == '\0')
		strace_add(line, "0");
	return is_letter;
}

static void strace_add_argument(struct strace_line *line, struct linux_call *c, char kind,
	unsigned i, int64_t result)
{
	uint64_t value = c->arg[i];
	const char *name;

	if (strace_add_names(line, kind, (uint32_t)value))
		return;
	switch (kind) {
	case 'd':
		strace_add(line, "%ld", (long)(int32_t)value);
		return;
	case 'a':
		if ((int32_t)value == LINUX_AT_CWD)
			strace_add(line, "AT_FDCWD");
		else
			strace_add(line, "%ld", (long)(int32_t)value);
		return;
	case 'S':
		name = signal_name((unsigned)value);
		if (name != NULL)
			strace_add(line, "SIG%s", name);
		else
			strace_add(line, "%u", (unsigned)value);
		return;
	case 'u':
		strace_add(line, "%lu", (unsigned long)value);
		return;
	case 'o':
		strace_add(line, "0%lu%lu%lu", (unsigned long)(value >> 6 & 7),
			(unsigned long)(value >> 3 & 7), (unsigned long)(value & 7));
		return;
	case 's':
		if (value != 0) {
			strace_add_memory(line, c, value, FS_PATH_MAX, true);
			return;
		}
		break;
	case 'w':
		strace_add_memory(line, c, value, c->arg[i + 1], false);
		return;
	case 'b':
		if (result >= 0) {
			strace_add_memory(line, c, value, (uint64_t)result, false);
			return;
		}
		break;
	}
	if (value == 0 && kind != 'x')
		strace_add(line, "NULL");
	else
		strace_add(line, "0x%lx", (unsigned long)value);
}

static void strace_add_call(struct strace_line *line, struct linux_call *c,
	const struct linux_entry *entry, int64_t result)
{
	const char *kinds = entry->arguments + (entry->arguments[0] == '!');
	unsigned i;

	strace_add(line, "[%lu] %s(", (unsigned long)task_id(c->os, c->thread), entry->name);
	for (i = 0; kinds[i] != '\0'; i++) {
		if (i > 0)
			strace_add(line, ", ");
		strace_add_argument(line, c, kinds[i], i, result);
	}
	strace_add(line, ")");
}

void strace_signal(struct thread *t, const struct signal_info *info)
{
	const char *name = signal_name((unsigned)info->number);

	print("[%lu] --- signal %d%s%s, code %d, 0x%lx ---\n",
		(unsigned long)task_id(t->os, t), info->number, name != NULL ? " SIG" : "",
		name != NULL ? name : "", info->code, (unsigned long)info->address);
}

void strace_before(struct linux_call *c, const struct linux_entry *entry)
{
	struct strace_line line = { .used = 0 };

	if (entry->arguments[0] != '!')
		return;
	strace_add_call(&line, c, entry, -1);
	print("%s\n", line.text);
}

void strace_after(struct linux_call *c, const struct linux_entry *entry, int64_t result)
{
	struct strace_line line = { .used = 0 };
	const char *name = result < 0 ? errno_name(-result) : NULL;

	strace_add_call(&line, c, entry, result);
	if (name != NULL)
		print("%s = -1 %s\n", line.text, name);
	else if (result > 0xffff || result < -LINUX_ERRNO_MAX)
		print("%s = 0x%lx\n", line.text, (unsigned long)result);
	else
		print("%s = %ld\n", line.text, (long)result);
}
