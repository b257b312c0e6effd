/* SPDX-License-Identifier: ISC */
/*
 * The line discipline of a terminal: what happens between the bytes of the console and those that
 * a program reads. Bits and numbers are those of Linux's termios, which programs see as they are.
 *
 * In canonical mode bytes gather in the buffer and can be erased until a line is complete; then
 * `ready` of them may be read. In raw mode each byte is ready at once.
 * Output is not changed: the terminal at the other end of the console makes the carriage returns.
 */
#ifndef LIBOS_FS_TTY_H
#define LIBOS_FS_TTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TTY_LINE_MAX = 4096, TTY_CC = 19, TTY_ECHO_MAX = 16 };

enum { TTY_IGNCR = 0200, TTY_INLCR = 0100, TTY_ICRNL = 0400, TTY_IUTF8 = 040000 };
enum { TTY_OPOST = 1, TTY_ONLCR = 4 };
enum {
	TTY_ISIG = 1, TTY_ICANON = 2, TTY_ECHO = 010, TTY_ECHOE = 020, TTY_ECHOK = 040,
	TTY_ECHONL = 0100, TTY_NOFLSH = 0200, TTY_TOSTOP = 0400, TTY_ECHOCTL = 01000,
	TTY_ECHOKE = 04000, TTY_IEXTEN = 0100000,
};
enum { TTY_CREAD = 0200, TTY_CS8 = 060, TTY_B38400 = 017 };
enum {
	TTY_VINTR = 0, TTY_VQUIT = 1, TTY_VERASE = 2, TTY_VKILL = 3, TTY_VEOF = 4, TTY_VTIME = 5,
	TTY_VMIN = 6, TTY_VSTART = 8, TTY_VSTOP = 9, TTY_VSUSP = 10, TTY_VEOL = 11,
	TTY_VREPRINT = 12, TTY_VDISCARD = 13, TTY_VWERASE = 14, TTY_VLNEXT = 15, TTY_VEOL2 = 16,
};

/* What the keys VINTR, VQUIT and VSUSP ask for: Linux's numbers. */
enum tty_signal { TTY_SIGINT = 2, TTY_SIGQUIT = 3, TTY_SIGTSTP = 20 };

/* As TCGETS gives it: the layout is Linux's struct termios of the kernel. */
struct tty_modes {
	uint32_t input;
	uint32_t output;
	uint32_t control;
	uint32_t local;
	uint8_t line;
	uint8_t cc[TTY_CC];
};

struct tty {
	struct tty_modes modes;
	uint16_t rows, columns, width, height; /* as TIOCGWINSZ gives them */
	uint32_t count;       /* bytes in the buffer */
	uint32_t ready;       /* of them readable; the rest is the line being edited */
	bool has_end;         /* end of file was typed after the ready bytes */
	uint32_t signal;      /* a key asked for it (enum tty_signal); 0: none */
	char buffer[TTY_LINE_MAX];
};

/* A terminal as it is after login: canonical, echoing, 80 columns by 24 rows. */
void tty_init(struct tty *tty);

/*
 * Take one byte from the keyboard. Result: how many bytes of echo are to be sent back, at most
 * TTY_ECHO_MAX at a time; *more says that the same byte wants to be called for again (a long
 * erasure).
 */
size_t tty_input(struct tty *tty, char byte, char *echo, bool *more);

/* Is there something to read: bytes, or an end of file? */
bool tty_is_ready(const struct tty *tty);

/*
 * Read up to count bytes, in canonical mode from one line only. Result: how many; 0: the end of
 * file was typed (and is used up), or nothing is ready.
 */
size_t tty_read(struct tty *tty, char *to, size_t count);

/* No room for another line (canonical) or byte. */
bool tty_is_full(const struct tty *tty);

/* Drop all that was typed and not read. */
void tty_flush(struct tty *tty);

#endif
