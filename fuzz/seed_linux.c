/* SPDX-License-Identifier: ISC */
/*
 * Makes inputs for the target `linux` of what Linux programs asked of the library on the real
 * kernel, as fuzz/seed_hook.c wrote it. usage: seed-linux PREFIX <LINES; writes PREFIX-0,
 * PREFIX-1..., each the calls of one process in their order, of those with one number in a row the
 * first three and none that writes to the console, and prints how many.
 *
 * A record's bytes are found by trying: those of which linux_input_decode makes what the program
 * said. What no byte means becomes what is next to it there: a string one of the strings, the same
 * each time; a pointer one to the structures; an address one of those that are mapped to; another
 * number the record's own word, if that is free. One thread, no locks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/linux_input.h"

enum {
	SEED_LINE = 4096,
	SEED_ARGUMENTS = 5, /* that are written down; the sixth is taken for 0 */
	SEED_TEXTS = 4,
	SEED_TEXT = 32,
	SEED_NAMES = 8,     /* strings and addresses that are told apart */
	SEED_PROCESSES = 64,
	SEED_ROW = 3,       /* calls with one number that are kept of a row */
	SEED_BIAS = 0x80,   /* of a byte that means an address, in linux_input.c */
};

/* A call of the real machine. */
struct seed_call {
	uint64_t env, number, argument[6];
	char text[SEED_TEXTS][SEED_TEXT + 1]; /* what the first arguments point to */
};

struct seed_process {
	uint64_t env, number; /* of its last call, ... */
	unsigned row;         /* ... so many times in a row */
	struct fuzz_record records[FUZZ_RECORDS_MAX];
	unsigned count;
};

struct seed {
	const char *prefix;
	unsigned files, processes_count, texts_count, addresses_count;
	struct seed_process processes[SEED_PROCESSES];
	char texts[SEED_NAMES][SEED_TEXT + 1]; /* in the order in which they appeared */
	uint64_t addresses[SEED_NAMES];
};

static void seed_end(struct seed *s, struct seed_process *p)
{
	char path[4096];
	FILE *file;

	if (!p->count)
		return;
	snprintf(path, sizeof(path), "%s-%u", s->prefix, s->files++);
	file = fopen(path, "wb");
	if (!file || fwrite(p->records, sizeof(p->records[0]), p->count, file) != p->count
	    || fclose(file)) {
		perror(path);
		exit(1);
	}
	p->count = 0;
}

/* The place of a text, of as many as are told apart. */
static unsigned seed_text(struct seed *s, const char *text)
{
	unsigned i;

	for (i = 0; i < s->texts_count; i++)
		if (!strcmp(s->texts[i], text))
			return i;
	if (i == SEED_NAMES)
		return (unsigned)strlen(text) % SEED_NAMES;
	strcpy(s->texts[s->texts_count++], text);
	return i;
}

static unsigned seed_address(struct seed *s, uint64_t address)
{
	unsigned i;

	for (i = 0; i < s->addresses_count; i++)
		if (s->addresses[i] == address)
			return i;
	if (i == SEED_NAMES)
		return address / EXO_PAGE_SIZE % SEED_NAMES;
	s->addresses[s->addresses_count++] = address;
	return i;
}

/* Is the argument as the record says what the call has? */
static bool seed_is(const struct linux_step *step, const struct seed_call *call, unsigned i,
		    char letter)
{
	static char page[EXO_PAGE_SIZE];
	uint64_t at = step->argument[i] - LINUX_TEXT;

	if (!page[0])
		linux_input_text(page);
	if (letter == 's' && i < SEED_TEXTS && call->argument[i] && at < EXO_PAGE_SIZE - SEED_TEXT)
		return !strncmp(page + at, call->text[i], SEED_TEXT);
	return step->argument[i] == call->argument[i];
}

/* What no byte means. */
static void seed_near(struct seed *s, struct fuzz_record *r, const struct seed_call *call,
		      unsigned i, char letter)
{
	uint64_t value = call->argument[i];

	if (letter == 's' && i < SEED_TEXTS) {
		r->byte[i] = (uint8_t)seed_text(s, call->text[i]);
	} else if (strchr("pbws", letter)) {
		r->byte[i] = (uint8_t)(value / 64 % 32 << 3);
	} else if (value >> 16 && strchr("xo", letter)) {
		r->byte[i] = (uint8_t)(SEED_BIAS | seed_address(s, value));
	} else if (!(r->where & 0x3f) || r->wild == value) {
		r->wild = value;
		r->where |= (uint8_t)(1 << i);
	} else {
		r->byte[i] = (uint8_t)value;
	}
}

static void seed_argument(struct seed *s, struct fuzz_record *r, const struct seed_call *call,
			  unsigned i, char letter)
{
	struct linux_step step;
	unsigned byte;

	for (byte = 0; byte < 256; byte++) {
		r->byte[i] = (uint8_t)byte;
		linux_input_decode(&step, r);
		if (seed_is(&step, call, i, letter))
			return;
	}
	seed_near(s, r, call, i, letter);
}

/* The record's bytes that say which call it is; of some the last argument's has a part, too. */
static bool seed_number(struct fuzz_record *r, uint64_t number, struct linux_step *step)
{
	unsigned i;

	for (i = 0; i < 1024; i++) {
		r->kind = (uint8_t)(i / 2);
		r->where = (uint8_t)(i % 2 << 7);
		r->byte[5] = i >= 512;
		linux_input_decode(step, r);
		if (step->kind == LINUX_CALL && step->number == number)
			return true;
	}
	return false;
}

static void seed_add(struct seed *s, const struct seed_call *call)
{
	struct fuzz_record r = { 0 };
	struct linux_step step;
	struct seed_process *p = s->processes;
	unsigned i;

	if (!seed_number(&r, call->number, &step)
	    || (!strncmp(step.name, "write", 5) && call->argument[0] - 1 < 2))
		return;
	for (i = 0; step.letters[i] && i < 5 + !r.byte[5]; i++)
		seed_argument(s, &r, call, i, step.letters[i]);
	while (p < s->processes + s->processes_count && p->env != call->env)
		p++;
	if (p == s->processes + SEED_PROCESSES)
		return;
	s->processes_count += p == s->processes + s->processes_count;
	p->env = call->env;
	p->row = p->number == call->number ? p->row + 1 : 1;
	p->number = call->number;
	if (p->row > SEED_ROW)
		return;
	p->records[p->count++] = r;
	if (p->count == FUZZ_RECORDS_MAX)
		seed_end(s, p);
}

/* The numbers of a line. */
static bool seed_read(char *line, struct seed_call *call)
{
	uint64_t word[2 + SEED_ARGUMENTS + SEED_TEXTS * SEED_TEXT / 8];
	unsigned count = 0, i;
	char *part = strtok(line, " \r\n");

	memset(call, 0, sizeof(*call));
	while ((part = strtok(NULL, " \r\n")) && count < sizeof(word) / sizeof(word[0]))
		word[count++] = strtoull(part, NULL, 16);
	if (count < sizeof(word) / sizeof(word[0]))
		return false;
	call->env = word[0];
	call->number = word[1];
	memcpy(call->argument, word + 2, SEED_ARGUMENTS * sizeof(word[0]));
	for (i = 0; i < SEED_TEXTS; i++)
		memcpy(call->text[i], word + 2 + SEED_ARGUMENTS + i * SEED_TEXT / 8, SEED_TEXT);
	return true;
}

int main(int count, char **arguments)
{
	static struct seed s;
	static char line[SEED_LINE];
	struct seed_call call;
	unsigned i;

	if (count != 2) {
		fprintf(stderr, "usage: seed-linux PREFIX <LINES\n");
		return 2;
	}
	s.prefix = arguments[1];
	while (fgets(line, sizeof(line), stdin))
		if (!strncmp(line, "~linux ", 7) && seed_read(line, &call))
			seed_add(&s, &call);
	for (i = 0; i < s.processes_count; i++)
		seed_end(&s, &s.processes[i]);
	printf("%u\n", s.files);
	return 0;
}
