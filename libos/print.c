/* SPDX-License-Identifier: ISC */
/* Formatted text. Touches the caller's buffer and the console; takes no lock. */
#include <machine/call.h>

#include "libos/memory.h"

enum { PRINT_BYTES = 512 };

struct format_out {
	char *buffer;
	size_t size;
	size_t at;
};

static void format_put(struct format_out *out, char c)
{
	if (out->at + 1 < out->size)
		out->buffer[out->at] = c;
	out->at++;
}

static void format_pad(struct format_out *out, char c, int n)
{
	while (n-- > 0)
		format_put(out, c);
}

static void format_number(struct format_out *out, uint64_t value, bool is_negative, unsigned base,
			  int width, bool is_zeroed)
{
	char digits[24];
	int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (!is_zeroed)
		format_pad(out, ' ', width - n - is_negative);
	if (is_negative)
		format_put(out, '-');
	if (is_zeroed)
		format_pad(out, '0', width - n - is_negative);
	while (n--)
		format_put(out, digits[n]);
}

static void format_string(struct format_out *out, const char *s, int width, bool is_left)
{
	int pad;

	if (!s)
		s = "(null)";
	pad = width - (int)strlen(s);
	if (!is_left)
		format_pad(out, ' ', pad);
	while (*s)
		format_put(out, *s++);
	if (is_left)
		format_pad(out, ' ', pad);
}

/* One conversion; returns what follows it. */
static const char *format_one(struct format_out *out, const char *f, va_list *arguments)
{
	bool is_left = false, is_zeroed = false;
	int width = 0, longs = 0;
	int64_t value;

	for (; *f == '-' || *f == '0'; f++)
		*f == '-' ? (is_left = true) : (is_zeroed = true);
	for (; *f >= '0' && *f <= '9'; f++)
		width = width * 10 + *f - '0';
	for (; *f == 'l' || *f == 'z'; f++)
		longs++;
	switch (*f) {
	case 'd':
		value = longs ? va_arg(*arguments, int64_t) : va_arg(*arguments, int);
		format_number(out, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0, 10,
			      width, is_zeroed);
		break;
	case 'u': case 'x':
		format_number(out, longs ? va_arg(*arguments, uint64_t)
				   : va_arg(*arguments, unsigned), false, *f == 'x' ? 16 : 10,
			      width, is_zeroed);
		break;
	case 'p':
		format_string(out, "0x", 0, false);
		format_number(out, va_arg(*arguments, uint64_t), false, 16, width, is_zeroed);
		break;
	case 'c':
		format_put(out, (char)va_arg(*arguments, int));
		break;
	case 's':
		format_string(out, va_arg(*arguments, const char *), width, is_left);
		break;
	default:
		format_put(out, *f);
	}
	return *f ? f + 1 : f;
}

int format_text_v(char *buffer, size_t size, const char *format, va_list arguments)
{
	struct format_out out = { .buffer = buffer, .size = size };
	va_list copy;

	va_copy(copy, arguments);
	while (*format) {
		if (*format == '%')
			format = format_one(&out, format + 1, &copy);
		else
			format_put(&out, *format++);
	}
	va_end(copy);
	if (size)
		buffer[out.at < size ? out.at : size - 1] = 0;
	return (int)out.at;
}

int format_text(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = format_text_v(buffer, size, format, arguments);
	va_end(arguments);
	return n;
}

void print(const char *format, ...)
{
	char buffer[PRINT_BYTES];
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = format_text_v(buffer, sizeof(buffer), format, arguments);
	va_end(arguments);
	if (n >= PRINT_BYTES)
		n = PRINT_BYTES - 1;
	exo_call(EXO_CALL_CONSOLE_WRITE, (uint64_t)buffer, (uint64_t)n, 0, 0, 0);
}
