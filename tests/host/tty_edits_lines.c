/* SPDX-License-Identifier: ISC */
/* The line discipline: echo, erasing, line by line reading, end of file, raw mode, interrupt. */
#include "libos/fs/device.h"
#include "tests/host/fs_host.h"

static struct fs fs;
static struct fs_shared shared;
static unsigned asked; /* the signal that a key asked for */

/* Type the keys, read once; what was read, or the error as text. */
static const char *reads(const char *keys, size_t count)
{
	static char text[2048];
	err_t got;

	fs_host.typed = keys;
	fs_host.shown_count = 0;
	fs_host.shown[0] = '\0';
	asked = device_pump(&fs);
	got = device_read(&fs, DEVICE_TTY, (uintptr_t)text, count);
	if (got < 0)
		snprintf(text, sizeof(text), "%d", got);
	else
		text[got] = '\0';
	return text;
}

static void check(const char *keys, const char *want, const char *echo, const char *claim)
{
	const char *got = reads(keys, 1000);

	if (!tap_ok(strcmp(got, want) == 0 && strcmp(fs_host.shown, echo) == 0, "%s", claim))
		printf("# read \"%s\", echo \"%s\"\n", got, fs_host.shown);
}

static void check_lines(void)
{
	check("ab\n", "ab\n", "ab\n", "a line is read and echoed");
	check("ab\r", "ab\n", "ab\n", "return ends a line");
	check("ab", "-116", "ab", "half a line is not");
	check("c\n", "abc\n", "c\n", "until its other half comes");
	check("abc\177\177x\n", "ax\n", "abc\b \b\b \bx\n", "the last characters are erased");
	check("\177\177a\n", "a\n", "a\n", "but not beyond the start");
	check("a\001\177b\n", "ab\n", "a^A\b \b\b \bb\n", "a control character is two columns");
	check("\303\244\177b\n", "b\n", "\303\244\b \bb\n", "UTF-8 is one character");
	check("foo bar  \027x\n", "foo x\n",
		"foo bar  \b \b\b \b\b \b\b \b\b \bx\n", "a word is erased");
	check("foo\025x\n", "x\n", "foo\b \b\b \b\b \bx\n", "the line is erased");
	check("\004", "", "", "end of file");
	check("ab\004", "ab", "ab", "or the end of what there is");
	check("q\003", "-116", "q^C", "the interrupt key");
	tap_eq(asked, TTY_SIGINT, "asks for a signal");
	check("r\n", "r\n", "r\n", "and drops the line");
	check("\032", "-116", "^Z", "the stop key");
	tap_eq(asked, TTY_SIGTSTP, "asks for another");
}

static void check_typed_ahead(void)
{
	tap_ok(strcmp(reads("one\ntwo\n", 1000), "one\n") == 0, "one line at a time");
	tap_ok(strcmp(reads("", 2), "tw") == 0, "a short read takes a part");
	tap_ok(strcmp(reads("", 1000), "o\n") == 0, "the next the rest");
}

/* What there is no room for stays with the console, and the reader says when there is. */
static void check_full(void)
{
	static char keys[TTY_LINE_MAX + 1000];
	size_t i;

	for (i = 0; i < sizeof(keys) - 1; i++)
		keys[i] = i % 100 == 99 ? '\n' : 'f';
	fs_host.drained = 0;
	tap_eq(strlen(reads(keys, 1000)), 100, "more lines than there is room for");
	tap_ok(*fs_host.typed != '\0' && fs_host.drained == 1, "the console keeps the rest");
	for (i = 100; i < sizeof(keys) - 1 && strlen(reads(fs_host.typed, 1000)) == 100; i += 100)
		;
	tap_ok(*fs_host.typed == '\0' && i / 100 == (sizeof(keys) - 1) / 100, "and it all comes");
	tty_flush(&shared.tty);
}

static void check_raw(void)
{
	shared.tty.modes.local &= ~(uint32_t)(TTY_ICANON | TTY_ECHO);
	check("a\177", "a\177", "", "raw bytes come as they are");
	check("", "-116", "", "and none when there are none");
	shared.tty.modes.local |= TTY_ICANON;
	check("secret\n", "secret\n", "", "without echo nothing is shown");
	shared.tty.modes.local |= TTY_ECHO;
}

static void check_long(void)
{
	static char keys[6000];

	memset(keys, 'k', sizeof(keys));
	keys[2000] = '\n';
	keys[2001] = '\0';
	tap_eq(strlen(reads(keys, 1500)), 256, "a long line is read in parts");
	while (tty_is_ready(&shared.tty))
		reads("", 1500);
	tap_eq(shared.tty.count, 0, "to its end");
}

static void check_random(unsigned long count)
{
	char echo[TTY_ECHO_MAX];
	unsigned bad = 0;
	bool more;

	srandom((unsigned)tap_seed(1));
	while (count-- > 0) {
		char byte = (char)random(), to[64];

		do {
			bad += tty_input(&shared.tty, byte, echo, &more) > TTY_ECHO_MAX;
		} while (more);
		if (random() % 300 == 0)
			shared.tty.modes.local ^= (uint32_t)random() & 0xffff;
		if (random() % 100 == 0)
			tty_read(&shared.tty, to, sizeof(to));
		bad += shared.tty.count > TTY_LINE_MAX || shared.tty.ready > shared.tty.count;
	}
	tap_eq(bad, 0, "random keys in random modes stay inside the buffer");
}

int main(void)
{
	tap_eq(fs_create(&fs, &fs_host_outside, &shared, "", 0), 0, "a tree");
	check_lines();
	check_typed_ahead();
	check_raw();
	check_long();
	check_full();
	check_random(tap_iterations(1000000));
	return tap_done("tests/host/tty_edits_lines.tap");
}
