/* SPDX-License-Identifier: ISC */
/* The line discipline (see tty.h). Touches its struct tty only; no locks. */
#include "libos/fs/tty.h"

enum { TTY_CONTROL_D = 4, TTY_DELETE = 0x7f };

/* What is echoed for one byte. */
struct tty_echo {
	char *bytes;
	size_t count;
};

void tty_init(struct tty *tty)
{
	static const uint8_t cc[TTY_CC] = {
		[TTY_VINTR] = 3, [TTY_VQUIT] = 28, [TTY_VERASE] = TTY_DELETE, [TTY_VKILL] = 21,
		[TTY_VEOF] = TTY_CONTROL_D, [TTY_VMIN] = 1, [TTY_VSTART] = 17, [TTY_VSTOP] = 19,
		[TTY_VSUSP] = 26, [TTY_VREPRINT] = 18, [TTY_VDISCARD] = 15, [TTY_VWERASE] = 23,
		[TTY_VLNEXT] = 22,
	};

	__builtin_memset(tty, 0, sizeof(*tty));
	tty->modes.input = TTY_ICRNL | TTY_IUTF8;
	tty->modes.output = TTY_OPOST | TTY_ONLCR;
	tty->modes.control = TTY_CREAD | TTY_CS8 | TTY_B38400;
	tty->modes.local = TTY_ISIG | TTY_ICANON | TTY_ECHO | TTY_ECHOE | TTY_ECHOK | TTY_ECHOCTL
		| TTY_ECHOKE | TTY_IEXTEN;
	__builtin_memcpy(tty->modes.cc, cc, sizeof(cc));
	tty->rows = 24;
	tty->columns = 80;
}

static bool tty_is(const struct tty *tty, unsigned key, char byte)
{
	return tty->modes.cc[key] != 0 && tty->modes.cc[key] == (uint8_t)byte;
}

static bool tty_has(const struct tty *tty, uint32_t local)
{
	return tty->modes.local & local;
}

static void tty_echo_byte(struct tty_echo *echo, char byte)
{
	echo->bytes[echo->count++] = byte;
}

static bool tty_is_control(char byte)
{
	return (uint8_t)byte < ' ' || byte == TTY_DELETE;
}

static void tty_echo_text(const struct tty *tty, struct tty_echo *echo, char byte)
{
	if (tty_is_control(byte) && byte != '\n' && byte != '\t' && tty_has(tty, TTY_ECHOCTL)) {
		tty_echo_byte(echo, '^');
		byte ^= 0x40;
	}
	tty_echo_byte(echo, byte);
}

/* Erase the last character of the line; a character of UTF-8 is several bytes. */
static bool tty_erase(struct tty *tty, struct tty_echo *echo)
{
	char last;

	if (tty->count == tty->ready)
		return false;
	do {
		last = tty->buffer[--tty->count];
	} while (tty->modes.input & TTY_IUTF8 && (last & 0xc0) == 0x80 && tty->count > tty->ready);
	if (tty_has(tty, TTY_ECHO) && tty_has(tty, TTY_ECHOE)) {
		unsigned columns = tty_is_control(last) && tty_has(tty, TTY_ECHOCTL) ? 2 : 1;

		for (; columns > 0; columns--) {
			tty_echo_byte(echo, '\b');
			tty_echo_byte(echo, ' ');
			tty_echo_byte(echo, '\b');
		}
	}
	return true;
}

static bool tty_ends_in_space(const struct tty *tty)
{
	return tty->count > tty->ready && tty->buffer[tty->count - 1] == ' ';
}

/* One step of erasing a word or the line; true if another is to follow. */
static bool tty_erase_step(struct tty *tty, struct tty_echo *echo, bool is_word)
{
	bool was_space = tty_ends_in_space(tty);

	if (!tty_erase(tty, echo) || tty->count == tty->ready)
		return false;
	return !is_word || was_space || !tty_ends_in_space(tty);
}

static void tty_keep(struct tty *tty, char byte)
{
	/* The last place is for the end of the line. */
	if (tty->count < TTY_LINE_MAX - (byte != '\n'))
		tty->buffer[tty->count++] = byte;
}

static void tty_input_line(struct tty *tty, char byte, struct tty_echo *echo, bool *more)
{
	bool is_end = byte == '\n' || tty_is(tty, TTY_VEOL, byte) || tty_is(tty, TTY_VEOL2, byte);

	if (tty_is(tty, TTY_VERASE, byte) || byte == '\b') {
		tty_erase(tty, echo);
		return;
	}
	if (tty_is(tty, TTY_VKILL, byte) || tty_is(tty, TTY_VWERASE, byte)) {
		*more = tty_erase_step(tty, echo, tty_is(tty, TTY_VWERASE, byte));
		return;
	}
	if (tty_is(tty, TTY_VEOF, byte)) {
		tty->has_end = tty->count == tty->ready;
		tty->ready = tty->count;
		return;
	}
	tty_keep(tty, byte);
	if (is_end)
		tty->ready = tty->count;
	if (tty_has(tty, TTY_ECHO) || (byte == '\n' && tty_has(tty, TTY_ECHONL)))
		tty_echo_text(tty, echo, byte);
}

/* The signal that a key asks for. */
static unsigned tty_signal(const struct tty *tty, char byte)
{
	if (tty_is(tty, TTY_VINTR, byte))
		return TTY_SIGINT;
	if (tty_is(tty, TTY_VQUIT, byte))
		return TTY_SIGQUIT;
	return tty_is(tty, TTY_VSUSP, byte) ? TTY_SIGTSTP : 0;
}

bool tty_is_full(const struct tty *tty)
{
	/* A line that is being typed may grow too long, and is cut; what is complete waits. */
	return tty_has(tty, TTY_ICANON) ? tty->ready > 0 && tty->count >= TTY_LINE_MAX - 1
		: tty->count >= TTY_LINE_MAX - 1;
}

size_t tty_input(struct tty *tty, char byte, char *bytes, bool *more)
{
	struct tty_echo echo = { .bytes = bytes };

	*more = false;
	if (byte == '\r' && tty->modes.input & TTY_IGNCR)
		return 0;
	if (byte == '\r' && tty->modes.input & TTY_ICRNL)
		byte = '\n';
	else if (byte == '\n' && tty->modes.input & TTY_INLCR)
		byte = '\r';
	tty->signal = tty_has(tty, TTY_ISIG) ? tty_signal(tty, byte) : 0;
	if (tty->signal != 0) {
		if (!tty_has(tty, TTY_NOFLSH))
			tty_flush(tty);
		if (tty_has(tty, TTY_ECHO))
			tty_echo_text(tty, &echo, byte);
		return echo.count;
	}
	if (tty_has(tty, TTY_ICANON)) {
		tty_input_line(tty, byte, &echo, more);
		return echo.count;
	}
	tty_keep(tty, byte);
	tty->ready = tty->count;
	if (tty_has(tty, TTY_ECHO))
		tty_echo_text(tty, &echo, byte);
	return echo.count;
}

bool tty_is_ready(const struct tty *tty)
{
	return tty->ready > 0 || tty->has_end || (!tty_has(tty, TTY_ICANON) && tty->count > 0);
}

/* Bytes of the first line, its end among them. */
static size_t tty_first_line(const struct tty *tty)
{
	size_t n;

	for (n = 0; n < tty->ready; n++)
		if (tty->buffer[n] == '\n')
			return n + 1;
	return tty->ready;
}

size_t tty_read(struct tty *tty, char *to, size_t count)
{
	size_t have;

	if (!tty_has(tty, TTY_ICANON))
		tty->ready = tty->count;
	have = tty_has(tty, TTY_ICANON) ? tty_first_line(tty) : tty->ready;
	if (have == 0)
		tty->has_end = false;
	if (count > have)
		count = have;
	__builtin_memcpy(to, tty->buffer, count);
	__builtin_memmove(tty->buffer, tty->buffer + count, tty->count - count);
	tty->count -= (uint32_t)count;
	tty->ready -= (uint32_t)count;
	return count;
}

void tty_flush(struct tty *tty)
{
	tty->count = 0;
	tty->ready = 0;
	tty->has_end = false;
}
